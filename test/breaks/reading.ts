// inspect and verify: they trust nothing, and show no key.
import { type Break, swapped } from './break.ts';

const VERIFY_CERTIFICATE = 'src/inspect/verify-certificate.ts';
const VERIFY_OUTPUT = 'src/inspect/verify-output.ts';

export const READING_BREAKS: readonly Break[] = [
  {
    name: 'inspect --show shows keys',
    file: 'src/inspect/show-file.ts',
    ...swapped('printable(redact(text))', 'printable(text)'),
    tests: ['inspect/inspect'],
    why: 'terminals are recorded, pasted and shared',
  },
  {
    name: 'keys in PEM are not taken out',
    file: 'src/inspect/redact.ts',
    ...swapped('.replace(PEM_KEY, ', '.replace(/never/g, '),
    tests: ['inspect/inspect'],
    why: 'terminals are recorded, pasted and shared',
  },
  {
    name: 'keys in base64 are not taken out',
    file: 'src/inspect/redact.ts',
    ...swapped("Buffer.from(run, 'base64').includes('PRIVATE KEY-----')", 'false'),
    tests: ['inspect/inspect'],
    why: 'a kubeconfig embeds them so',
  },
  {
    name: 'control characters reach the terminal',
    file: 'src/inspect/finding.ts',
    ...swapped('return text.replace(\n', "return text.replace(/never/g, '').replaceAll('never', '') || text.replace(\n"),
    tests: ['inspect/inspect'],
    why: 'an artifact could write over what the operator reads',
  },
  {
    name: 'verify: expired certificates',
    file: VERIFY_CERTIFICATE,
    ...swapped("'lifetimes', now <= to,", "'lifetimes', now <= to + Number.MAX_SAFE_INTEGER,"),
    tests: ['inspect/verify'],
    why: 'the node would not start',
  },
  {
    name: 'verify: keys of other certificates',
    file: VERIFY_CERTIFICATE,
    ...swapped('certificate.checkPrivateKey(key)', "(certificate.checkPrivateKey(key) || key.type === 'private')"),
    tests: ['inspect/verify'],
    why: 'the daemon would not start',
  },
  {
    name: 'verify: certificates of other authorities',
    file: VERIFY_CERTIFICATE,
    ...swapped('authority.ca && certificate.checkIssued(authority) && verifies(certificate, authority)', 'authority.ca'),
    tests: ['inspect/verify'],
    why: 'nobody would trust it',
  },
  {
    name: 'verify: names that are dialled',
    file: VERIFY_CERTIFICATE,
    ...swapped("findings.check('names', covers(certificate, name),", "findings.check('names', covers(certificate, name) || name !== '',"),
    tests: ['inspect/verify'],
    why: 'clients refuse it',
  },
  {
    name: 'verify: usages',
    file: VERIFY_CERTIFICATE,
    ...swapped('usages.includes(usage),', "usages.includes(usage) || usage !== '',"),
    tests: ['inspect/verify'],
    why: 'clients or servers refuse it',
  },
  {
    name: 'verify: the digest of a payload',
    file: 'src/inspect/verify-payload.ts',
    ...swapped(
      "findings.check('payloads', statedDigest === digest,",
      "findings.check('payloads', statedDigest === digest || digest !== '',",
    ),
    tests: ['inspect/verify'],
    why: 'the node refuses it',
  },
  {
    name: 'verify: keys that others may read on the node',
    file: 'src/inspect/verify-payload.ts',
    ...swapped("findings.check('modes', (mode & OTHERS_MAY_READ) === 0,", "findings.check('modes', (mode & OTHERS_MAY_READ) < 8,"),
    tests: ['inspect/verify'],
    why: 'every user of the node is the cluster',
  },
  {
    name: 'verify: a changed artifact of the same size',
    file: VERIFY_OUTPUT,
    ...swapped(" && createHash('sha256').update(bytes).digest('hex') === artifact.sha256", ''),
    tests: ['inspect/verify'],
    why: 'a flipped bit reaches the node',
  },
  {
    name: 'verify: an artifact that others may read',
    file: VERIFY_OUTPUT,
    ...swapped('(mode & OPEN_TO_OTHERS & ~recorded) === 0', '(mode & 0 & ~recorded) === 0'),
    tests: ['inspect/verify'],
    why: 'each holds the keys of a node',
  },
  {
    name: 'verify: nodes with keys of their own',
    file: 'src/inspect/verify-cluster.ts',
    ...swapped("findings.check('shared', one === other,", "findings.check('shared', one === other || one !== '',"),
    tests: ['inspect/verify'],
    why: 'one API server refuses the tokens of another',
  },
  {
    name: 'a gzip bomb is unpacked',
    file: 'src/formats/gzip.ts',
    ...swapped('maxOutputLength: Math.max(limit, 1)', 'maxOutputLength: Math.max(limit, 2 ** 29)'),
    tests: ['formats/gzip', 'inspect/inspect'],
    why: 'memory without end',
  },
  {
    name: 'a tar that leads out of its tree',
    file: 'src/formats/entry-path.ts',
    ...swapped(" && element !== '..')", ')'),
    tests: ['formats/tar', 'inspect/inspect'],
    why: 'files anywhere on the disk of the operator',
  },
  {
    name: 'user-data that writes outside of the payload',
    file: 'src/inspect/carrier.ts',
    ...swapped('if (inside.length < files.length) throw', 'if (inside.length > files.length) throw'),
    tests: ['inspect/verify'],
    why: 'a file that no digest covers, written by root',
  },
];

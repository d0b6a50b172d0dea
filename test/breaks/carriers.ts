// What carries a payload to a node: the same bytes each time, whole, and only for the owner.
import { type Break, swapped } from './break.ts';

const MAKE_PAYLOAD = 'src/emit/make-payload.ts';
const COMPLETE = "      { path: COMPLETE_ENTRY, mode: 0o600, content: completeContent(digest), part: 'config', secret: false },\n";

export const CARRIER_BREAKS: readonly Break[] = [
  {
    name: 'the digest leaves out a file',
    file: 'src/formats/payload-directory.ts',
    ...swapped('    hash.update(content);', "    if (!path.endsWith('b')) hash.update(content);"),
    tests: ['formats/payload-directory'],
    why: 'a changed file would be installed',
  },
  {
    name: '.complete is not last',
    file: MAKE_PAYLOAD,
    ...swapped(`      ...files,\n${COMPLETE}`, `${COMPLETE}      ...files,\n`),
    tests: ['emit/make-payload', 'build/growing'],
    why: 'a power cut leaves half a payload that says it is whole',
  },
  {
    name: 'nobody looks where .complete stands',
    file: 'src/emit/check-artifacts.ts',
    ...swapped('entries.at(-1)?.path === COMPLETE_ENTRY && ', ''),
    tests: ['emit/check-artifacts'],
    why: 'output is validated as well as input',
  },
  {
    name: 'the tar holds the time of the build',
    file: 'src/formats/tar-header.ts',
    ...swapped(
      "COMMON.write('root', USER[0]);",
      "COMMON.write('root', USER[0]);\nwriteOctal(COMMON, MTIME, Math.floor(process.hrtime()[0] + 1_700_000_000));",
    ),
    tests: ['formats/tar'],
    why: 'two builds of the same input would differ',
  },
  {
    name: 'the gzip header holds a time',
    file: 'src/formats/gzip.ts',
    ...swapped('NO_FLAGS, 0, 0, 0, 0,', 'NO_FLAGS, 1, 0, 0, 0,'),
    tests: ['formats/gzip'],
    why: 'two builds of the same input would differ',
  },
  {
    name: 'another label on the seed',
    file: 'src/emit/seed-iso.ts',
    ...swapped("SEED_LABEL = 'CIDATA'", "SEED_LABEL = 'SEED'"),
    tests: ['emit/emit-node', 'inspect/verify'],
    why: 'cloud-init looks for CIDATA and finds no seed',
  },
  {
    name: 'a wrong limit for AWS',
    file: 'src/emit/platforms.ts',
    ...swapped('limit: 16_384,', 'limit: 61_384,'),
    tests: ['emit/size-report', 'build/growing'],
    why: 'AWS refuses the user-data after the build was fine',
  },
  {
    name: 'base64 counted as bytes',
    file: 'src/emit/platforms.ts',
    ...swapped("platform.counts === 'base64' ? base64Length(bytes) : bytes", 'bytes'),
    tests: ['emit/size-report'],
    why: 'a third too small: the platform refuses it',
  },
  {
    name: 'artifacts that others may read',
    file: 'src/emit/artifact.ts',
    ...swapped('SECRET_MODE = 0o600', 'SECRET_MODE = 0o644'),
    tests: ['emit/emit-node'],
    why: 'each holds the keys of a node',
  },
  {
    name: 'modes in user-data without quotes',
    file: 'src/formats/cloud-config.ts',
    ...swapped("permissions: '${permissions}'", 'permissions: ${permissions}'),
    tests: ['formats/cloud-config'],
    why: 'YAML 1.1 reads 0600 as 384',
  },
  {
    name: 'files whose first line is indented, as a plain block',
    file: 'src/formats/cloud-config.ts',
    ...swapped('/^[!-~](?:[ -~\\n]*[!-~])?\\n$/', '/^[ -~](?:[ -~\\n]*[!-~])?\\n$/'),
    tests: ['formats/cloud-config'],
    why: 'YAML takes the indentation of the first line for its own',
  },
  {
    name: 'a new instance-id with every generation',
    file: MAKE_PAYLOAD,
    ...swapped('${plan.node.name}-${plan.instance}', '${plan.node.name}-${plan.generation}'),
    tests: ['emit/make-payload'],
    why: 'cloud-init would set a running machine up anew',
  },
  {
    name: 'the size of user-data reported for the wrong carrier',
    file: 'src/emit/size-report.ts',
    ...swapped('row(payload, platform, use, counted(countedFile(use)),', "row(payload, platform, use, counted('user-data.gz'),"),
    tests: ['emit/size-report'],
    why: 'DigitalOcean takes plain text only',
  },
  {
    name: 'a runtime part that no node is compared with',
    file: 'src/emit/emit-nodes.ts',
    ...swapped('      checkRuntime(plan);\n', ''),
    tests: ['emit/emit-nodes'],
    why: 'a baked image would lack a file of one node',
  },
  {
    name: 'the manifest forgets an artifact',
    file: 'src/emit/manifest.ts',
    ...swapped('artifacts: input.artifacts.toSorted', "artifacts: input.artifacts.filter(({ path }) => path !== 'admin.conf').toSorted"),
    tests: ['inspect/verify'],
    why: 'verify would not look at it',
  },
];

// Parts of user-data that the operator brings: what cloud-init would pass over without a word, what would take the node from kubekiln, what is secret.
import { invariant } from '../bug.ts';
import type { DocumentPath, ProblemCode } from '../problem.ts';
import { lineColumn } from '../source-text.ts';
import type { UserDataPart, UserDataPartType } from './cluster.ts';
import { isMapping } from './schema-walk.ts';
import type { Sibling, Siblings } from './siblings.ts';

export interface PartFault {
  readonly code: Extract<ProblemCode, 'bad-user-data-part' | 'reserved-user-data-key' | 'user-data-secret'>;
  /** Begins with `file:line:column`. */
  readonly message: string;
  readonly hint?: string;
}

/** @throws Bug for a file that the rules should have missed */
export function userDataPart(source: string, type: UserDataPartType, siblings: Siblings): UserDataPart {
  const { text } = siblings.read(source);
  invariant(text !== undefined, `${source} passed the rules, but is not there`);
  return { source, type, content: text.replaceAll('\r\n', '\n') };
}

const JINJA = /^## template: ?jinja\n/i;
/** How a part must begin, or cloud-init takes it for something else, or for nothing. */
const BEGINNINGS: Readonly<Record<UserDataPartType, { readonly pattern: RegExp; readonly text: string }>> = {
  'cloud-config': { pattern: /^#cloud-config[ \t]*\n/, text: 'the line #cloud-config' },
  'x-shellscript': { pattern: /^#!/, text: '#! and an interpreter' },
  'cloud-boothook': { pattern: /^(#cloud-boothook\n)?#!/, text: 'the line #cloud-boothook, then #! and an interpreter' },
  jinja2: { pattern: /^## template: ?jinja\n(#cloud-config[ \t]*\n|#!)/i, text: 'the line ## template: jinja, then #cloud-config or #!' },
};
/** Each takes away what makes the machine this node, or keeps cloud-init from bringing the payload. */
const RESERVED: Readonly<Record<string, string>> = {
  hostname: "the node's name is its host name",
  fqdn: "the node's name is its host name",
  prefer_fqdn_over_hostname: "the node's name is its host name",
  preserve_hostname: "the node's name is its host name",
  create_hostname_file: "the node's name is its host name",
  cloud_init_modules: 'cloud-init would not write the payload',
  cloud_config_modules: 'cloud-init runs what its image says',
  cloud_final_modules: 'cloud-init runs what its image says',
  swap: 'node.swap says what becomes of it',
  power_state: 'the first boot is not over when cloud-init is',
};
const LISTS = ['bootcmd', 'write_files'];
const STATE = '/var/lib/kubekiln';
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const READERS = 'whoever reads user-data reads it (docs/security.md): bring a public key, or a hash';

export function partFaults(source: string, type: UserDataPartType, { text: given, findings, parsed }: Sibling): readonly PartFault[] {
  if (given === undefined) return [];
  const text = given.replaceAll('\r\n', '\n');
  const faults: PartFault[] = [];
  const at = (offset: number, code: PartFault['code'], message: string, hint?: string) => {
    const { line, column } = lineColumn(given, offset);
    faults.push({ code, message: `${source}:${line}:${column}: ${message}`, ...(hint !== undefined && { hint }) });
  };
  for (const { severity, offset, message } of findings) if (severity === 'error') at(offset, 'bad-user-data-part', message);
  const { pattern, text: beginning } = BEGINNINGS[type];
  if (!pattern.test(text)) at(0, 'bad-user-data-part', `text/${type} begins with ${beginning}`);
  const key = PRIVATE_KEY.exec(given);
  if (key) at(key.index, 'user-data-secret', 'a private key stands here', READERS);
  if (type === 'jinja2' && !/^#!/m.test(text.replace(JINJA, '').slice(0, 2))) templateFaults(given, at);
  if (type !== 'cloud-config' || !parsed) return faults;
  for (const { offset, message } of parsed.problems) at(offset, 'bad-user-data-part', message);
  const { value, positions } = parsed;
  const offsetOf = (path: DocumentPath) => positions.valueRange(path)?.start ?? 0;
  if (parsed.problems.length === 0 && !isMapping(value)) at(0, 'bad-user-data-part', 'a cloud-config is a mapping');
  if (!isMapping(value)) return faults;
  for (const name of Object.keys(value)) {
    const why = RESERVED[name];
    if (why !== undefined) at(offsetOf([name]), 'reserved-user-data-key', `${name} is not for a part: ${why}`);
    if (LISTS.includes(name) && !Array.isArray(value[name]))
      at(offsetOf([name]), 'bad-user-data-part', `${name} is a list, or kubekiln's own would be lost`);
  }
  stagingFaults(value.write_files, path => offsetOf(['write_files', ...path]), at);
  for (const path of passwords(value))
    at(offsetOf(path), 'user-data-secret', `${path.at(-1)} is a password that anybody can read`, READERS);
  return faults;
}

type At = (offset: number, code: PartFault['code'], message: string, hint?: string) => void;

/** What a template becomes is not known here: the keys that decide over the node stay out of it. */
function templateFaults(text: string, at: At): void {
  for (const match of text.matchAll(/^["']?(\w+)["']?[ \t]*:/gm)) {
    const [, name = ''] = match;
    if (RESERVED[name] !== undefined || LISTS.includes(name))
      at(match.index, 'reserved-user-data-key', `${name} is not for a template`, 'write it in a part of type cloud-config');
  }
}

function stagingFaults(files: unknown, offsetOf: (path: DocumentPath) => number, at: At): void {
  if (!Array.isArray(files)) return;
  files.forEach((file: unknown, index) => {
    const path = isMapping(file) ? file.path : undefined;
    if (typeof path === 'string' && `${path}/`.startsWith(`${STATE}/`))
      at(offsetOf([index]), 'reserved-user-data-key', `${path} is below ${STATE}, which is kubekiln's own`);
  });
}

/** Places of passwords that are not hashed: https://cloudinit.readthedocs.io/en/latest/reference/modules.html#set-passwords */
function passwords(config: Readonly<Record<string, unknown>>): readonly DocumentPath[] {
  const { password, users, chpasswd } = config;
  const plain = (list: unknown, key: string, root: DocumentPath): readonly DocumentPath[] =>
    Array.isArray(list)
      ? list.flatMap((one: unknown, index) =>
          isMapping(one) && typeof one[key] === 'string' && !String(one[key]).startsWith('$') && one.type !== 'RANDOM'
            ? [[...root, index, key]]
            : [],
        )
      : [];
  const ofChpasswd = isMapping(chpasswd) ? plain(chpasswd.users, 'password', ['chpasswd', 'users']) : [];
  return [
    ...(typeof password === 'string' && !password.startsWith('$') ? [['password']] : []),
    ...plain(users, 'plain_text_passwd', ['users']),
    ...ofChpasswd,
  ];
}

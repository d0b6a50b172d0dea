// cloud-config (https://cloudinit.readthedocs.io/en/latest/explanation/format.html): writes the two modules that kubekiln uses, and reads files
// back from any cloud-config as cloud-init itself would.
import { FormatError } from './format-error.ts';
import { gunzip } from './gzip.ts';
import { type PlainCloudConfig, readPlainCloudConfig } from './plain-cloud-config.ts';
import { dumpYaml, parseYaml } from './yaml.ts';

const HEADER = '#cloud-config';

export interface CloudConfigFile {
  /** Absolute path on the node. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

export interface CloudConfig {
  /** Scripts that run at every boot before files are written; commands in list form are joined by spaces. */
  readonly bootCommands: readonly string[];
  /** In order, as `write_files` lists them. */
  readonly files: readonly CloudConfigFile[];
  /** Top-level keys other than `bootcmd` and `write_files`. */
  readonly otherKeys: readonly string[];
}

export interface CloudConfigContent {
  readonly bootScript: string;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly content: string }[];
}

/**
 * Text for user-data. Files belong to root:root: cloud-init writes nothing more after an entry whose owner does not exist.
 * Modes are quoted strings: YAML 1.1 would read 0600 as a number and cloud-init take it for decimal.
 */
export function writeCloudConfig({ bootScript, files }: CloudConfigContent): string {
  const bootcmd = [['sh', '-c', bootScript]];
  const entries = files.map(({ path, mode, content }) => ({ path, permissions: mode.toString(8).padStart(4, '0'), content }));
  const plain = files.every(({ path, content }) => PLAIN_PATH.test(path) && PLAIN_TEXT.test(content));
  if (!plain || entries.length === 0 || !PLAIN_TEXT.test(bootScript)) return `${HEADER}\n${dumpYaml({ write_files: entries, bootcmd })}`;
  // What dumpYaml would say, in a hundredth of its time, and indented as little as YAML takes: user-data counts bytes.
  const list = entries.map(
    ({ path, permissions, content }) =>
      `-\n path: ${path}\n permissions: '${permissions}'\n content: |\n${content.replace(/^(?=.)/gm, '  ')}`,
  );
  // The boot script last: beside `.complete`, whose digest it repeats, gzip sees that.
  return `${HEADER}\nwrite_files:\n${list.join('')}${dumpYaml({ bootcmd })}`;
}

/** One archive for cloud-init to write, as text. */
export interface PackedCloudConfig {
  readonly bootScript: string;
  /** Absolute path on the node. */
  readonly path: string;
  readonly mode: number;
  /** gzipped; cloud-init writes what is in it. */
  readonly archive: Uint8Array;
}

/** Text for user-data where no bytes pass: https://cloudinit.readthedocs.io/en/latest/reference/modules.html#write-files */
export function writePackedCloudConfig({ bootScript, path, mode, archive }: PackedCloudConfig): string {
  const content = Buffer.from(archive).toString('base64');
  const entry = { path, permissions: mode.toString(8).padStart(4, '0'), encoding: 'gz+b64', content };
  return `${HEADER}\n${dumpYaml({ bootcmd: [['sh', '-c', bootScript]], write_files: [entry] })}`;
}

const PLAIN_PATH = /^\/[A-Za-z0-9._/-]*$/;
/** Printable ASCII that neither begins nor ends with white space, but for one final newline. */
const PLAIN_TEXT = /^[!-~](?:[ -~\n]*[!-~])?\n$/;

/** True when the first line is the one that cloud-init looks for. */
export function isCloudConfig(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, HEADER.length + 2)).toString('latin1');
  return start.startsWith(HEADER) && /^\r?\n|^$|^\s/.test(start.slice(HEADER.length));
}

/**
 * Reads a cloud-config.
 * @param limit largest accepted sum of the files' sizes, in bytes
 * @throws FormatError
 */
export function readCloudConfig(bytes: Uint8Array, limit: number): CloudConfig {
  if (!isCloudConfig(bytes)) throw new FormatError('unsupported', `the first line is not ${HEADER}`);
  const text = utf8(bytes);
  const plain = readPlainCloudConfig(text);
  // no file of it is longer than its text
  if (plain && text.length <= limit) return asWritten(plain);
  const { value, problem } = parseYaml(text);
  if (problem) throw new FormatError('damaged', `the cloud-config does not parse: ${problem.message}`);
  if (!isRecord(value)) throw new FormatError('damaged', 'the cloud-config is not a mapping');
  const files: CloudConfigFile[] = [];
  let total = 0;
  for (const entry of listOf(value, 'write_files')) {
    const file = readFileEntry(entry, limit - total);
    total += file.content.length;
    files.push(file);
  }
  const otherKeys = Object.keys(value).filter(key => key !== 'bootcmd' && key !== 'write_files');
  return { bootCommands: listOf(value, 'bootcmd').map(bootCommand), files, otherKeys };
}

function asWritten({ bootScript, files }: PlainCloudConfig): CloudConfig {
  return {
    bootCommands: [bootScript],
    files: files.map(({ path, mode, content }) => ({ path, mode, content: Buffer.from(content, 'latin1') })),
    otherKeys: [],
  };
}

function bootCommand(command: unknown): string {
  if (Array.isArray(command) && command.every(word => typeof word === 'string')) {
    const [shell, flag, script] = command;
    return command.length === 3 && shell === 'sh' && flag === '-c' && script !== undefined ? script : command.join(' ');
  }
  if (typeof command !== 'string') throw new FormatError('damaged', 'bootcmd holds something that is not a command');
  return command;
}

function readFileEntry(entry: unknown, limit: number): CloudConfigFile {
  if (!isRecord(entry) || typeof entry.path !== 'string') throw new FormatError('damaged', 'write_files holds an entry without a path');
  const { path, content = '', permissions = '0644', encoding = 'text/plain' } = entry;
  if (typeof content !== 'string' || typeof encoding !== 'string')
    throw new FormatError('damaged', `write_files: the content of ${path} is not text`);
  if (typeof permissions !== 'string' || !/^0?[0-7]{3,4}$/.test(permissions))
    throw new FormatError('damaged', `write_files: the permissions of ${path} are not a quoted octal number`);
  return { path, mode: Number.parseInt(permissions, 8), content: decode(path, content, encoding, limit) };
}

/** Encodings that cc_write_files.py knows. */
function decode(path: string, content: string, encoding: string, limit: number): Uint8Array {
  const steps = /^(?:(gz|gzip)(?:\+(b64|base64))?|(b64|base64)|text\/plain)$/.exec(encoding);
  if (!steps) throw new FormatError('unsupported', `write_files: ${path} has an encoding that cloud-init does not know`);
  const [, zipped, zippedText, text] = steps;
  const bytes = zippedText || text ? Buffer.from(content, 'base64') : Buffer.from(content, zipped ? 'latin1' : 'utf8');
  const decoded = zipped ? gunzip(bytes, limit) : bytes;
  if (decoded.length > limit) throw new FormatError('too-large', 'the files of the cloud-config are too large');
  return decoded;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FormatError('damaged', 'the text is not UTF-8');
  }
}

function listOf(record: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
  const value = record[key] ?? [];
  if (!Array.isArray(value)) throw new FormatError('damaged', `${key} is not a list`);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

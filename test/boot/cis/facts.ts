// What the benchmark looks at on a host: `ps -ef`, etcd's environment, modes and owners, and the few configuration files that it reads.
import type { Host } from '../host.ts';
import type { Rule } from './rule.ts';

/** Mode and owner as stat(1) prints them: `600`, `root:root`. */
export interface FileFact {
  readonly mode: string;
  readonly owner: string;
  readonly type: 'file' | 'directory' | 'other';
}

export interface Facts {
  /** Lines of `ps -ef`. */
  readonly processes: readonly string[];
  /** NAME=value of the etcd process. */
  readonly etcdEnvironment: readonly string[];
  readonly files: ReadonlyMap<string, FileFact>;
  /** Path to content, of the files that the rules read. Secret: never part of an assertion's text. */
  readonly contents: ReadonlyMap<string, string>;
}

const PLACES = [
  '/etc/kubernetes',
  '/etc/systemd/system',
  '/var/lib/cni/networks',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/kubelet.conf',
];
const DEFAULT_DATA_DIRECTORY = '/var/lib/etcd';
const FIELD = '\t';

/** Gathers what `rules` ask of a running host, as root there. The commands must not carry a daemon's name: they would stand in `ps -ef` themselves. */
export async function gatherFacts(host: Host, rules: readonly Rule[]): Promise<Facts> {
  const processes = lines(await host.sh('ps -ef'));
  const encryption = argumentOf(processes, 'kube-apiserver', '--encryption-provider-config');
  const read = [encryption, ...rules.map(({ configuration }) => configuration)].filter(path => path !== undefined);
  const contents = new Map<string, string>();
  for (const path of new Set(read)) {
    const { code, stdout } = await host.try(`cat '${path}'`);
    if (code === 0) contents.set(path, stdout);
  }
  return {
    processes,
    // A worker has no such process.
    etcdEnvironment: lines((await host.try('tr "\\0" "\\n" < /proc/$(pgrep --exact --oldest etcd)/environ')).stdout),
    files: await gatherFiles(host, dataDirectories(processes)),
    contents,
  };
}

/** Modes and owners as they are between the shell scripts `before` and `after`; the latter runs whatever happens. */
export async function gatherFiles(host: Host, dataDirectory: readonly string[], before = '', after = ''): Promise<Facts['files']> {
  const find = `find "$@" -printf '%p\\t%m\\t%u:%g\\t%y\\n' 2>/dev/null || true`;
  const script = [
    `undo() { :; ${after}\n}`,
    'trap undo EXIT',
    before,
    `set -- ${PLACES.join(' ')}; ${find}`,
    `set -- ${dataDirectory.join(' ')} -maxdepth 0; ${find}`,
  ];
  return new Map(lines(await host.sh(script.join('\n'))).map(fileFact));
}

/** The data directories that etcd may have: named on its command line, or the usual one. */
export function dataDirectories(processes: readonly string[]): readonly string[] {
  const named = argumentOf(processes, 'etcd', '--data-dir');
  return named === undefined ? [DEFAULT_DATA_DIRECTORY] : [named];
}

/** The value behind `flag=` or `flag ` in the last process line that has both words, as the benchmark's `sed` finds it. */
export function argumentOf(processes: readonly string[], word: string, flag: string): string | undefined {
  const values = processes
    .filter(line => line.includes(word) && line.includes(flag))
    .map(line => new RegExp(`.*${flag}[= ]([^ ]*)`).exec(line)?.[1])
    .filter(value => value !== undefined);
  return values.at(-1);
}

function fileFact(line: string): [string, FileFact] {
  const [path = '', mode = '', owner = '', type] = line.split(FIELD);
  return [path, { mode, owner, type: type === 'f' ? 'file' : type === 'd' ? 'directory' : 'other' }];
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter(Boolean);
}

// What boot tests need and nobody wants to make twice: the real binaries (built from source) and root file systems. Everything stands below one
// directory that may be deleted at any time; a lock file keeps two runs from making the same thing.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { capture, run } from './command.ts';
import { BOOT_SCRIPTS } from './repository.ts';

/** The releases that boot tests run by default: the newest of each. */
export const ETCD_VERSION = 'v3.6.16';
export const KUBERNETES_VERSION = 'v1.37.1';

const ETCD_PROGRAMS = ['etcd', 'etcdctl', 'etcdutl'] as const;
/** In a tree that is complete. */
const TREE_MARK = 'etc/kubekiln-boot';
const KUBERNETES_PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

/** The releases of Debian that hosts are tested with. */
export const DEBIAN_SUITES = ['bookworm', 'trixie'] as const;
export type DebianSuite = (typeof DEBIAN_SUITES)[number];

/** KUBEKILN_DEBIAN, or bookworm. @throws when it names another release */
export function debianSuite(): DebianSuite {
  const name = process.env.KUBEKILN_DEBIAN ?? '';
  const found = DEBIAN_SUITES.find(suite => suite === (name === '' ? 'bookworm' : name));
  if (found === undefined) throw new Error(`KUBEKILN_DEBIAN=${name}: hosts have ${DEBIAN_SUITES.join(' or ')}`);
  return found;
}

/** KUBEKILN_CACHE, or `kubekiln` in the user's cache directory. */
export function cacheDirectory(): string {
  const own = process.env.KUBEKILN_CACHE;
  if (own !== undefined && own !== '') return own;
  const base = process.env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'kubekiln');
}

/** Directory with etcd, etcdctl, etcdutl of that version; built when it is not there. */
export async function ensureEtcd(version = ETCD_VERSION): Promise<string> {
  return ensureBinaries('etcd', version, 'about a minute');
}

/** Directory with kube-apiserver, kube-controller-manager, kube-scheduler, kubectl, kubeadm of that version; built when it is not there. */
export async function ensureKubernetes(version = KUBERNETES_VERSION): Promise<string> {
  return ensureBinaries('kubernetes', version, 'about six minutes');
}

/** Directory with e2e.test of that version, the ginkgo that runs it, and upstream's conformance/conformance.yaml; built when it is not there. */
export async function ensureE2e(version = KUBERNETES_VERSION): Promise<string> {
  return ensureBinaries('e2e', version, 'about ten minutes');
}

/** What a host's image holds: path on the host to path on this machine. */
export function programsOf(etcd: string, kubernetes: string): ReadonlyMap<string, string> {
  const from = (directory: string, names: readonly string[]) =>
    names.map(name => [`/usr/local/bin/${name}`, join(directory, name)] as const);
  return new Map([...from(etcd, ETCD_PROGRAMS), ...from(kubernetes, KUBERNETES_PROGRAMS)]);
}

/** Directory with an unpacked Debian, and perhaps more packages, to be laid under hosts. Remade when the script that makes it changed. */
export function ensureRootFileSystem(suite: DebianSuite = debianSuite(), packages: readonly string[] = []): Promise<string> {
  return ensureTree(`a root file system of Debian ${suite}`, [suite, ...packages].join('-'), 'build-root-file-system.sh', [
    suite,
    packages.join(','),
  ]);
}

/**
 * Directory below the cache, `<name>-<digest of the script>`, that a script makes: its arguments are the directory and `args`.
 * @param versions of what the script puts into it: another one makes another directory
 */
export async function ensureTree(what: string, name: string, scriptName: string, args: readonly string[], versions = ''): Promise<string> {
  const script = join(BOOT_SCRIPTS, scriptName);
  const recipe = createHash('sha256').update(readFileSync(script)).update(versions).digest('hex').slice(0, 12);
  const directory = join(cacheDirectory(), `${name}-${recipe}`);
  if (!existsSync(join(directory, TREE_MARK))) {
    await locked(`${what} (a minute or two)`, script, [directory, ...args]);
    await sweepTrees(name, directory);
  }
  await utimes(join(directory, TREE_MARK), new Date(), new Date());
  return directory;
}

/** Another clone with another recipe may have hosts that stand on its tree: only those that nobody asked for since yesterday go. */
async function sweepTrees(name: string, kept: string): Promise<void> {
  for (const entry of await readdir(cacheDirectory())) {
    const directory = join(cacheDirectory(), entry);
    if (!new RegExp(`^${name}-[0-9a-f]{12}$`).test(entry) || directory === kept) continue;
    const { mtimeMs } = await stat(join(directory, TREE_MARK)).catch(() => ({ mtimeMs: 0 }));
    if (Date.now() - mtimeMs > 86_400_000) await rm(directory, { recursive: true, force: true });
  }
}

/** Directory with the programs that build-binaries.sh makes of `what`; built when it is not there. */
export async function ensureBinaries(what: string, version: string, duration: string): Promise<string> {
  const directory = join(cacheDirectory(), `${what}-${version}`);
  if (existsSync(join(directory, '.complete'))) return directory;
  await run('go', ['version']).catch(() => {
    throw new Error(`Go >= 1.26 is needed to build ${what} ${version}: https://go.dev/dl/`);
  });
  await locked(`${what} ${version} from source (${duration})`, join(BOOT_SCRIPTS, 'build-binaries.sh'), [cacheDirectory(), what, version]);
  return directory;
}

/** Deletes the compiler's own caches, several GB that only speed up the next version, unless somebody is building. */
export async function forgetCompilerCaches(): Promise<void> {
  const [lock, caches] = [join(cacheDirectory(), '.lock'), join(cacheDirectory(), 'go')];
  if (existsSync(caches)) await capture('flock', ['--nonblock', lock, 'rm', '-rf', caches], { timeout: 10 * 60_000 });
}

/** Runs a script that makes something in the cache; another run that makes something there is waited for. */
async function locked(what: string, script: string, args: readonly string[]): Promise<void> {
  await mkdir(cacheDirectory(), { recursive: true });
  const lock = join(cacheDirectory(), '.lock');
  const free = await capture('flock', ['--nonblock', lock, 'true']);
  console.error(free.code === 0 ? `making ${what}` : `waiting for another run that fills the cache, then making ${what}`);
  const started = performance.now();
  await run('flock', [lock, script, ...args], { timeout: 45 * 60_000, passThrough: true });
  console.error(`made ${what} in ${Math.round((performance.now() - started) / 1000)} s`);
}

// A container registry on the bridge of a test cluster, which holds test images, may want a password, notes what is asked for, and can be off.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newIdentity } from '../mirror/identity.ts';
import type { RegistrySettings } from '../mirror/serve-registry.ts';
import { run } from './command.ts';
import type { TestImage } from './images/test-images.ts';
import { type Network, SUBNET } from './network.ts';
import { runDirectory, whenRunEnds } from './run-directory.ts';

const ADDRESS = `${SUBNET.prefix}.1`;
const PORT = 5000;
const AUTHORITY = 'registry-ca.pem';
const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), '../mirror/serve-registry.js');

export interface BootRegistry {
  /** As image names have it. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  /** PEM */
  readonly authority: string;
  /** Of cluster.yaml: what nodes would ask registry.k8s.io for, they ask this one. */
  readonly registries: object;
  /** What that refers to, beside cluster.yaml. */
  readonly files: Readonly<Record<string, string>>;
  /** With the right password or another one. */
  start(network: Network, password?: string): Promise<void>;
  stop(): Promise<void>;
  /** What was asked for by its tag, as `e2e-test-images/busybox:1.37.0-2`, each once, sorted. */
  asked(): readonly string[];
}

/** Off until it is started. It has the images under their names without the registry: `e2e-test-images/busybox`. `open`: no password is wanted. */
export async function createRegistry(images: readonly TestImage[], { open = false } = {}): Promise<BootRegistry> {
  await mkdir(runDirectory(), { recursive: true });
  const directory = await mkdtemp(join(runDirectory(), 'registry-'));
  const identity = newIdentity(ADDRESS);
  const layouts: Record<string, string> = {};
  for (const { reference, archive } of images) {
    const repository = reference.slice(reference.indexOf('/') + 1, reference.lastIndexOf(':'));
    const layout = join(directory, repository);
    await mkdir(layout, { recursive: true });
    await run('tar', ['--extract', '--file', archive, '--directory', layout]);
    layouts[repository] = layout;
  }
  let server: ChildProcess | undefined;
  const asked = new Set<string>();
  const kill = () => void server?.kill('SIGKILL');
  whenRunEnds(kill);
  const [username, password] = ['node', 'word: of the registry'];
  return {
    host: `${ADDRESS}:${PORT}`,
    username,
    password,
    authority: identity.authority,
    registries: { mirrors: { 'registry.k8s.io': { endpoint: [`https://${ADDRESS}:${PORT}`], caFile: AUTHORITY } } },
    files: { [AUTHORITY]: identity.authority },
    start: async (network, accepted = password) => {
      const settings: RegistrySettings = { identity, ...(!open && { login: `${username}:${accepted}` }), layouts };
      const file = join(directory, 'settings.json');
      await writeFile(file, JSON.stringify(settings), { mode: 0o600 });
      const args = [`--net=/run/netns/${network.namespace}`, process.execPath, PROGRAM, ADDRESS, String(PORT), file];
      server = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: server.stdout ?? process.stdin });
      await new Promise((resolve, reject) => {
        server?.once('error', reject).once('exit', reject);
        lines.once('line', resolve);
      });
      lines.on('line', line => asked.add(line));
      // The run may end while it serves.
      server.unref();
      (server.stdout as Socket | null)?.unref();
    },
    stop: async () => {
      const gone = new Promise(resolve => server?.once('exit', resolve));
      kill();
      await gone;
    },
    asked: () => [...asked].sort(),
  };
}

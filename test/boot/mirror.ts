// A mirror on the bridge of a test cluster: a process in its network namespace, which can be off, or hold the wrong bytes.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Identity, newIdentity } from '../mirror/identity.ts';
import { type Network, SUBNET } from './network.ts';
import { runDirectory, whenRunEnds } from './run-directory.ts';

const ADDRESS = `${SUBNET.prefix}.1`;
const PORT = 8443;
const PROGRAM = join(dirname(fileURLToPath(import.meta.url)), '../mirror/serve-directory.js');

export interface BootMirror {
  readonly url: string;
  /** PEM */
  readonly authority: string;
  put(path: string, content: Uint8Array): Promise<void>;
  /** Serves what was put there until then. */
  start(network: Network): Promise<void>;
  stop(): Promise<void>;
}

/** Off until it is started: its address and authority are known before any network is. */
export async function createMirror(): Promise<BootMirror> {
  const directory = await mkdtemp(join(runDirectory(), 'mirror-'));
  const identity: Identity = newIdentity(ADDRESS);
  const identityFile = join(directory, 'identity.json');
  await writeFile(identityFile, JSON.stringify(identity), { mode: 0o600 });
  const files = join(directory, 'files');
  await mkdir(files);
  let server: ChildProcess | undefined;
  const stop = () => void server?.kill('SIGKILL');
  whenRunEnds(stop);
  return {
    url: `https://${ADDRESS}:${PORT}`,
    authority: identity.authority,
    put: async (path, content) => {
      await mkdir(dirname(join(files, path)), { recursive: true });
      await writeFile(join(files, path), content);
    },
    start: async network => {
      const args = [`--net=/run/netns/${network.namespace}`, process.execPath, PROGRAM, ADDRESS, String(PORT), files, identityFile];
      server = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      await new Promise((resolve, reject) => server?.once('error', reject).once('exit', reject).stdout?.once('data', resolve));
    },
    stop: async () => {
      if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
      const gone = new Promise(resolve => server?.once('exit', resolve));
      stop();
      await gone;
    },
  };
}

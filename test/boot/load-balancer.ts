// A load balancer of the operator's own, in front of the API servers of a test cluster: haproxy at the network's own address. It is configured as
// docs/endpoints.md asks, and in nothing like the product's local proxy.
import { spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ControlPlane } from './control-plane.ts';
import { enterNetwork, SUBNET } from './network.ts';
import { eventually } from './patience.ts';
import { runDirectory, whenRunEnds } from './run-directory.ts';

/** What cluster.yaml calls controlPlaneEndpoint. */
export const LOAD_BALANCER = `${SUBNET.prefix}.1:6443`;

/** Runs until the run ends. */
export async function startLoadBalancer({ network, members }: ControlPlane): Promise<void> {
  const configuration = join(await mkdtemp(join(runDirectory(), 'load-balancer-')), 'haproxy.cfg');
  const servers = members.map(({ name, address }) => `server ${name} ${address}:6443 check inter 1s`);
  const timeouts = ['timeout connect 2s', 'timeout client 15m', 'timeout server 15m'];
  const lines = ['defaults', 'mode tcp', ...timeouts, 'listen api', `bind ${LOAD_BALANCER}`, 'balance roundrobin', ...servers];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const haproxy = spawn('nsenter', enterNetwork(network.namespace, 'haproxy', ['-db', '-q', '-f', configuration]), { stdio: 'ignore' });
  // The run may end while it serves.
  haproxy.unref();
  whenRunEnds(() => void haproxy.kill('SIGKILL'));
  const listens = async () => (await network.run('ss', ['--no-header', '--listening', '--tcp', `src ${LOAD_BALANCER}`])).trim() !== '';
  await eventually('the load balancer listens', listens, { timeout: 10_000 });
}

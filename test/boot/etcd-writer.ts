import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltCluster } from './built-cluster.ts';
import { ensureEtcd } from './cache.ts';
import { run } from './command.ts';
import type { ControlPlane } from './control-plane.ts';
import { sleep } from './patience.ts';

export interface EtcdWriter {
  /** Keys whose write was acknowledged, in order; each holds its own name. */
  stop(): Promise<readonly string[]>;
}

const PREFIX = 'acknowledged/';

/** Writes keys to etcd, each through one member, for as long as it is not stopped: what no host that is cut can hold up. */
export async function startEtcdWriter(plane: ControlPlane, built: BuiltCluster): Promise<EtcdWriter> {
  const etcdctl = join(await ensureEtcd(), 'etcdctl');
  const node = join(built.directory, 'writer');
  await mkdir(node, { recursive: true });
  await run('tar', [
    '--extract',
    '--gzip',
    '--file',
    join(built.out, 'nodes', plane.members[0]?.name ?? '', 'node.tar.gz'),
    '--directory',
    node,
  ]);
  const pki = join(node, 'files/etc/kubernetes/pki');
  const client = join(pki, 'apiserver-etcd-client');
  const credentials = ['--cacert', join(pki, 'etcd/ca.crt'), '--cert', `${client}.crt`, '--key', `${client}.key`];
  const acknowledged: string[] = [];
  let stopped = false;

  async function loop(): Promise<void> {
    for (let count = 0; !stopped; count++) {
      const member = plane.members[count % plane.members.length];
      const key = `${PREFIX}${count}`;
      const args = ['--endpoints', `https://${member?.address}:2379`, ...credentials, '--dial-timeout=1s', '--command-timeout=2s'];
      const output = member?.host.running() === true ? await plane.network.capture(etcdctl, [...args, 'put', key, key]) : undefined;
      if (output?.code === 0) acknowledged.push(key);
      await sleep(300);
    }
  }

  const done = loop();
  return {
    stop: async () => {
      stopped = true;
      await done;
      return acknowledged;
    },
  };
}

// npm run demo: boots a three-node control plane on this machine from kubekiln's artifacts and lets kubectl, etcdctl and the leases speak.
// --keep leaves it running until Ctrl-C.
import { join } from 'node:path';
import { buildCluster } from './built-cluster.ts';
import { ensureEtcd, ensureKubernetes, forgetCompilerCaches } from './cache.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { etcdctl } from './etcd.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { untilLeasesHeldBy } from './leases.ts';
import { seconds } from './patience.ts';
import { withControlPlane } from './with-control-plane.ts';

const say = (line = '') => process.stdout.write(`${line}\n`);
const heading = (line: string) => say(`\n\u2500\u2500 ${line}`);

async function demo(keep: boolean): Promise<void> {
  heading('kubekiln init, build, verify');
  const built = await buildCluster();
  say(built.report.trimEnd());
  await withControlPlane(
    'demo',
    () => createHosts(built, 'user-data'),
    async plane => {
      await forgetCompilerCaches();
      heading('three hosts are switched on, the third first; nobody logs in');
      const since = await powerOn(plane, [
        { index: 2, after: 0 },
        { index: 0, after: 2000 },
        { index: 1, after: 1000 },
      ]);
      say(`/readyz is ok on all three ${seconds(await untilReady(plane, since))} after the first power-on`);
      const first = member(plane, 0);
      for (const { address } of plane.members) {
        heading(`kubectl --server https://${address}:6443 get --raw /readyz?verbose | tail -n 1`);
        say((await plane.operator.kubectl(['get', '--raw', '/readyz?verbose'], address)).trim().split('\n').at(-1));
      }
      heading('kubectl version, get namespaces');
      say((await plane.operator.kubectl(['version'])).trimEnd());
      say((await plane.operator.kubectl(['get', 'namespaces'])).trimEnd());
      heading('etcdctl member list');
      say((await etcdctl(plane, first, 'member', 'list', '--write-out=table')).trimEnd());
      heading('etcdctl endpoint status --cluster');
      say((await etcdctl(plane, first, 'endpoint', 'status', '--cluster', '--write-out=table')).trimEnd());
      heading('leases');
      await untilLeasesHeldBy(plane, plane.members, first);
      say((await plane.operator.kubectl(['--namespace=kube-system', 'get', 'leases'])).trimEnd());
      heading('what the first host said on its console');
      say((await first.host.sh("journalctl --quiet --no-pager --output=cat | grep '^kubekiln:' | head -n 20 || true")).trimEnd());
      if (keep) {
        const nsenter = `nsenter --net=/run/netns/${plane.network.namespace}`;
        const kubectl = join(await ensureKubernetes(), 'kubectl');
        heading('it stays until Ctrl-C');
        say(`${nsenter} ${kubectl} --kubeconfig ${plane.operator.kubeconfig} get all --all-namespaces`);
        say(`etcdctl: ${join(await ensureEtcd(), 'etcdctl')}; certificates: ${first.host.root}/etc/kubernetes/pki`);
        for (;;) await new Promise(resolve => setTimeout(resolve, 60_000));
      }
    },
  );
}

await demo(process.argv.includes('--keep'));

// The local proxy of a worker: an API server that stops in order costs no request, one that dies costs none after the health checks noticed, and it is
// used again when it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { type ControlPlane, type Member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { CURL_ANSWER, curlAnswer } from './operator.ts';
import { seconds, sleep } from './patience.ts';
import { serverEvents, untilServer } from './proxy-journal.ts';
import { requestLoop, type Sent } from './request-loop.ts';
import { withControlPlane } from './with-control-plane.ts';

const PORT = 8443;
const LOOP_SECONDS = 11;
/** The loop runs for so long before anything happens to an API server. */
const UNDISTURBED = 2000;
/** Checks come every 2 s; a second one follows 0.5 s after the first that fails, and each takes at most 1 s without an answer. The rest is for a busy machine. */
const LONGEST_NOTICE = 4500 + 3000;

test('the local proxy', { timeout: 600_000 }, async t => {
  const built = await buildCluster({ workers: 1 });
  await withControlPlane(
    'local-proxy',
    () => createHosts(built, 'user-data'),
    async plane => {
      const [worker] = plane.workers;
      assert.ok(worker);
      await worker.host.start();
      await untilReady(plane, await powerOn(plane));
      for (const member of plane.members) await untilServer(worker, member, 'UP');

      /** Requests through the proxy while `happen` happens to an API server; what became of them, and what the proxy saw. */
      const during = async (happen: (victim: Member) => Promise<void>) => {
        const start = Date.now();
        const loop = requestLoop(worker.host, plane.operator, PORT, LOOP_SECONDS);
        await sleep(UNDISTURBED);
        const victim = await busiest(plane, worker);
        const since = Date.now();
        await happen(victim);
        const happened = Date.now();
        const sent = await loop;
        const events = await serverEvents(worker, victim, start);
        const noticed = events.find(event => event.at >= since && event.state !== 'UP')?.at;
        assert.ok(noticed !== undefined, 'the proxy noticed nothing');
        assert.ok(noticed - since <= LONGEST_NOTICE, `noticed after ${seconds(noticed - since)}`);
        assert.ok(sent.length > 100, `${sent.length} requests`);
        assert.deepEqual(
          failed(sent).filter(one => one.sent > noticed),
          [],
        );
        const said = `${victim.name}: noticed after ${seconds(noticed - since)}; ${report(sent)}`;
        return { victim, sent, events, said, took: happened - since };
      };

      await t.test('its certificate opens /readyz, and nothing of the API', async () => {
        const pki = '/etc/kubernetes/pki';
        const credentials = `--cacert ${pki}/ca.crt --cert ${pki}/local-proxy.crt --key ${pki}/local-proxy.key`;
        const options = CURL_ANSWER.map(word => `'${word}'`).join(' ');
        const ask = async (path: string) =>
          curlAnswer((await worker.host.try(`curl ${options} ${credentials} https://127.0.0.1:${PORT}${path}`)).stdout).status;
        assert.deepEqual([await ask('/readyz'), await ask('/api/v1/nodes'), await ask('/api/v1/secrets')], [200, 403, 403]);
      });

      await t.test('an API server stops in order: no request fails', async subtest => {
        const { victim, sent, events, said, took } = await during(({ host }) => host.sh('systemctl stop kube-apiserver').then(() => {}));
        subtest.diagnostic(`${said}; the stop took ${seconds(took)}`);
        assert.deepEqual(failed(sent), []);
        // Only what was held may have met the server after its last request.
        assert.deepEqual(
          sent.filter(({ kind, again }) => again > 0 && kind !== 'held'),
          [],
        );
        assert.equal(events.find(event => event.state !== 'UP')?.state, 'stopping');
        const since = Date.now();
        await victim.host.sh('systemctl start kube-apiserver');
        await untilServer(worker, victim, 'UP');
        subtest.diagnostic(`used again ${seconds(Date.now() - since)} after its start began`);
      });

      await t.test('an API server is killed: no request fails after the proxy noticed', async subtest => {
        const { victim, said } = await during(({ host }) => host.sh('systemctl kill --signal=KILL kube-apiserver').then(() => {}));
        subtest.diagnostic(said);
        await untilServer(worker, victim, 'UP');
      });

      await t.test(
        'the power of a control-plane host is cut: no request fails after the proxy noticed, and it is used again',
        async subtest => {
          const { victim, said } = await during(({ host }) => host.cut());
          subtest.diagnostic(said);
          const since = Date.now();
          await victim.host.start();
          await untilServer(worker, victim, 'UP');
          subtest.diagnostic(`used again ${seconds(Date.now() - since)} after its power-on`);
          await requestLoop(worker.host, plane.operator, PORT, 2).then(sent => assert.deepEqual(failed(sent), []));
        },
      );
    },
  );
});

function failed(sent: readonly Sent[]): readonly Sent[] {
  return sent.filter(({ failure }) => failure !== undefined);
}

function report(sent: readonly Sent[]): string {
  const slowest = Math.max(...sent.map(one => one.done - one.sent));
  const count = (kind: Sent['kind']) => `${failed(sent.filter(one => one.kind === kind)).length} over ${kind} connections`;
  const again = sent.filter(one => one.again > 0).length;
  return `${sent.length} requests, failed: ${count('fresh')}, ${count('held')}; asked to come again: ${again}; slowest ${seconds(slowest)}`;
}

/** The control-plane host with the most connections from that worker: what happens to it is felt. */
async function busiest(plane: ControlPlane, worker: Member): Promise<Member> {
  const counts = await Promise.all(
    plane.members.map(async member => {
      const sockets = await member.host.sh(`ss --no-header --tcp --numeric state established 'sport = :6443' dst ${worker.address}`);
      return { member, count: sockets.split('\n').filter(Boolean).length };
    }),
  );
  const [first] = counts.sort((a, b) => b.count - a.count);
  assert.ok(first !== undefined && first.count > 0, 'the worker holds no connection');
  return first.member;
}

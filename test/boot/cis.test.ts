// Running nodes under the eyes of the CIS benchmark, of systemd, of a user without privileges, and of somebody who looks for keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { DAEMONS } from './checks/check.ts';
import { effectiveFacts, insecure, SECURE } from './cis/effective.ts';
import { evaluate } from './cis/evaluate.ts';
import { expectedOf } from './cis/expected.ts';
import { offlineExposure, sandboxes } from './cis/exposure.ts';
import { gatherFacts } from './cis/facts.ts';
import { canariesOf } from './cis/key-material.ts';
import { keysCarriedBy, searchForLeaks } from './cis/leaks.ts';
import { LOOSENED, loosenKubelet, tightenKubelet } from './cis/loose-kubelet.ts';
import { factsWith } from './cis/on-host.ts';
import { plantLeaks, removeLeaks } from './cis/plant.ts';
import { processLines } from './cis/rule.ts';
import { rulesOf } from './cis/rules.ts';
import { NODE_RULES } from './cis/rules-node.ts';
import { assertSaysWhatAHelperNeeds, plantInJournal } from './cis/support.ts';
import { trialsOf } from './cis/trials.ts';
import { brokenAs, notPassing, passingAs, turned } from './cis/turned.ts';
import { openedBy } from './cis/unprivileged.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { bringTarball } from './install-tarball.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually } from './patience.ts';
import { keysIn, SUPPORT, supportArchive } from './support-archive.ts';
import { withControlPlane } from './with-control-plane.ts';

const MOST_EXPOSURE = 1.5;
const NETWORK_AGENTS = ['kube-proxy', 'flanneld'];
/** They own the network of the machine, and nothing else of it: CAP_NET_ADMIN and CAP_NET_RAW. */
const MOST_EXPOSURE_OF_NETWORK = 4.2;
const NETWORK_CAPABILITIES = '0000000000003000';
/** What every node runs as root. */
const AGENTS = ['containerd', 'kubelet', ...NETWORK_AGENTS];

test('a booted node keeps its keys, and what the CIS benchmark asks for', { timeout: 900_000 }, async t => {
  const since = new Date();
  const built = await buildCluster({ workers: 1 });
  const canaries = await canariesOf(built);
  await withControlPlane(
    'cis',
    () => createHosts(built, 'user-data'),
    async plane => {
      for (const { host } of plane.workers) await host.start();
      await untilReady(plane, await powerOn(plane));
      const nodes = [
        ...plane.members.map(of => ({ ...of, role: 'control-plane' as const, daemons: [...DAEMONS, ...AGENTS, 'kubekiln-bootstrap'] })),
        ...plane.workers.map(of => ({ ...of, role: 'worker' as const, daemons: AGENTS })),
      ];
      for (const { host, name, daemons } of nodes) {
        const active = `systemctl is-active ${daemons.join(' ')}`;
        await eventually(`all daemons of ${name} run`, async () => (await host.try(active)).code === 0, { timeout: 120_000 });
      }
      const { host, name } = member(plane, 0);

      await t.test('CIS 1.12: what does not pass on any node is expected', async subtest => {
        for (const { host: node, name: of, role } of nodes) {
          const rules = rulesOf(role);
          const facts = await gatherFacts(node, rules);
          for (const daemon of role === 'worker' ? [] : DAEMONS) {
            const lines = processLines(daemon)(facts)?.split('\n').length;
            // Every API server names etcd on its command line.
            assert.equal(lines, daemon === 'etcd' ? 2 : 1, `${of}: what the benchmark takes for ${daemon}`);
          }
          const verdicts = notPassing(evaluate(rules, facts));
          assert.deepEqual(verdicts, expectedOf(rules), of);
          const { FAIL, WARN } = verdicts;
          subtest.diagnostic(`${of}: ${rules.length - FAIL.length - WARN.length} PASS, WARN ${WARN.join(' ')}, FAIL ${FAIL.join(' ')}`);
        }
      });

      await t.test('CIS 1.12: every rule turns when it is broken, and nothing else does', async subtest => {
        for (const { host: node, name: of, role } of [nodes[0], nodes.at(-1)].filter(one => one !== undefined)) {
          const [rules, trials] = [rulesOf(role), trialsOf(role)];
          const facts = await gatherFacts(node, rules);
          const verdicts = evaluate(rules, facts);
          for (const { turns, change, mend } of trials) {
            const mended = mend === undefined ? [] : [mend.change];
            const before = mend === undefined ? verdicts : evaluate(rules, await factsWith(node, facts, mended));
            assert.deepEqual(turned(verdicts, before), passingAs(mend?.turns ?? [], rules));
            const after = evaluate(rules, await factsWith(node, facts, [...mended, change]));
            assert.deepEqual(turned(before, after), brokenAs(turns, rules), `${of}, broken: ${turns.join(', ')}`);
          }
          assert.deepEqual((await gatherFacts(node, rules)).files, facts.files, `${of} is as it was`);
          subtest.diagnostic(`${of}: ${trials.length} trials of ${rules.length} rules`);
        }
      });

      await t.test(
        'CIS 1.12: kubelet and kube-proxy really are as their files say, and what the benchmark cannot see is noticed',
        async subtest => {
          for (const of of nodes) {
            const { FAIL, WARN } = expectedOf(NODE_RULES);
            const facts = await effectiveFacts(plane.operator, of, await gatherFacts(of.host, NODE_RULES));
            assert.deepEqual(notPassing(evaluate(NODE_RULES, facts)), { FAIL, WARN }, of.name);
            assert.deepEqual(insecure(facts), [], of.name);
          }
          const worker = nodes.at(-1);
          assert.ok(worker);
          await loosenKubelet(worker);
          const hidden = await gatherFacts(worker.host, NODE_RULES);
          assert.deepEqual(notPassing(evaluate(NODE_RULES, hidden)), expectedOf(NODE_RULES), 'its file is as it was');
          const facts = await effectiveFacts(plane.operator, worker, hidden);
          assert.deepEqual(turned(evaluate(NODE_RULES, hidden), evaluate(NODE_RULES, facts)), brokenAs(LOOSENED, NODE_RULES));
          assert.deepEqual(insecure(facts), Object.keys(SECURE));
          await tightenKubelet(worker);
          const again = await effectiveFacts(plane.operator, worker, hidden);
          assert.deepEqual(notPassing(evaluate(NODE_RULES, again)), expectedOf(NODE_RULES));
          subtest.diagnostic(`${nodes.length} nodes; ${LOOSENED.join(' ')} noticed`);
        },
      );

      await t.test(
        `systemd-analyze security: at most ${MOST_EXPOSURE} for each daemon, ${MOST_EXPOSURE_OF_NETWORK} for those of the network, running and by its file`,
        async subtest => {
          const worker = plane.workers[0]?.host ?? host;
          const judged = [
            { on: host, names: DAEMONS, most: MOST_EXPOSURE, capabilities: '0000000000000000' },
            { on: worker, names: ['local-proxy'], most: MOST_EXPOSURE, capabilities: '0000000000000000' },
            { on: worker, names: NETWORK_AGENTS, most: MOST_EXPOSURE_OF_NETWORK, capabilities: NETWORK_CAPABILITIES },
          ];
          for (const { on, names, most, capabilities } of judged) {
            for (const [daemon, { live, offline, kernel }] of await sandboxes(on, names)) {
              assert.ok(live <= most && offline <= most, `${daemon}: ${live} live, ${offline} offline`);
              assert.equal(kernel, `CapEff: ${capabilities} NoNewPrivs: 1 Seccomp: 2`, daemon);
              subtest.diagnostic(`${daemon}: ${live} live, ${offline} offline`);
            }
          }
          await host.sh('grep -v ^SystemCallFilter= /etc/systemd/system/etcd.service > /run/weaker.service');
          const weaker = await offlineExposure(host, '/run/weaker.service');
          assert.ok(weaker > MOST_EXPOSURE, `${weaker} without its system-call filter`);
          await host.sh('rm /run/weaker.service');
        },
      );

      await t.test('who has no privileges reads no key, and a daemon only its own', async subtest => {
        const own = (daemon: string) => [`/run/credentials/${daemon}.service/`, ...(daemon === 'etcd' ? ['/var/lib/etcd/'] : [])];
        for (const user of ['nobody', ...DAEMONS]) {
          const { tried, opened } = await openedBy(host, user);
          const allowed = user === 'nobody' ? [] : own(user);
          assert.ok(tried >= 60, `only ${tried} files were tried`);
          assert.deepEqual(
            opened.filter(path => !allowed.some(place => path.startsWith(place))),
            [],
            `opened by ${user}`,
          );
          assert.equal(opened.length > 0, user !== 'nobody', `${user} opened ${opened.length} files`);
          subtest.diagnostic(`${user}: ${opened.length} of ${tried}, its own`);
        }
        await host.sh('cp /etc/kubernetes/pki/ca.key /etc/kubernetes/planted && chmod 644 /etc/kubernetes/planted');
        assert.deepEqual((await openedBy(host, 'nobody')).opened, ['/etc/kubernetes/planted']);
        await host.sh('rm /etc/kubernetes/planted');
      });

      await t.test('no key stands in a journal, a process list, a console, a status or a file that everybody can read', async subtest => {
        for (const of of nodes) {
          const { leaks, searched } = await searchForLeaks(of, canaries, since);
          assert.deepEqual(leaks, {}, of.name);
          subtest.diagnostic(`${of.name}: ${canaries.length} keys looked for in ${searched} places`);
        }
      });

      await t.test('a node carries its own keys and on a control-plane node the three that all share, no other', async () => {
        const shared = /^(kubernetes-ca-1|service-account-1|encryption key .*)$/;
        for (const of of nodes) {
          const its = (key: string) => key.startsWith(`${of.name}/`) || (of.role === 'control-plane' && shared.test(key));
          const own = canaries.map(canary => canary.name).filter(its);
          assert.deepEqual(await keysCarriedBy(of, canaries, since), own.sort(), of.name);
        }
      });

      await t.test('planted keys are found in each of these places, and through base64, gzip and DER', async () => {
        const encryptionKey = canaries.find(({ name: key }) => key.startsWith('encryption key'))?.name ?? 'none';
        const victim = member(plane, 0);
        const planted = await plantLeaks(victim, encryptionKey);
        await eventually(
          `the planted leaks of ${name}`,
          async () => {
            assert.deepEqual((await searchForLeaks(victim, canaries, since)).leaks, planted);
            return true;
          },
          { timeout: 10_000, every: 1000 },
        );
        await removeLeaks(victim);
      });

      await t.test('a support archive says what a helper needs, and holds no key: planted ones are masked', async subtest => {
        const { host: node, name: of } = member(plane, 1);
        await bringTarball(node, built, of);
        const archive = await supportArchive(node);
        assert.match(archive.path, new RegExp(`^/var/lib/kubekiln/support-${of}-`));
        assertSaysWhatAHelperNeeds(archive);
        assert.deepEqual(keysIn(archive, canaries), []);
        subtest.diagnostic(`${archive.bytes.length} bytes`);

        await plantInJournal(node);
        const masked = await supportArchive(node);
        assert.match(masked.texts['kubekiln.log'], /decrypting with \[masked\], the end/);
        assert.deepEqual(keysIn(masked, canaries), []);
        const careless = `sed 's/^mask() {/mask() { cat; return/' ${SUPPORT} > /run/careless; sh /run/careless`;
        const planted = canaries.map(({ name: key }) => key).filter(key => key === `${of}/apiserver` || key.startsWith('encryption key'));
        assert.deepEqual(
          keysIn(await supportArchive(node, careless), canaries),
          planted.sort(),
          'the same search, where nothing is masked',
        );

        const nobody = await node.try(`setpriv --reuid=65534 --regid=65534 --clear-groups sh -s /tmp/mine.tar.gz < ${SUPPORT}`);
        assert.deepEqual([nobody.code, nobody.stdout, nobody.stderr], [2, '', 'kubekiln: support: must run as root\n']);
      });
    },
  );
});

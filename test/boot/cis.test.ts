// A running control-plane node under the eyes of the CIS benchmark, of systemd, of a user without privileges, and of somebody who looks for keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { DAEMONS } from './checks/check.ts';
import { evaluate } from './cis/evaluate.ts';
import { EXPECTED_FAILURES, EXPECTED_WARNINGS } from './cis/expected.ts';
import { offlineExposure, sandboxes } from './cis/exposure.ts';
import { gatherFacts } from './cis/facts.ts';
import { canariesOf } from './cis/key-material.ts';
import { keysCarriedBy, searchForLeaks } from './cis/leaks.ts';
import { factsWith } from './cis/on-host.ts';
import { plantLeaks, removeLeaks } from './cis/plant.ts';
import { processLines } from './cis/rule.ts';
import { RULES } from './cis/rules.ts';
import { assertSaysWhatAHelperNeeds, plantInJournal } from './cis/support.ts';
import { TRIALS } from './cis/trials.ts';
import { brokenAs, notPassing, passingAs, turned } from './cis/turned.ts';
import { openedBy } from './cis/unprivileged.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually } from './patience.ts';
import { keysIn, SUPPORT, supportArchive } from './support-archive.ts';
import { withControlPlane } from './with-control-plane.ts';

const MOST_EXPOSURE = 1.5;

test('a booted node keeps its keys, and what the CIS benchmark asks for', { timeout: 600_000 }, async t => {
  const since = new Date();
  const built = await buildCluster();
  const canaries = await canariesOf(built);
  await withControlPlane(
    'cis',
    () => createHosts(built, 'user-data'),
    async plane => {
      await untilReady(plane, await powerOn(plane));
      const units = [...DAEMONS, 'kubekiln-bootstrap'].join(' ');
      for (const { host, name } of plane.members)
        await eventually(`all daemons of ${name} run`, async () => (await host.try(`systemctl is-active ${units}`)).code === 0);
      const { host, name } = member(plane, 0);

      await t.test('CIS 1.12: what does not pass on any node is expected', async subtest => {
        for (const { host: node, name: of } of plane.members) {
          const facts = await gatherFacts(node);
          for (const daemon of DAEMONS) {
            const lines = processLines(daemon)(facts)?.split('\n').length;
            // Every API server names etcd on its command line.
            assert.equal(lines, daemon === 'etcd' ? 2 : 1, `${of}: what the benchmark takes for ${daemon}`);
          }
          const { FAIL, WARN } = notPassing(evaluate(RULES, facts));
          assert.deepEqual({ FAIL, WARN }, { FAIL: Object.keys(EXPECTED_FAILURES), WARN: Object.keys(EXPECTED_WARNINGS) }, of);
          subtest.diagnostic(`${of}: ${RULES.length - FAIL.length - WARN.length} PASS, WARN ${WARN.join(' ')}, FAIL ${FAIL.join(' ')}`);
        }
      });

      await t.test('CIS 1.12: every rule turns when it is broken, and nothing else does', async subtest => {
        const facts = await gatherFacts(host);
        const verdicts = evaluate(RULES, facts);
        for (const { turns, change, mend } of TRIALS) {
          const mended = mend === undefined ? [] : [mend.change];
          const before = mend === undefined ? verdicts : evaluate(RULES, await factsWith(host, facts, mended));
          assert.deepEqual(turned(verdicts, before), passingAs(mend?.turns ?? []));
          const after = evaluate(RULES, await factsWith(host, facts, [...mended, change]));
          assert.deepEqual(turned(before, after), brokenAs(turns), `broken: ${turns.join(', ')}`);
        }
        assert.deepEqual((await gatherFacts(host)).files, facts.files, 'the host is as it was');
        subtest.diagnostic(`${TRIALS.length} rules`);
      });

      await t.test(`systemd-analyze security: at most ${MOST_EXPOSURE} for each daemon, running and by its file`, async subtest => {
        for (const [daemon, { live, offline, kernel }] of await sandboxes(host, DAEMONS)) {
          assert.ok(live <= MOST_EXPOSURE && offline <= MOST_EXPOSURE, `${daemon}: ${live} live, ${offline} offline`);
          assert.equal(kernel, 'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2', daemon);
          subtest.diagnostic(`${daemon}: ${live} live, ${offline} offline`);
        }
        await host.sh('grep -v ^SystemCallFilter= /etc/systemd/system/etcd.service > /run/weaker.service');
        const weaker = await offlineExposure(host, '/run/weaker.service');
        assert.ok(weaker > MOST_EXPOSURE, `${weaker} without its system-call filter`);
        await host.sh('rm /run/weaker.service');
      });

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
        for (const of of plane.members) {
          const { leaks, searched } = await searchForLeaks(of, canaries, since);
          assert.deepEqual(leaks, {}, of.name);
          subtest.diagnostic(`${of.name}: ${canaries.length} keys looked for in ${searched} places`);
        }
      });

      await t.test('a node carries its own keys and the three that the control plane shares, no other', async () => {
        const shared = /^(kubernetes-ca-1|service-account-1|encryption key .*)$/;
        for (const of of plane.members) {
          const own = canaries.map(canary => canary.name).filter(key => key.startsWith(`${of.name}/`) || shared.test(key));
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
        const archive = await supportArchive(node);
        assert.match(archive.path, new RegExp(`^/var/lib/kubekiln/support-${of}-`));
        assertSaysWhatAHelperNeeds(archive);
        assert.deepEqual(keysIn(archive, canaries), []);
        subtest.diagnostic(`${archive.bytes.length} bytes`);

        await plantInJournal(node);
        const masked = await supportArchive(node);
        assert.match(masked.texts['kubekiln.log'], /decrypting with \[masked\], the end/);
        assert.deepEqual(keysIn(masked, canaries), []);
        const careless = `sed 's/^mask() {/mask() { cat; return/' $(command -v ${SUPPORT}) > /run/careless; sh /run/careless`;
        const planted = canaries.map(({ name: key }) => key).filter(key => key === `${of}/apiserver` || key.startsWith('encryption key'));
        assert.deepEqual(
          keysIn(await supportArchive(node, careless), canaries),
          planted.sort(),
          'the same search, where nothing is masked',
        );

        const nobody = await node.try(`setpriv --reuid=65534 --regid=65534 --clear-groups ${SUPPORT} /tmp/mine.tar.gz`);
        assert.deepEqual([nobody.code, nobody.stdout, nobody.stderr], [2, '', 'kubekiln-support: must run as root\n']);
      });
    },
  );
});

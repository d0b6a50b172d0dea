// What the rules say of flag values, asked of the real daemons: what a rule refuses, the daemon refuses at its start; what it lets pass, the daemon reads.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DaemonName } from '../../src/spec/cluster.ts';
import { wrongValue } from '../../src/spec/flag-types.ts';
import { admissionPlugins, flagType, parseVersion } from '../../src/spec/kubernetes-releases.ts';
import { ensureEtcd, ensureKubernetes, KUBERNETES_VERSION } from './cache.ts';
import { capture } from './command.ts';

/** A flag of each type that a rule knows. */
const FLAGS: readonly (readonly [DaemonName, string])[] = [
  ['kube-apiserver', 'anonymous-auth'],
  ['kube-apiserver', 'event-ttl'],
  ['kube-apiserver', 'max-requests-inflight'],
  ['kube-apiserver', 'v'],
  ['kube-apiserver', 'goaway-chance'],
  ['kube-controller-manager', 'concurrent-gc-syncs'],
  ['etcd', 'pre-vote'],
  ['etcd', 'grpc-keepalive-interval'],
  ['etcd', 'max-learners'],
  ['etcd', 'snapshot-count'],
];
const VALUES = [
  ...['true', 'T', 'no', 'yes', '0', '1', '5', '-5', '007', '08', '0x1F', '1_000', '2147483648', '9223372036854775808', '0.5', '1e-3'],
  ...['5s', '1h30m', '1.5h', '.5s', '300ms', '5us', '7d', '1 h', 'h', 'inf', 'fast', ''],
];
/** Refused whatever came before it: the daemon reads its flags and ends. */
const LAST = '--no-such-flag';

async function programOf(daemon: DaemonName): Promise<string> {
  return join(daemon === 'etcd' ? await ensureEtcd() : await ensureKubernetes(), daemon);
}

for (const [daemon, flag] of FLAGS) {
  const version = parseVersion(KUBERNETES_VERSION);
  const type = flagType(daemon, flag);
  test(`${daemon} reads --${flag} as a rule does (${type})`, async () => {
    assert.ok(version && type !== undefined);
    const program = await programOf(daemon);
    for (const value of VALUES) {
      const { code, stdout, stderr } = await capture(program, [`--${flag}=${value}`, LAST], { env: {} });
      assert.notEqual(code, 0);
      const said = stdout + stderr;
      const refused = /invalid (boolean )?(argument|value) /.test(said);
      assert.ok(refused || /no-such-flag/.test(said), said.slice(-300));
      assert.equal(wrongValue(type, value) !== undefined, refused, `--${flag}=${value}: ${said.slice(-200)}`);
    }
  });
}

test('kube-apiserver has the admission plugins of the table, and starts with no other', async () => {
  const version = parseVersion(KUBERNETES_VERSION);
  assert.ok(version);
  const program = await programOf('kube-apiserver');
  const { stdout } = await capture(program, ['--help'], { env: {} });
  const listed = /--enable-admission-plugins .*Comma-delimited list of admission plugins: (.*?)\. The order/.exec(stdout)?.[1];
  assert.deepEqual(listed?.split(', ').sort(), [...admissionPlugins(version)].sort());
  // Without an etcd server it ends after it has judged its options, all of them at once.
  const judged = async (...args: string[]) => (await capture(program, ['--cert-dir=/nonexistent', ...args], { env: {} })).stderr;
  const enabled = await judged('--enable-admission-plugins=NodeRestriction, AlwaysPullImages,PodSecurityPolicy');
  assert.match(enabled, /enable-admission-plugins plugin \\?" AlwaysPullImages\\?" is unknown/);
  assert.match(enabled, /enable-admission-plugins plugin \\?"PodSecurityPolicy\\?" is unknown/);
  assert.doesNotMatch(enabled, /"NodeRestriction\\?" is unknown/);
  const both = await judged('--enable-admission-plugins=EventRateLimit', '--disable-admission-plugins=EventRateLimit');
  assert.match(both, /\[EventRateLimit\] in enable-admission-plugins and disable-admission-plugins overlapped/);
});

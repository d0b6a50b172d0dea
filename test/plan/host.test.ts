// What is planned for the operating system, and kubekiln-host run for real: in a directory of its own, with programs that only write down how they were called.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { LIBRARY_DIRECTORY } from '../../src/components/locations.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { parseFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const PROGRAM = `${LIBRARY_DIRECTORY}/kubekiln-host`;
const CHRONY = '/etc/chrony/conf.d/kubekiln.conf';

/** Three control-plane nodes and a worker. */
function plans(spec = '', ofWorker = ''): readonly [NodePlan, NodePlan, NodePlan, NodePlan] {
  const controlPlane = [1, 2, 3].map(index => `  - {name: cp-${index}, role: control-plane, address: 10.0.1.1${index}}\n`).join('');
  const cluster = parseFixture(
    `apiVersion: kubekiln/v1alpha1\nkind: Cluster\nmetadata: {name: dev}\nspec:\n  kubernetesVersion: v1.37.1\n${spec}  nodes:\n${controlPlane}  - {name: w-1, role: worker, address: 10.0.1.21${ofWorker}}\n`,
  );
  const [first, second, third, worker] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  assert.ok(first && second && third && worker);
  return [first, second, third, worker];
}

function file(plan: NodePlan, path: string) {
  return plan.files.find(candidate => candidate.path === path);
}

function content(plan: NodePlan, path: string): string {
  return file(plan, path)?.content ?? assert.fail(`${plan.node.name} has no ${path}`);
}

describe('files of the operating system', () => {
  it('are of the runtime part where they are the same on all nodes', () => {
    const [first, , , worker] = plans('', ', sysctl: {vm.swappiness: "10"}');
    for (const plan of [first, worker])
      for (const path of ['/etc/sysctl.d/90-kubekiln.conf', '/etc/systemd/journald.conf.d/kubekiln.conf', PROGRAM])
        assert.equal(file(plan, path)?.part, 'runtime', path);
    assert.equal(content(first, PROGRAM), content(worker, PROGRAM));
    assert.equal(file(first, '/etc/sysctl.d/91-kubekiln-node.conf'), undefined);
    const own = file(worker, '/etc/sysctl.d/91-kubekiln-node.conf');
    assert.deepEqual([own?.part, own?.content], ['config', 'vm.swappiness = 10\n']);
  });

  it('keep the routes of host-gw, and swap where the operator wants it', () => {
    const swap = '/etc/systemd/system/swap.d/kubekiln.conf';
    const networkd = '/etc/systemd/networkd.conf.d/kubekiln.conf';
    const [usual] = plans();
    const [other] = plans('  podNetwork: {backend: host-gw}\n  node: {swap: keep}\n');
    assert.deepEqual(
      [usual, other].map(plan => [file(plan, swap) !== undefined, file(plan, networkd) !== undefined]),
      [
        [true, false],
        [false, true],
      ],
    );
  });
});

describe('chrony', () => {
  it('lets control-plane nodes serve the time, each asking the others only, where there are no time servers', () => {
    const [first, second, , worker] = plans();
    const serves = 'local stratum 10 orphan\nallow\n';
    assert.equal(content(first, CHRONY), `server 10.0.1.12 iburst\nserver 10.0.1.13 iburst\n${serves}`);
    assert.equal(content(second, CHRONY), `server 10.0.1.11 iburst\nserver 10.0.1.13 iburst\n${serves}`);
    assert.equal(file(worker, CHRONY), undefined);
    assert.match(content(first, PROGRAM), /123\/udp/);
  });

  it('asks the time servers of cluster.yaml, as timesyncd does', () => {
    const [first, , , worker] = plans('  node: {timeServers: [ntp.example.com, "fd00::5"]}\n');
    for (const plan of [first, worker]) {
      assert.equal(content(plan, CHRONY), 'server ntp.example.com iburst\nserver fd00::5 iburst\n');
      assert.equal(content(plan, '/etc/systemd/timesyncd.conf.d/kubekiln.conf'), '[Time]\nNTP=ntp.example.com fd00::5\n');
    }
    assert.doesNotMatch(content(first, PROGRAM), /123\/udp/);
  });
});

/** Programs that only read, or write where they are told. */
const REAL = ['cat', 'dd', 'grep', 'rm', 'sed', 'sort', 'tr', 'wc'];

interface Machine {
  /** Shell bodies of further programs, by name; every program writes down how it was called. */
  readonly programs?: Readonly<Record<string, string>>;
  /** undefined: it is not there. */
  readonly files?: Readonly<Record<string, string | undefined>>;
}

/** procps. */
const FREE =
  "echo '               total        used        free      shared  buff/cache   available\nMem:           MEMORY        2161        1532           1         222        1700\nSwap:             0           0           0'";

/** coreutils, `df -Pm`. */
const DF =
  "echo 'Filesystem     1048576-blocks  Used Available Capacity Mounted on\n/dev/vda                   SIZE  1000      9000      10% /'";

/** A machine on which nothing is amiss. */
const SOUND: Required<Machine> = {
  programs: {
    'systemd-detect-virt': 'exit 1',
    systemctl: 'case "$*" in *is-active*kubekiln.target) exit 3 ;; esac',
    nproc: 'echo 4',
    uname: 'echo 6.1.0-31-amd64',
    ss: '',
    date: 'echo UTC',
    free: FREE.replace('MEMORY', '8000'),
    df: DF.replace('SIZE', '20000'),
    swapoff: '',
  },
  files: {
    '/proc/swaps': 'Filename Type Size Used Priority\n',
    '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
    '/var/lib/etcd/.keep': '',
  },
};

/** What kubekiln-host says on that machine, what it called, and where the machine's root is. */
function runHost(context: TestContext, plan: NodePlan, machine: Machine = {}, root = temporaryDirectory(context)) {
  const put = (path: string, text: string, mode: number) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  };
  for (const [path, text] of Object.entries({ ...SOUND.files, ...machine.files })) if (text !== undefined) put(path, text, 0o644);
  for (const [name, body] of Object.entries({ ...SOUND.programs, ...machine.programs }))
    put(`/bin/${name}`, `#!/bin/sh\necho "${name} $*" >>${root}/calls\n${body}\n`, 0o755);
  for (const name of REAL.map(each => join('bin', each))) if (!existsSync(join(root, name))) symlinkSync(`/usr/${name}`, join(root, name));
  const script = content(plan, PROGRAM).replaceAll(/(?<![\w.])\/(etc|proc|sys|usr|var)\//g, `${root}/$1/`);
  // As kubekiln-install runs it.
  const [call = ''] = /^\(.*kubekiln-host\).*$/m.exec(content(plan, `${LIBRARY_DIRECTORY}/kubekiln-install`)) ?? [];
  const shell = `set -eu; stage=system; say() { echo "$*"; }; trap 'echo STOPPED' EXIT
KUBEKILN_ROLE=${plan.node.role} KUBEKILN_ETCD_DATA=${root}/var/lib/etcd
${call.replace(PROGRAM, `${root}/host`)}
trap - EXIT`;
  writeFileSync(join(root, 'host'), script);
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', shell], {
    encoding: 'utf8',
    env: { PATH: join(root, 'bin'), LC_ALL: 'C' },
  });
  assert.equal(status, 0, stderr);
  const calls = existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : [];
  return { said: stdout.trim().split('\n').filter(Boolean), calls, stderr, root };
}

const CONTROL_PLANE_PORTS = ['6443/tcp', '2379/tcp', '2380/tcp', '123/udp'];
const NODE_PORTS = ['10250/tcp', '8472/udp', '30000-32767/tcp', '30000-32767/udp'];

describe('kubekiln-host', () => {
  it('says nothing on a sound machine', context => {
    const [first, , , worker] = plans();
    for (const plan of [first, worker]) {
      const { said, stderr } = runHost(context, plan);
      assert.deepEqual([said, stderr.replaceAll(/.*: (ufw|firewall-cmd): not found\n/g, '')], [[], '']);
    }
  });

  it('switches swap off, or says that it stays', context => {
    const swaps = { '/proc/swaps': 'Filename Type Size Used Priority\n/dev/vda2 partition 1000 0 -2\n' };
    // What swapoff leaves in /proc/swaps.
    const swapoff = 'head=$(sed -n 1p "$0/../../proc/swaps" 2>/dev/null); cd "${0%/*}/.." && sed 1q proc/swaps >s && cat s >proc/swaps';
    const off = runHost(context, plans()[3], { files: swaps, programs: { swapoff } });
    assert.deepEqual([off.said, off.calls.filter(call => call.startsWith('swapoff'))], [[], ['swapoff -a']]);
    const stuck = runHost(context, plans()[3], { files: swaps, programs: { swapoff: 'exit 1' } });
    assert.deepEqual(stuck.said, ['system: warning: swap is on']);
    const kept = runHost(context, plans('  node: {swap: keep}\n')[3], { files: swaps });
    assert.deepEqual([kept.said, kept.calls.filter(call => call.startsWith('swapoff'))], [['system: warning: swap is on'], []]);
    const container = runHost(context, plans()[3], { files: swaps, programs: { 'systemd-detect-virt': 'exit 0' } });
    assert.deepEqual([container.said, container.calls.filter(call => call.startsWith('swapoff'))], [[], []]);
  });

  it('tells an active ufw what the role listens on, and pods', context => {
    const ufw = 'case $1 in status) echo "Status: active" ;; esac';
    const [first, , , worker] = plans();
    for (const [plan, ports] of [
      [first, [...CONTROL_PLANE_PORTS, ...NODE_PORTS]],
      [worker, NODE_PORTS],
    ] as const) {
      const { said, calls } = runHost(context, plan, { programs: { ufw } });
      assert.deepEqual(said, [`system: ufw lets in ${ports.join(' ')}, and all from and to 10.244.0.0/16`]);
      assert.deepEqual(calls.filter(call => call.startsWith('ufw ')).slice(1), [
        ...ports.map(port => `ufw allow ${port.replace('-', ':')}`),
        'ufw allow from 10.244.0.0/16',
        'ufw route allow from 10.244.0.0/16',
        'ufw route allow to 10.244.0.0/16',
      ]);
    }
  });

  it('tells an active firewalld the same', context => {
    const { said, calls } = runHost(context, plans()[3], { programs: { 'firewall-cmd': '' } });
    assert.deepEqual(said, [`system: firewalld lets in ${NODE_PORTS.join(' ')}, and all from and to 10.244.0.0/16`]);
    assert.deepEqual(
      calls.filter(call => call.startsWith('firewall-cmd ')),
      [
        'firewall-cmd -q --state',
        `firewall-cmd --permanent ${NODE_PORTS.map(port => `--add-port=${port}`).join(' ')}`,
        'firewall-cmd --permanent --zone=trusted --add-source=10.244.0.0/16',
        'firewall-cmd --reload',
      ],
    );
  });

  it('names the ports where a firewall stays closed, by wish or by failure', context => {
    const asked = `system: warning: ufw is active: it has to let in ${NODE_PORTS.join(' ')}, and all from and to 10.244.0.0/16`;
    const ufw = (body: string) => ({ programs: { ufw: `case $1 in status) echo "Status: active" ;; ${body} esac` } });
    const keep = runHost(context, plans('  node: {firewall: keep}\n')[3], ufw(''));
    assert.deepEqual(keep.said, [asked]);
    assert.deepEqual(
      keep.calls.filter(call => call.startsWith('ufw ')),
      ['ufw status'],
    );
    assert.deepEqual(runHost(context, plans()[3], ufw('route) exit 1 ;;')).said, [asked]);
    const inactive = runHost(context, plans()[3], { programs: { ufw: 'echo "Status: inactive"', 'firewall-cmd': 'exit 252' } });
    assert.deepEqual(inactive.said, []);
  });

  it('knows the ports and networks of the cluster', context => {
    const spec =
      '  apiServer: {bindPort: 7443}\n  networking: {nodePortRange: 31000-31999, podSubnet: 10.99.0.0/16}\n  podNetwork: {backend: host-gw}\n';
    const { said } = runHost(context, plans(spec)[0], { programs: { 'firewall-cmd': '' } });
    assert.deepEqual(said, [
      'system: firewalld lets in 7443/tcp 2379/tcp 2380/tcp 123/udp 10250/tcp 31000-31999/tcp 31000-31999/udp, and all from and to 10.99.0.0/16',
    ]);
  });

  it('warns of a machine that is too small, too old, or taken', context => {
    const poor: Machine = {
      programs: {
        nproc: 'echo 1',
        uname: 'echo 5.10.0-8-amd64',
        ss: `echo 'LISTEN 0 511 0.0.0.0:6443 0.0.0.0:* users:(("nginx",pid=7,fd=3))\nLISTEN 0 511 [::1]:8443 [::]:* users:(("caddy",pid=8,fd=3))\nLISTEN 0 5 0.0.0.0:16443 0.0.0.0:*'`,
        free: FREE.replace('MEMORY', '781'),
        df: DF.replace('SIZE', '2014'),
        systemctl: 'case "$*" in *is-active*) exit 3 ;; esac',
      },
    };
    const [first, , , worker] = plans();
    const common = ['kernel 5.10.0-8-amd64, at least 5.13 expected'];
    const one = runHost(context, first, poor);
    assert.deepEqual(one.said, [
      'system: warning: no time service runs',
      'system: warning: CPUs: 1, at least 2 expected',
      'system: warning: MiB of memory: 781, at least 1700 expected',
      `system: warning: MB for ${one.root}/var/lib: 2014, at least 6000 expected`,
      ...common.map(line => `system: warning: ${line}`),
      'system: warning: 0.0.0.0:6443 is taken: users:(("nginx",pid=7,fd=3))',
      'system: warning: [::1]:8443 is taken: users:(("caddy",pid=8,fd=3))',
    ]);
    const other = runHost(context, worker, poor);
    assert.deepEqual(other.said, [
      'system: warning: no time service runs',
      'system: warning: MiB of memory: 781, at least 900 expected',
      `system: warning: MB for ${other.root}/var/lib: 2014, at least 6000 expected`,
      ...common.map(line => `system: warning: ${line}`),
      'system: warning: [::1]:8443 is taken: users:(("caddy",pid=8,fd=3))',
    ]);
  });

  it('warns of control groups v1, and of a disk that is slow for etcd', context => {
    const [first] = plans();
    const old = runHost(context, first, {
      programs: { dd: 'echo "115000 bytes (115 kB, 112 KiB) copied, 1.247924 s, 92 kB/s" >&2' },
      files: { '/sys/fs/cgroup/cgroup.controllers': undefined },
    });
    assert.deepEqual(old.said, [
      'system: warning: control groups v1, v2 expected',
      `system: warning: 50 writes to ${old.root}/var/lib/etcd take 1.247924 s, less than 0.5 expected`,
    ]);
    const { root } = runHost(context, first);
    assert.equal(existsSync(join(root, 'var/lib/etcd/.kubekiln-probe')), false);
  });

  it('leaves a running node alone, but for its settings', context => {
    const running = { programs: { systemctl: '', nproc: 'echo 1' } };
    const { said, calls } = runHost(context, plans()[0], running);
    assert.deepEqual(said, []);
    assert.ok(calls.includes('systemctl -q try-reload-or-restart chrony'), calls.join('\n'));
  });

  it('sets the time zone to UTC', context => {
    const berlin = { date: 'echo CET', timedatectl: '' };
    const { said, calls } = runHost(context, plans()[3], { programs: berlin });
    assert.deepEqual(said, []);
    assert.ok(calls.includes('timedatectl set-timezone UTC'));
    const failing = runHost(context, plans()[3], { programs: { ...berlin, timedatectl: 'exit 1' } });
    assert.deepEqual(failing.said, ['system: warning: the time zone is not UTC']);
  });

  it("makes RHEL's chrony read the directory, once", context => {
    const files = { '/etc/chrony.conf': 'pool 2.rhel.pool.ntp.org iburst\n' };
    const { root } = runHost(context, plans()[3], { files });
    const text = readFileSync(join(root, 'etc/chrony.conf'), 'utf8');
    assert.match(text, /^pool .*\nconfdir \S*\/etc\/chrony\/conf\.d\n$/);
    runHost(context, plans()[3], {}, root);
    assert.equal(readFileSync(join(root, 'etc/chrony.conf'), 'utf8'), text);
  });
});

// The layouts of two older hand-written guides (Kubernetes 1.12 and 1.14), as examples/guides; and docs/guides.md, which maps the guides line by line:
// what it names exists, and what it says of a flag is true of the release and of the units.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../src/formats/package-root.ts';
import type { CertificateRequest } from '../../src/pki/request.ts';
import type { NodePlan } from '../../src/plan/node-plan.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { explainField } from '../../src/spec/explain.ts';
import { knowsFlag, minorsWithFlag, SUPPORTED_MINORS } from '../../src/spec/kubernetes-releases.ts';
import { readCluster } from '../../src/spec/read-cluster.ts';
import { readFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const GUIDES = join(packageRoot(), 'examples/guides');
const DAEMONS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const PAGE = readFileSync(join(packageRoot(), 'docs/guides.md'), 'utf8');

interface Guide {
  readonly cluster: Cluster;
  readonly requests: readonly CertificateRequest[];
  readonly plans: readonly NodePlan[];
}

function guide(name: string): Guide {
  const cluster = readFixture(join(GUIDES, name, 'cluster.yaml'));
  const requests = certificateRequests(cluster);
  return { cluster, requests, plans: planCluster(cluster, requestCredentials(cluster, requests)) };
}

const first = guide('kube-apiserver');
const second = guide('kube-controller-manager');

function nodePlan({ plans }: Guide, index = 0): NodePlan {
  const plan = plans[index];
  assert.ok(plan);
  return plan;
}

function unit(plan: NodePlan, daemon: string): string {
  return plan.files.find(file => file.path === `/etc/systemd/system/${daemon}.service`)?.content ?? '';
}

/** Flags of a daemon, by name. */
function flags(plan: NodePlan, daemon: string): ReadonlyMap<string, string> {
  return new Map(
    [...unit(plan, daemon).matchAll(/^ {2}"?--([^=\s]+)=(.*?)"?(?: \\)?$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

function hasFlags(plan: NodePlan, daemon: string, expected: Readonly<Record<string, string>>): void {
  const actual = flags(plan, daemon);
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map(name => [name, actual.get(name)])), expected);
}

/** Every place of the plan where something stands or is looked for. */
function places(plan: NodePlan): readonly string[] {
  return [...plan.files, ...plan.directories, ...plan.binaries].map(({ path }) => path);
}

function names({ requests }: Guide, name: string): { dnsNames: readonly string[]; ipAddresses: readonly string[] } {
  const request = requests.find(candidate => candidate.name === name);
  assert.ok(request, name);
  return request;
}

describe("the first guide's layout", () => {
  const plan = nodePlan(first);

  it('has its nodes, with their addresses', () => {
    assert.deepEqual(
      first.plans.map(({ node }) => [node.name, node.role, node.address]),
      [
        ['m7-autocv-gpu01', 'control-plane', '172.27.128.150'],
        ['m7-autocv-gpu02', 'control-plane', '172.27.128.149'],
        ['m7-autocv-gpu03', 'control-plane', '172.27.128.148'],
      ],
    );
    assert.equal(
      flags(nodePlan(first, 2), 'etcd').get('initial-cluster'),
      'm7-autocv-gpu01=https://172.27.128.150:2380,m7-autocv-gpu02=https://172.27.128.149:2380,m7-autocv-gpu03=https://172.27.128.148:2380',
    );
  });

  it('has its paths, and puts nothing into the default ones', () => {
    for (const daemon of DAEMONS) assert.match(unit(plan, daemon), new RegExp(`^ExecStart=/opt/k8s/bin/${daemon} `, 'm'));
    const all = places(plan);
    for (const path of [
      '/opt/k8s/bin/kubectl',
      '/opt/k8s/bin/etcdctl',
      '/etc/kubernetes/encryption-config.yaml',
      '/etc/kubernetes/audit-policy.yaml',
      '/etc/kubernetes/controller-manager.conf',
      '/etc/kubernetes/cert/ca.crt',
      '/etc/kubernetes/cert/apiserver.key',
      '/etc/kubernetes/cert/etcd/server.crt',
      '/data/k8s/k8s/kube-apiserver',
      '/data/k8s/etcd/data',
    ])
      assert.ok(all.includes(path), path);
    assert.deepEqual(
      all.filter(path => /^\/(usr\/local\/bin|etc\/kubernetes\/pki|var\/log|var\/lib\/etcd)/.test(path)),
      [],
    );
    assert.match(
      plan.files.find(file => file.path === '/etc/kubekiln/node.env')?.content ?? '',
      /^KUBEKILN_PKI='?\/etc\/kubernetes\/cert'?$/m,
    );
  });

  it('has its flags, with their values', () => {
    hasFlags(plan, 'kube-apiserver', {
      'advertise-address': '172.27.128.150',
      'anonymous-auth': 'false',
      'authorization-mode': 'Node,RBAC',
      'enable-bootstrap-token-auth': 'true',
      'allow-privileged': 'true',
      'service-cluster-ip-range': '10.254.0.0/16',
      'service-node-port-range': '30000-32767',
      'max-requests-inflight': '4000',
      'max-mutating-requests-inflight': '2000',
      'audit-log-path': '/data/k8s/k8s/kube-apiserver/audit.log',
      'audit-log-maxage': '30',
      'audit-log-maxsize': '100',
      v: '2',
    });
    hasFlags(plan, 'kube-controller-manager', { 'cluster-cidr': '172.30.0.0/16', 'node-cidr-mask-size': '21', v: '2' });
    hasFlags(plan, 'etcd', {
      'data-dir': '/data/k8s/etcd/data',
      'heartbeat-interval': '250',
      'election-timeout': '2000',
      'quota-backend-bytes': '6442450944',
      'auto-compaction-retention': '1h',
    });
  });

  it("has its certificate's names, but for the one that means nothing", () => {
    const { dnsNames, ipAddresses } = names(first, 'm7-autocv-gpu01/apiserver');
    for (const name of ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'])
      assert.ok(dnsNames.includes(name), name);
    for (const address of ['127.0.0.1', '172.27.128.150', '10.254.0.1']) assert.ok(ipAddresses.includes(address), address);
    assert.deepEqual(first.cluster.subject, { C: 'CN', ST: 'BeiJing', L: 'BeiJing', O: 'k8s', OU: '4Paradigm' });
    assert.equal(first.cluster.encryptionAlgorithm, 'RSA-2048');
  });

  it('runs no daemon as root, nor two as one user', () => {
    assert.deepEqual(
      plan.users.map(user => user.name),
      DAEMONS,
    );
  });
});

describe("the second guide's layout", () => {
  const plan = nodePlan(second);

  it('has its nodes, with their addresses', () => {
    assert.deepEqual(
      second.plans.map(({ node }) => [node.role, node.address]),
      [
        ['control-plane', '10.10.10.22'],
        ['control-plane', '10.10.10.23'],
        ['control-plane', '10.10.10.24'],
      ],
    );
  });

  it('has its paths, and puts nothing into the default ones', () => {
    for (const daemon of DAEMONS) assert.match(unit(plan, daemon), new RegExp(`^ExecStart=/data/apps/k8s/kubernetes/sbin/${daemon} `, 'm'));
    const all = places(plan);
    for (const path of [
      '/etc/k8s/kubernetes/controller-manager.conf',
      '/etc/k8s/kubernetes/encryption-config.yaml',
      '/etc/k8s/ssl/ca.key',
      '/etc/k8s/ssl/controller-manager.crt',
      '/data/apps/k8s/kubernetes/logs/kube-apiserver',
      '/data/apps/k8s/etcd/data',
    ])
      assert.ok(all.includes(path), path);
    assert.deepEqual(
      all.filter(path => /^\/(usr\/local\/bin|etc\/kubernetes|var\/log|var\/lib\/etcd)/.test(path)),
      [],
    );
  });

  it('runs the controller manager as k8s, and nothing else as k8s', () => {
    assert.deepEqual(
      DAEMONS.map(daemon => /^User=(.*)$/m.exec(unit(plan, daemon))?.[1]),
      ['k8s-etcd', 'k8s-apiserver', 'k8s', 'k8s-scheduler'],
    );
  });

  it('has its flags, with their values', () => {
    hasFlags(plan, 'kube-controller-manager', {
      'cluster-name': 'kubernetes',
      'service-cluster-ip-range': '10.254.0.0/22',
      'cluster-cidr': '172.16.0.0/20',
      'leader-elect': 'true',
      'use-service-account-credentials': 'true',
      controllers: '*,bootstrap-signer-controller,token-cleaner-controller',
      'kube-api-qps': '1000',
      'kube-api-burst': '2000',
      'concurrent-gc-syncs': '30',
      'concurrent-deployment-syncs': '10',
      'terminated-pod-gc-threshold': '10000',
      'horizontal-pod-autoscaler-sync-period': '10s',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      v: '2',
    });
    hasFlags(plan, 'kube-apiserver', { 'service-cluster-ip-range': '10.254.0.0/22', 'service-node-port-range': '8400-9400' });
    hasFlags(plan, 'etcd', { 'data-dir': '/data/apps/k8s/etcd/data', 'heartbeat-interval': '250', 'election-timeout': '2000' });
  });

  it("names its load balancer's addresses in every API server's certificate", () => {
    for (const { node } of second.plans) {
      const { ipAddresses } = names(second, `${node.name}/apiserver`);
      for (const address of [node.address, '10.254.0.1', '10.10.10.100', '192.168.20.100'])
        assert.ok(ipAddresses.includes(address), address);
    }
    assert.deepEqual(second.cluster.subject, { C: 'CN', ST: 'ShangHai', L: 'ShangHai', O: 'k8s', OU: 'System' });
  });
});

describe('both layouts', () => {
  for (const name of ['kube-apiserver', 'kube-controller-manager']) {
    for (const minor of SUPPORTED_MINORS) {
      it(`${name} has no error and no warning in 1.${minor}`, () => {
        const text = readFileSync(join(GUIDES, name, 'cluster.yaml'), 'utf8').replace(/v1\.\d+\.\d+/, `v1.${minor}.0`);
        const { problems } = readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(text), readSibling: () => undefined });
        assert.deepEqual(problems, []);
      });
    }
  }
});

describe('docs/guides.md', () => {
  const inBackticks = [...PAGE.matchAll(/`([^`]+)`/g)].map(match => match[1] ?? '');

  it('names files that exist', () => {
    const files = inBackticks.filter(text => /^(src|test|templates|docs|examples)\//.test(text));
    assert.ok(files.length > 80, `${files.length} files`);
    assert.deepEqual(
      files.filter(file => !existsSync(join(packageRoot(), file))),
      [],
    );
    const links = [...PAGE.matchAll(/\]\(([^)#]+)\)/g)].map(match => match[1] ?? '');
    assert.ok(links.length >= 2);
    for (const link of links) assert.ok(existsSync(join(packageRoot(), 'docs', link)), link);
  });

  it('names fields of cluster.yaml that exist', () => {
    const fields = inBackticks.filter(text => /^(spec|metadata)\./.test(text)).map(text => text.replace(/:.*/, ''));
    assert.ok(new Set(fields).size > 15, `${new Set(fields).size} fields`);
    for (const field of fields) assert.ok(explainField(field).text, `${field}: ${explainField(field).problem?.message}`);
  });

  it('maps rows 1 to 57 and pitfalls 1 to 42, and says which test shows each row, or that none does', () => {
    const rows = section('What the guides do').filter(row => /^\d+$/.test(row[0] ?? ''));
    assert.deepEqual(
      rows.map(row => Number(row[0])),
      Array.from({ length: 57 }, (_, index) => index + 1),
    );
    for (const row of rows) {
      assert.equal(row.length, 6, row.join(' | '));
      // The proxy in front of API servers comes with workers.
      const shown = /`test\/(boot\/checks\/[a-z-]+|[a-z-]+\/[a-z0-9-]+\.test)\.ts`/.test(row[5] ?? '');
      assert.ok(shown || row[0] === '33', row.join(' | '));
    }
    const pitfalls = [...PAGE.slice(PAGE.indexOf('## Pitfalls')).matchAll(/^(\d+)\. \S/gm)].map(match => Number(match[1]));
    assert.deepEqual(
      pitfalls,
      Array.from({ length: 42 }, (_, index) => index + 1),
    );
  });

  for (const [daemon, heading, from, count] of [
    ['kube-apiserver', "Flags of the first guide's kube-apiserver", first, 35],
    ['kube-controller-manager', "Flags of the second guide's kube-controller-manager", second, 40],
  ] as const) {
    it(`tells the truth about the flags of ${daemon}`, () => {
      const set = flags(nodePlan(from), daemon);
      const rows = section(heading).filter(row => row[0]?.startsWith('`--'));
      assert.equal(new Set(rows.map(row => row[0])).size, count);
      for (const [cell = '', today = '', how = ''] of rows) {
        const [, flag = '', value] = /^`--([a-z0-9-]+)(?:=(.*))?`$/.exec(cell) ?? [];
        const gone = /^gone(?: since 1\.(\d+))?$/.exec(today);
        if (gone) assert.deepEqual(codesOf(from, daemon, flag), ['unknown-flag'], `--${flag}`);
        if (/refused/.test(how)) assert.deepEqual(codesOf(from, daemon, flag), ['reserved-flag'], `--${flag}`);
        if (gone) {
          const since = Number(gone[1] ?? 0);
          // A release that still has it stands between the two ends of what we support.
          const had = minorsWithFlag(daemon, flag);
          assert.deepEqual(
            SUPPORTED_MINORS.filter(minor => had.includes(minor)),
            SUPPORTED_MINORS.filter(minor => minor < since),
            `--${flag} is ${today}`,
          );
        } else {
          assert.match(today, /^(kept|left out)$/);
          assert.ok(knowsFlag(from.cluster.version, daemon, flag), `${daemon} does not know --${flag}`);
          assert.equal(set.has(flag), today === 'kept', `--${flag} is ${today}`);
          const otherwise = /^with |^127\.|^NodeRestriction|^front-proxy|today's names/.test(how);
          if (today === 'kept' && value !== undefined && value !== '""' && !otherwise) assert.equal(set.get(flag), value, `--${flag}`);
        }
        for (const [, other = ''] of how.matchAll(/`--([a-z0-9-]+)`/g))
          assert.ok(knowsFlag(from.cluster.version, daemon, other), `--${other}`);
      }
    });
  }
});

/** What is said of a cluster.yaml that sets a flag to a value that nobody would. */
function codesOf({ cluster }: Guide, daemon: 'kube-apiserver' | 'kube-controller-manager', flag: string): readonly string[] {
  const component = { 'kube-apiserver': 'apiServer', 'kube-controller-manager': 'controllerManager' }[daemon];
  const spec = {
    kubernetesVersion: cluster.version.text,
    [component]: { extraArgs: [{ name: flag, value: 'x' }] },
    nodes: [{ name: 'cp-1', role: 'control-plane', address: '192.168.10.11' }],
  };
  const document = { apiVersion: 'kubekiln/v1alpha1', kind: 'Cluster', metadata: { name: 'dev' }, spec };
  const bytes = Buffer.from(JSON.stringify(document));
  return readCluster({ fileName: 'cluster.yaml', bytes, readSibling: () => undefined }).problems.map(problem => problem.code);
}

/** Cells of the table rows below a heading. */
function section(heading: string): readonly (readonly string[])[] {
  const start = PAGE.indexOf(`## ${heading}`);
  assert.notEqual(start, -1, heading);
  const text = PAGE.slice(start, PAGE.indexOf('\n## ', start + 3));
  return [...text.matchAll(/^\|(.*)\|$/gm)].map(match => (match[1] ?? '').split('|').map(cell => cell.trim()));
}

// Registries on a node: mirrors, authorities, credentials; and programs for both processors in one cluster.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missingBinaryDigests } from '../../src/pki/pins.ts';
import type { RegistryCredential } from '../../src/pki/request.ts';
import { listArtifacts } from '../../src/plan/list-artifacts.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { parseFixture, smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const MIRRORS = `  registries:
    mirrors:
      registry.k8s.io: {endpoint: ["https://harbor.example.com/v2/k8s", "https://spare.example.com:5000"]}
      _default: {endpoint: ["https://spare.example.com"]}
`;

function registryFiles(registries: readonly RegistryCredential[], spec = MIRRORS) {
  const cluster = smallCluster('v1.37.1', spec);
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster), { registries }));
  const files = plan?.files.filter(({ path }) => path.startsWith('/etc/containerd/certs.d/')) ?? [];
  return new Map(files.map(file => [file.path.slice('/etc/containerd/certs.d/'.length), file]));
}

const login = (host: string, password = 'word'): RegistryCredential => ({ host, username: 'node', password });
const basic = (password: string) => `Authorization = "Basic ${Buffer.from(`node:${password}`).toString('base64')}"`;

describe('hosts.toml', () => {
  it('without credentials is no secret', () => {
    const files = registryFiles([]);
    assert.deepEqual([...files.keys()], ['_default/hosts.toml', 'registry.k8s.io/hosts.toml']);
    for (const { mode, part, secret, content } of files.values()) {
      assert.deepEqual({ mode, part, secret }, { mode: 0o644, part: 'config', secret: false });
      assert.doesNotMatch(content, /Authorization/);
    }
  });

  it('gives a password to its own host and port, and to no other', () => {
    const files = registryFiles([login('harbor.example.com', 'of harbor'), login('spare.example.com', 'of spare')]);
    const file = files.get('registry.k8s.io/hosts.toml');
    assert.ok(file);
    assert.deepEqual({ mode: file.mode, part: file.part, secret: file.secret }, { mode: 0o600, part: 'identity', secret: true });
    assert.equal(
      file.content,
      `[host."https://harbor.example.com/v2/k8s"]
capabilities = ["pull", "resolve"]
override_path = true
[host."https://harbor.example.com/v2/k8s".header]
${basic('of harbor')}
[host."https://spare.example.com:5000"]
capabilities = ["pull", "resolve"]
`,
    );
    assert.match(
      files.get('_default/hosts.toml')?.content ?? '',
      new RegExp(`\\[host."https://spare.example.com".header\\]\\n${basic('of spare')}`),
    );
  });

  it('of a registry without a mirror holds its own password, outside of any host', () => {
    const files = registryFiles([login('ghcr.io'), login('10.0.0.5:5000')]);
    assert.equal(files.get('ghcr.io/hosts.toml')?.content, `[header]\n${basic('word')}\n[host]\n`);
    assert.equal(files.get('10.0.0.5_5000_/hosts.toml')?.content, `[header]\n${basic('word')}\n[host]\n`);
  });

  it('of a mirrored registry that wants a password itself has both', () => {
    const { content } = registryFiles([login('registry.k8s.io')]).get('registry.k8s.io/hosts.toml') ?? {};
    assert.match(content ?? '', new RegExp(`^\\[header\\]\\n${basic('word')}\\n\\[host\\."https://harbor`));
  });
});

it('a proxy is for containerd, and what is inside the cluster is reached without it', () => {
  const cluster = smallCluster('v1.37.1', '  proxyEnvironment: {httpsProxy: "http://proxy.example.com:3128", noProxy: [.example.com]}\n');
  const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
  const unit = plan?.files.find(({ path }) => path.endsWith('/containerd.service'))?.content ?? '';
  assert.match(unit, /^Environment=.*HTTPS_PROXY=http:\/\/proxy\.example\.com:3128/m);
  assert.match(unit, /NO_PROXY=localhost,127\.0\.0\.1,::1,10\.96\.0\.0\/16,10\.244\.0\.0\/16,\.svc,\.cluster\.local,\.example\.com/);
});

it('amd64 and arm64 nodes in one cluster: each gets the programs of its processor, all of them stand in the table', () => {
  const cluster = parseFixture(`apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: v1.37.1
  binaries: {source: mirror, url: https://mirror.example.com}
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: w-1, role: worker, address: 10.0.1.21}
  - {name: w-2, role: worker, address: 10.0.1.22, architecture: arm64}
`);
  const { downloads } = listArtifacts(cluster);
  const kubelets = downloads.filter(({ name }) => name === 'kubelet').map(({ source }) => source);
  assert.deepEqual(kubelets, ['dl.k8s.io/v1.37.1/bin/linux/amd64/kubelet', 'dl.k8s.io/v1.37.1/bin/linux/arm64/kubelet']);
  assert.ok(downloads.every(({ architecture, source }) => source.includes(architecture)));
  const digests = new Map(downloads.map(({ source }) => [source, `digest of ${source}`]));
  const tables = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)), digests).map(
    plan => plan.files.find(({ path }) => path === '/etc/kubekiln/binaries')?.content ?? '',
  );
  for (const [index, architecture, other] of [
    [0, 'amd64', 'arm64'],
    [1, 'amd64', 'arm64'],
    [2, 'arm64', 'amd64'],
  ] as const) {
    assert.match(tables[index] ?? '', new RegExp(`digest of dl\\.k8s\\.io/v1\\.37\\.1/bin/linux/${architecture}/kubelet`));
    assert.doesNotMatch(tables[index] ?? '', new RegExp(other));
  }
  const lock = {
    binaries: downloads
      .filter(({ architecture }) => architecture === 'amd64')
      .map(one => ({ ...one, url: `https://${one.source}`, sha256: '12' })),
  };
  const [problem] = missingBinaryDigests(
    downloads.map(({ source }) => source),
    lock,
  );
  assert.ok(problem?.details?.length === downloads.length - lock.binaries.length && problem.details.every(url => url.includes('arm64')));
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { readCluster } from '../../src/spec/read-cluster.ts';
import { resolvedClusterYaml } from '../../src/spec/resolved-yaml.ts';
import { starterClusterYaml } from '../../src/spec/starter.ts';
import { readSibling, readVector, vectors } from './vectors.ts';

const none = () => undefined;
const read = (text: string, siblings: (path: string) => Uint8Array | undefined = none) =>
  readCluster({ fileName: 'cluster.yaml', bytes: Buffer.from(text), readSibling: siblings });

function readExample(name: string) {
  const file = `examples/${name}/cluster.yaml`;
  return readCluster({ fileName: 'cluster.yaml', bytes: readFileSync(file), readSibling: path => readFileSync(join(dirname(file), path)) });
}

describe('readCluster', () => {
  it('resolves the smallest file', () => {
    const { cluster, problems } = readExample('minimal');
    assert.deepEqual(problems, []);
    assert.ok(cluster);
    const { apiServer, ...rest } = cluster;
    assert.deepEqual(rest, {
      name: 'dev',
      version: { text: 'v1.37.1', minor: 37, patch: 1 },
      loadBalancer: { type: 'localProxy', bindPort: 8443 },
      encryptionAlgorithm: 'ECDSA-P256',
      certificateValidity: 8760 * 3600,
      caCertificateValidity: 87600 * 3600,
      notBeforeSkew: 86400,
      bootstrapWindow: 30 * 86400,
      subject: {},
      networking: {
        serviceSubnets: [{ cidr: '10.96.0.0/16', family: 4, prefix: 16 }],
        podSubnets: [{ cidr: '10.244.0.0/16', family: 4, prefix: 16 }],
        nodeMaskSizes: { 4: 24, 6: 64 },
        dnsDomain: 'cluster.local',
        kubernetesServiceIPs: ['10.96.0.1'],
        dnsServiceIPs: ['10.96.0.10'],
        nodePortRange: '30000-32767',
      },
      controllerManager: { extraArgs: [], extraEnvs: [] },
      scheduler: { extraArgs: [], extraEnvs: [] },
      etcd: {
        extraArgs: [],
        extraEnvs: [],
        dataDir: '/var/lib/etcd',
        serverCertSANs: [],
        peerCertSANs: [],
        snapshots: { schedule: '*-*-* 00/6:00', randomizedDelay: 1800, keep: 8, directory: '/var/lib/etcd-snapshots' },
        defragmentation: { schedule: '*-*-* 03:30', randomizedDelay: 3600 },
      },
      encryption: [{ resources: ['secrets'], providers: [{ type: 'secretbox', keys: ['key1'] }] }],
      paths: { binaries: '/usr/local/bin', configuration: '/etc/kubernetes', pki: '/etc/kubernetes/pki', logs: '/var/log/kubernetes' },
      users: {
        etcd: { name: 'etcd', uid: 60600 },
        'kube-apiserver': { name: 'kube-apiserver', uid: 60601 },
        'kube-controller-manager': { name: 'kube-controller-manager', uid: 60602 },
        'kube-scheduler': { name: 'kube-scheduler', uid: 60603 },
        'local-proxy': { name: 'local-proxy', uid: 60604 },
      },
      podNetwork: { type: 'flannel', backend: 'vxlan' },
      proxy: { disabled: false },
      kubeProxyConfiguration: {},
      metadataService: {
        podAccess: 'auto',
        addresses: ['169.254.169.254', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:a9fe:a9fe::1', 'fd00:c1::a9fe:a9fe'],
      },
      dns: { disabled: false, imageRepository: 'registry.k8s.io/coredns', imageTag: 'v1.14.6', replicas: 2, upstreamNameservers: [] },
      imageRepository: 'registry.k8s.io',
      containerd: { sandboxImage: 'registry.k8s.io/pause:3.10.2', configurationVersion: 3 },
      registries: [],
      addons: [],
      proxyEnvironment: { noProxy: [] },
      runtime: { source: 'inline', urls: [] },
      binaries: { source: 'image', urls: [] },
      bundle: { directory: '/usr/local/share/kubekiln' },
      downloads: {},
      timings: { addressWait: 300, clockWait: 120, bootstrapPatience: 900 },
      node: { timeServers: [], sysctl: {}, modules: [], swap: 'disable', firewall: 'open', userDataParts: [] },
      nodes: [
        {
          name: 'cp-1',
          role: 'control-plane',
          address: '192.168.10.11',
          addresses: ['192.168.10.11'],
          certSANs: [],
          platform: 'nocloud',
          architecture: 'amd64',
          labels: {},
          sysctl: {},
          taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
          kubeletExtraArgs: [],
          kubeletConfiguration: {},
        },
      ],
    });
    assert.equal(apiServer.bindPort, 6443);
  });

  it('resolves the realistic file, without a warning', () => {
    const { cluster, problems } = readExample('ha');
    assert.deepEqual(
      problems.map(problem => `${problem.severity} ${problem.code}`),
      [],
    );
    assert.ok(cluster);
    assert.equal(cluster.nodes.length, 4);
    assert.deepEqual(cluster.controlPlaneEndpoint, { host: 'api.prod.example.com', port: 6443 });
    assert.equal((cluster.apiServer.auditPolicy as { rules?: unknown[] }).rules?.length, 3);
    assert.deepEqual(cluster.nodes[3]?.taints, [{ key: 'gpu', effect: 'NoSchedule' }]);
  });

  it('tells everything in one run: schema and meaning, in the order of the file', () => {
    const { cluster, problems } = read(`apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  networking:
    podSubnets: 10.244.0.0/16
  apiServer: {bindPort: wrong}
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: cp-3, role: control-plan, address: 10.0.1.11}
  - {name: cp-1, address: 10.96.0.5}
`);
    assert.equal(cluster, undefined);
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['unknown-key', 'wrong-type', 'not-allowed', 'duplicate-address', 'missing-key', 'duplicate-name', 'address-in-subnet'],
    );
  });

  it('takes dual stack apart, and canonicalises nothing silently', () => {
    const vector = vectors.find(({ file }) => file === 'valid-dual-stack.yaml');
    assert.ok(vector);
    const { cluster } = readVector(vector);
    assert.deepEqual(cluster?.networking.kubernetesServiceIPs, ['10.96.0.1', 'fd00:96::1']);
    assert.deepEqual(cluster?.nodes[0]?.addresses, ['10.0.1.11', 'fd00:1::11']);
    assert.deepEqual(cluster?.controlPlaneEndpoint, { host: 'fd00:1::100', port: 6443 });
  });

  it('hands on the files that a component is given', () => {
    const vector = vectors.find(({ file }) => file === 'valid-everything.yaml');
    assert.ok(vector);
    const { cluster } = readVector(vector);
    assert.equal(cluster?.timings.bootstrapPatience, Number.POSITIVE_INFINITY);
    assert.deepEqual(
      cluster?.apiServer.extraFiles.map(({ name, flag, source }) => ({ name, flag, source })),
      [{ name: 'authenticationConfigurationFile', flag: 'authentication-config', source: 'files/authentication.yaml' }],
    );
    assert.deepEqual(cluster?.encryption[0]?.providers, [
      { type: 'kms', name: 'vault', endpoint: 'unix:///run/kms/socket', timeout: '3s' },
      { type: 'secretbox', keys: ['key2', 'key1'] },
      { type: 'identity' },
    ]);
  });

  it('refuses a file that is larger than any cluster.yaml', () => {
    const { problems } = read(`# ${'x'.repeat(1024 * 1024)}\n`);
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['file-too-large'],
    );
  });

  it('refuses UTF-16', () => {
    const { problems } = readCluster({ fileName: 'c', bytes: Buffer.from('\ufeffkind: Cluster\n', 'utf16le'), readSibling: none });
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['file-not-utf8'],
    );
  });

  it('reads a thousand nodes', () => {
    const nodes = Array.from(
      { length: 1000 },
      (_, index) => `  - {name: w-${index}, role: ${index < 3 ? 'control-plane' : 'worker'}, address: 10.1.${index >> 8}.${index & 255}}`,
    );
    const text = `apiVersion: kubekiln/v1alpha1\nkind: Cluster\nmetadata: {name: big}\nspec:\n  kubernetesVersion: v1.37.1\n  networking: {podSubnet: 10.128.0.0/12}\n  nodes:\n${nodes.join('\n')}\n`;
    assert.equal(read(text).cluster?.nodes.length, 1000);
  });
});

describe('resolvedClusterYaml', () => {
  for (const vector of vectors.filter(candidate => candidate.file.startsWith('valid-'))) {
    it(`is read back as the same cluster: ${vector.file}`, () => {
      const { cluster } = readVector(vector);
      assert.ok(cluster);
      const again = readCluster({ fileName: 'resolved.yaml', bytes: Buffer.from(resolvedClusterYaml(cluster)), readSibling });
      assert.deepEqual(
        again.problems.filter(problem => problem.severity === 'error'),
        [],
      );
      assert.deepEqual(again.cluster, cluster);
    });
  }

  it('is read back as the same cluster: the realistic example', () => {
    const { cluster } = readExample('ha');
    assert.ok(cluster);
    assert.deepEqual(read(resolvedClusterYaml(cluster)).cluster, cluster);
  });
});

describe('starterClusterYaml', () => {
  it('is valid as it is', () => {
    const { cluster, problems } = read(starterClusterYaml({ name: 'dev', controlPlane: [], workers: [] }));
    assert.deepEqual(problems, []);
    assert.equal(cluster?.nodes.length, 3);
    assert.equal(cluster?.version.text, 'v1.37.1');
  });

  it('is still valid with every comment of a setting taken away', () => {
    const text = starterClusterYaml({ name: 'dev', controlPlane: ['10.0.0.1'], workers: [] })
      .replace(/^( +)#(?! )/gm, '$1')
      .replace(/^( +)#( +(certSANs|extraArgs|- \{))/gm, '$1$2');
    const { cluster, problems } = read(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(cluster?.apiServer.extraArgs, [{ name: 'event-ttl', value: '2h' }]);
    assert.deepEqual(cluster?.controlPlaneEndpoint, { host: 'api.example.com', port: 6443 });
  });

  it('takes IPv6 addresses, a version and a platform', () => {
    const text = starterClusterYaml({
      name: 'six',
      kubernetesVersion: 'v1.36.3',
      controlPlane: ['fd00:1::11'],
      workers: ['fd00:1::21'],
      platform: 'aws',
    });
    const { cluster, problems } = read(text);
    assert.deepEqual(
      problems.map(problem => problem.code),
      [],
    );
    assert.equal(cluster?.nodes[1]?.platform, 'aws');
    assert.equal(cluster?.version.minor, 36);
  });

  it('stays one document, whatever a flag held', () => {
    const hostile = 'x\nspec: {}\n# "\'';
    const { problems } = read(starterClusterYaml({ name: hostile, controlPlane: [hostile], workers: [], platform: hostile }));
    assert.deepEqual([...new Set(problems.map(problem => problem.code))].sort(), ['bad-address', 'bad-name', 'not-allowed']);
  });
});

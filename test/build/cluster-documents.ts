// Any cluster.yaml that must be accepted, as an arbitrary: every field that says how a node is made, in values that an operator could mean.
import fc from 'fast-check';

const VISIBLE = fc.constantFrom(...'abz09 ,=;%$"\'`{}\\|&<>#~*()[]/:@+-éßа漢');
const text = (minLength: number, maxLength: number) => fc.array(VISIBLE, { minLength, maxLength }).map(parts => parts.join(''));
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter(name => name !== 'localhost');

const FAMILIES = {
  '4': { service: '10.96.0.0/16', pod: '10.244.0.0/16' },
  '6': { service: 'fd00:96::/112', pod: 'fd00:244::/56' },
  '46': { service: '10.96.0.0/16,fd00:96::/112', pod: '10.244.0.0/16,fd00:244::/56' },
  '64': { service: 'fd00:96::/112,10.96.0.0/16', pod: 'fd00:244::/56,10.244.0.0/16' },
} as const;
type Family = keyof typeof FAMILIES;

function addressesOf(family: Family, index: number): readonly string[] {
  return [...family].map(digit => (digit === '4' ? `192.168.7.${11 + index}` : `fd00:7::${11 + index}`));
}

const sans = fc.subarray(['api.example.com', '*.apps.example.org', '203.0.113.7', '2001:db8::7', 'k8s']);
const args = (name: string, more: readonly (readonly [string, string])[]) =>
  fc
    .tuple(text(0, 20), fc.subarray([...more]))
    .map(([value, chosen]) => [...chosen.map(([flag, set]) => ({ name: flag, value: set })), { name, value }]);
const envs = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^[A-Z][A-Z0-9_]{2,8}X$/), value: text(0, 20) }), {
  maxLength: 3,
  selector: ({ name }) => name,
});

const networkConfig = (address: string) =>
  fc.constantFrom(
    { version: 2, ethernets: { eth0: { addresses: [`${address}/24`], routes: [{ to: 'default', via: '192.168.7.1' }] } } },
    { version: 2, ethernets: { any: { match: { name: 'e*' }, dhcp4: true, dhcp6: true } } },
  );

function nodes(family: Family) {
  return fc.tuple(fc.constantFrom(1, 1, 2, 3), fc.nat(2), label, fc.boolean()).chain(([controlPlanes, workers, prefix, dotted]) =>
    fc.tuple(
      ...Array.from({ length: controlPlanes + workers }, (_, index) => {
        const [address = '', ...addresses] = addressesOf(family, index);
        return fc.record(
          {
            name: fc.constant(`${prefix}-${index}${dotted ? '.example.com' : ''}`),
            role: fc.constant(index < controlPlanes ? 'control-plane' : 'worker'),
            address: fc.constant(address),
            addresses: fc.constant(addresses),
            certSANs: fc.subarray([`node-${index}.example.com`, `198.51.100.${index + 1}`]),
            platform: fc.constantFrom('nocloud', 'proxmox', 'azure', 'hetzner', 'vsphere', 'aws'),
            labels: fc.constant({ 'topology.kubernetes.io/zone': `zone-${index}` }),
            networkConfig: networkConfig(address),
          },
          { requiredKeys: addresses.length > 0 ? ['name', 'role', 'address', 'addresses'] : ['name', 'role', 'address'] },
        );
      }),
    ),
  );
}

const providers = fc.constantFrom(
  [{ secretbox: { keys: [{ name: 'new' }, { name: 'old' }] } }, { identity: {} }],
  [{ aescbc: { keys: [{ name: 'key1' }] } }, { secretbox: { keys: [{ name: 'key2' }] } }],
  [{ kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms/socket', timeout: '3s' } }],
);

function spec(family: Family) {
  const { service, pod } = FAMILIES[family];
  const required = {
    kubernetesVersion: fc.constantFrom('v1.33.4', 'v1.34.0', 'v1.35.2', 'v1.36.0', 'v1.37.1'),
    networking: fc.record(
      {
        serviceSubnet: fc.constant(service),
        podSubnet: fc.constant(pod),
        dnsDomain: fc.constantFrom('cluster.local', 'k8s.example.com'),
        nodePortRange: fc.constant('31000-31999'),
      },
      { requiredKeys: ['serviceSubnet', 'podSubnet'] },
    ),
    nodes: nodes(family),
  };
  const optional = {
    controlPlaneEndpoint: fc.constantFrom('api.prod.example.com:6443', '203.0.113.10:443', '[2001:db8::10]:8443'),
    encryptionAlgorithm: fc.constantFrom('ECDSA-P256', 'ECDSA-P384'),
    subject: fc.record({ C: fc.constant('DE'), ST: text(1, 20), L: text(1, 64), O: text(1, 20), OU: text(1, 20) }, { requiredKeys: [] }),
    apiServer: fc.record(
      {
        bindPort: fc.constantFrom(6443, 9443),
        certSANs: sans,
        extraArgs: args('oidc-username-prefix', [
          ['event-ttl', '2h'],
          ['audit-log-maxage', '90'],
        ]),
        extraEnvs: envs,
      },
      { requiredKeys: [] },
    ),
    controllerManager: fc.record(
      { extraArgs: args('cloud-config', [['terminated-pod-gc-threshold', '10']]), extraEnvs: envs },
      { requiredKeys: [] },
    ),
    scheduler: fc.record({ extraArgs: args('vmodule', [['v', '4']]), extraEnvs: envs }, { requiredKeys: [] }),
    etcd: fc.record({
      local: fc.record(
        {
          dataDir: fc.constantFrom('/var/lib/etcd', '/data/etcd', '/srv/k8s/etcd'),
          serverCertSANs: sans,
          peerCertSANs: sans,
          extraArgs: args('metrics', [['quota-backend-bytes', '6442450944']]),
          extraEnvs: envs,
        },
        { requiredKeys: [] },
      ),
    }),
    encryptionConfiguration: fc.record({ resources: providers.map(given => [{ resources: ['secrets', 'configmaps'], providers: given }]) }),
    paths: fc.record(
      {
        binaries: fc.constant('/opt/k8s/bin'),
        configuration: fc.constantFrom('/etc/k8s', '/data/k8s/conf'),
        pki: fc.constantFrom('/etc/k8s/ssl', '/data/keys'),
        logs: fc.constantFrom('/data/k8s/logs', '/var/log/k8s'),
      },
      { requiredKeys: [] },
    ),
    users: fc.record(
      { etcd: fc.constant({ name: 'store', uid: 970 }), 'kube-scheduler': fc.constant({ name: 'kube_s-1' }) },
      { requiredKeys: [] },
    ),
    bootstrapPatience: fc.constantFrom('never', '90s', '1h'),
    addressWait: fc.constantFrom('10s', '1h'),
    clockWait: fc.constantFrom('20s', '2h'),
    node: fc.record(
      {
        timeServers: fc.constant(['ntp.example.com', '2001:db8::123']),
        sysctl: fc.constant({ 'vm.max_map_count': '262144', 'net.core.somaxconn': '4096' }),
        modules: fc.constant(['br_netfilter', 'overlay']),
        swap: fc.constantFrom('disable', 'keep'),
        firewall: fc.constantFrom('open', 'keep'),
      },
      { requiredKeys: [] },
    ),
  };
  return fc.record({ ...required, ...optional }, { requiredKeys: ['kubernetesVersion', 'networking', 'nodes'] });
}

export const clusterDocument = fc.tuple(label, fc.constantFrom<Family[]>('4', '4', '6', '46', '64')).chain(([name, family]) =>
  fc.record({
    apiVersion: fc.constant('kubekiln/v1alpha1'),
    kind: fc.constant('Cluster'),
    metadata: fc.constant({ name }),
    spec: spec(family),
  }),
);

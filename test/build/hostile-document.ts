// A cluster.yaml in which every text field stands, and where each of them is: derived from the JSON Schema, so that no new field is forgotten.
import { clusterJsonSchema, type JsonSchema } from '../../src/spec/json-schema.ts';

export type Step = string | number;

/** Fresh on every call: tests change it. */
export function completeDocument(): Record<string, unknown> {
  const settings = (flag: string, value: string) => ({
    extraArgs: [{ name: flag, value }],
    extraEnvs: [{ name: 'GOMEMLIMIT', value: '2GiB' }],
  });
  return {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'prod' },
    spec: {
      kubernetesVersion: 'v1.37.1',
      controlPlaneEndpoint: 'api.example.com:6443',
      certificateValidityPeriod: '8760h',
      caCertificateValidityPeriod: '87600h',
      notBeforeSkew: '24h',
      subject: { C: 'DE', ST: 'Bayern', L: 'Augsburg', O: 'Example', OU: 'Platform' },
      networking: {
        serviceSubnet: '10.96.0.0/16,fd00:96::/112',
        podSubnet: '10.244.0.0/16,fd00:244::/56',
        dnsDomain: 'cluster.local',
        nodePortRange: '30000-32767',
      },
      apiServer: {
        certSANs: ['kube.example.com'],
        ...settings('oidc-username-prefix', 'oidc:'),
        auditPolicy: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata', userGroups: ['a'] }] },
        auditPolicyFile: 'audit.yaml',
        admissionPlugins: {
          PodSecurity: {
            defaults: { 'enforce-version': 'latest', 'audit-version': 'v1.37', 'warn-version': 'latest' },
            exemptions: { usernames: ['storage'], runtimeClasses: ['gvisor'], namespaces: ['kube-system'] },
          },
        },
        authenticationConfigurationFile: 'authentication.yaml',
        admissionControlConfigFile: 'admission.yaml',
        tracingConfigFile: 'tracing.yaml',
        egressSelectorConfigFile: 'egress.yaml',
      },
      controllerManager: settings('cloud-config', 'x'),
      scheduler: settings('vmodule', 'x'),
      etcd: {
        local: {
          dataDir: '/var/lib/etcd',
          serverCertSANs: ['e.example.com'],
          peerCertSANs: ['p.example.com'],
          ...settings('metrics', 'basic'),
          snapshots: { schedule: 'daily', randomizedDelay: '30m', directory: '/var/lib/etcd-snapshots' },
          defragmentation: { schedule: 'Sun 03:30', randomizedDelay: '1h' },
        },
      },
      encryptionConfiguration: {
        resources: [
          {
            resources: ['secrets'],
            providers: [
              { secretbox: { keys: [{ name: 'key1' }] } },
              { aescbc: { keys: [{ name: 'key2' }] } },
              { aesgcm: { keys: [{ name: 'key3' }] } },
              { kms: { apiVersion: 'v2', name: 'vault', endpoint: 'unix:///run/kms/socket', timeout: '3s' } },
            ],
          },
        ],
      },
      runtime: { source: 'mirror', url: 'https://a.example.com/x', urls: ['https://b.example.com'] },
      binaries: { url: 'https://a.example.com/x', urls: ['https://b.example.com'] },
      bundle: { directory: '/srv/kubekiln' },
      downloads: { caFile: 'mirror-ca.pem' },
      imageRepository: 'registry.k8s.io',
      containerd: { sandboxImage: 'registry.k8s.io/pause:3.10.2' },
      registries: { mirrors: { 'docker.io': { endpoint: ['https://harbor.example.com/v2/hub'], caFile: 'mirror-ca.pem' } } },
      addons: ['addons/web.yaml'],
      proxyEnvironment: {
        httpProxy: 'http://proxy.example.com:3128',
        httpsProxy: 'http://proxy.example.com:3128',
        noProxy: ['.example.com'],
      },
      metadataService: { podAccess: 'blocked', addresses: ['169.254.169.254'] },
      dns: { imageRepository: 'registry.k8s.io/coredns', imageTag: 'v1.14.6', upstreamNameservers: ['10.0.0.53'] },
      kubeProxyConfiguration: { nodePortAddresses: ['primary'] },
      paths: { binaries: '/opt/k8s/bin', configuration: '/etc/kubernetes', pki: '/etc/kubernetes/pki', logs: '/var/log/kubernetes' },
      users: {
        etcd: { name: 'etcd' },
        'kube-apiserver': { name: 'kube-apiserver' },
        'kube-controller-manager': { name: 'kube-controller-manager' },
        'kube-scheduler': { name: 'kube-scheduler' },
        'local-proxy': { name: 'local-proxy' },
      },
      bootstrapWindow: '720h',
      bootstrapPatience: '15m',
      addressWait: '5m',
      clockWait: '2m',
      node: {
        timeServers: ['ntp.example.com'],
        sysctl: { 'vm.max_map_count': '262144' },
        modules: ['br_netfilter'],
        userDataParts: [{ file: 'motd.yaml', type: 'cloud-config' }],
      },
      nodes: [
        {
          name: 'cp-1',
          role: 'control-plane',
          address: '10.0.1.11',
          addresses: ['fd00:1::11'],
          certSANs: ['cp-1.example.com'],
          labels: { zone: 'a' },
          sysctl: { 'vm.swappiness': '10' },
          nodeRegistration: {
            taints: [{ key: 'gpu', value: 'a', effect: 'NoSchedule' }],
            kubeletExtraArgs: [{ name: 'root-dir', value: '/var/lib/kubelet' }],
          },
          kubeletConfiguration: { allowedUnsafeSysctls: ['net.core.somaxconn'], evictionHard: { 'memory.available': '100Mi' } },
          networkConfig: { version: 2, ethernets: { e0: { dhcp4: true, nameservers: { search: ['example.com'] } } } },
        },
      ],
    },
  };
}

export interface TextField {
  /** `spec.nodes[].name`; `{}` a free key's value, `{key}` the key itself. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** The text is the key at the end of `steps`, not the value. */
  readonly key: boolean;
}

/** Every text field of the schema, found in `document`. @throws when the document lacks one */
export function textFields(document: unknown): readonly TextField[] {
  const fields: TextField[] = [];
  const walk = (schema: JsonSchema, name: string, route: readonly string[]) => {
    if (schema.type === 'string' && !schema.enum && schema.const === undefined) fields.push(fieldAt(document, name, route, false));
    for (const [key, child] of Object.entries(schema.properties ?? {})) walk(child, name === '' ? key : `${name}.${key}`, [...route, key]);
    if (schema.items) walk(schema.items, `${name}[]`, [...route, '[]']);
    const free = schema.additionalProperties;
    if (typeof free !== 'object') return;
    // An upstream document takes anything: UPSTREAM names texts in it.
    if (Object.keys(free).length > 0) fields.push(fieldAt(document, `${name}{key}`, [...route, '{}'], true));
    walk(free, `${name}{}`, [...route, '{}']);
  };
  walk(clusterJsonSchema(), '', []);
  return [...fields, ...UPSTREAM];
}

const UPSTREAM: readonly TextField[] = [
  { name: 'a text in kubeletConfiguration', steps: ['spec', 'nodes', 0, 'kubeletConfiguration', 'allowedUnsafeSysctls', 0], key: false },
  {
    name: 'a key in kubeletConfiguration',
    steps: ['spec', 'nodes', 0, 'kubeletConfiguration', 'evictionHard', 'memory.available'],
    key: true,
  },
  { name: 'a text in kubeProxyConfiguration', steps: ['spec', 'kubeProxyConfiguration', 'nodePortAddresses', 0], key: false },
  { name: 'a text in auditPolicy', steps: ['spec', 'apiServer', 'auditPolicy', 'rules', 0, 'userGroups', 0], key: false },
  { name: 'a key in networkConfig', steps: ['spec', 'nodes', 0, 'networkConfig', 'ethernets', 'e0'], key: true },
  {
    name: 'a text in networkConfig',
    steps: ['spec', 'nodes', 0, 'networkConfig', 'ethernets', 'e0', 'nameservers', 'search', 0],
    key: false,
  },
];

function fieldAt(document: unknown, name: string, route: readonly string[], key: boolean): TextField {
  const steps = stepsTo(document, route);
  if (!steps) throw new Error(`the complete document lacks ${name}`);
  return { name, steps, key };
}

function stepsTo(value: unknown, route: readonly string[]): readonly Step[] | undefined {
  const [head, ...rest] = route;
  if (head === undefined) return [];
  if (typeof value !== 'object' || value === null) return undefined;
  const candidates: readonly Step[] = head === '[]' ? [...Object.keys(value)].map(Number) : head === '{}' ? Object.keys(value) : [head];
  for (const step of candidates) {
    const found = Object.hasOwn(value, step) ? stepsTo((value as Record<Step, unknown>)[step], rest) : undefined;
    if (found) return [step, ...found];
  }
  return undefined;
}

/** Puts a text in the place of a field. */
export function setField(document: Record<string, unknown>, { steps, key }: TextField, text: string): void {
  let parent: Record<Step, unknown> = document;
  for (const step of steps.slice(0, -1)) parent = parent[step] as Record<Step, unknown>;
  const last = steps.at(-1) ?? '';
  if (!key) parent[last] = text;
  else {
    const value = parent[last];
    delete parent[last];
    Object.defineProperty(parent, text, { value, enumerable: true, configurable: true, writable: true });
  }
}

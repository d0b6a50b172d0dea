// From a document without mistakes to the Cluster that later stages read. Every default that the schema cannot state is decided here.
import { invariant } from '../bug.ts';
import { readAddons } from './addons.ts';
import { parseEndpoint } from './address-formats.ts';
import type {
  Arg,
  Cluster,
  ComponentSettings,
  EncryptionProvider,
  EncryptionRule,
  EtcdSettings,
  ExtraFile,
  Node,
  ProxyEnvironment,
  Subject,
  Subnet,
} from './cluster.ts';
import { DEFAULT_AUDIT_POLICY } from './default-audit-policy.ts';
import { parseDuration } from './duration.ts';
import { ipAddress, parseAddress, parseSubnet } from './ip-address.ts';
import { allowsContainerd1, parseVersion, pauseTag } from './kubernetes-releases.ts';
import { mirrorUrls } from './mirror-urls.ts';
import { admissionSettings, withWholeLists } from './resolve-admission.ts';
import { networkSettings } from './resolve-network.ts';
import type { ClusterDocument } from './schema.ts';
import { API_SERVER_FILES } from './schema-components.ts';
import type { Siblings } from './siblings.ts';
import { userDataPart } from './user-data-parts.ts';

type SpecDocument = ClusterDocument['spec'];
type NodeDocument = SpecDocument['nodes'][number];

/** @throws Bug when the document has a mistake that the rules let through. */
export function resolveCluster(document: ClusterDocument, siblings: Siblings): Cluster {
  const { spec } = document;
  const version = parseVersion(spec.kubernetesVersion);
  invariant(version, 'a version that does not parse passed the rules');
  const endpoint = spec.controlPlaneEndpoint === undefined ? undefined : parseEndpoint(spec.controlPlaneEndpoint);
  const admission = admissionSettings(spec.apiServer, siblings);
  const serviceSubnets = subnets(spec.networking.serviceSubnet);
  return {
    name: document.metadata.name,
    version,
    ...(endpoint && { controlPlaneEndpoint: endpoint }),
    loadBalancer: spec.loadBalancer,
    encryptionAlgorithm: spec.encryptionAlgorithm,
    certificateValidity: seconds(spec.certificateValidityPeriod),
    caCertificateValidity: seconds(spec.caCertificateValidityPeriod),
    notBeforeSkew: seconds(spec.notBeforeSkew),
    bootstrapWindow: seconds(spec.bootstrapWindow),
    subject: withoutUndefined(spec.subject) as Subject,
    networking: {
      serviceSubnets,
      podSubnets: subnets(spec.networking.podSubnet),
      nodeMaskSizes: { 4: spec.networking.nodeCIDRMaskSizeIPv4, 6: spec.networking.nodeCIDRMaskSizeIPv6 },
      dnsDomain: spec.networking.dnsDomain,
      kubernetesServiceIPs: serviceSubnets.map(subnet => serviceIp(subnet, 1n)),
      dnsServiceIPs: serviceSubnets.map(subnet => serviceIp(subnet, 10n)),
      nodePortRange: spec.networking.nodePortRange,
    },
    apiServer: {
      extraArgs: withWholeLists(spec.apiServer.extraArgs, admission),
      extraEnvs: spec.apiServer.extraEnvs,
      bindPort: spec.apiServer.bindPort,
      shutdownDelay: shutdownDelay(spec.apiServer.extraArgs),
      certSANs: unique(spec.apiServer.certSANs),
      auditPolicy: auditPolicy(spec, siblings),
      admission,
      extraFiles: extraFiles(spec, siblings),
    },
    controllerManager: settings(spec.controllerManager),
    scheduler: settings(spec.scheduler),
    etcd: {
      ...settings(spec.etcd.local),
      dataDir: spec.etcd.local.dataDir,
      serverCertSANs: unique(spec.etcd.local.serverCertSANs),
      peerCertSANs: unique(spec.etcd.local.peerCertSANs),
      ...etcdCare(spec.etcd.local),
    },
    encryption: encryption(spec.encryptionConfiguration),
    paths: spec.paths,
    users: spec.users,
    ...networkSettings(spec, version),
    imageRepository: spec.imageRepository,
    containerd: {
      sandboxImage: spec.containerd.sandboxImage ?? `${spec.imageRepository}/pause:${pauseTag(version)}`,
      configurationVersion: allowsContainerd1(version) ? 2 : 3,
    },
    registries: Object.entries(spec.registries.mirrors).map(([registry, { endpoint, caFile }]) => ({
      registry,
      endpoints: endpoint,
      ...(caFile !== undefined && { certificateAuthority: sibling('caFile', caFile, siblings) }),
    })),
    addons: readAddons(spec.addons, siblings).addons,
    proxyEnvironment: withoutUndefined(spec.proxyEnvironment) as ProxyEnvironment,
    runtime: { source: spec.runtime.source, urls: mirrorUrls(spec.runtime) },
    binaries: { source: spec.binaries.source, urls: mirrorUrls(spec.binaries) },
    bundle: spec.bundle,
    downloads: spec.downloads.caFile === undefined ? {} : { certificateAuthority: sibling('caFile', spec.downloads.caFile, siblings) },
    timings: {
      addressWait: seconds(spec.addressWait),
      clockWait: seconds(spec.clockWait),
      bootstrapPatience: seconds(spec.bootstrapPatience),
    },
    node: { ...spec.node, userDataParts: spec.node.userDataParts.map(({ file, type }) => userDataPart(file, type, siblings)) },
    nodes: spec.nodes.map(node => resolveNode(node, spec)),
  };
}

const CONTROL_PLANE_TAINT: Node['taints'][number] = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

function resolveNode(node: NodeDocument, spec: SpecDocument): Node {
  const taints: readonly { key: string; value?: string | undefined; effect: string }[] =
    node.nodeRegistration.taints ?? (node.role === 'control-plane' ? [CONTROL_PLANE_TAINT] : []);
  return {
    name: node.name,
    role: node.role,
    address: node.address,
    addresses: unique([node.address, ...(node.addresses ?? [])]),
    certSANs: unique(node.certSANs),
    platform: node.platform ?? spec.platform,
    architecture: node.architecture,
    ...(node.networkConfig && { networkConfig: node.networkConfig }),
    labels: node.labels,
    sysctl: node.sysctl,
    taints: taints.map(({ key, value, effect }) => ({ key, effect, ...(value !== undefined && { value }) })),
    kubeletExtraArgs: node.nodeRegistration.kubeletExtraArgs,
    kubeletConfiguration: { ...spec.kubeletConfiguration, ...node.kubeletConfiguration },
  };
}

/** Long enough for the health checks of every local proxy (templates/haproxy.cfg) to notice before it stops serving. */
const SHUTDOWN_DELAY = 5;

function shutdownDelay(extraArgs: readonly Arg[]): number {
  const own = extraArgs.findLast(arg => arg.name === 'shutdown-delay-duration');
  return (own && parseDuration(own.value)) ?? SHUTDOWN_DELAY;
}

function settings(given: { extraArgs: readonly Arg[]; extraEnvs: readonly Arg[] }): ComponentSettings {
  return { extraArgs: given.extraArgs, extraEnvs: given.extraEnvs };
}

function etcdCare({
  dataDir,
  snapshots,
  defragmentation,
}: SpecDocument['etcd']['local']): Pick<EtcdSettings, 'snapshots' | 'defragmentation'> {
  const timer = (given: { schedule: string; randomizedDelay: string }) => ({
    schedule: given.schedule,
    randomizedDelay: seconds(given.randomizedDelay),
  });
  return {
    ...(!snapshots.disabled && {
      snapshots: { ...timer(snapshots), keep: snapshots.keep, directory: snapshots.directory ?? `${dataDir}-snapshots` },
    }),
    ...(!defragmentation.disabled && { defragmentation: timer(defragmentation) }),
  };
}

function auditPolicy(spec: SpecDocument, siblings: Siblings): object {
  const { auditPolicy: inline, auditPolicyFile: file } = spec.apiServer;
  if (inline) return inline;
  if (file === undefined) return DEFAULT_AUDIT_POLICY;
  const policy = siblings.read(file).parsed?.value;
  invariant(typeof policy === 'object' && policy !== null, 'an audit policy that does not parse passed the rules');
  return policy;
}

function extraFiles(spec: SpecDocument, siblings: Siblings): readonly (ExtraFile & { flag: string })[] {
  return Object.entries(API_SERVER_FILES).flatMap(([key, flag]) => {
    const file = spec.apiServer[key as keyof typeof API_SERVER_FILES];
    // An AdmissionConfiguration is not handed on as it is: ours is added to it.
    if (file === undefined || key === 'admissionControlConfigFile') return [];
    return [{ ...sibling(key, file, siblings), flag }];
  });
}

function sibling(key: string, source: string, siblings: Siblings): ExtraFile {
  const content = siblings.read(source).text;
  invariant(content !== undefined, `${key} passed the rules, but its file is missing`);
  return { name: key, source, content };
}

const DEFAULT_ENCRYPTION: readonly EncryptionRule[] = [{ resources: ['secrets'], providers: [{ type: 'secretbox', keys: ['key1'] }] }];

function encryption(given: SpecDocument['encryptionConfiguration']): readonly EncryptionRule[] {
  if (!given) return DEFAULT_ENCRYPTION;
  return given.resources.map(rule => ({ resources: rule.resources, providers: rule.providers.flatMap(provider) }));
}

function provider(
  given: NonNullable<SpecDocument['encryptionConfiguration']>['resources'][number]['providers'][number],
): readonly EncryptionProvider[] {
  for (const type of ['secretbox', 'aescbc', 'aesgcm'] as const) {
    const keyed = given[type];
    if (keyed) return [{ type, keys: keyed.keys.map(key => key.name) }];
  }
  if (given.kms)
    return [
      {
        type: 'kms',
        name: given.kms.name,
        endpoint: given.kms.endpoint,
        ...(given.kms.timeout !== undefined && { timeout: given.kms.timeout }),
      },
    ];
  return given.identity ? [{ type: 'identity' }] : [];
}

function seconds(text: string): number {
  const parsed = text === 'never' ? Number.POSITIVE_INFINITY : parseDuration(text);
  invariant(parsed !== undefined, `the duration ${text} passed the rules`);
  return parsed;
}

function subnets(text: string): readonly Subnet[] {
  return text.split(',').map(part => {
    const parsed = parseSubnet(part);
    invariant(parsed, `the subnet ${part} passed the rules`);
    return parsed.subnet;
  });
}

/** Well-known Services have fixed places in the service subnet: `kubernetes` the first, DNS the tenth. */
function serviceIp(subnet: Subnet, place: bigint): string {
  const network = parseAddress(subnet.cidr.split('/')[0] ?? '');
  invariant(network, `the subnet ${subnet.cidr} has no address`);
  return ipAddress(network.family, network.value + place).text;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

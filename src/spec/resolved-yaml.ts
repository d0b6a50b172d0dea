// `validate -o yaml`: cluster.yaml as if every default had been written. Reading it again gives the same Cluster.
import { dumpYaml } from '../formats/yaml.ts';
import type { Cluster, ComponentSettings, EncryptionProvider, Node, Subnet, Timer } from './cluster.ts';
import { durationText } from './duration.ts';
import { API_VERSION, KIND } from './schema.ts';

/** A complete cluster.yaml, with the audit policy inline. */
export function resolvedClusterYaml(cluster: Cluster): string {
  const { networking, apiServer, etcd, timings, controlPlaneEndpoint: endpoint, downloads } = cluster;
  const { certificateAuthority: authority } = downloads;
  return dumpYaml({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: cluster.name },
    spec: {
      kubernetesVersion: cluster.version.text,
      ...(endpoint && { controlPlaneEndpoint: `${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}` }),
      loadBalancer: cluster.loadBalancer,
      encryptionAlgorithm: cluster.encryptionAlgorithm,
      certificateValidityPeriod: durationText(cluster.certificateValidity),
      caCertificateValidityPeriod: durationText(cluster.caCertificateValidity),
      notBeforeSkew: durationText(cluster.notBeforeSkew),
      subject: cluster.subject,
      networking: {
        serviceSubnet: subnets(networking.serviceSubnets),
        podSubnet: subnets(networking.podSubnets),
        nodeCIDRMaskSizeIPv4: networking.nodeMaskSizes[4],
        nodeCIDRMaskSizeIPv6: networking.nodeMaskSizes[6],
        dnsDomain: networking.dnsDomain,
        nodePortRange: networking.nodePortRange,
      },
      apiServer: {
        bindPort: apiServer.bindPort,
        certSANs: apiServer.certSANs,
        ...settings(apiServer),
        auditPolicy: apiServer.auditPolicy,
        admissionPlugins: apiServer.admission.plugins,
        ...(apiServer.admission.file !== undefined && { admissionControlConfigFile: apiServer.admission.file }),
        ...Object.fromEntries(apiServer.extraFiles.map(({ name, source }) => [name, source])),
      },
      controllerManager: settings(cluster.controllerManager),
      scheduler: settings(cluster.scheduler),
      etcd: {
        local: {
          dataDir: etcd.dataDir,
          serverCertSANs: etcd.serverCertSANs,
          peerCertSANs: etcd.peerCertSANs,
          ...settings(etcd),
          snapshots: timer(etcd.snapshots),
          defragmentation: timer(etcd.defragmentation),
        },
      },
      encryptionConfiguration: {
        resources: cluster.encryption.map(({ resources, providers }) => ({ resources, providers: providers.map(provider) })),
      },
      runtime: cluster.runtime,
      binaries: cluster.binaries,
      podNetwork: cluster.podNetwork,
      proxy: cluster.proxy,
      kubeProxyConfiguration: cluster.kubeProxyConfiguration,
      metadataService: cluster.metadataService,
      dns: cluster.dns,
      imageRepository: cluster.imageRepository,
      containerd: { sandboxImage: cluster.containerd.sandboxImage },
      registries: {
        mirrors: Object.fromEntries(
          cluster.registries.map(({ registry, endpoints, certificateAuthority: authority }) => [
            registry,
            { endpoint: endpoints, ...(authority && { caFile: authority.source }) },
          ]),
        ),
      },
      addons: [...new Set(cluster.addons.map(({ entry }) => entry))],
      proxyEnvironment: cluster.proxyEnvironment,
      downloads: { ...(authority && { caFile: authority.source }) },
      paths: cluster.paths,
      users: cluster.users,
      bootstrapWindow: durationText(cluster.bootstrapWindow),
      bootstrapPatience: durationText(timings.bootstrapPatience),
      addressWait: durationText(timings.addressWait),
      clockWait: durationText(timings.clockWait),
      node: { ...cluster.node, userDataParts: cluster.node.userDataParts.map(({ source, type }) => ({ file: source, type })) },
      nodes: cluster.nodes.map(node),
    },
  });
}

function subnets(list: readonly Subnet[]): string {
  return list.map(subnet => subnet.cidr).join(',');
}

function timer(given: Timer | undefined): object {
  return given ? { ...given, randomizedDelay: durationText(given.randomizedDelay) } : { disabled: true };
}

function settings({ extraArgs, extraEnvs }: ComponentSettings): object {
  return { extraArgs, extraEnvs };
}

function provider(entry: EncryptionProvider): object {
  switch (entry.type) {
    case 'identity':
      return { identity: {} };
    case 'kms': {
      const { type, ...kms } = entry;
      return { [type]: { apiVersion: 'v2', ...kms } };
    }
    default:
      return { [entry.type]: { keys: entry.keys.map(name => ({ name })) } };
  }
}

function node({ networkConfig, kubeletConfiguration, kubeletExtraArgs, taints, ...node }: Node): object {
  return {
    ...node,
    nodeRegistration: { taints, kubeletExtraArgs },
    kubeletConfiguration,
    ...(networkConfig && { networkConfig }),
  };
}

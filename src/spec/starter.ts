// The first cluster.yaml of a newcomer: valid as it is, with what people change most next to it in comments.
import { dumpYaml } from '../formats/yaml.ts';
import { parseAddress } from './ip-address.ts';
import { DEFAULT_VERSION } from './kubernetes-releases.ts';

export interface StarterOptions {
  readonly name: string;
  readonly kubernetesVersion?: string;
  /** Addresses; none: three examples. */
  readonly controlPlane: readonly string[];
  readonly workers: readonly string[];
  readonly platform?: string;
}

const EXAMPLE_ADDRESSES = ['192.168.10.11', '192.168.10.12', '192.168.10.13'];

/** What AWS takes, 16,384 bytes, is too little for everything. */
const RUNTIME_FROM_IMAGE = `
  # AWS takes 16,384 bytes of user-data: scripts and manifests come with the machine image (kubekiln explain spec.runtime).
  runtime: {source: image}
`;

/** A commented cluster.yaml. What the options hold is written as it is: reading the file tells what is wrong with it. */
export function starterClusterYaml(options: StarterOptions): string {
  const given = options.controlPlane.length > 0;
  const controlPlane = given ? options.controlPlane : EXAMPLE_ADDRESSES;
  const version = options.kubernetesVersion ?? DEFAULT_VERSION;
  const six = parseAddress(controlPlane[0] ?? '')?.family === 6;
  return `# One Kubernetes cluster. Every field: kubekiln explain, or docs/cluster.md. Check it with: kubekiln validate
apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata:
  name: ${scalar(options.name)}
spec:
  kubernetesVersion: ${scalar(version)}

  # What operators dial; without one, admin.conf has a context per control-plane node.
  #controlPlaneEndpoint: api.example.com:6443

  networking:
    serviceSubnet: ${six ? 'fd00:96::/112' : '10.96.0.0/16'}     # must not overlap with anything the nodes can reach
    podSubnet: ${six ? 'fd00:244::/56' : '10.244.0.0/16'}
    dnsDomain: cluster.local          # cannot change later

  # More names for the API servers' certificates, and other flags.
  #apiServer:
  #  certSANs: [api.example.com]
  #  extraArgs:
  #  - {name: event-ttl, value: 2h}

  # Whose user-data limit counts: nocloud (seed.iso, no limit), aws, azure, gcp, openstack, …
  platform: ${scalar(options.platform ?? 'nocloud')}
${options.platform === 'aws' ? RUNTIME_FROM_IMAGE : ''}
  # Where the image holds kube-apiserver, etcd and the others: kubekiln explain spec.binaries.source
  #paths: {binaries: /usr/local/bin}

  # ${given ? 'The machines. Each must have its address on an interface, or it refuses to become this node.' : 'The machines: put in your addresses. Each must be on an interface, or the machine refuses to become this node.'}
  nodes:
${[...controlPlane.map((address, index) => nodeLine(`cp-${index + 1}`, 'control-plane', address)), ...options.workers.map((address, index) => nodeLine(`w-${index + 1}`, 'worker', address))].join('')}`;
}

function nodeLine(name: string, role: string, address: string): string {
  return `  - name: ${name}\n    role: ${role}\n    address: ${scalar(address)}\n`;
}

/** A text as YAML would write it on one line: whatever a flag held, it changes no structure. */
function scalar(text: string): string {
  const dumped = dumpYaml(text).trimEnd();
  return dumped.includes('\n') ? JSON.stringify(text) : dumped;
}

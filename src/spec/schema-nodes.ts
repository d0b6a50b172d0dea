import { choice, integer, list, mapping, table, text, upstream } from './field.ts';
import { extraArg } from './schema-components.ts';
import { architecture } from './schema-downloads.ts';

export const PLATFORMS = [
  'nocloud',
  'aws',
  'azure',
  'cloudstack',
  'digitalocean',
  'exoscale',
  'gcp',
  'hetzner',
  'kubevirt',
  'linode',
  'nebius',
  'openstack',
  'oracle',
  'oxide',
  'proxmox',
  'vsphere',
  'vsphere-cloudinitprep',
] as const;
export const ROLES = ['control-plane', 'worker'] as const;
export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

const taint = mapping('One taint.', {
  key: text('label-key', 'Its key.', { examples: ['gpu'] }),
  value: text('label-value', 'Its value.').optional(),
  effect: choice(TAINT_EFFECTS, 'What it does to pods that do not tolerate it.'),
});

export const node = mapping('One machine.', {
  name: text('node-name', 'Name of the node and host name of the machine; unique, at most 52 characters.'),
  role: choice(ROLES, 'control-plane: etcd and the control plane. worker: pods.'),
  address: text(
    'address',
    'Address that the other nodes dial; the machine must have it on an interface, or it refuses to become this node.',
  ),
  addresses: list(
    text('address', 'An address.', { examples: ['fd00:1::11'] }),
    'More addresses of the machine: for dual stack, the one of the other family.',
  ).optional(),
  certSANs: list(
    text('san', 'A DNS name or an IP address.', { examples: ['cp-3.example.com'] }),
    "More names for this node's API server certificate.",
  ).default([]),
  platform: choice(PLATFORMS, 'Where this node runs, if elsewhere than spec.platform says.').optional(),
  architecture,
  labels: table('label-key', text('label-value', 'Value of the label.'), 'Labels of the Node object.').default({}),
  nodeRegistration: mapping('How the node registers.', {
    taints: list(
      taint,
      'Taints of the Node object; for a control-plane node, default node-role.kubernetes.io/control-plane:NoSchedule.',
    ).optional(),
    kubeletExtraArgs: list(extraArg, 'More flags for kubelet, or other values for those that kubekiln sets.').default([]),
  }).prefault({}),
  kubeletConfiguration: upstream('KubeletConfiguration of this node; its keys replace those of spec.kubeletConfiguration.').optional(),
  sysctl: table(
    'sysctl-name',
    text('sysctl-value', 'Value of the setting, as a text.'),
    'Kernel settings of this node; they win over node.sysctl.',
  ).default({}),
  networkConfig: upstream('Network of the machine (netplan, version 2). Without one: what the image does, usually DHCP.').optional(),
});

const user = (name: string, uid: number) =>
  mapping(`The user that ${name} runs as.`, {
    name: text('user-name', 'Its name.').default(name),
    uid: integer('Its number, the same for its group.', 1, 2_147_483_647).default(uid),
  }).prefault({});

// 60578-61183 is unused by any convention that systemd knows of: https://systemd.io/UIDS-GIDS/
export const users = mapping('Users of the daemons. Numbers are fixed, so that a data disk can move to another machine.', {
  etcd: user('etcd', 60600),
  'kube-apiserver': user('kube-apiserver', 60601),
  'kube-controller-manager': user('kube-controller-manager', 60602),
  'kube-scheduler': user('kube-scheduler', 60603),
  'local-proxy': user('local-proxy', 60604),
});

export const PART_TYPES = ['cloud-config', 'x-shellscript', 'cloud-boothook', 'jinja2'] as const;

const userDataPart = mapping('One part.', {
  file: text('sibling-file', 'A file beside cluster.yaml.', { examples: ['user-data/admins.yaml'] }),
  type: choice(PART_TYPES, "What it is, as cloud-init's content types call it, without text/."),
});

export const hostSettings = mapping('Settings of the operating system, the same on all nodes.', {
  timeServers: list(
    text('host', 'A host name or an IP address.'),
    "NTP servers for systemd-timesyncd or chrony, whichever is there, from the first boot on. With none, a node whose clock is behind steps it to the payload's notBefore; where chrony is there, control-plane nodes also ask each other, besides what the image says.",
  ).default([]),
  sysctl: table('sysctl-name', text('sysctl-value', 'Value of the setting, as a text.'), 'Kernel settings.').default({}),
  modules: list(text('module-name', 'A module.'), 'Kernel modules to load.').default([]),
  swap: choice(
    ['disable', 'keep'],
    'disable: switched off at install, and no swap unit starts any more. keep: as it is; pods get none of it unless kubeletConfiguration.memorySwap says so.',
  ).default('disable'),
  firewall: choice(
    ['open', 'keep'],
    'Where ufw or firewalld is active at install. open: it is told to let in what a node of its role listens on, and pods. keep: it is left alone, and a warning says what it has to let in.',
  ).default('open'),
  userDataParts: list(
    userDataPart,
    "Parts of your own that user-data (not node.tar.gz) brings beside kubekiln's, whose commands and files come first. They count for the platform's limit, and reach nodes at their first boot only.",
  ).default([]),
});

// What kube-proxy and flanneld have in common: root, but of the network only. They write /proc/sys/net and start nft or iptables, nothing else.
import type { PlannedBinary } from '../plan/node-plan.ts';

/** Lines of [Service]: systemd.exec(5). ProtectKernelTunables= would make /proc/sys/net read-only. */
export const NETWORK_AGENT_SETTINGS: readonly string[] = [
  'CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW',
  'NoNewPrivileges=yes',
  'ProtectSystem=full',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectHostname=yes',
  'ProtectClock=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'LockPersonality=yes',
  'MemoryDenyWriteExecute=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'RestrictNamespaces=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK',
  'SystemCallArchitectures=native',
  'InaccessiblePaths=-/var/lib/cloud -/var/lib/kubekiln',
  'UMask=0077',
];

/** The program that writes the rules of Services; the pod network writes its own the same way. */
export function packetFilter(kubeProxyConfiguration: Readonly<Record<string, unknown>>): PlannedBinary {
  return kubeProxyConfiguration.mode === 'iptables' ? IPTABLES : NFT;
}

export const NFT: PlannedBinary = { path: '/usr/sbin/nft', description: 'nft (package nftables)' };
export const IPTABLES: PlannedBinary = { path: '/usr/sbin/iptables', description: 'iptables (package iptables)' };

// What a node's own network and its part of the pod network leave for pods.
import { overlap, parseSubnet } from '../ip-address.ts';
import { indexedNodes, type Rule, type SpecDraft } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';
import { subnetsOf } from './addresses.ts';
import { interfaces } from './network-config.ts';
import { nodePrefix } from './subnets.ts';

/** kubelet's own default. */
const MAX_PODS = 110;
/** Of a node subnet host-local gives out neither the first, the last, nor the bridge's address. */
const NOT_FOR_PODS = 3;

function maxPods(spec: SpecDraft): number {
  const configurations = [spec.kubeletConfiguration, ...indexedNodes(spec).map(({ node }) => node.kubeletConfiguration)];
  const given = configurations.flatMap(each => (isMapping(each) && typeof each.maxPods === 'number' ? [each.maxPods] : []));
  return given.length === 0 ? MAX_PODS : Math.max(...given);
}

const podsPerNode: Rule = {
  code: 'node-subnet-too-small',
  check(input, report) {
    const { spec } = input;
    if (spec.podNetwork?.type !== 'flannel') return;
    for (const { subnet } of subnetsOf(spec.networking?.podSubnet)) {
      const prefix = nodePrefix(input, subnet.family);
      const room = 2 ** ((subnet.family === 4 ? 32 : 128) - prefix) - NOT_FOR_PODS;
      const most = maxPods(spec);
      const path = ['spec', 'networking', `nodeCIDRMaskSizeIPv${subnet.family}`];
      if (room < most && input.isGiven(path))
        report.warning(path, `a node's /${prefix} has addresses for ${room} pods, kubelet takes ${most}: the last ones would not start`, {
          value: prefix,
          hint: `a smaller number, or kubeletConfiguration: {maxPods: ${room}}`,
        });
    }
  },
};

/** Bytes that VXLAN puts before a packet: Ethernet, IP, UDP and its own header. */
const TUNNEL_BYTES = { 4: 50, 6: 70 } as const;

const mtu: Rule = {
  code: 'mtu-too-large',
  check({ spec }, report) {
    const { type, backend, mtu: pods } = spec.podNetwork ?? {};
    if (type !== 'flannel' || pods === undefined) return;
    const families = subnetsOf(spec.networking?.podSubnet).map(({ subnet }) => subnet.family);
    const less = backend === 'vxlan' ? TUNNEL_BYTES[families.includes(6) ? 6 : 4] : 0;
    for (const { node } of indexedNodes(spec)) {
      if (!isMapping(node.networkConfig)) continue;
      const own = interfaces(node.networkConfig).find(
        ({ settings }) =>
          Array.isArray(settings.addresses) &&
          settings.addresses.some(text => typeof text === 'string' && text.startsWith(`${node.address}/`)),
      );
      const whole = own?.settings.mtu;
      if (typeof whole !== 'number' || pods + less <= whole) continue;
      report.warning(
        ['spec', 'podNetwork', 'mtu'],
        `${own?.path.at(-1)} of ${node.name ?? 'a node'} has an MTU of ${whole}: ${less === 0 ? '' : `without the ${less} bytes of the tunnel, `}${whole - less} is what pods can have`,
        { value: pods, hint: 'leave mtu out: flannel takes what the interface has' },
      );
      return;
    }
  },
};

const machinesOverlap: Rule = {
  code: 'subnet-overlaps-machines',
  check({ spec }, report) {
    const ranges = (['serviceSubnet', 'podSubnet'] as const).flatMap(key =>
      subnetsOf(spec.networking?.[key]).map(subnet => ({ key, subnet })),
    );
    for (const { node, path } of indexedNodes(spec)) {
      if (!isMapping(node.networkConfig)) continue;
      for (const { path: device, settings } of interfaces(node.networkConfig)) {
        for (const [index, text] of (Array.isArray(settings.addresses) ? settings.addresses : []).entries()) {
          const machines = typeof text === 'string' ? parseSubnet(text) : undefined;
          const range = machines && ranges.find(({ subnet }) => overlap(subnet, machines));
          if (range)
            report.warning(
              [...path, 'networkConfig', ...device, 'addresses', index],
              `${machines.subnet.cidr} overlaps networking.${range.key} ${range.subnet.subnet.cidr}: machines in both cannot be reached`,
              { value: text, hint: 'machines, Services and pods need ranges of their own' },
            );
        }
      }
    }
  },
};

export const nodeNetworkRules: readonly Rule[] = [podsPerNode, mtu, machinesOverlap];

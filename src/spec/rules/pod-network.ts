import type { DocumentPath } from '../../problem.ts';
import { contains, parseAddress, parseSubnet, unusableKind } from '../ip-address.ts';
import { indexedNodes, type NodeDraft, type Rule } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';
import { subnetsOf } from './addresses.ts';

/** Settings of something that is switched off: whoever wrote them expects something of them. */
const withoutEffect: Rule = {
  code: 'setting-without-effect',
  check({ spec, isGiven }, report) {
    const warn = (path: DocumentPath, because: string) => {
      if (isGiven(path)) report.warning(path, `it has no effect: ${because}`, { mark: 'key' });
    };
    if (spec.podNetwork?.type === 'none')
      for (const key of ['backend', 'mtu']) warn(['spec', 'podNetwork', key], 'podNetwork.type is none');
    if (spec.proxy?.disabled === true) warn(['spec', 'kubeProxyConfiguration'], 'proxy.disabled is true');
    if (spec.dns?.disabled === true)
      for (const key of ['imageRepository', 'imageTag', 'replicas', 'upstreamNameservers'])
        warn(['spec', 'dns', key], 'dns.disabled is true');
    const { admissionPlugins } = spec.apiServer ?? {};
    for (const plugin of ['PodSecurity', 'EventRateLimit'] as const)
      if (admissionPlugins?.[plugin]?.disabled === true)
        for (const key of ['defaults', 'exemptions', 'limits'])
          warn(['spec', 'apiServer', 'admissionPlugins', plugin, key], `${plugin} is disabled`);
    if (spec.metadataService?.addresses?.length === 0) warn(['spec', 'metadataService', 'addresses'], 'it names no address');
    if (spec.metadataService?.podAccess === 'allowed')
      warn(['spec', 'metadataService', 'addresses'], 'metadataService.podAccess is allowed');
  },
};

const forwardLoop: Rule = {
  code: 'dns-forward-loop',
  check({ spec }, report) {
    const inside = [...subnetsOf(spec.networking?.serviceSubnet), ...subnetsOf(spec.networking?.podSubnet)];
    for (const [index, text] of (spec.dns?.upstreamNameservers ?? []).entries()) {
      const address = parseAddress(text ?? '');
      if (!address) continue;
      const path = ['spec', 'dns', 'upstreamNameservers', index];
      const subnet = inside.find(other => contains(other, address));
      const kind = unusableKind(address);
      const where = subnet ? `it lies in ${subnet.subnet.cidr}, inside the cluster` : kind && `it is a ${kind} address`;
      if (where !== undefined)
        report.error(path, `CoreDNS cannot ask ${address.text}: ${where}`, {
          value: address.text,
          hint: 'name a resolver that every node can reach',
        });
    }
  },
};

/** The subnet of a node's address, where its netplan says it: `addresses: [10.0.1.11/24]`. */
function subnetOf(node: NodeDraft): ReturnType<typeof parseSubnet> {
  const texts = JSON.stringify(isMapping(node.networkConfig) ? node.networkConfig : {}).matchAll(/"([0-9a-f.:]+\/\d{1,3})"/g);
  const own = [...texts].map(([, text]) => text ?? '').find(text => text.startsWith(`${node.address}/`));
  return own === undefined ? undefined : parseSubnet(own);
}

/** A guess where the netplan is silent: how networks of machines are usually cut. */
const USUAL_PREFIX = { 4: 24, 6: 64 } as const;

const hostGateway: Rule = {
  code: 'host-gw-reach',
  check({ spec }, report) {
    if (spec.podNetwork?.type !== 'flannel' || spec.podNetwork.backend !== 'host-gw') return;
    const nodes = indexedNodes(spec).flatMap(({ node, path }) => {
      const address = parseAddress(node.address ?? '');
      return address ? [{ node, path, address }] : [];
    });
    const [first] = nodes;
    if (!first) return;
    const known = subnetOf(first.node);
    const subnet = known ?? parseSubnet(`${first.address.text}/${USUAL_PREFIX[first.address.family]}`);
    const far = subnet && nodes.find(({ address }) => !contains(subnet, address));
    if (far)
      report.warning(
        [...far.path, 'address'],
        `${known ? '' : 'perhaps '}${far.address.text} is not in one network with ${first.address.text}: host-gw reaches pods only through neighbours`,
        { value: far.address.text, hint: 'podNetwork.backend: vxlan crosses routers' },
      );
  },
};

export const podNetworkRules: readonly Rule[] = [withoutEffect, forwardLoop, hostGateway];

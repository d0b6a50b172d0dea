import type { DocumentPath } from '../../problem.ts';
import { parseEndpoint } from '../address-formats.ts';
import { contains, type IpAddress, mappedIpv4, type ParsedSubnet, parseAddress, parseSubnet, unusableKind } from '../ip-address.ts';
import { indexedNodes, type NodeDraft, type Rule } from '../rule.ts';

interface PlacedAddress {
  readonly address: IpAddress;
  readonly path: DocumentPath;
}

/** Every address of a node that can be read, the primary first; `addresses` repeats the primary. */
function addressesOf(node: NodeDraft, path: DocumentPath): readonly PlacedAddress[] {
  const texts = [
    { text: node.address, path: [...path, 'address'] },
    ...(node.addresses ?? []).map((text, index) => ({ text, path: [...path, 'addresses', index] })),
  ];
  return texts.flatMap(({ text, path }) => {
    const address = text === undefined ? undefined : parseAddress(text);
    return address && !mappedIpv4(address) ? [{ address, path }] : [];
  });
}

export function subnetsOf(text: string | undefined): readonly ParsedSubnet[] {
  const parsed = (text ?? '').split(',').map(part => parseSubnet(part.trim()));
  return parsed.every(subnet => subnet !== undefined) ? parsed : [];
}

const duplicateAddress: Rule = {
  code: 'duplicate-address',
  check({ spec, lineOf }, report) {
    const taken = new Map<string, { index: number; node: NodeDraft; path: DocumentPath }>();
    for (const { node, index, path: nodePath } of indexedNodes(spec)) {
      for (const { address, path } of addressesOf(node, nodePath)) {
        const owner = taken.get(address.text);
        if (!owner) taken.set(address.text, { index, node, path });
        else if (owner.index !== index)
          report.error(
            path,
            `${address.text} is already the address of ${owner.node.name ?? `node ${owner.index}`} (${lineOf(owner.path)})`,
            { value: address.text, hint: 'every node needs its own' },
          );
      }
    }
  },
};

const addressNotUsable: Rule = {
  code: 'address-not-usable',
  check({ spec }, report) {
    for (const { node, path: nodePath } of indexedNodes(spec)) {
      for (const { address, path } of addressesOf(node, nodePath)) {
        const kind = unusableKind(address);
        if (kind !== undefined)
          report.error(
            path,
            `${address.text} is ${kind === 'unspecified' ? 'an unspecified' : `a ${kind}`} address: other nodes cannot dial it`,
            { value: address.text },
          );
      }
    }
  },
};

const addressInSubnet: Rule = {
  code: 'address-in-subnet',
  check({ spec }, report) {
    const ranges = (['serviceSubnet', 'podSubnet'] as const).flatMap(key =>
      subnetsOf(spec.networking?.[key]).map(subnet => ({ key, subnet })),
    );
    const places = indexedNodes(spec).flatMap(({ node, path }) => addressesOf(node, path));
    const endpoint = parseAddress(parseEndpoint(spec.controlPlaneEndpoint ?? '')?.host ?? '');
    if (endpoint) places.push({ address: endpoint, path: ['spec', 'controlPlaneEndpoint'] });
    for (const { address, path } of places) {
      const range = ranges.find(({ subnet }) => contains(subnet, address));
      if (range)
        report.error(path, `${address.text} lies inside networking.${range.key} ${range.subnet.subnet.cidr}`, {
          value: address.text,
          hint: 'machines, Services and pods need ranges of their own',
        });
    }
  },
};

const FAMILY = { 4: 'IPv4', 6: 'IPv6' } as const;

const addressFamily: Rule = {
  code: 'address-family',
  check({ spec }, report) {
    const families = subnetsOf(spec.networking?.serviceSubnet).map(subnet => subnet.subnet.family);
    const [primary] = families;
    if (primary === undefined) return;
    for (const { node, path } of indexedNodes(spec)) {
      const addresses = addressesOf(node, path);
      const first = addresses.find(place => place.path.at(-1) === 'address');
      if (!first) continue;
      if (first.address.family !== primary) {
        report.error(
          first.path,
          `${first.address.text} is ${FAMILY[first.address.family]}, networking.serviceSubnet begins with ${FAMILY[primary]}`,
          { value: first.address.text, hint: 'the node address and the first subnet need the same family' },
        );
        continue;
      }
      const missing = families.find(family => !addresses.some(({ address }) => address.family === family));
      const complete = (node.addresses ?? []).every(text => text !== undefined && parseAddress(text) !== undefined);
      if (missing !== undefined && complete)
        report.error(first.path, `the subnets are dual stack, but ${node.name ?? 'this node'} has no ${FAMILY[missing]} address`, {
          hint: `addresses: [${missing === 6 ? '"fd00:1::11"' : '10.0.1.11'}]`,
        });
    }
  },
};

const addressList: Rule = {
  code: 'address-list',
  check({ spec }, report) {
    for (const { node, path } of indexedNodes(spec)) {
      const texts = [node.address, ...(node.addresses ?? [])];
      if (!isComplete(texts)) continue;
      const all = [...new Set(texts)].map(text => parseAddress(text)?.family);
      if (all.length > new Set(all).size)
        report.error([...path, 'addresses'], 'a node has one address of each family at most', {
          mark: 'key',
          hint: `the primary one stands in address, one of the other family here`,
        });
    }
  },
};

function isComplete(texts: readonly (string | undefined)[]): texts is readonly string[] {
  return texts.every(text => text !== undefined && parseAddress(text) !== undefined);
}

export const addressRules: readonly Rule[] = [duplicateAddress, addressNotUsable, addressInSubnet, addressFamily, addressList];

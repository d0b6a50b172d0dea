import type { DocumentPath } from '../../problem.ts';
import { ipAddress, overlap, type ParsedSubnet, unusableKind } from '../ip-address.ts';
import { firstGiven, indexedNodes, type Rule, type RuleInput } from '../rule.ts';
import { subnetsOf } from './addresses.ts';

const SERVICE: DocumentPath = ['spec', 'networking', 'serviceSubnet'];
const POD: DocumentPath = ['spec', 'networking', 'podSubnet'];

function ranges({ spec }: RuleInput): { service: readonly ParsedSubnet[]; pod: readonly ParsedSubnet[] } {
  return { service: subnetsOf(spec.networking?.serviceSubnet), pod: subnetsOf(spec.networking?.podSubnet) };
}

/** Both fields with what they hold. */
function fields(input: RuleInput): readonly (readonly [DocumentPath, readonly ParsedSubnet[]])[] {
  const { service, pod } = ranges(input);
  return [
    [SERVICE, service],
    [POD, pod],
  ];
}

const FAMILY = { 4: 'IPv4', 6: 'IPv6' } as const;
const families = (subnets: readonly ParsedSubnet[]) => subnets.map(subnet => FAMILY[subnet.subnet.family]).join(',');

const dualStack: Rule = {
  code: 'dual-stack',
  check(input, report) {
    const { service, pod } = ranges(input);
    const wrong = fields(input).filter(
      ([, subnets]) => subnets.length > 2 || (subnets.length === 2 && subnets[0]?.subnet.family === subnets[1]?.subnet.family),
    );
    for (const [path] of wrong) report.error(path, `${path.at(-1)} holds at most two subnets, one of each family`);
    if (wrong.length > 0) return;
    if (service.length === 0 || pod.length === 0 || families(service) === families(pod)) return;
    report.error(
      firstGiven(input, POD, SERVICE),
      `podSubnet is ${families(pod)}, serviceSubnet is ${families(service)}: they need the same families in the same order`,
    );
  },
};

const subnetOverlap: Rule = {
  code: 'subnet-overlap',
  check(input, report) {
    const { service, pod } = ranges(input);
    for (const a of service) {
      const b = pod.find(other => overlap(a, other));
      if (b)
        report.error(firstGiven(input, POD, SERVICE), `podSubnet ${b.subnet.cidr} and serviceSubnet ${a.subnet.cidr} overlap`, {
          hint: 'the defaults 10.96.0.0/16 and 10.244.0.0/16 do not',
        });
    }
  },
};

const subnetNotUsable: Rule = {
  code: 'subnet-not-usable',
  check(input, report) {
    for (const [path, subnets] of fields(input)) {
      for (const subnet of subnets) {
        const kind =
          unusableKind(ipAddress(subnet.subnet.family, subnet.first)) ?? unusableKind(ipAddress(subnet.subnet.family, subnet.last));
        if (kind !== undefined)
          report.error(path, `${subnet.subnet.cidr} reaches into ${kind} addresses`, { hint: 'use a private range (RFC 1918, RFC 4193)' });
      }
    }
  },
};

// Before v1.34, kube-apiserver allocates Services from a bitmap of at most 20 bits; a larger range is taken from the nodes for nothing.
const SERVICE_HOST_BITS = { least: 4, most: 20 };
const BITS = { 4: 32, 6: 128 } as const;

/** kube-controller-manager cuts the pod subnet into node subnets of this prefix; its flags win over our key. */
export function nodePrefix({ spec }: RuleInput, family: 4 | 6): number {
  const args = (spec.controllerManager?.extraArgs ?? []).flatMap(arg => (arg ? [arg] : []));
  const named = args.find(arg => arg.name === `node-cidr-mask-size-ipv${family}`) ?? args.find(arg => arg.name === 'node-cidr-mask-size');
  const { nodeCIDRMaskSizeIPv4, nodeCIDRMaskSizeIPv6 } = spec.networking ?? {};
  return Number(named?.value ?? (family === 4 ? (nodeCIDRMaskSizeIPv4 ?? 24) : (nodeCIDRMaskSizeIPv6 ?? 64)));
}

const subnetTooSmall: Rule = {
  code: 'subnet-too-small',
  check(input, report) {
    const { service, pod } = ranges(input);
    for (const { subnet } of service) {
      const longest = BITS[subnet.family] - SERVICE_HOST_BITS.least;
      if (subnet.prefix > longest)
        report.error(
          firstGiven(input, SERVICE),
          `${subnet.cidr} has room for ${2 ** (BITS[subnet.family] - subnet.prefix)} Services at most`,
          { hint: `at least 16 addresses: /${longest} or a smaller number` },
        );
    }
    const nodes = indexedNodes(input.spec).length;
    for (const { subnet } of pod) {
      const prefix = nodePrefix(input, subnet.family);
      const room = subnet.prefix > prefix ? 0 : 2 ** (prefix - subnet.prefix);
      if (room < nodes || room === 0)
        report.error(firstGiven(input, POD), `${subnet.cidr} holds ${room} node subnets of /${prefix}, the cluster has ${nodes} nodes`, {
          hint: `a shorter prefix, or a longer networking.nodeCIDRMaskSizeIPv${subnet.family}`,
        });
    }
  },
};

const subnetTooLarge: Rule = {
  code: 'subnet-too-large',
  check(input, report) {
    const { service, pod } = ranges(input);
    for (const { subnet } of service) {
      const shortest = BITS[subnet.family] - SERVICE_HOST_BITS.most;
      if (subnet.prefix < shortest)
        report.error(firstGiven(input, SERVICE), `${subnet.cidr} is larger than what every supported release can allocate Services from`, {
          hint: `/${shortest} at most`,
        });
    }
    for (const { subnet } of pod) {
      const prefix = nodePrefix(input, subnet.family);
      if (prefix - subnet.prefix > 16)
        report.error(
          firstGiven(input, POD),
          `${subnet.cidr} is more than kube-controller-manager can cut into node subnets of /${prefix}`,
          { hint: `/${prefix - 16} at most` },
        );
    }
  },
};

export const subnetRules: readonly Rule[] = [dualStack, subnetOverlap, subnetNotUsable, subnetTooSmall, subnetTooLarge];

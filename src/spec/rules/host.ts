// Kernel settings: what the kernel would not know, and what kubelet or the pod network would not work with.
import { closestWord } from '../../closest-word.ts';
import type { DocumentPath } from '../../problem.ts';
import { indexedNodes, type NodeDraft, type Rule, type SpecDraft } from '../rule.ts';
import { isMapping } from '../schema-walk.ts';
import { sysctlParts, unknownSysctl } from '../sysctl-names.ts';
import { subnetsOf } from './addresses.ts';

interface GivenSetting {
  readonly name: string;
  readonly value: string | undefined;
  readonly path: DocumentPath;
  /** Some kubelet that gets it checks the kernel's settings instead of making them. */
  readonly checked: boolean;
}

type Table = Readonly<Record<string, string | undefined>> | undefined;

function givenSettings(spec: SpecDraft): readonly GivenSetting[] {
  const of = (table: Table, path: DocumentPath, checked: boolean) =>
    Object.entries(table ?? {}).map(([name, value]): GivenSetting => ({ name, value, path: [...path, name], checked }));
  const nodes = indexedNodes(spec).map(({ node, path }) => ({ node, path, checked: checksKernel(spec, node) }));
  return [
    ...of(
      spec.node?.sysctl,
      ['spec', 'node', 'sysctl'],
      nodes.some(({ checked }) => checked),
    ),
    ...nodes.flatMap(({ node, path, checked }) => of(node.sysctl, [...path, 'sysctl'], checked)),
  ];
}

function checksKernel(spec: SpecDraft, node: NodeDraft): boolean {
  const [all, own] = [spec.kubeletConfiguration, node.kubeletConfiguration].map(given => (isMapping(given) ? given : {}));
  return { ...all, ...own }.protectKernelDefaults !== false;
}

const unknownSetting: Rule = {
  code: 'unknown-sysctl',
  check({ spec }, report) {
    for (const { name, path } of givenSettings(spec)) {
      const unknown = unknownSysctl(name);
      if (!unknown) continue;
      const meant = closestWord(name, unknown.candidates);
      report.warning(path, `the kernel has no setting ${name}, as far as kubekiln knows`, {
        mark: 'key',
        value: name,
        ...(meant !== undefined && { label: `did you mean "${meant}"?` }),
      });
    }
  },
};

/** kubelet only checks these with protectKernelDefaults, and ends when one differs (pkg/kubelet/cm/container_manager_linux.go). */
const KUBELET: Readonly<Record<string, string>> = {
  'vm.overcommit_memory': '1',
  'vm.panic_on_oom': '0',
  'kernel.panic': '10',
  'kernel.panic_on_oops': '1',
  'kernel.keys.root_maxkeys': '1000000',
  'kernel.keys.root_maxbytes': '25000000',
};
const FORWARDING: Readonly<Record<string, 4 | 6>> = {
  'net.ipv4.ip_forward': 4,
  'net.ipv4.conf.all.forwarding': 4,
  'net.ipv6.conf.all.forwarding': 6,
};

const reservedSetting: Rule = {
  code: 'reserved-sysctl',
  check({ spec }, report) {
    const families = subnetsOf(spec.networking?.podSubnet).map(({ subnet }) => subnet.family);
    for (const { name, value, path, checked } of givenSettings(spec)) {
      const dotted = sysctlParts(name).join('.');
      const kubelet = checked ? KUBELET[dotted] : undefined;
      const family = FORWARDING[dotted];
      const needed = family === undefined || !families.includes(family) ? kubelet : '1';
      if (needed === undefined || value === undefined || value.trim() === needed) continue;
      const because = kubelet === undefined ? 'the node routes between pods' : 'kubelet does not start with another value';
      report.error(path, `${dotted} must be ${needed}: ${because}`, {
        value,
        ...(kubelet !== undefined && { hint: 'or kubeletConfiguration: {protectKernelDefaults: false}; it then sets the value itself' }),
      });
    }
  },
};

export const hostRules: readonly Rule[] = [unknownSetting, reservedSetting];

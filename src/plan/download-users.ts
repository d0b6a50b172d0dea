import type { NodePlan } from './node-plan.ts';

/** For each download, by its source, what it is for: `/usr/local/bin/etcd (etcd v3.6.16) on cp-1, cp-2 and 3 more nodes`. */
export function downloadUsers(plans: readonly NodePlan[]): ReadonlyMap<string, string> {
  const programs = new Map<string, Map<string, string>>();
  const nodes = new Map<string, Set<string>>();
  for (const { node, binaries } of plans)
    for (const { path, description, download } of binaries) {
      if (download === undefined) continue;
      const { source } = download;
      programs.set(source, (programs.get(source) ?? new Map<string, string>()).set(path, description));
      nodes.set(source, (nodes.get(source) ?? new Set<string>()).add(node.name));
    }
  return new Map(
    [...programs].map(([source, paths]) => [
      source,
      `${[...paths].map(([path, description]) => `${path} (${description})`).join(', ')} on ${someOf([...(nodes.get(source) ?? [])])}`,
    ]),
  );
}

const SHOWN = 3;

function someOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 1 ? `${names.slice(0, SHOWN).join(', ')} and ${more} more nodes` : names.join(', ');
}

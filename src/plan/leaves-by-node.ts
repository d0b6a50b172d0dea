import type { Credentials, KeyPair } from '../pki/request.ts';

/** The leaves of each node, by its name, in the order of the requests; a node without any is not there. */
export function leavesByNode({ leaves }: Pick<Credentials, 'leaves'>): ReadonlyMap<string, readonly KeyPair[]> {
  const found = new Map<string, KeyPair[]>();
  for (const [name, pair] of leaves) {
    const node = name.slice(0, name.indexOf('/'));
    const known = found.get(node);
    if (known) known.push(pair);
    else found.set(node, [pair]);
  }
  return found;
}

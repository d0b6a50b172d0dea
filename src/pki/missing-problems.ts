import type { Problem } from '../problem.ts';
import type { InventoryItem } from './inventory.ts';
import type { NodeIdentity } from './request.ts';
import type { Secrets, StoredEncryptionKey } from './secrets.ts';
import { nameLines } from './validity-problems.ts';

/** What the secrets file lacks for the cluster as cluster.yaml describes it. */
export interface Missing {
  readonly leaves: readonly InventoryItem[];
  readonly encryptionKeys: readonly StoredEncryptionKey[];
  readonly nodes: Readonly<Record<string, NodeIdentity>>;
}

/** --locked and something to make: one problem that names all of it. */
export function lockedProblems(missing: Missing, secrets: Secrets): Problem[] {
  const stored = new Set(Object.values(secrets.leaves).map(leaf => leaf.name));
  const leaves = missing.leaves.map(({ request: { name } }) => (stored.has(name) ? `${name} (its request changed)` : name));
  const keys = missing.encryptionKeys.map(({ name }) => `encryption key ${name}`);
  const nodes = Object.keys(missing.nodes).map(name => `identity of node ${name}`);
  const counts = [
    count(leaves.length, 'certificate'),
    count(keys.length, 'encryption key'),
    count(nodes.length, 'node identity', 'node identities'),
  ];
  const present = counts.filter(text => text !== undefined);
  if (present.length === 0) return [];
  const message = `--locked, but ${present.join(', ')} would have to be made`;
  const hint = 'build once without --locked where secrets.yaml can be written, and keep that file';
  return [
    { severity: 'error', code: 'locked-leaves-missing', path: [], message, hint, details: nameLines([...leaves, ...keys, ...nodes]) },
  ];
}

/** Leaves to issue whose authority has no key here: one problem per authority. */
export function offlineProblems(missing: readonly InventoryItem[]): Problem[] {
  const offline = missing.filter(item => item.authority.stored.key === undefined);
  return [...new Set(offline.map(item => item.authority))].map(({ name, stored }) => {
    const leaves = offline.filter(item => item.authority.name === name).map(item => item.request.name);
    const message = `${count(leaves.length, 'certificate')} must be issued, but the key of the ${name} certificate authority (${stored.id}) is not at hand`;
    const hint = `put it into secrets.yaml (certificateAuthorities.${name}, key:) for this one build, where it is kept`;
    return {
      severity: 'error',
      code: 'authority-key-missing',
      path: ['certificateAuthorities', name],
      message,
      hint,
      details: nameLines(leaves),
    };
  });
}

function count(amount: number, one: string, many = `${one}s`): string | undefined {
  if (amount === 0) return undefined;
  return amount === 1 ? `1 ${one}` : `${amount} ${many}`;
}

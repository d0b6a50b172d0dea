// What kubelets say themselves: a Node object alone keeps its last state for as long as nobody can write it.
import { type ControlPlane, describe } from './control-plane.ts';
import { eventually } from './patience.ts';

interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly renewTime: string };
}

/** Waits until these nodes are Ready and their kubelets have renewed their leases after that moment (milliseconds since 1970). @throws after three minutes */
export async function untilReadyAgain(plane: ControlPlane, names: readonly string[], since: number): Promise<void> {
  const { operator } = plane;
  const renewed = async () => {
    const { items } = JSON.parse(await operator.kubectl(['get', 'leases', '--namespace=kube-node-lease', '--output=json'])) as {
      items: readonly Lease[];
    };
    const fresh = items.filter(({ spec }) => Date.parse(spec.renewTime) > since).map(({ metadata }) => metadata.name);
    return names.every(name => fresh.includes(name));
  };
  const explain = () => describe(plane);
  await eventually(`${names.join(', ')} renew their leases`, renewed, { timeout: 180_000, every: 500, explain });
  await operator.wait('nodes', 'condition=Ready', names);
}

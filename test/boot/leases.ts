import type { ControlPlane, Member } from './control-plane.ts';
import { eventually } from './patience.ts';

export const LEASES = ['kube-controller-manager', 'kube-scheduler'] as const;
export type LeaseName = (typeof LEASES)[number];

/** The member whose daemon holds that lease, as the API server of `through` says. Undefined while there is none. */
export async function leaseHolder(plane: ControlPlane, name: LeaseName, through: Member): Promise<Member | undefined> {
  const jsonpath = '--output=jsonpath={.spec.holderIdentity}';
  const { stdout } = await plane.operator.tryKubectl(['--namespace=kube-system', 'get', 'lease', name, jsonpath], through.address);
  // <host name>_<UUID of the process>
  const host = stdout.split('_')[0];
  return plane.members.find(member => member.name === host);
}

/** Waits until both leases are held by one of `allowed`. Returns their holders. */
export async function untilLeasesHeldBy(
  plane: ControlPlane,
  allowed: readonly Member[],
  through: Member,
  timeout = 60_000,
): Promise<Readonly<Record<LeaseName, Member>>> {
  const held = async (name: LeaseName) =>
    eventually(
      `lease ${name} is held by ${allowed.map(member => member.name).join(' or ')}`,
      async () => {
        const holder = await leaseHolder(plane, name, through);
        return holder !== undefined && allowed.includes(holder) ? holder : undefined;
      },
      { timeout, every: 500 },
    );
  const [manager, scheduler] = await Promise.all([held('kube-controller-manager'), held('kube-scheduler')]);
  return { 'kube-controller-manager': manager, 'kube-scheduler': scheduler };
}

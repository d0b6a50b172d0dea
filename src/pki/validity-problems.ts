// Dates that stop a build, or that the operator should know of. Leaves are reported together: in one year they all end on the same day.
import { toDay } from '../clock.ts';
import type { Problem } from '../problem.ts';
import type { ActiveAuthority, InventoryItem } from './inventory.ts';

const DAY = 86_400;
const SOON = 30 * DAY;

/** An authority that cannot sign now, or that ends before what it signs would. `leafValidity` in seconds. */
export function authorityProblems(authority: ActiveAuthority, now: number, leafValidity: number): Problem[] {
  const { name, stored, notBefore, notAfter } = authority;
  const path = ['certificateAuthorities', name];
  const who = `the ${name} certificate authority (${stored.id})`;
  if (now > notAfter) {
    const hint = 'no node trusts what it signed; check the clock of this machine, or rotate the authority';
    return [{ severity: 'error', code: 'authority-expired', path, message: `${who} expired on ${toDay(notAfter)}`, hint }];
  }
  if (now < notBefore) {
    const hint = 'check the clock of this machine';
    return [{ severity: 'error', code: 'authority-not-yet-valid', path, message: `${who} is not valid before ${toDay(notBefore)}`, hint }];
  }
  if (notAfter >= now + leafValidity) return [];
  const message = `${who} ends on ${toDay(notAfter)}, and every certificate issued now ends with it`;
  return [{ severity: 'warning', code: 'authority-ends-early', path, message, hint: 'plan the rotation of the authority' }];
}

/** seconds since 1970, both included: what is there now has no problem with its dates between them. */
export interface QuietTime {
  readonly from: number;
  readonly until: number;
}

/** When neither `authorityProblems` nor `leafValidityProblems` has anything to say. `leafValidity` in seconds. */
export function quietTime(
  authorities: readonly Pick<ActiveAuthority, 'notBefore' | 'notAfter'>[],
  leaves: readonly { readonly notBefore: number; readonly notAfter: number }[],
  leafValidity: number,
): QuietTime {
  return {
    from: Math.max(...authorities.map(authority => authority.notBefore)),
    until: Math.min(
      ...authorities.map(authority => authority.notAfter - leafValidity),
      ...leaves.map(leaf => leaf.notAfter - warningTime(leaf)),
    ),
  };
}

/** Seconds before its end from which on a certificate is reported. */
function warningTime({ notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number }): number {
  return Math.min(SOON, (notAfter - notBefore) / 3);
}

/** Stored leaves that have expired (error), or will within 30 days or the last third of a shorter life (warning). */
export function leafValidityProblems(items: readonly InventoryItem[], now: number): Problem[] {
  const leaves = items.flatMap(({ request, stored }) => (stored ? [{ name: request.name, ...stored.read }] : []));
  const expired = leaves.filter(leaf => now > leaf.notAfter);
  const soon = leaves.filter(leaf => now <= leaf.notAfter && leaf.notAfter - now < warningTime(leaf));
  return [
    ...summary(expired, { severity: 'error', code: 'certificate-expired' }, 'expired', now),
    ...summary(soon, { severity: 'warning', code: 'certificate-expires-soon' }, 'will expire soon', now),
  ];
}

interface Dated {
  readonly name: string;
  readonly notAfter: number;
}

function summary(leaves: readonly Dated[], kind: Pick<Problem, 'severity' | 'code'>, what: string, now: number): Problem[] {
  const [first] = [...leaves].sort((a, b) => a.notAfter - b.notAfter);
  if (first === undefined) return [];
  const date = `${toDay(first.notAfter)}, ${daysText(first.notAfter - now)}`;
  const message =
    leaves.length === 1
      ? `the certificate ${first.name} ${what} (${date})`
      : `${leaves.length} certificates ${what}, the first ${first.name} (${date})`;
  return [
    {
      ...kind,
      path: [],
      message,
      hint: 'take them out of leaves in secrets.yaml: the next build issues new ones',
      details: nameLines(leaves.map(leaf => leaf.name)),
    },
  ];
}

function daysText(seconds: number): string {
  const days = Math.floor(Math.abs(seconds) / DAY);
  const amount = days === 1 ? '1 day' : `${days} days`;
  return seconds < 0 ? `${amount} ago` : `in ${amount}`;
}

/** At most ten names, and how many more there are. */
export function nameLines(names: readonly string[]): string[] {
  const shown = names.slice(0, 10);
  return names.length > shown.length ? [...shown, `and ${names.length - shown.length} more`] : shown;
}

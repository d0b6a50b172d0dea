import { now, toDay, toRfc3339 } from '../clock.ts';
import { type CertificateExpiry, certificateExpiry } from '../pki/expiry.ts';
import { parseDuration } from '../spec/duration.ts';
import type { Invocation, Outcome } from './command.ts';
import { loadClusterWithSecrets } from './loaded-cluster.ts';
import { projectOf } from './project.ts';
import { counted, renderTable } from './table.ts';
import { UsageError } from './usage-error.ts';

const DAY = 86_400;

/** `kubekiln certs check-expiration`. @throws UsageError */
export async function reportExpiry(invocation: Invocation): Promise<Outcome> {
  const within = durationOption(invocation, 'fail-within');
  const { problems, files, cluster, secrets } = loadClusterWithSecrets(projectOf(invocation));
  if (cluster === undefined || secrets === undefined) return { problems, files };
  const node = invocation.values.get('node');
  if (node !== undefined && !cluster.nodes.some(candidate => candidate.name === node)) {
    throw new UsageError(`there is no node "${node}": ${cluster.nodes.map(candidate => candidate.name).join(', ')}`);
  }
  const shown = certificateExpiry(secrets)
    .filter(entry => node === undefined || entry.name.startsWith(`${node}/`))
    .toSorted((a, b) => a.notAfter - b.notAfter);
  const time = now();
  const soon = within === undefined ? [] : shown.filter(entry => entry.notAfter - time <= within);
  const leaves = shown.some(entry => !entry.isAuthority);
  return {
    problems,
    files,
    text:
      expiryTable(shown, time) + (leaves ? '' : 'No leaf certificate was issued yet: kubekiln build does.\n') + verdict(soon, invocation),
    data: {
      apiVersion: 'kubekiln/v1alpha1',
      kind: 'CertificateExpiration',
      cluster: cluster.name,
      certificates: shown.map(entry => ({
        ...entry,
        notBefore: toRfc3339(entry.notBefore),
        notAfter: toRfc3339(entry.notAfter),
        daysLeft: daysLeft(entry, time),
      })),
      expiring: soon.map(entry => entry.name),
    },
    answeredYes: soon.length > 0,
  };
}

/** Seconds of a duration option. @throws UsageError */
export function durationOption(invocation: Invocation, name: string): number | undefined {
  const text = invocation.values.get(name);
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new UsageError(`--${name} takes a duration such as 720h or 1h30m, not "${text}"`);
  return seconds;
}

function daysLeft(entry: CertificateExpiry, time: number): number {
  return Math.floor((entry.notAfter - time) / DAY);
}

/** kubeadm's columns. */
function expiryTable(entries: readonly CertificateExpiry[], time: number): string {
  const rows = entries.map(entry => [
    entry.name,
    toDay(entry.notAfter),
    entry.notAfter <= time ? 'expired' : `${daysLeft(entry, time)}d`,
    entry.isAuthority ? '-' : `${entry.authority}-ca`,
  ]);
  return renderTable(['CERTIFICATE', 'EXPIRES', 'RESIDUAL TIME', 'CERTIFICATE AUTHORITY'], rows);
}

function verdict(soon: readonly CertificateExpiry[], invocation: Invocation): string {
  if (!invocation.values.has('fail-within')) return '';
  const within = invocation.values.get('fail-within');
  return soon.length === 0
    ? `None expires within ${within}.\n`
    : `${counted(soon.length, 'certificate')} ${soon.length === 1 ? 'expires' : 'expire'} within ${within}.\n`;
}

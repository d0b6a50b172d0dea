import { type Entry, titleOf } from '../bundle/bundle-index.ts';
import { type ListedEntry, listBundle } from '../bundle/list-bundle.ts';
import { FormatError } from '../formats/format-error.ts';
import { formatFinding } from '../inspect/finding.ts';
import { urlOf } from '../pki/pins.ts';
import type { Outcome } from './command.ts';
import { renderTable, withCommas } from './table.ts';

/** `kubekiln bundle inspect`, and `inspect` of a bundle. @throws system errors */
export async function inspectBundleAndReport(path: string): Promise<Outcome> {
  try {
    const { entries, bytes } = await listBundle(path);
    return {
      text: `${bundleTable(entries)}${path}: ${withCommas(bytes)} bytes.\n`,
      data: { apiVersion: 'kubekiln/v1alpha1', kind: 'BundleContent', path, bytes, entries: entriesAsJson(entries) },
      next: [`kubekiln bundle verify ${path}`],
    };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { problems: [formatFinding(error, path)] };
  }
}

/** One row per member. */
export function bundleTable(entries: readonly ListedEntry[]): string {
  const withStored = entries.some(({ stored }) => stored !== undefined);
  const rows = entries.map(({ entry, stored }) => [
    entry.kind,
    withCommas(entry.size),
    ...(withStored ? [stored === undefined ? 'missing' : withCommas(stored)] : []),
    entry.sha256.slice(0, 12),
    titleOf(entry),
  ]);
  const sizes = withStored ? ['SIZE', 'STORED'] : ['SIZE'];
  return renderTable(['KIND', ...sizes, 'SHA256', 'WHAT'], rows, sizes);
}

export function entriesAsJson(entries: readonly ListedEntry[]): readonly object[] {
  return entries.map(({ entry, stored }) => {
    const { encoding, ...rest } = entry;
    return {
      ...rest,
      encoding: ENCODINGS[encoding],
      ...(stored !== undefined && { stored }),
      ...(entry.kind === 'file' && { source: urlOf(entry.source) }),
    };
  });
}

const ENCODINGS: Readonly<Record<Entry['encoding'], string>> = { '-': 'none', gz: 'gzip', zst: 'zstd' };

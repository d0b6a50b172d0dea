// `inspect --show PATH`: one file of an artifact, secrets redacted.
import { basename } from 'node:path';
import { entryOf } from '../formats/payload-directory.ts';
import type { Problem } from '../problem.ts';
import type { Carrier } from './carrier.ts';
import { finding, printable } from './finding.ts';
import type { CarriedFile } from './payload-view.ts';
import type { Inspection } from './read-artifact.ts';
import { redact } from './redact.ts';

const MAX_SUGGESTIONS = 5;

/**
 * The text of a file, by any of its names: in the carrier (`user-data`), in the payload (`files/etc/…`, `plan`), on the node (`/etc/…`), or a file
 * name that only one file has.
 */
export function showFile(artifact: Inspection, wanted: string): { readonly text: string } | { readonly problem: Problem } {
  if (artifact.kind === 'cluster') {
    const hint = `name one of its artifacts: ${artifact.path}/nodes/<node>/user-data.gz`;
    return { problem: finding('entry-not-found', artifact.path, '--show needs a single artifact or node', hint) };
  }
  const places = placesOf(artifact);
  for (const files of places) {
    const found = findFile(files, wanted);
    if (found) return { text: shown(found.content) };
  }
  const names = places.flatMap(files => files.map(file => file.path));
  const similar = [...new Set(names.filter(name => basename(name).includes(basename(wanted))))].slice(0, MAX_SUGGESTIONS);
  const hint = similar.length > 0 ? `it holds ${printable(similar.join(', '))}` : 'kubekiln inspect without --show lists what it holds';
  return { problem: finding('entry-not-found', artifact.path, `no file ${wanted}`, hint) };
}

/** Files that may be shown, carrier by carrier. */
function placesOf(artifact: Exclude<Inspection, { kind: 'cluster' }>): readonly (readonly CarriedFile[])[] {
  if (artifact.kind === 'image') return [artifact.image.files];
  return (artifact.kind === 'node' ? artifact.carriers : [artifact.carrier]).map(filesOf);
}

function filesOf(carrier: Carrier): readonly CarriedFile[] {
  return [...carrier.outer, ...(carrier.payload?.entries.values() ?? []), ...carrier.written];
}

function findFile(files: readonly CarriedFile[], wanted: string): CarriedFile | undefined {
  const exact = files.find(file => file.path === wanted || file.path === entryOf(wanted));
  if (exact) return exact;
  const named = new Map(
    files.filter(file => basename(file.path) === wanted).map(file => [Buffer.from(file.content).toString('base64'), file]),
  );
  return named.size === 1 ? [...named.values()][0] : undefined;
}

function shown(content: Uint8Array): string {
  const text = Buffer.from(content).toString('utf8');
  return text.includes('\0') ? `(${content.length} bytes of binary data)\n` : printable(redact(text));
}

// user-data: the payload as a cloud-config. Only `bootcmd` and `write_files`: everything else that a node needs is the installer's work, which the
// boot script starts, so that cloud-init and ./install end in the same state.
import { basename } from 'node:path';
import { writeCloudConfig, writePackedCloudConfig } from '../formats/cloud-config.ts';
import { gzip } from '../formats/gzip.ts';
import { type MimePart, writeMultipart } from '../formats/mime.ts';
import { writeTar } from '../formats/tar-writer.ts';
import type { UserDataPart } from '../spec/cluster.ts';
import { bytesOf, SECRET_MODE } from './artifact.ts';
import { carriedEntries, type Payload, type PayloadEntry } from './payload.ts';
import type { Platform } from './platforms.ts';

/** @param entries those to carry, in order; those that user-data carries by default (fewer only to weigh them) */
export function userData(payload: Payload, entries: readonly PayloadEntry[] = carriedEntries(payload)): string {
  const own = writeCloudConfig({
    bootScript: payload.bootScript,
    files: entries.map(({ path, mode, content }) => ({ path: `${payload.directory}/${path}`, mode, content })),
  });
  return withParts(own, payload.parts);
}

/**
 * user-data.packed: the same as text for platforms that take no bytes: one file for cloud-init to write, a gzipped tar of the entries in base64, which
 * the boot script unpacks. A third longer than user-data.gz, a fourth of user-data.
 */
export function packedUserData(payload: Payload, entries: readonly PayloadEntry[] = carriedEntries(payload)): string {
  const archive = gzip(writeTar(entries.map(({ path, mode, content }) => ({ path, mode, content: bytesOf(content) }))), 'smallest');
  const own = writePackedCloudConfig({
    bootScript: payload.packedBootScript,
    path: packedPath(payload.directory),
    mode: SECRET_MODE,
    archive,
  });
  return withParts(own, payload.parts);
}

/** Where cloud-init writes the archive, beside the directory that it is unpacked into. */
export function packedPath(directory: string): string {
  return `${directory}.tar`;
}

/**
 * kubekiln's part is the last, so that its way of merging is the one that counts, whatever the others ask for: its commands and files then stand
 * first in the lists, and those of the others behind them. https://cloudinit.readthedocs.io/en/latest/reference/merging.html
 */
function withParts(own: string, parts: readonly UserDataPart[]): string {
  if (parts.length === 0) return own;
  const others = parts.map(
    ({ type, source, content }, index): MimePart => ({
      type: `text/${type}`,
      name: `${index + 1}-${basename(source).replace(/[^A-Za-z0-9._-]/g, '_')}`,
      headers: [],
      content,
    }),
  );
  return writeMultipart([...others, { type: 'text/cloud-config', name: OWN_PART, headers: [MERGE], content: own }]);
}

export const OWN_PART = 'kubekiln';
const MERGE = 'Merge-Type: dict(no_replace,recurse_list)+list(prepend)';

/**
 * user-data.gz: https://cloudinit.readthedocs.io/en/latest/explanation/format.html#gzip-compressed-content
 * @param platform decides the effort: the best compression takes ten times as long, so only what a platform is given, and measures, gets it
 */
export function compressUserData(plain: Uint8Array, platform: Platform): Uint8Array {
  if (platform.use !== 'user-data.gz' && platform.use !== 'user-data.b64') return gzip(plain);
  if (plain.length < CHEAP_BYTES) return gzip(plain, 'smallest');
  const good = gzip(plain, 'good');
  return good.length < ROOMY_BYTES ? good : gzip(plain, 'smallest');
}

/** Below this the best compression takes ten milliseconds. */
const CHEAP_BYTES = 32 * 1024;
/** Below this every platform has room. */
const ROOMY_BYTES = 12_000;

// user-data: the payload as a cloud-config. Only `bootcmd` and `write_files`: everything else that a node needs is the installer's work, which the
// boot script starts, so that cloud-init and ./install end in the same state.
import { writeCloudConfig } from '../formats/cloud-config.ts';
import { gzip } from '../formats/gzip.ts';
import { carriedEntries, type Payload, type PayloadEntry } from './payload.ts';
import type { Platform } from './platforms.ts';

/** @param entries those to carry, in order; those that user-data carries by default (fewer only to weigh them) */
export function userData(payload: Payload, entries: readonly PayloadEntry[] = carriedEntries(payload)): string {
  return writeCloudConfig({
    bootScript: payload.bootScript,
    files: entries.map(({ path, mode, content }) => ({ path: `${payload.directory}/${path}`, mode, content })),
  });
}

/**
 * user-data.gz: https://cloudinit.readthedocs.io/en/latest/explanation/format.html#gzip-compressed-content
 * @param platform decides the effort: the best compression takes ten times as long, so only what a platform is given, and measures, gets it
 */
export function compressUserData(plain: Uint8Array, platform: Platform): Uint8Array {
  if (platform.use !== 'user-data.gz') return gzip(plain);
  if (plain.length < CHEAP_BYTES) return gzip(plain, 'smallest');
  const good = gzip(plain, 'good');
  return good.length < ROOMY_BYTES ? good : gzip(plain, 'smallest');
}

/** Below this the best compression takes ten milliseconds. */
const CHEAP_BYTES = 32 * 1024;
/** Below this every platform has room. */
const ROOMY_BYTES = 12_000;

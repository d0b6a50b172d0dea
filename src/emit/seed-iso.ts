import { writeIso } from '../formats/iso9660-writer.ts';
import { bytesOf, SECRET_MODE } from './artifact.ts';

/** cloud-init looks for this volume label, in upper or lower case. */
export const SEED_LABEL = 'CIDATA';

export interface Seed {
  readonly userData: string;
  readonly metaData: string;
  readonly networkConfig: string;
}

/** Files of a seed in the image's order; the empty vendor-data keeps cloud-init from looking elsewhere. */
export function seedFiles(seed: Seed): Readonly<Record<string, string>> {
  return { 'meta-data': seed.metaData, 'network-config': seed.networkConfig, 'user-data': seed.userData, 'vendor-data': '' };
}

/** NoCloud seed: https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html. user-data is plain, for people who look into it. */
export function seedIso(seed: Seed): Uint8Array {
  const files = Object.entries(seedFiles(seed));
  return writeIso(
    SEED_LABEL,
    files.map(([name, text]) => ({ name, mode: SECRET_MODE, content: bytesOf(text) })),
  );
}

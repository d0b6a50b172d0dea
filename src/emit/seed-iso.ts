import { writeIso } from '../formats/iso9660-writer.ts';
import { SECRET_MODE } from './artifact.ts';

/** cloud-init looks for this volume label, in upper or lower case. */
export const SEED_LABEL = 'CIDATA';

export interface Seed {
  readonly userData: Uint8Array;
  readonly metaData: Uint8Array;
  readonly networkConfig: Uint8Array;
}

/** Files of a seed in the image's order; the empty vendor-data keeps cloud-init from looking elsewhere. */
export function seedFiles(seed: Seed): Readonly<Record<string, Uint8Array>> {
  return { 'meta-data': seed.metaData, 'network-config': seed.networkConfig, 'user-data': seed.userData, 'vendor-data': new Uint8Array() };
}

/** NoCloud seed: https://cloudinit.readthedocs.io/en/latest/reference/datasources/nocloud.html. user-data is plain, for people who look into it. */
export function seedIso(seed: Seed): Uint8Array {
  const files = Object.entries(seedFiles(seed));
  return writeIso(
    SEED_LABEL,
    files.map(([name, content]) => ({ name, mode: SECRET_MODE, content })),
  );
}

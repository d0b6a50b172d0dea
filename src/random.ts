// The only file that makes random bytes. Asymmetric keys are born in src/pki/generate-key.ts, nowhere else.
import { randomBytes } from 'node:crypto';

/** Bytes from the operating system's generator. */
export function randomOctets(count: number): Buffer {
  return randomBytes(count);
}

/** Lower-case hex of `count` random bytes. */
export function randomHex(count: number): string {
  return randomOctets(count).toString('hex');
}

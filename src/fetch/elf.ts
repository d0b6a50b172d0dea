// For which machine a program is: the first bytes of an ELF file, elf(5).
import { closeSync, openSync, readSync } from 'node:fs';
import type { Architecture } from '../spec/cluster.ts';
import { DownloadError } from './download-error.ts';

const MAGIC = Buffer.from('\x7fELF', 'latin1');
const MACHINE_OFFSET = 18;
const MACHINES: Readonly<Record<number, string>> = { 3: '386', 40: 'arm', 62: 'amd64', 183: 'arm64', 243: 'riscv64' };
const GZIP = Buffer.from([0x1f, 0x8b]);

/** @throws DownloadError `wrong-architecture` for anything but an ELF program of that machine; system errors */
export function checkProgram(path: string, architecture: Architecture): void {
  const head = firstBytes(path, MACHINE_OFFSET + 2);
  if (!head.subarray(0, MAGIC.length).equals(MAGIC) || head.length < MACHINE_OFFSET + 2)
    throw new DownloadError(`it is no program: ${described(head)}`, true, { code: 'wrong-architecture' });
  const machine = head.readUInt16LE(MACHINE_OFFSET);
  if (MACHINES[machine] === architecture) return;
  throw new DownloadError(`it is a program for ${MACHINES[machine] ?? `machine ${machine}`}, not ${architecture}`, true, {
    code: 'wrong-architecture',
  });
}

/** @throws DownloadError for anything but gzip; system errors */
export function checkArchive(path: string): void {
  const head = firstBytes(path, 16);
  if (!head.subarray(0, GZIP.length).equals(GZIP))
    throw new DownloadError(`it is no gzip archive: ${described(head)}`, true, { code: 'artifact-unsupported' });
}

function described(head: Buffer): string {
  return head.length === 0 ? 'it is empty' : `it begins with ${JSON.stringify(head.toString('latin1', 0, 8))}`;
}

function firstBytes(path: string, count: number): Buffer {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, count, 0));
  } finally {
    closeSync(descriptor);
  }
}

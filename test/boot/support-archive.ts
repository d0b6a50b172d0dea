// Runs ./support of an unpacked node.tar.gz on a host, and reads what it made.
import assert from 'node:assert/strict';
import { gunzip } from '../../src/formats/gzip.ts';
import { readTar } from '../../src/formats/tar-reader.ts';
import { type Canary, found } from './cis/key-material.ts';
import type { Host } from './host.ts';
import { UNPACKED } from './install-tarball.ts';

/** As an operator types it, after `bringTarball`. */
export const SUPPORT = `${UNPACKED}/support`;

export const MEMBERS = [
  'certificates',
  'cloud-init',
  'directories',
  'etcd.log',
  'kernel.log',
  'kubekiln.log',
  'kubernetes.log',
  'network',
  'plan',
  'status',
  'system',
  'units',
  'versions',
] as const;
export type SupportMember = (typeof MEMBERS)[number];

/** Larger than thirteen times what one of them may be. */
const LARGEST_ARCHIVE = 16 * 1024 * 1024;

export interface SupportArchive {
  /** On the host. */
  readonly path: string;
  readonly bytes: Buffer;
  /** Text of each member. */
  readonly texts: Readonly<Record<SupportMember, string>>;
}

/** @param command SUPPORT, or another that ends in the same line. @throws when it fails, or when the archive is not as it should be */
export async function supportArchive(host: Host, command: string = SUPPORT): Promise<SupportArchive> {
  const said = await host.sh(command);
  const [, path = ''] = /^(\/\S+\.tar\.gz): keys are left out; look through it before you pass it on\n$/.exec(said) ?? assert.fail(said);
  assert.equal((await host.sh(`stat -c '%a %U:%G' ${path}`)).trim(), '600 root:root');
  assert.equal((await host.sh('ls -d /run/support-* 2>/dev/null || true')).trim(), '', 'what it collected in memory is gone');
  const bytes = Buffer.from(await host.sh(`base64 -w 0 ${path}`), 'base64');
  const files = readTar(gunzip(bytes, LARGEST_ARCHIVE));
  const directory = files[0]?.path.split('/')[0] ?? '';
  assert.match(directory, /^support-[a-z0-9-]+-\d{8}T\d{6}Z$/);
  assert.deepEqual(
    files.map(file => file.path).sort(),
    MEMBERS.map(member => `${directory}/${member}`),
  );
  const texts = Object.fromEntries(files.map(file => [file.path.slice(directory.length + 1), Buffer.from(file.content).toString('utf8')]));
  return { path, bytes, texts: texts as Record<SupportMember, string> };
}

/** Names of the keys that stand in an archive, packed or not. */
export function keysIn({ bytes, texts }: SupportArchive, canaries: readonly Canary[]): readonly string[] {
  return [...new Set([bytes, ...Object.values(texts).map(text => Buffer.from(text))].flatMap(part => found(canaries, part)))].sort();
}

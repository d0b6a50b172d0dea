// What a host finds at its first boot, as a tree that is copied over its root.
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readManifest } from '../../src/inspect/read-manifest.ts';
import { run } from './command.ts';

/** Where NoCloud looks for its three files, below the root. */
export const SEED = 'var/lib/cloud/seed/nocloud';

/** The first entrance: user-data, meta-data and network-config of kubekiln's output where NoCloud looks for them. */
export async function seedByUserData(tree: string, nodeDirectory: string): Promise<void> {
  await mkdir(join(tree, SEED), { recursive: true });
  // private keys are in it: as private as the output's own
  await writeFile(join(tree, SEED, 'user-data'), await transported(nodeDirectory), { mode: 0o600 });
  for (const file of ['meta-data', 'network-config']) await copyFile(join(nodeDirectory, file), join(tree, SEED, file));
}

/** What the datasource of the node's platform hands on to cloud-init of the file that manifest.json names. */
async function transported(nodeDirectory: string): Promise<Uint8Array> {
  const manifest = readManifest(await readFile(join(nodeDirectory, '../../manifest.json')));
  const { use, encoding } = manifest.nodes[basename(nodeDirectory)] ?? { use: '', encoding: 'text' };
  // of a seed ISO the file inside
  if (encoding === 'iso9660') return readFile(join(nodeDirectory, 'user-data'));
  const bytes = await readFile(join(nodeDirectory, '../..', use));
  return encoding === 'gzip+base64' ? Buffer.from(bytes.toString('latin1'), 'base64') : bytes;
}

/** A seed that only gives the host an address: what the floor and the second entrance start from. */
export async function seedOfPlainHost(tree: string, name: string, networkConfig: string): Promise<void> {
  await mkdir(join(tree, SEED), { recursive: true });
  await writeFile(join(tree, SEED, 'user-data'), '#cloud-config\n{}\n');
  await writeFile(join(tree, SEED, 'meta-data'), `instance-id: plain-${name}\nlocal-hostname: ${name}\n`);
  await writeFile(join(tree, SEED, 'network-config'), networkConfig);
}

/** The second entrance: node.tar.gz unpacked on a plain host, and somebody who types `./install` once the host is up. */
export async function seedByTarball(tree: string, nodeDirectory: string, networkConfig: string): Promise<void> {
  await seedOfPlainHost(tree, 'unprepared', networkConfig);
  const unpacked = join(tree, 'root/node');
  await mkdir(unpacked, { recursive: true });
  await run('tar', ['--extract', '--gzip', '--file', join(nodeDirectory, 'node.tar.gz'), '--directory', unpacked]);
  const units = join(tree, 'etc/systemd/system');
  await mkdir(join(units, 'multi-user.target.wants'), { recursive: true });
  await writeFile(join(units, 'operator.service'), OPERATOR);
  await symlink('../operator.service', join(units, 'multi-user.target.wants/operator.service'));
}

const OPERATOR = `[Unit]
Description=The operator, who types ./install once
After=network.target
ConditionPathExists=!/root/typed
[Service]
Type=exec
WorkingDirectory=/root/node
ExecStartPre=touch /root/typed
ExecStart=/bin/sh -c 'exec ./install'
`;

// node.tar.gz: the payload and a script that installs it, for machines without cloud-init and for every later change.
import { invariant } from '../bug.ts';
import { gzip } from '../formats/gzip.ts';
import { renderTemplate } from '../formats/mustache.ts';
import { compactScript } from '../formats/shell.ts';
import { type TarFile, writeTar } from '../formats/tar-writer.ts';
import { bytesOf } from './artifact.ts';
import type { Payload } from './payload.ts';

const INSTALL_ENTRY = 'install';
const PROGRAM_MODE = 0o755;
const INSTALLER = 'kubekiln-install';

/** Entries of the archive, in order: `install`, other tools, then the payload's. */
export function tarballFiles(payload: Payload): readonly TarFile[] {
  const payloadFiles = payload.entries.map(({ path, mode, content }) => ({ path, mode, content: bytesOf(content) }));
  const programs = [{ name: INSTALL_ENTRY, content: installScript(payload) }, ...payload.tools];
  return [...programs.map(({ name, content }) => ({ path: name, mode: PROGRAM_MODE, content: bytesOf(content) })), ...payloadFiles];
}

/** No platform limits this file, so it is not worth the best compression. */
export function nodeTarball(payload: Payload): Uint8Array {
  return gzip(writeTar(tarballFiles(payload)));
}

function installScript(payload: Payload): string {
  const installer = payload.entries.find(entry => entry.path.endsWith(`/${INSTALLER}`));
  invariant(installer, `the payload of ${payload.node.name} has no ${INSTALLER}`);
  const restarts = payload.restarts.map(({ path, units }) => ({ path, units: units.join(',') }));
  return compactScript(renderTemplate('tarball-install.sh', { installer: installer.path, restarts }, value => value));
}

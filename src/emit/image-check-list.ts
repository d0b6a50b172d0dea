// What `check` of a machine image looks for, generated from the plan that the nodes are made of.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { ImagePlan, MachinePlan } from '../plan/image-plan.ts';
import type { PlannedBinary } from '../plan/node-plan.ts';
import { bytesOf } from './artifact.ts';
import { RUNTIME_IMAGE_DIRECTORY, type RuntimeArchive } from './runtime-archive.ts';

/** Who says its release otherwise than by --version. A CNI plugin does when it is asked for nothing. */
const VERSION_WORDS: Readonly<Record<string, string>> = {
  'containerd-shim-runc-v2': '-v',
  kubectl: 'version --client',
  etcdctl: 'version',
  etcdutl: 'version',
};

/**
 * One item per line: `file MODE SHA256 PATH`, `program VERSION PATH WORD…` (what it says when it is run with these words), `package PATH WHAT` (of the
 * distribution), `runtime PATH` (where the runtime archive lies).
 */
export function imageCheckList(plan: ImagePlan, { binaries }: MachinePlan, archive: RuntimeArchive): string {
  const runtime = `${RUNTIME_IMAGE_DIRECTORY}/${archive.name}`;
  const lines = [
    ...plan.files.map(({ path, mode, content }) => `file ${octal(mode)} ${sha256(bytesOf(content))} ${path}`),
    `file 0644 ${archive.digest} ${runtime}`,
    ...binaries.flatMap(binary => (binary.download ? [programLine(binary, binary.download.version)] : [])),
    ...binaries.flatMap(({ path, description, download }) => (download ? [] : [`package ${path} ${description}`])),
    `runtime ${runtime}`,
  ];
  return lines.map(line => `${line}\n`).join('');
}

function programLine({ path, download }: PlannedBinary, version: string): string {
  const words = download?.name === 'cni-plugins' ? '' : (VERSION_WORDS[basename(path)] ?? '--version');
  return `program ${version.replace(/^v/, '')} ${path} ${words}`.trimEnd();
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

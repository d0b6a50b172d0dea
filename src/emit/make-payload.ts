// NodePlan → Payload: the index that the installer reads, every file below files/, and one digest over all of it.
import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';
import { renderTemplate } from '../formats/mustache.ts';
import { COMPLETE_ENTRY, completeContent, entryOf, PLAN_ENTRY, payloadDigest } from '../formats/payload-directory.ts';
import type { NodePlan, PlannedBinary, PlannedFile } from '../plan/node-plan.ts';
import type { RuntimeSource, UserDataPart } from '../spec/cluster.ts';
import { type Payload, type PayloadEntry, stagedMode } from './payload.ts';
import { RUNTIME_IMAGE_DIRECTORY, type RuntimeArchive } from './runtime-archive.ts';

/** Absolute places on the node that the carriers share with the installer. */
export interface NodeLayout {
  readonly stateDirectory: string;
  readonly stagingDirectory: string;
  readonly libraryDirectory: string;
  /** curl's configuration for mirrors. */
  readonly downloadSettings: string;
}

/** How a node comes by the runtime part. */
export interface RuntimeCarrier {
  readonly source: RuntimeSource;
  /** Mirrors, for the source `mirror`. */
  readonly urls: readonly string[];
  /** Where a node looks for bundles, for the source `bundle`. */
  readonly bundleDirectory: string;
  readonly archive: RuntimeArchive;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** PEM has an alphabet of its own: one block of deflate for all of it. What is not listed stands between manifests and units. */
const KINDS: readonly string[] = ['.key', '.pub', '.crt', '.yaml', 'others', '.service', '.target', '.timer', ''];

function kindOf({ path }: PlannedFile): number {
  const kind = KINDS.indexOf(extname(path));
  return kind < 0 ? KINDS.indexOf('others') : kind;
}

/** Files of a kind side by side, programs last beside the boot script: deflate sees 32 KB, and user-data has 16. */
function byKind(files: readonly PlannedFile[]): readonly PlannedFile[] {
  return files.toSorted((a, b) => kindOf(a) - kindOf(b) || compare(extname(a.path), extname(b.path)) || compare(a.path, b.path));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * The index, one item per line: `u UID NAME HOME`, `d MODE OWNER PATH` (`p`: made only where missing), `f MODE OWNER PATH`, `b PATH WHAT` (must be there), `k MODULE`,
 * `e UNIT` (enabled). The installer reads it with the shell's `read`, so no value but the last one holds a blank.
 */
export function planText(plan: NodePlan, files = plan.files): string {
  const lines = [
    ...plan.users.map(user => `u ${user.uid} ${user.name} ${user.home}`),
    ...plan.directories.map(
      directory => `${directory.keepExisting ? 'p' : 'd'} ${octal(directory.mode)} ${directory.owner} ${directory.path}`,
    ),
    ...files.map(file => `f ${octal(file.mode)} ${file.owner} ${file.path}`),
    ...plan.binaries.map(binary => `b ${binary.path} ${beyondName(binary)}`),
    ...plan.modules.map(module => `k ${module}`),
    ...plan.units.filter(unit => unit.startedBy === 'boot').map(unit => `e ${unit.name}`),
  ];
  return lines.map(line => `${line}\n`).join('');
}

/** What a description says beyond the name of the program, which its path says. */
function beyondName({ path, description }: PlannedBinary): string {
  const name = `${basename(path)} `;
  return description.startsWith(name) ? description.slice(name.length) : description;
}

/**
 * @param runtime absent: inline
 * @param parts of the operator, beside the payload in user-data
 */
export function makePayload(plan: NodePlan, layout: NodeLayout, runtime?: RuntimeCarrier, parts: readonly UserDataPart[] = []): Payload {
  const ordered = byKind(plan.files);
  const index = planText(plan, ordered);
  const contents = new Map(ordered.map(file => [entryOf(file.path), file.content]));
  const digest = payloadDigest(index, entry => contents.get(entry));
  const directory = `${layout.stagingDirectory}/${plan.generation}`;
  const files = ordered.map(
    (file): PayloadEntry => ({
      path: entryOf(file.path),
      mode: stagedMode(file.mode),
      content: file.content,
      part: file.part,
      secret: file.secret,
    }),
  );
  const carried = carriedDigest(index, files);
  const script = (packed: boolean) => bootScript(plan, layout, { digest, directory, carried, packed }, runtime);
  return {
    clusterName: plan.clusterName,
    node: plan.node,
    generation: plan.generation,
    instanceId: `${plan.clusterName}-${plan.node.name}-${plan.instance}`,
    digest,
    directory,
    entries: [
      { path: PLAN_ENTRY, mode: 0o600, content: index, part: 'config', secret: false },
      ...files,
      { path: COMPLETE_ENTRY, mode: 0o600, content: completeContent(digest), part: 'config', secret: false },
    ],
    bootScript: script(false),
    packedBootScript: script(true),
    parts,
    runtime: runtime?.source ?? 'inline',
    restarts: plan.files.filter(file => file.restarts.length > 0).map(({ path, restarts }) => ({ path, units: restarts })),
    tools: plan.tools,
  };
}

/** What a node computes over a payload whose runtime part is not there yet: `cat` passes over what is missing. */
function carriedDigest(index: string, files: readonly PayloadEntry[]): string {
  const hash = createHash('sha256').update(index);
  for (const { content } of files.filter(({ part }) => part !== 'runtime')) hash.update(content);
  return hash.digest('hex');
}

function bootScript(
  plan: NodePlan,
  layout: NodeLayout,
  payload: { readonly digest: string; readonly directory: string; readonly carried: string; readonly packed: boolean },
  { source, urls, bundleDirectory, archive }: RuntimeCarrier = { source: 'inline', urls: [], bundleDirectory: '', archive: NO_ARCHIVE },
): string {
  const elsewhere = source !== 'inline';
  const view = {
    state: layout.stateDirectory,
    staging: layout.stagingDirectory,
    library: layout.libraryDirectory,
    ...payload,
    carried: elsewhere && payload.carried,
    elsewhere,
    mirrored: source === 'mirror',
    imaged: source === 'image',
    bundled: source === 'bundle',
    bundles: bundleDirectory,
    cluster: plan.clusterName,
    node: plan.node.name,
    generation: plan.generation,
    name: archive.name,
    archive: `${source === 'image' ? RUNTIME_IMAGE_DIRECTORY : layout.stagingDirectory}/${archive.name}`,
    runtimeDigest: archive.digest,
    urls: urls.join(' '),
    // relative, so that it is found in the staged payload and at its final place
    settings: layout.downloadSettings.slice(1),
  };
  return renderTemplate('stage.sh', view, value => value)
    .split('\n')
    .filter(line => !line.startsWith('#'))
    .join('\n');
}

const NO_ARCHIVE: RuntimeArchive = { content: new Uint8Array(), digest: '', name: '' };

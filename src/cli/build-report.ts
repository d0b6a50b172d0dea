import { now, toDay } from '../clock.ts';
import { RUNTIME_ARCHIVE_PATH, RUNTIME_IMAGE_DIRECTORY } from '../emit/runtime-archive.ts';
import { buildFromDisk, type DiskBuild } from './build-from-disk.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome, type Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { outputRoot, projectOf } from './project.ts';
import { counted, renderTable, withCommas } from './table.ts';

type Built = NonNullable<DiskBuild['built']>;

/** `kubekiln build`: builds, and says what was made. */
export async function buildAndReport(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const start = performance.now();
  const project = projectOf(invocation);
  const dryRun = invocation.flags.has('dry-run');
  const request = { project, outputRoot: outputRoot(project, invocation), dryRun, locked: invocation.flags.has('locked') };
  const { problems, files, built } = await buildFromDisk(request, reporter);
  if (built === undefined) return { problems, files, afterword: NOTHING_WRITTEN };
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const directory = displayPath(built.directory);
  return {
    problems,
    files,
    text: `${built.heading}\n${sizeTable(built)}${handoverLines(built)}${weightLines(built)}${sentence(built, directory, dryRun, seconds)}\n`,
    data: buildData(built, directory, dryRun),
    notes: [
      ...runtimeNotes(built, directory),
      `Files under ${dryRun ? 'its ' : ''}nodes/ hold private keys, and so will whatever stores your user-data.`,
    ],
    next: dryRun ? ['kubekiln build'] : nextSteps(built, directory),
  };
}

function nextSteps({ bringsNoPodNetwork }: Built, directory: string): readonly string[] {
  const ownNetwork = [
    `kubectl --kubeconfig ${directory}/admin.conf apply -f YOUR-POD-NETWORK (podNetwork.type is none: no node is Ready before)`,
  ];
  return ['boot the nodes, in any order', ...(bringsNoPodNetwork ? ownNetwork : []), 'kubekiln status --wait'];
}

/** What must happen to image/runtime.tar.gz before nodes boot; nothing when user-data brings it. */
function runtimeNotes({ runtime }: Built, directory: string): readonly string[] {
  const { source, urls } = runtime;
  if (source === 'inline') return [];
  const file = `${directory}/${RUNTIME_ARCHIVE_PATH}`;
  return source === 'image'
    ? [`Nodes boot only from an image that holds ${file} as ${RUNTIME_IMAGE_DIRECTORY}/${runtime.name}.`]
    : [`Nodes boot only when ${file} is at ${urls.map(url => `${url}/${runtime.name}`).join(' or ')}.`];
}

function sizeTable(built: Built): string {
  const rows = built.sizes.rows.map(row => [
    row.node,
    row.role,
    row.platform,
    row.use,
    withCommas(row.bytes),
    row.limit === undefined ? '-' : withCommas(row.limit),
    row.limit === undefined ? '-' : `${Math.ceil((100 * row.bytes) / row.limit)}%`,
  ]);
  return renderTable(['NODE', 'ROLE', 'PLATFORM', 'USE', 'BYTES', 'LIMIT', 'FULL'], rows, ['BYTES', 'LIMIT', 'FULL']);
}

/** For each platform: what goes where, and whether plain text, which people can read, would do. */
function handoverLines({ sizes }: Built): string {
  const heaviest = new Map<string, (typeof sizes.rows)[number]>();
  for (const row of sizes.rows) {
    const known = heaviest.get(`${row.platform} ${row.use}`);
    if (!known || row.bytes > known.bytes) heaviest.set(`${row.platform} ${row.use}`, row);
  }
  return [...heaviest.values()]
    .map(row => `${row.platform}: ${row.use} (${row.encoding}) goes into ${row.field}${plainWords(row)}\n`)
    .join('');
}

function plainWords({ use, plain, limit }: Built['sizes']['rows'][number]): string {
  if (plain === undefined || use === 'user-data') return '';
  const fits = limit === undefined || plain <= limit;
  return `; plain user-data, ${withCommas(plain)}, would${fits ? ' fit as well' : ' not fit'}`;
}

/** `user-data.gz of a control-plane node: keys 5,210, …`: what makes it heavy. */
function weightLines(built: Built): string {
  return built.sizes.weights
    .map(
      ({ node, role, parts }) =>
        `user-data.gz of ${node} (${role}), bytes by content: ${parts.map(part => `${part.group} ${withCommas(part.bytes)}`).join(', ')}\n`,
    )
    .join('');
}

function sentence(built: Built, directory: string, dryRun: boolean, seconds: string): string {
  const done = dryRun ? `Would write ${directory}` : built.changed ? `Wrote ${directory}` : `${directory} is up to date`;
  const issued = `${counted(built.issued, 'certificate')} ${dryRun ? 'to issue' : 'issued'}, ${withCommas(built.reused)} reused`;
  const founded =
    built.bootBefore < now()
      ? `the window to found the cluster closed on ${toDay(built.bootBefore)}`
      : `boot before ${toDay(built.bootBefore)}`;
  return `${done} (${seconds} s). ${issued}. First certificate expires ${toDay(built.firstExpiry)}; ${founded}.`;
}

function buildData(built: Built, directory: string, dryRun: boolean): object {
  return {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Build',
    cluster: built.cluster,
    kubernetesVersion: built.kubernetesVersion,
    directory,
    dryRun,
    changed: built.changed,
    nodes: built.sizes.rows,
    weights: built.sizes.weights,
    certificates: { issued: built.issued, reused: built.reused, firstExpiry: toDay(built.firstExpiry) },
    bootBefore: toDay(built.bootBefore),
    runtime: { source: built.runtime.source, name: built.runtime.name, digest: built.runtime.digest },
  };
}

// `kubekiln inspect` as text.
import { thousands } from '../formats/thousands.ts';

import { type CarrierDescription, describeCarrier, describeFile, type FileDescription } from './describe.ts';
import { printable } from './finding.ts';
import type { Inspection } from './read-artifact.ts';

const DIGEST_CHARACTERS = 12;

/** Text for a terminal; ends in a newline. */
export function renderInspection(artifact: Inspection): string {
  return printable(
    linesOf(artifact)
      .map(line => `${line.trimEnd()}\n`)
      .join(''),
  );
}

/** The same as data, for -o json. */
export function inspectionAsJson(artifact: Inspection): object {
  const head = { apiVersion: 'kubekiln/v1alpha1', kind: 'Inspection', path: artifact.path };
  if (artifact.kind === 'cluster') return { ...head, manifest: artifact.manifest };
  if (artifact.kind === 'image')
    return { ...head, image: { digest: artifact.image.digest, files: artifact.image.files.map(file => describeFile(file)) } };
  const carriers = artifact.kind === 'node' ? artifact.carriers : [artifact.carrier];
  return { ...head, carriers: carriers.map(describeCarrier) };
}

function linesOf(artifact: Inspection): readonly string[] {
  if (artifact.kind === 'cluster') return clusterLines(artifact);
  if (artifact.kind === 'image') return imageLines(artifact);
  const carriers = (artifact.kind === 'node' ? artifact.carriers : [artifact.carrier]).map(describeCarrier);
  const [first] = carriers;
  if (!first) return [];
  const same = carriers.filter(carrier => carrier.payload?.digest === first.payload?.digest);
  const others = carriers.filter(carrier => !same.includes(carrier));
  return [...same.map(headLine), ...contentLines(first), ...others.flatMap(carrier => ['', headLine(carrier), ...contentLines(carrier)])];
}

function clusterLines({ path, manifest }: Extract<Inspection, { kind: 'cluster' }>): readonly string[] {
  const nodes = Object.entries(manifest.nodes).map(([name, node]) => [
    name,
    node.role,
    node.address,
    node.platform,
    String(node.generation),
    short(node.payloadDigest),
    node.notAfter,
  ]);
  const artifacts = manifest.artifacts.map(({ path: file, mode, size, sha256 }) => [mode, thousands(size), short(sha256), file]);
  return [
    `${path}  ${manifest.cluster}, Kubernetes ${manifest.kubernetesVersion}, made by kubekiln ${manifest.kubekilnVersion}; boot before ${manifest.bootBefore}`,
    '',
    ...table(['NODE', 'ROLE', 'ADDRESS', 'PLATFORM', 'GENERATION', 'PAYLOAD', 'FIRST EXPIRY'], nodes, ['GENERATION']),
    '',
    ...table(['MODE', 'BYTES', 'SHA256', 'PATH'], artifacts, ['BYTES']),
  ];
}

function imageLines({ path, image }: Extract<Inspection, { kind: 'image' }>): readonly string[] {
  return [`${path}  image, digest ${image.digest}`, '', ...fileTable(image.files.map(file => describeFile(file)))];
}

function headLine({ path, kind, size, unpacked }: CarrierDescription): string {
  return `${path}  ${kind}, ${thousands(size)} bytes${unpacked === undefined ? '' : ` (${thousands(unpacked)} unpacked)`}`;
}

function contentLines(carrier: CarrierDescription): readonly string[] {
  const { payload, runtimeArchive, parts, outer, files, certificates, servers } = carrier;
  const lines: string[] = [];
  if (payload) {
    const where = payload.directory === undefined ? '' : ` for ${payload.directory}`;
    const digest =
      payload.digest === undefined
        ? 'digest not checked'
        : `digest ${payload.digest}${payload.complete ? '' : ', NOT what .complete says'}`;
    lines.push(`payload${where}, ${digest}`);
    if (runtimeArchive !== undefined)
      lines.push(`its runtime part comes as ${runtimeArchive}${payload.digest === undefined ? ', which is not at hand' : ''}`);
  } else lines.push('no payload of kubekiln');
  for (const { type, name, size } of parts) lines.push(`beside it ${name}  ${type}, ${thousands(size)} bytes`);
  if (outer.length > 0) lines.push('', ...fileTable(outer));
  lines.push('', ...fileTable(files));
  if (certificates.length > 0) lines.push('');
  for (const one of certificates) {
    lines.push(
      `${one.path}  ${one.subject}${one.authority ? '  (authority)' : ''}`,
      `  issuer  ${one.issuer}`,
      ...(one.names.length > 0 ? [`  names   ${one.names.join(', ')}`] : []),
      `  usage   ${[one.key, ...one.usages].join(', ')}`,
      `  valid   ${one.notBefore} to ${one.notAfter}`,
    );
  }
  if (servers.length > 0) lines.push('', ...servers.map(({ path, server }) => `${path}  dials ${server}`));
  return lines;
}

function fileTable(files: readonly FileDescription[]): readonly string[] {
  const rows = files.map(file => [
    file.mode ?? '-',
    thousands(file.size),
    short(file.sha256),
    file.installed ? `${file.installed.mode} ${file.installed.owner}` : '-',
    file.installed?.path ?? file.path,
    file.secret ? 'secret' : '',
  ]);
  return table(['MODE', 'BYTES', 'SHA256', 'INSTALLED', 'PATH', ''], rows, ['BYTES']);
}

function table(heading: readonly string[], rows: readonly (readonly string[])[], right: readonly string[]): readonly string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_title, column) => all.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0));
  return all.map(row =>
    heading
      .map((title, column) => {
        const cell = row[column] ?? '';
        return right.includes(title) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join('  '),
  );
}

function short(digest: string): string {
  return digest.slice(0, DIGEST_CHARACTERS);
}

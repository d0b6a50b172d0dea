// What `inspect` says of an artifact, as data: -o json prints it, render-inspection.ts makes text of it. No content of any file is in it.
import { createHash } from 'node:crypto';
import { NODE_FILES } from '../emit/artifact.ts';
import { COMPLETE_ENTRY, FILES_ENTRY } from '../formats/payload-directory.ts';
import type { Carrier, CarrierKind } from './carrier.ts';
import { type CertificateSummary, certificatesIn, summarize } from './certificates.ts';
import { readKubeconfig } from './kubeconfig.ts';
import type { CarriedFile, PayloadView } from './payload-view.ts';
import { holdsKeyMaterial } from './redact.ts';

export interface FileDescription {
  /** As the carrier names it; files of the payload by their path in it. */
  readonly path: string;
  /** Four octal digits, as carried; absent where the carrier has none. */
  readonly mode?: string;
  readonly size: number;
  readonly sha256: string;
  /** Holds a private key or an encryption key. */
  readonly secret: boolean;
  /** Where and how it ends up on the node, for files of the plan. */
  readonly installed?: { readonly path: string; readonly mode: string; readonly owner: string };
}

export interface CertificateDescription extends CertificateSummary {
  /** The file that holds it. */
  readonly path: string;
}

export interface CarrierDescription {
  readonly path: string;
  readonly kind: CarrierKind;
  readonly size: number;
  readonly unpacked?: number;
  readonly payload?: {
    readonly directory?: string;
    readonly generation?: number;
    /** Computed from the content; absent while the runtime part is not at hand. */
    readonly digest?: string;
    /** Whether `.complete` says the same. */
    readonly complete: boolean;
  };
  /** What the operator added to user-data. */
  readonly parts: Carrier['parts'];
  /** The archive that brings the runtime part, where user-data does not. */
  readonly runtimeArchive?: string;
  /** Files of a seed beside the payload. */
  readonly outer: readonly FileDescription[];
  readonly files: readonly FileDescription[];
  readonly certificates: readonly CertificateDescription[];
  /** API servers that kubeconfigs in it dial. */
  readonly servers: readonly { readonly path: string; readonly server: string }[];
}

export function describeCarrier(carrier: Carrier): CarrierDescription {
  const { payload } = carrier;
  const files = payload ? [...payload.entries.values()] : carrier.written;
  const outer = carrier.kind === NODE_FILES.seedIso ? carrier.outer : [];
  const texts = files.map(file => ({ path: installedPath(file.path), text: Buffer.from(file.content).toString('utf8') }));
  return {
    path: carrier.path,
    kind: carrier.kind,
    size: carrier.size,
    ...(carrier.unpacked !== undefined && { unpacked: carrier.unpacked }),
    ...(payload && { payload: describePayload(payload) }),
    ...(carrier.runtimeArchive !== undefined && { runtimeArchive: carrier.runtimeArchive }),
    parts: carrier.parts,
    outer: outer.map(file => describeFile(file)),
    files: files.map(file => describeFile(file, payload)),
    certificates: texts.flatMap(({ path, text }) => certificatesOf(text).map(certificate => ({ path, ...certificate }))),
    servers: texts.flatMap(({ path, text }) => (readKubeconfig(text)?.servers ?? []).map(server => ({ path, server }))),
  };
}

function describePayload({ directory, generation, digest, statedDigest }: PayloadView): NonNullable<CarrierDescription['payload']> {
  return {
    ...(directory !== undefined && { directory }),
    ...(generation !== undefined && { generation }),
    ...(digest !== undefined && { digest }),
    complete: digest !== undefined && statedDigest === digest,
  };
}

export function describeFile(file: CarriedFile, payload?: PayloadView): FileDescription {
  const line = payload?.files.find(one => one.path === installedPath(file.path));
  return {
    path: file.path,
    ...(file.mode !== undefined && { mode: octal(file.mode) }),
    size: file.content.length,
    sha256: createHash('sha256').update(file.content).digest('hex'),
    secret: file.path !== COMPLETE_ENTRY && holdsKeyMaterial(Buffer.from(file.content).toString('utf8')),
    ...(line && { installed: { path: line.path, mode: octal(line.mode), owner: line.owner } }),
  };
}

function certificatesOf(text: string): readonly CertificateSummary[] {
  const embedded = readKubeconfig(text)?.certificates.map(pair => pair.certificate) ?? [];
  return [text, ...embedded].flatMap(pem => certificatesIn(pem).flatMap(certificate => (certificate ? [summarize(certificate)] : [])));
}

/** `/etc/hosts` for `files/etc/hosts`; other entries keep their name. */
function installedPath(entry: string): string {
  return entry.startsWith(`${FILES_ENTRY}/`) ? entry.slice(FILES_ENTRY.length) : entry;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

// The bill of materials: SPDX 2.3 as JSON, https://spdx.github.io/spdx-spec/v2.3/. A function of what is in the bundle: nothing random, no clock.
import { urlOf } from '../pki/pins.ts';
import { type Entry, INDEX_MEMBER } from './bundle-index.ts';

const BUNDLE_ID = 'SPDXRef-bundle';
/** The specification wants a time; that of a run would make two bundles of one input differ. */
const CREATED = '1970-01-01T00:00:00Z';
const UNKNOWN = 'NOASSERTION';

export interface SbomInput {
  readonly entries: readonly Entry[];
  /** Of programs by their source. */
  readonly versions: ReadonlyMap<string, { readonly name: string; readonly version: string }>;
  /** Hex SHA-256 of the index. */
  readonly index: string;
  readonly kubekiln: string;
  /** By what the members were compressed. */
  readonly encoder: string;
}

export function writeSbom({ entries, versions, index, kubekiln, encoder }: SbomInput): Uint8Array {
  const bundle = {
    name: INDEX_MEMBER,
    SPDXID: BUNDLE_ID,
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    packageFileName: INDEX_MEMBER,
    checksums: [{ algorithm: 'SHA256', checksumValue: index }],
    comment: `The checksum is that of the member ${INDEX_MEMBER}, which lists all others by theirs.`,
  };
  const parts = entries.map((entry, position) => ({ ...packageOf(entry, versions), SPDXID: `SPDXRef-${position + 1}` }));
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: INDEX_MEMBER,
    documentNamespace: `https://kubekiln.invalid/spdx/${index}`,
    creationInfo: { created: CREATED, creators: [`Tool: kubekiln-${kubekiln}`], comment: `Compressed by: ${encoder}.` },
    packages: [bundle, ...parts],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: BUNDLE_ID },
      ...parts.map(({ SPDXID }) => ({ spdxElementId: BUNDLE_ID, relationshipType: 'CONTAINS', relatedSpdxElement: SPDXID })),
    ],
  };
  return Buffer.from(`${JSON.stringify(document, undefined, 1)}\n`);
}

function packageOf(entry: Entry, versions: SbomInput['versions']): object {
  const common = {
    filesAnalyzed: false,
    packageFileName: entry.member,
    // of the content as it is used, whatever the member is compressed with
    checksums: [{ algorithm: 'SHA256', checksumValue: entry.sha256 }],
  };
  if (entry.kind === 'runtime')
    return { name: 'kubekiln-runtime', versionInfo: entry.sha256.slice(0, 12), downloadLocation: UNKNOWN, ...common };
  if (entry.kind === 'file') {
    const { name, version } = versions.get(entry.source) ?? { name: entry.source, version: '' };
    const url = urlOf(entry.source);
    const purl = `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}?checksum=sha256:${entry.sha256}&download_url=${encodeURIComponent(url)}`;
    return { name, versionInfo: version, downloadLocation: url, ...common, externalRefs: [purlOf(purl)] };
  }
  const [, repository = entry.name, tag] = /^(.*?)(?::([^/:@]+))?(?:@.*)?$/.exec(entry.name) ?? [];
  const short = repository.slice(repository.lastIndexOf('/') + 1);
  const purl = `pkg:oci/${encodeURIComponent(short)}@${encodeURIComponent(entry.digest)}?arch=${entry.architecture}&repository_url=${encodeURIComponent(repository)}`;
  return {
    name: repository,
    versionInfo: tag ?? entry.digest,
    downloadLocation: UNKNOWN,
    ...common,
    externalRefs: [purlOf(tag === undefined ? purl : `${purl}&tag=${encodeURIComponent(tag)}`)],
  };
}

function purlOf(locator: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator };
}

/** The SHA-256 that a bill gives to the index; undefined when it is none of ours. */
export function indexDigestOf(sbom: Uint8Array): string | undefined {
  return /"packageFileName": "kubekiln-bundle",\s*"checksums": \[\s*\{\s*"algorithm": "SHA256",\s*"checksumValue": "([0-9a-f]{64})"/.exec(
    Buffer.from(sbom).toString('utf8'),
  )?.[1];
}

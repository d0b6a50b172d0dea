// Files beside cluster.yaml that it names. The caller reads them; nothing here touches a disk.
import { type ParsedYaml, parseYaml, parseYamlDocuments } from '../formats/yaml.ts';
import { decodeText, type TextFinding } from '../source-text.ts';

/** Bytes of a file relative to the directory of cluster.yaml, the sorted names in a directory, or undefined when it is not there or cannot be read. */
export type SiblingReader = (relativePath: string) => Uint8Array | readonly string[] | undefined;

export interface Sibling {
  /** undefined when the file does not exist or cannot be read. */
  readonly text: string | undefined;
  readonly findings: readonly TextFinding[];
  readonly parsed: ParsedYaml | undefined;
}

/** A file of Kubernetes manifests. */
export interface SiblingManifest {
  readonly text: string;
  readonly findings: readonly TextFinding[];
  /** Empty when a finding is an error. */
  readonly documents: readonly ParsedYaml[];
}

/** Reads each file once. */
export interface Siblings {
  read(relativePath: string): Sibling;
  /** Names in a directory; undefined for whatever is none. */
  list(relativePath: string): readonly string[] | undefined;
  /** undefined when the file does not exist or cannot be read. */
  manifest(relativePath: string): SiblingManifest | undefined;
}

/** A manifest may be larger than what people write by hand: operators come with the schemas of their resources. */
export const MAX_MANIFEST_BYTES = 2 * 1024 * 1024;

export function siblings(readSibling: SiblingReader): Siblings {
  const read = once(readSibling);
  const bytes = (path: string) => {
    const found = read(path);
    return found instanceof Uint8Array ? found : undefined;
  };
  return {
    read: once(path => load(bytes(path))),
    list: path => {
      const found = read(path);
      return found instanceof Uint8Array ? undefined : found;
    },
    manifest: once(path => {
      const found = bytes(path);
      if (found === undefined) return undefined;
      const { text, findings } = decodeText(found, MAX_MANIFEST_BYTES);
      return { text, findings, documents: findings.some(({ severity }) => severity === 'error') ? [] : parseYamlDocuments(text) };
    }),
  };
}

function once<T>(work: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return path => {
    if (!known.has(path)) known.set(path, work(path));
    return known.get(path) as T;
  };
}

function load(bytes: Uint8Array | undefined): Sibling {
  if (!bytes) return { text: undefined, findings: [], parsed: undefined };
  const { text, findings } = decodeText(bytes);
  return { text, findings, parsed: findings.some(finding => finding.severity === 'error') ? undefined : parseYaml(text) };
}

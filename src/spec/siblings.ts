// Files beside cluster.yaml that it names. The caller reads them; nothing here touches a disk.
import { type ParsedYaml, parseYaml } from '../formats/yaml.ts';
import { decodeText, type TextFinding } from '../source-text.ts';

export interface Sibling {
  /** undefined when the file does not exist or cannot be read. */
  readonly text: string | undefined;
  readonly findings: readonly TextFinding[];
  readonly parsed: ParsedYaml | undefined;
}

/** Reads each file once. */
export interface Siblings {
  read(relativePath: string): Sibling;
}

export function siblings(readSibling: (relativePath: string) => Uint8Array | undefined): Siblings {
  const known = new Map<string, Sibling>();
  return {
    read(relativePath) {
      const found = known.get(relativePath) ?? load(readSibling(relativePath));
      known.set(relativePath, found);
      return found;
    },
  };
}

function load(bytes: Uint8Array | undefined): Sibling {
  if (!bytes) return { text: undefined, findings: [], parsed: undefined };
  const { text, findings } = decodeText(bytes);
  return { text, findings, parsed: findings.some(finding => finding.severity === 'error') ? undefined : parseYaml(text) };
}

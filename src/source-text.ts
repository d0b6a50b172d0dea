// Bytes of a file as text with lines: what the spec stage parses and what excerpts are cut from.
import { type Positions, parseYaml } from './formats/yaml.ts';
import type { ProblemCode } from './problem-codes.ts';

/** A file whose problems can be shown. */
export interface SourceFile {
  /** As the user should see it: `cluster.yaml`. */
  readonly name: string;
  /** Without a byte order mark. */
  readonly text: string;
  readonly positions: Positions;
}

/** A YAML file whose problems will be shown; its positions are those of its first (correct) document. */
export function sourceFile(name: string, text: string): SourceFile {
  return { name, text, positions: parseYaml(text).positions };
}

export interface TextFinding {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  readonly offset: number;
}

// Far beyond any cluster (1,000 nodes need 150 KB), small enough to parse at once.
export const MAX_FILE_BYTES = 1024 * 1024;

/** Decodes a file that a person wrote. Text up to the first fault is returned with it, so that the fault has a line. */
export function decodeText(bytes: Uint8Array, maxBytes = MAX_FILE_BYTES): { text: string; findings: readonly TextFinding[] } {
  if (bytes.length > maxBytes)
    return {
      text: '',
      findings: [
        {
          severity: 'error',
          code: 'file-too-large',
          message: `the file has ${bytes.length.toLocaleString('en')} bytes, at most ${maxBytes.toLocaleString('en')} are read`,
          offset: 0,
        },
      ],
    };
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16)
    return {
      text: '',
      findings: [{ severity: 'error', code: 'file-not-utf8', message: 'the file is UTF-16', hint: 'save it as UTF-8', offset: 0 }],
    };
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = bom ? bytes.subarray(3) : bytes;
  const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  const binary = /[^\P{Cc}\t\n\r]/u.exec(whole)?.index ?? -1;
  // The decoder puts U+FFFD where bytes are not UTF-8; one that stands in the file itself comes from an older damage of the same kind.
  const invalid = whole.indexOf('\ufffd');
  // A binary file usually is invalid UTF-8 too: what comes first in the file is said.
  const end = Math.min(...[binary, invalid, whole.length].filter(position => position >= 0));
  const text = whole.slice(0, end);
  const findings: TextFinding[] = [];
  const add = (severity: 'error' | 'warning', code: ProblemCode, offset: number, message: string, hint?: string) =>
    findings.push({ severity, code, message, offset, ...(hint !== undefined && { hint }) });
  if (bom) add('warning', 'byte-order-mark', 0, 'the file begins with a byte order mark', 'save it as UTF-8 without BOM');
  const crlf = text.indexOf('\r');
  if (crlf >= 0) add('warning', 'crlf-line-endings', crlf, 'the lines end in CR LF', 'save the file with LF');
  if (end === binary)
    add('error', 'file-not-text', end, `a control character (U+${hex4(whole.charCodeAt(end))}) stands here: this is no text file`);
  else if (end === invalid) add('error', 'file-not-utf8', end, 'the file is not UTF-8 from here on', 'save it as UTF-8');
  else if (/^(\s|#[^\n]*(\n|$)|---[ \t]*(\n|$))*$/.test(text))
    add('error', 'file-empty', 0, 'the file holds no document', 'kubekiln init writes a commented one');
  return { text, findings };
}

function hex4(codePoint: number): string {
  return codePoint.toString(16).toUpperCase().padStart(4, '0');
}

export interface LineColumn {
  /** from 1 */
  readonly line: number;
  /** from 1, in characters */
  readonly column: number;
}

export function lineColumn(text: string, offset: number): LineColumn {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: [...before.slice(lineStart)].length + 1 };
}

// MIME multipart as cloud-init takes it for user-data (https://cloudinit.readthedocs.io/en/latest/explanation/format.html#mime-multi-part-archive).
// Python's email package reads it there: what is not plain ASCII goes as base64, since that package loses it otherwise.
import { createHash } from 'node:crypto';
import { FormatError } from './format-error.ts';

export interface MimePart {
  /** `text/cloud-config` */
  readonly type: string;
  /** File name, of letters that need no quotes. */
  readonly name: string;
  /** Whole lines, beyond those that say type, name and encoding. */
  readonly headers: readonly string[];
  readonly content: string;
}

const FIRST = 'Content-Type: multipart/mixed; boundary="';
/** Ends in LF or nothing: other ends of lines are changed on the way. */
const PLAIN = /^[ -~\t\n]*$/;
const BASE64_LINE = /.{1,76}/g;

/** Text that is a function of its parts. */
export function writeMultipart(parts: readonly MimePart[]): string {
  const hash = createHash('sha256');
  const bodies = parts.map(part => {
    const plain = PLAIN.test(part.content);
    const body = plain ? part.content : (Buffer.from(part.content).toString('base64').match(BASE64_LINE) ?? []).join('\n');
    const headers = [
      `Content-Type: ${part.type}; charset="utf-8"`,
      `Content-Transfer-Encoding: ${plain ? '7bit' : 'base64'}`,
      `Content-Disposition: attachment; filename="${part.name}"`,
      ...part.headers,
    ];
    const text = `${headers.join('\n')}\n\n${body}\n`;
    hash.update(text);
    return text;
  });
  const boundary = `kubekiln-${hash.digest('hex').slice(0, 32)}`;
  return `${FIRST}${boundary}"\nMIME-Version: 1.0\n\n${bodies.map(body => `--${boundary}\n${body}`).join('')}--${boundary}--\n`;
}

export function isMultipart(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, FIRST.length)).toString('latin1').toLowerCase() === FIRST.toLowerCase();
}

/** Reads what writeMultipart writes, and what others write in the same way. @throws FormatError */
export function readMultipart(bytes: Uint8Array): readonly MimePart[] {
  const text = Buffer.from(bytes).toString('utf8');
  const boundary = /^[^"]{20,60}"([^"\r\n]{1,70})"\n/.exec(text)?.[1];
  const start = text.indexOf('\n\n');
  if (!isMultipart(bytes) || boundary === undefined || start < 0) throw new FormatError('damaged', 'the MIME header names no boundary');
  const pieces = text.slice(start + 1).split(`\n--${boundary}`);
  if (pieces.at(-1)?.trim() !== '--') throw new FormatError('truncated', 'the MIME message ends before its last boundary');
  return pieces.slice(1, -1).map(readPart);
}

function readPart(piece: string): MimePart {
  const end = piece.indexOf('\n\n');
  if (!piece.startsWith('\n') || end < 0) throw new FormatError('damaged', 'a part of the MIME message has no header');
  const lines = piece.slice(1, end).split('\n');
  const headerOf = (name: string) => lines.find(line => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);
  const type = headerOf('content-type')?.split(';')[0]?.trim();
  if (type === undefined) throw new FormatError('damaged', 'a part of the MIME message has no content type');
  const known = ['content-type', 'content-transfer-encoding', 'content-disposition'];
  return {
    type,
    name: /filename="([^"]*)"/.exec(headerOf('content-disposition') ?? '')?.[1] ?? '',
    headers: lines.filter(line => !known.includes(line.split(':')[0]?.toLowerCase() ?? '')),
    content: decode(piece.slice(end + 2), headerOf('content-transfer-encoding') ?? '7bit'),
  };
}

function decode(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8');
  if (encoding === '7bit' || encoding === '8bit') return body;
  throw new FormatError('unsupported', `a part of the MIME message has the encoding ${JSON.stringify(encoding.slice(0, 40))}`);
}

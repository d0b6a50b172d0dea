// Problems as text: what, where, the line itself, carets under the place, what to do. One look for every file that kubekiln reads.
import { pathText } from './document-path.ts';
import type { TextRange } from './formats/yaml.ts';
import type { Problem } from './problem.ts';
import { lineColumn, type SourceFile } from './source-text.ts';

export interface RenderOptions {
  /** ANSI colours. */
  readonly color: boolean;
}

/** All problems, one after the other, each ending in a newline; an empty text for none. */
export function renderProblems(problems: readonly Problem[], files: ReadonlyMap<string, SourceFile>, options: RenderOptions): string {
  return problems.map(problem => `${renderProblem(problem, files, options.color ? ANSI : PLAIN).join('\n')}\n`).join('');
}

/** The same as data, for `-o json`. */
export function problemsAsJson(problems: readonly Problem[], files: ReadonlyMap<string, SourceFile>): object {
  return {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'ProblemList',
    problems: problems.map(problem => {
      const source = files.get(problem.file ?? '');
      const place = source && locate(problem, source);
      return {
        severity: problem.severity,
        code: problem.code,
        message: problem.message,
        ...(problem.file !== undefined && { file: problem.file }),
        ...(source && place && lineColumn(source.text, place.start)),
        ...(problem.path.length > 0 && { path: pathText(problem.path) }),
        ...(problem.value !== undefined && { value: problem.value }),
        ...(problem.allowed && { allowed: problem.allowed }),
        ...(problem.hint !== undefined && { hint: problem.hint }),
        ...(problem.label !== undefined && { label: problem.label }),
        ...(problem.details && { details: problem.details }),
      };
    }),
  };
}

/** The text that a problem is about: its key or value, or the nearest thing around it that exists. */
export function locate(problem: Problem, source: SourceFile): TextRange | undefined {
  if (problem.offset !== undefined) return { start: problem.offset, end: problem.offset + tokenLength(source.text, problem.offset) };
  if (problem.path.length === 0) return undefined;
  for (let length = problem.path.length; length > 0; length--) {
    const path = problem.path.slice(0, length);
    const key = source.positions.keyRange(path);
    const value = source.positions.valueRange(path);
    // An ancestor's value would be many lines: its key says enough. An empty value has nothing to underline.
    const wantsKey = problem.mark === 'key' || length < problem.path.length || (value !== undefined && value.start === value.end);
    const range = wantsKey ? (key ?? value) : (value ?? key);
    if (range) return range;
  }
  return undefined;
}

/** Carets for an offset alone: a word, or one character. */
function tokenLength(text: string, offset: number): number {
  return Math.max(1, /^[^\s,[\]{}:]*/.exec(text.slice(offset, offset + 200))?.[0].length ?? 1);
}

interface Style {
  error(text: string): string;
  warning(text: string): string;
  gutter(text: string): string;
  bold(text: string): string;
}

const same = (text: string) => text;
const sgr = (code: string) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
const PLAIN: Style = { error: same, warning: same, gutter: same, bold: same };
const ANSI: Style = { error: sgr('1;31'), warning: sgr('1;33'), gutter: sgr('34'), bold: sgr('1') };

// A hint that would run over a usual terminal stands on its own line.
const WIDTH = 120;

function renderProblem(problem: Problem, files: ReadonlyMap<string, SourceFile>, style: Style): string[] {
  const mark = problem.severity === 'error' ? style.error : style.warning;
  const lines = [`${mark(`${problem.severity}[${problem.code}]`)}: ${style.bold(visible(problem.message))}`];
  const source = files.get(problem.file ?? '');
  const place = source && locate(problem, source);
  const hints = hintLines(problem.hint);
  if (source && place) {
    const { line, column } = lineColumn(source.text, place.start);
    lines.push(`${style.gutter('  -->')} ${visible(source.name)}:${line}:${column}`);
    const { number, excerpt, indent, carets } = excerptOf(source.text, place, line);
    const behind = problem.label === undefined ? shortHint(hints, WIDTH - indent - carets - number.length - 4) : visible(problem.label);
    lines.push(`${style.gutter(`${number} |`)} ${excerpt}`.trimEnd());
    lines.push(
      `${style.gutter(`${' '.repeat(number.length)} |`)} ${' '.repeat(indent)}${mark(`${'^'.repeat(carets)}${behind === undefined ? '' : ` ${behind}`}`)}`,
    );
    if (behind !== undefined && problem.label === undefined) hints.length = 0;
  } else if (problem.file !== undefined) {
    lines.push(`${style.gutter('  -->')} ${visible(problem.file)}`);
  }
  return [...lines, ...(problem.details ?? []).map(detail => `  ${visible(detail)}`), ...hints.map(hint => `  ${hint}`)];
}

function hintLines(hint: string | undefined): string[] {
  if (hint === undefined) return [];
  const [first = '', ...rest] = hint.split('\n').map(visible);
  return [`hint: ${first}`, ...rest.map(line => `  ${line}`)];
}

function shortHint(hints: readonly string[], room: number): string | undefined {
  const [only, second] = hints;
  return only !== undefined && second === undefined && only.length < room ? only : undefined;
}

/** The line of a place, cut to what is near when it is long, with the caret's distance from its start. */
function excerptOf(source: string, place: TextRange, line: number): { number: string; excerpt: string; indent: number; carets: number } {
  const text = withoutKeyMaterial(source, place.start);
  const start = text.lastIndexOf('\n', place.start - 1) + 1;
  const newline = text.indexOf('\n', place.start);
  const end = newline < 0 ? text.length : newline;
  const from = place.start - start > WIDTH - 20 ? place.start - 40 : start;
  const to = Math.min(end, from + WIDTH);
  const before = (from > start ? '…' : '') + visible(text.slice(from, place.start));
  const marked = visible(text.slice(place.start, Math.max(place.start, Math.min(place.end, to))).trimEnd());
  const after = visible(text.slice(Math.min(Math.max(place.start, place.end), to), to)) + (to < end ? '…' : '');
  const whole = text.slice(place.start, to) === '' ? before : before + visible(text.slice(place.start, to)) + (to < end ? '…' : '');
  return { number: String(line), excerpt: whole === '' ? after : whole, indent: columns(before), carets: Math.max(1, columns(marked)) };
}

/** Control characters and those that reorder text would let a file write on the terminal what it likes. */
function visible(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replaceAll('\r', '')
    .replace(/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, '\ufffd');
}

/** Width on a terminal: wide East Asian characters and emoji take two columns (Unicode TR 11), combining marks none. */
function columns(text: string): number {
  let width = 0;
  for (const character of text)
    width += /\p{M}/u.test(character)
      ? 0
      : /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
            character,
          )
        ? 2
        : 1;
  return width;
}

/** A key that was pasted where none belongs must not reach a log with the excerpt: same length, so that the carets stay. */
function withoutKeyMaterial(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset) < 0 ? text.length : text.indexOf('\n', offset);
  const line = text
    .slice(start, end)
    .replace(/(\bsecret["']?\s*:\s*)("[^"]*"?|'[^']*'?|[^\s,}\]]+)/g, (_, key: string, value: string) => key + '*'.repeat(value.length));
  return text.slice(0, start) + line + text.slice(end);
}

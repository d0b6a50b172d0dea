// The one door to js-yaml. Reading: YAML 1.2 core schema, one document, no duplicate keys, bounded aliases, and the position of every value.
// Writing: what a YAML 1.1 reader (PyYAML in cloud-init, netplan) and a YAML 1.2 reader understand in the same way.
import { serialize } from 'node:v8';
import {
  CORE_SCHEMA,
  constructFromEvents,
  dump,
  EVENT_ID,
  type Event,
  parseEvents,
  type Schema,
  YAML11_SCHEMA,
  YAMLException,
} from 'js-yaml';
import { remembered } from './remembered.ts';
import { buildPositions, type Positions, type YamlProblem } from './yaml-positions.ts';

export type { Positions, TextRange, YamlProblem } from './yaml-positions.ts';

export interface ParsedYaml {
  /** undefined when the text has problems, or holds no document at all. */
  readonly value: unknown;
  /** Where each value stands; empty when the text does not parse. */
  readonly positions: Positions;
  /** The first of `problems`. */
  readonly problem?: YamlProblem;
  readonly problems: readonly YamlProblem[];
}

// js-yaml counts collections only; Kubernetes documents stay below ten levels.
const MAX_DEPTH = 64;

/** Parses one YAML document (text without a byte order mark). Never throws for a mistake in the text. */
export function parseYaml(text: string): ParsedYaml {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    return failed([syntaxProblem(error, text)]);
  }
  return constructed(events, text, CORE_SCHEMA);
}

/**
 * Parses a stream of documents as kubectl reads manifests: YAML 1.1, with merge keys. A stream that does not parse is one document with a problem; one
 * that holds nothing is none. Positions are those of the whole text.
 */
export function parseYamlDocuments(text: string): readonly ParsedYaml[] {
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch (error) {
    return [failed([syntaxProblem(error, text)])];
  }
  const starts = events.flatMap((event, index) => (event.type === EVENT_ID.DOCUMENT ? [index] : []));
  return starts.map((start, index) => constructed(events.slice(start, starts[index + 1]), text, YAML11_SCHEMA));
}

function constructed(events: Event[], text: string, schema: Schema): ParsedYaml {
  const { positions, problems } = buildPositions(events, text);
  if (problems.length > 0) return failed(problems, positions);
  try {
    return { value: constructFromEvents(events, { source: text, schema })[0], positions, problems: [] };
  } catch (error) {
    return failed([syntaxProblem(error, text)], positions);
  }
}

function failed(problems: readonly YamlProblem[], positions = buildPositions([], '').positions): ParsedYaml {
  const [problem] = problems;
  return { value: undefined, positions, problems, ...(problem && { problem }) };
}

function syntaxProblem(error: unknown, text: string): YamlProblem {
  if (!(error instanceof YAMLException)) throw error;
  const offset = Math.min(error.mark?.position ?? 0, text.length);
  const tab = tabInIndentation(text, offset);
  if (tab !== undefined) return { kind: 'tab', message: 'a tab in the indentation', offset: tab };
  return unclosed(text, offset, error.reason) ?? { kind: 'syntax', message: error.reason, offset };
}

/** A quote or bracket that is never closed swallows the next lines, and js-yaml complains about their indentation. */
function unclosed(text: string, offset: number, reason: string): YamlProblem | undefined {
  if (!/indentation|end of|unexpected/.test(reason)) return undefined;
  const ownLine = text.lastIndexOf('\n', offset - 1);
  const start = ownLine < 1 ? 0 : text.lastIndexOf('\n', ownLine - 1) + 1;
  const open: { character: string; at: number }[] = [];
  for (let at = start; at < offset; at++) {
    const character = text[at] ?? '';
    const last = open.at(-1);
    if (last?.character === '"' || last?.character === "'") {
      if (character === '\\' && last.character === '"') at++;
      else if (character === last.character) open.pop();
    } else if ('[{'.includes(character) || ('"\''.includes(character) && /[\s,:[{]/.test(text[at - 1] ?? ' ')))
      open.push({ character, at });
    else if (']}'.includes(character)) open.pop();
    else if (character === '#' && /\s/.test(text[at - 1] ?? ' ')) at = Math.max(at, text.indexOf('\n', at));
  }
  const last = open.at(-1);
  return last && { kind: 'syntax', message: `this ${last.character} is never closed`, offset: last.at };
}

/** js-yaml names other things first when a tab stands before a key at the left margin. */
function tabInIndentation(text: string, offset: number): number | undefined {
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
  const indentation = /^[ \t]*/.exec(text.slice(lineStart))?.[0] ?? '';
  const tab = indentation.indexOf('\t');
  return tab < 0 || lineStart + tab > offset ? undefined : lineStart + tab;
}

export interface DumpYamlOptions {
  /** Comment lines for the top of the file, without `#`. */
  readonly header?: readonly string[];
}

/** Serialises plain data; the same value always gives the same bytes. @throws YAMLException for values that YAML cannot hold. */
export function dumpYaml(value: unknown, options: DumpYamlOptions = {}): string {
  const header = (options.header ?? []).map(line => (line === '' ? '#\n' : `# ${line}\n`)).join('');
  // documents with a header are those of the whole cluster, which are written once
  return header === '' ? dumpRemembered(value) : header + dumpPlainly(value);
}

function dumpPlainly(value: unknown): string {
  // lineWidth -1: folding would break long base64 and PEM for readers that take lines as they are.
  // noRefs: anchors would need a reader that knows them, and hide that two values are the same by accident.
  // seqNoIndent: kubectl's layout. The default dump schema quotes whatever any YAML 1.1 reader takes for another type.
  return dump(value, { lineWidth: -1, noRefs: true, seqNoIndent: true });
}

const dumpRemembered = remembered(dumpPlainly, value => serialize(value).toString('latin1'));

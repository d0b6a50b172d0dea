import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

/** Half-open, in UTF-16 units of the parsed text. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export type YamlProblemKind = 'syntax' | 'tab' | 'duplicate-key' | 'several-documents' | 'alias-bomb';

export interface YamlProblem {
  readonly kind: YamlProblemKind;
  readonly message: string;
  readonly offset: number;
  /** End of what is wrong, when it is longer than a character. */
  readonly end?: number;
  /** The other place, e.g. the first of two equal keys. */
  readonly other?: number;
}

export interface Positions {
  /** The key of the last path element; undefined for list items and for paths that do not exist. */
  keyRange(path: readonly (string | number)[]): TextRange | undefined;
  /** The value at a path, quotes and brackets included; undefined for paths that do not exist. */
  valueRange(path: readonly (string | number)[]): TextRange | undefined;
  /** Every scalar that was written without quotes, keys included, in the order of the text. */
  readonly plainScalars: readonly TextRange[];
}

interface PlaceBase {
  start: number;
  end: number;
  /** Number of values below it, aliases expanded. */
  size: number;
}
interface MappingPlace extends PlaceBase {
  kind: 'mapping';
  entries: Map<string, { key: TextRange; value: Place }>;
}
interface SequencePlace extends PlaceBase {
  kind: 'sequence';
  items: Place[];
}
interface ScalarPlace extends PlaceBase {
  kind: 'scalar';
}
type Place = MappingPlace | SequencePlace | ScalarPlace;

interface Builder {
  readonly events: readonly Event[];
  readonly text: string;
  next: number;
  readonly anchors: Map<string, Place | 'open'>;
  readonly problems: YamlProblem[];
  readonly plainScalars: TextRange[];
}

// A cluster of 1,000 nodes has some 10,000 values.
const MAX_EXPANDED_VALUES = 200_000;

/** Walks the events once: where everything stands, and what js-yaml accepts but we do not. */
export function buildPositions(events: readonly Event[], text: string): { positions: Positions; problems: YamlProblem[] } {
  const builder: Builder = { events, text, next: 0, anchors: new Map(), problems: [], plainScalars: [] };
  let root: Place | undefined;
  if (events.length > 0) {
    builder.next = 1;
    root = place(builder, 0);
    const second = events.slice(1).find(event => event.type === EVENT_ID.DOCUMENT);
    if (second) builder.problems.push(severalDocuments(text, root));
  }
  const find = (path: readonly (string | number)[]) => {
    let found: { key?: TextRange; value: Place } | undefined = root && { value: root };
    for (const part of path) found = found && child(found.value, part);
    return found;
  };
  return {
    problems: builder.problems,
    positions: { keyRange: path => find(path)?.key, valueRange: path => find(path)?.value, plainScalars: builder.plainScalars },
  };
}

function child(parent: Place, part: string | number): { key?: TextRange; value: Place } | undefined {
  if (parent.kind === 'mapping') return parent.entries.get(String(part));
  const item = parent.kind === 'sequence' && typeof part === 'number' ? parent.items[part] : undefined;
  return item && { value: item };
}

/** Reads the value that starts at the next event. `empty`: where an absent value is said to be. */
function place(builder: Builder, empty: number): Place {
  const event = builder.events[builder.next++];
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      return anchored(builder, event, () => scalar(builder, event, empty));
    case EVENT_ID.SEQUENCE:
      return anchored(builder, event, () => sequence(builder, event.start));
    case EVENT_ID.MAPPING:
      return anchored(builder, event, () => mapping(builder, event.start));
    case EVENT_ID.ALIAS:
      return alias(builder, { start: event.anchorStart - 1, end: event.anchorEnd });
    default:
      return { kind: 'scalar', start: empty, end: empty, size: 1 };
  }
}

function anchored(builder: Builder, event: { anchorStart: number; anchorEnd: number }, read: () => Place): Place {
  if (event.anchorStart < 0) return read();
  const name = builder.text.slice(event.anchorStart, event.anchorEnd);
  builder.anchors.set(name, 'open');
  const value = read();
  builder.anchors.set(name, value);
  return value;
}

function alias(builder: Builder, range: TextRange): Place {
  const name = builder.text.slice(range.start + 1, range.end);
  const target = builder.anchors.get(name);
  if (target === 'open')
    builder.problems.push({
      kind: 'alias-bomb',
      message: `*${name} stands inside the value that it names`,
      offset: range.start,
      end: range.end,
    });
  if (target === undefined)
    builder.problems.push({ kind: 'syntax', message: `no anchor &${name} before this alias`, offset: range.start, end: range.end });
  if (typeof target !== 'object') return { kind: 'scalar', ...range, size: 1 };
  // Below an alias, positions are those of the anchored value: that is where the reader must change something.
  return target.kind === 'scalar' ? { ...target, ...range } : target;
}

function scalar(builder: Builder, event: ScalarEvent, empty: number): ScalarPlace {
  if (event.valueStart < 0) return { kind: 'scalar', start: empty, end: empty, size: 1 };
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
  const range = { start: event.valueStart - quoted, end: event.valueEnd + quoted };
  if (event.style === SCALAR_STYLE.PLAIN && event.tagStart < 0) builder.plainScalars.push(range);
  return { kind: 'scalar', ...range, size: 1 };
}

function sequence(builder: Builder, start: number): SequencePlace {
  const found: SequencePlace = { kind: 'sequence', start, end: start + 1, size: 1, items: [] };
  while (more(builder)) {
    const event = builder.events[builder.next];
    const item = place(builder, found.end);
    found.items.push(item);
    grow(builder, found, item, event);
  }
  found.end = closed(builder.text, found);
  return found;
}

function mapping(builder: Builder, start: number): MappingPlace {
  const found: MappingPlace = { kind: 'mapping', start, end: start + 1, size: 1, entries: new Map() };
  while (more(builder)) {
    const event = builder.events[builder.next];
    const key = place(builder, found.end);
    const range = { start: key.start, end: key.end };
    const valueEvent = builder.events[builder.next];
    const value = place(builder, afterColon(builder.text, key.end));
    grow(builder, found, value, valueEvent);
    if (event?.type !== EVENT_ID.SCALAR) {
      builder.problems.push({ kind: 'syntax', message: 'a key must be plain text', offset: range.start, end: range.end });
      continue;
    }
    const name = event.valueStart < 0 ? '' : getScalarValue(builder.text, event);
    const first = found.entries.get(name);
    if (first)
      builder.problems.push({
        kind: 'duplicate-key',
        message: `the key "${name}" stands here twice`,
        offset: range.start,
        end: range.end,
        other: first.key.start,
      });
    else found.entries.set(name, { key: range, value });
  }
  found.end = closed(builder.text, found);
  return found;
}

function more(builder: Builder): boolean {
  const event = builder.events[builder.next];
  if (event !== undefined && event.type !== EVENT_ID.POP) return true;
  builder.next++;
  return false;
}

/** Counts a value into its parent; `event` says where it was written, which is not where an alias leads. */
function grow(builder: Builder, parent: Place, value: Place, event: Event | undefined): void {
  const before = parent.size;
  parent.size += value.size;
  const isAlias = event?.type === EVENT_ID.ALIAS;
  parent.end = Math.max(parent.end, isAlias ? event.anchorEnd : value.end);
  if (before > MAX_EXPANDED_VALUES || parent.size <= MAX_EXPANDED_VALUES || builder.problems.some(problem => problem.kind === 'alias-bomb'))
    return;
  const offset = isAlias ? event.anchorStart - 1 : value.start;
  builder.problems.push({
    kind: 'alias-bomb',
    message: `the aliases expand to more than ${MAX_EXPANDED_VALUES.toLocaleString('en')} values`,
    offset,
  });
}

function afterColon(text: string, keyEnd: number): number {
  return keyEnd + (/^\s*:/.exec(text.slice(keyEnd, keyEnd + 80))?.[0].length ?? 0);
}

/** Events do not say where a flow collection is closed. */
function closed(text: string, collection: Place): number {
  const open = text[collection.start];
  if (open !== '[' && open !== '{') return collection.end;
  const end = text.indexOf(open === '[' ? ']' : '}', collection.end);
  return end < 0 ? collection.end : end + 1;
}

function severalDocuments(text: string, root: Place): YamlProblem {
  const marker = text.slice(root.end).search(/^---/m);
  const offset = marker < 0 ? root.end : root.end + marker;
  return { kind: 'several-documents', message: 'a second document begins here', offset, end: offset + 3 };
}

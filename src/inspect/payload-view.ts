// A payload as some carrier brought it.
import { FormatError } from '../formats/format-error.ts';
import { COMPLETE_ENTRY, entryOf, PLAN_ENTRY, type PlanFileLine, payloadDigest, readPlanFiles } from '../formats/payload-directory.ts';

export interface CarriedFile {
  /** As the carrier names it: `user-data`, `plan`, `files/etc/…`, or an absolute path on the node. */
  readonly path: string;
  /** Permission bits; undefined where the carrier has none. */
  readonly mode?: number;
  readonly content: Uint8Array;
}

export interface PayloadView {
  /** Directory on the node, where the carrier says it. */
  readonly directory?: string;
  /** Last element of `directory`. */
  readonly generation?: number;
  /** By path in the payload, in the carrier's order. */
  readonly entries: ReadonlyMap<string, CarriedFile>;
  readonly files: readonly PlanFileLine[];
  /** Computed; undefined while the runtime part is not at hand. */
  readonly digest?: string;
  /** What `.complete` says; undefined when it is missing. */
  readonly statedDigest?: string;
}

export interface ViewSettings {
  /** On the node. */
  readonly directory?: string;
  /** The carrier leaves the runtime part to an archive, which is not at hand. */
  readonly withoutRuntime?: boolean;
}

/** @throws FormatError when there is no plan, or it does not fit the entries */
export function viewPayload(files: readonly CarriedFile[], { directory, withoutRuntime = false }: ViewSettings = {}): PayloadView {
  const entries = new Map(files.map(file => [file.path, file]));
  const plan = entries.get(PLAN_ENTRY);
  if (!plan) throw new FormatError('unsupported', 'it holds no payload of kubekiln (no plan)');
  const text = Buffer.from(plan.content).toString('utf8');
  const complete = entries.get(COMPLETE_ENTRY);
  const generation = directory === undefined ? undefined : /\/(\d{1,9})$/.exec(directory)?.[1];
  return {
    ...(directory !== undefined && { directory }),
    ...(generation !== undefined && { generation: Number(generation) }),
    entries,
    files: readPlanFiles(text),
    ...(!withoutRuntime && { digest: payloadDigest(text, entry => entries.get(entry)?.content) }),
    ...(complete && { statedDigest: Buffer.from(complete.content).toString('utf8').trim() }),
  };
}

/** Content of a file of the plan, by its path on the node. */
export function fileText(payload: PayloadView, path: string): string | undefined {
  const entry = payload.entries.get(entryOf(path));
  return entry && Buffer.from(entry.content).toString('utf8');
}

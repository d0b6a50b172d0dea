// The first members of a bundle: what it says of itself.
import { FormatError } from '../formats/format-error.ts';
import { type Entry, INDEX_MEMBER, parseIndex, SBOM_MEMBER, SUMS_MEMBER } from './bundle-index.ts';
import type { TarEntry } from './tar-stream.ts';

/** Ten thousand images would not need as much. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024;

export interface BundleHead {
  readonly index: Uint8Array;
  readonly entries: readonly Entry[];
  readonly sums: Uint8Array;
  readonly sbom: Uint8Array;
  /** Names of the three whose headers are not as kubekiln writes them. */
  readonly foreign: readonly string[];
}

/** Takes three members. @throws FormatError */
export async function readHead(members: AsyncIterator<TarEntry>): Promise<BundleHead> {
  const foreign: string[] = [];
  const next = async (name: string): Promise<Uint8Array> => {
    const { value, done } = await members.next();
    if (done === true || value.path !== name)
      throw new FormatError(name === INDEX_MEMBER ? 'unsupported' : 'damaged', `its member ${name} is not where it should be`);
    if (value.size > MAX_HEAD_BYTES) throw new FormatError('too-large', `its member ${name} is larger than any`);
    if (!value.ours) foreign.push(name);
    const chunks: Uint8Array[] = [];
    for await (const chunk of value.content()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const index = await next(INDEX_MEMBER);
  const entries = parseIndex(index);
  return { index, entries, sums: await next(SUMS_MEMBER), sbom: await next(SBOM_MEMBER), foreign };
}

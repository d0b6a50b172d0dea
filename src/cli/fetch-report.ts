import type { FetchResult, ImageInStore, ProgramInStore } from '../fetch/fetched.ts';
import { urlOf } from '../pki/pins.ts';
import { counted, renderTable } from './table.ts';

/** `71.4 MB`, of a million bytes each */
export function bytesText(count: number): string {
  return `${(count / 1e6).toFixed(1)} MB`;
}

export interface FetchSummary {
  readonly cluster: string;
  readonly directory: string;
  /** Bytes that came over the network. */
  readonly received: number;
  /** How many digests the lock got. */
  readonly pinned: number;
}

/** What is in the store now, where it came from, and what was believed without a pin. */
export function fetchText({ programs, images }: FetchResult, { directory, received, pinned }: FetchSummary): string {
  const rows = [...programs.map(programRow), ...images.map(imageRow)];
  const all = [...programs, ...images];
  const fresh = all.filter(({ from }) => from !== 'store').length;
  const size = all.reduce((sum, one) => sum + one.size, 0);
  const what = `${counted(programs.length, 'program')} and ${counted(images.length, 'image')} (${bytesText(size)}) are in ${directory}`;
  const news = fresh === 0 ? 'nothing had to be fetched' : `${fresh} came now, ${bytesText(received)} over the network`;
  const trust =
    pinned === 0
      ? ''
      : `trusted this once: ${counted(pinned, 'digest')} had no pin, and ${pinned === 1 ? 'is' : 'are'} in cluster.lock.yaml now.\n`;
  return `${renderTable(['WHAT', 'VERSION', 'ARCH', 'DIGEST', 'FROM'], rows)}${what}; ${news}.\n${trust}`;
}

function programRow({ program, sha256, from, trusted }: ProgramInStore): readonly string[] {
  const note = trusted === undefined ? '' : trusted === 'content' ? ' (trusted this once)' : ' (its .sha256 trusted this once)';
  return [program.name, program.version, program.architecture, sha256, from + note];
}

function imageRow({ image, digest, architectures, from, trusted }: ImageInStore): readonly string[] {
  const [, name = '', tag = '-'] = /^(.*?)(?::([^/:@]+))?(?:@.*)?$/.exec(image) ?? [];
  return [name, tag, architectures.join(','), digest.slice('sha256:'.length), `${from}${trusted ? ' (trusted this once)' : ''}`];
}

export function fetchData({ programs, images }: FetchResult, { cluster, directory, received, pinned }: FetchSummary): object {
  return {
    apiVersion: 'kubekiln/v1alpha1',
    kind: 'Fetched',
    cluster,
    directory,
    receivedBytes: received,
    pinned,
    binaries: programs.map(({ program: { name, version, architecture, source }, ...rest }) => ({
      name,
      version,
      architecture,
      url: urlOf(source),
      ...rest,
    })),
    images,
  };
}

// A tar with the OCI image layout of one image for one architecture, as `ctr images import` takes it.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createReadStream } from 'node:fs';
import { observed, tally } from '../formats/byte-stream.ts';
import { FormatError } from '../formats/format-error.ts';
import { BLOCK, encodeHeader, paddingOf } from '../formats/tar-header.ts';
import type { Blob, WalkedImage } from './walk-image.ts';

const READ_BYTES = 1024 * 1024;
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_INDEX = 'index.json';
export const BLOB_DIRECTORY = 'blobs/sha256/';
export const MEMBER_MODE = 0o644;
export const LAYOUT_CONTENT = '{"imageLayoutVersion":"1.0.0"}';

export interface Layout {
  /** Of the whole tar. */
  readonly size: number;
  /** @throws FormatError when a blob is not what its digest says, and the system error when it cannot be read */
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** @param pathOf where a blob of the image stands */
export function imageLayout(name: string, image: WalkedImage, pathOf: (sha256: string) => string): Layout {
  const texts = [
    { path: LAYOUT_FILE, content: Buffer.from(LAYOUT_CONTENT) },
    { path: LAYOUT_INDEX, content: Buffer.from(layoutIndex(name, image)) },
  ];
  const blobs = image.blobs.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const sizes = [...texts.map(({ content }) => content.length), ...blobs.map(({ size }) => size)];
  return {
    size: sizes.reduce((sum, size) => sum + BLOCK + size + paddingOf(size), 2 * BLOCK),
    async *content() {
      for (const { path, content } of texts)
        yield Buffer.concat([header(path, content.length), content, Buffer.alloc(paddingOf(content.length))]);
      for (const blob of blobs) {
        yield header(BLOB_DIRECTORY + blob.sha256, blob.size);
        yield* checkedBlob(pathOf(blob.sha256), blob);
        yield Buffer.alloc(paddingOf(blob.size));
      }
      yield Buffer.alloc(2 * BLOCK);
    },
  };
}

/** index.json of the layout: names the image as containerd and others look for it. */
export function layoutIndex(name: string, { root }: WalkedImage): string {
  const reference = /[:@]([^/]*)$/.exec(name)?.[1] ?? name;
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': reference };
  const manifests = [{ mediaType: root.mediaType, digest: `sha256:${root.sha256}`, size: root.size, annotations }];
  return JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests });
}

function header(name: string, size: number): Uint8Array {
  return encodeHeader({ name, mode: MEMBER_MODE, size, type: '0' });
}

async function* checkedBlob(path: string, blob: Blob): AsyncGenerator<Uint8Array> {
  const seen = tally();
  // one byte more than it should have: enough to see that it has more
  yield* observed(createReadStream(path, { highWaterMark: READ_BYTES, end: blob.size }), chunk => {
    seen.look(chunk);
    if (seen.size() > blob.size) throw new FormatError('damaged', `the blob sha256:${blob.sha256} is longer than its manifest says`);
  });
  if (seen.size() !== blob.size || seen.sha256() !== blob.sha256)
    throw new FormatError('damaged', `the blob sha256:${blob.sha256} has other bytes than its digest says`);
}

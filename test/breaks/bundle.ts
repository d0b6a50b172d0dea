// The offline bundle: read as something that somebody may have changed.
import { type Break, swapped, without } from './break.ts';

const CHECK_BYTES = 'src/bundle/check-bytes.ts';
const VERIFY = ['bundle/verify#bundle verify'];

export const BUNDLE_BREAKS: readonly Break[] = [
  {
    name: 'a bundle may go on behind its end',
    file: 'src/bundle/tar-stream.ts',
    ...without("  if (!(await reader.atEnd())) throw new FormatError('damaged', 'there is more behind the end of the tar archive');\n"),
    tests: VERIFY,
    program: true,
    why: 'bytes that nobody looked at travel with a bundle that was found to be right',
  },
  {
    name: 'a header of a bundle may be another than ours',
    file: CHECK_BYTES,
    ...without('  if (!member.ours) faults.push(foreignHeader(member.path));\n'),
    tests: VERIFY,
    program: true,
    why: 'a flipped byte in a header is not noticed',
  },
  {
    name: 'the index of a bundle is not compared with the bill of materials',
    file: CHECK_BYTES,
    ...swapped('indexDigestOf(sbom) === sha256Of(index)', 'indexDigestOf(sbom) !== undefined'),
    tests: VERIFY,
    program: true,
    why: 'a program comes under the address of another',
  },
  {
    name: 'a bomb in a bundle goes off',
    file: CHECK_BYTES,
    ...swapped('if (seen.size() > entry.size)', 'if (seen.size() > 2 ** 40)'),
    tests: VERIFY,
    program: true,
    why: 'a small file keeps verify busy for hours',
  },
  {
    name: 'an image of a bundle may hold a blob too many',
    file: 'src/bundle/check-layout.ts',
    ...swapped('if (superfluous !== undefined)', "if (superfluous === '')"),
    tests: VERIFY,
    program: true,
    why: 'something travels with an image that is not of it',
  },
  {
    name: 'zeros behind a gzip member of a bundle are passed over',
    file: 'src/bundle/encode.ts',
    ...swapped('if (decoder.bytesWritten !== stored)', 'if (decoder.bytesWritten > stored)'),
    tests: VERIFY,
    program: true,
    why: 'bytes of a member are in no digest of its content',
  },
  {
    name: 'a disk that is full for zstd is not looked at',
    file: 'src/bundle/write-archive.ts',
    ...without('    await writeAt(file, Buffer.alloc(PROBE_BYTES), (await file.stat()).size);\n'),
    tests: ['bundle/create#bundle create: what it refuses'],
    program: true,
    why: 'the user reads that a program failed, and looks for the fault in the wrong place',
  },
  {
    name: 'what zstd appends is digested from the wrong place',
    file: 'src/bundle/write-archive.ts',
    ...swapped('digestOf(file, start + BLOCK, size)', 'digestOf(file, start, size)'),
    tests: ['bundle/create#bundle create'],
    program: true,
    why: 'sha256sum -c refuses a good bundle',
  },
  {
    name: 'blocks of gzip know nothing of those before',
    file: 'src/formats/gzip-blocks.ts',
    ...swapped('dictionary = block.subarray(-DICTIONARY_BYTES);', 'dictionary = block.subarray(0, DICTIONARY_BYTES);'),
    tests: ['formats/gzip-blocks'],
    why: 'no gzip could read what was written',
  },
];

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/formats/format-error.ts';
import { readIso } from '../../src/formats/iso9660-reader.ts';
import { shortNames } from '../../src/formats/iso9660-short-names.ts';
import { type IsoFile, writeIso } from '../../src/formats/iso9660-writer.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const FILES: readonly IsoFile[] = [
  { name: 'user-data', mode: 0o600, content: Buffer.from(`#cloud-config\n${'x'.repeat(5000)}`) },
  { name: 'meta-data', mode: 0o600, content: Buffer.from('instance-id: a\n') },
  { name: 'network-config', mode: 0o644, content: Buffer.alloc(2048, 7) },
  { name: 'vendor-data', mode: 0o600, content: Buffer.alloc(0) },
];
const IMAGE = writeIso('CIDATA', FILES);

function fault(image: Uint8Array): string {
  try {
    readIso(image);
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return error.fault;
  }
  return 'none';
}

function imageFile(t: Parameters<typeof temporaryDirectory>[0], image: Uint8Array = IMAGE): string {
  const path = join(temporaryDirectory(t), 'seed.iso');
  writeFileSync(path, image);
  return path;
}

describe('writeIso', () => {
  for (const [flag, names] of [
    ['-R', 'Rock Ridge'],
    ['-J', 'Joliet'],
  ] as const) {
    it(`is read back by isoinfo with ${names} names`, { skip: missingTool('isoinfo') }, t => {
      const path = imageFile(t);
      for (const { name, content } of FILES) {
        assert.deepEqual(execFileSync('isoinfo', ['-i', path, flag, '-x', `/${name}`]), Buffer.from(content), name);
      }
      const listing = execFileSync('isoinfo', ['-i', path, flag, '-f'], { encoding: 'utf8' });
      assert.deepEqual(listing.trim().split('\n').toSorted(), FILES.map(file => `/${file.name}`).toSorted());
    });
  }

  it('is extracted by xorriso with names, contents and modes', { skip: missingTool('xorriso') }, t => {
    const path = imageFile(t);
    const target = join(temporaryDirectory(t), 'x');
    execFileSync('xorriso', ['-indev', path, '-osirrox', 'on', '-extract', '/', target], { stdio: 'pipe' });
    assert.deepEqual(readdirSync(target).toSorted(), FILES.map(file => file.name).toSorted());
    for (const { name, content, mode } of FILES) {
      assert.deepEqual(readFileSync(join(target, name)), Buffer.from(content), name);
      const stat = statSync(join(target, name));
      assert.equal(stat.mode & 0o7777, mode, name);
      assert.equal(stat.mtimeMs, 0, name);
    }
  });

  it('bears the label that cloud-init looks for', { skip: missingTool('blkid') }, t => {
    const output = execFileSync('blkid', ['-p', '-o', 'export', imageFile(t)], { encoding: 'utf8' });
    assert.match(output, /^LABEL=CIDATA$/m);
    assert.match(output, /^TYPE=iso9660$/m);
  });

  it('is whole for devices with sectors of 4096 bytes, and small', () => {
    assert.equal(IMAGE.length % 4096, 0);
    assert.ok(IMAGE.length < 70_000);
  });

  it('is read back by our own reader through all three kinds of names', () => {
    const contents = fc.uint8Array({ maxLength: 5000 });
    const names = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/), { maxLength: 30 });
    fc.assert(
      fc.property(names, contents, fc.integer({ min: 0, max: 0o777 }), (list, content, mode) => {
        const files = list.map(name => ({ name, mode, content: Buffer.from(content) }));
        const image = writeIso('KUBEKILN', files);
        const sorted = list.toSorted();
        for (const tree of ['rock-ridge', 'joliet', 'plain'] as const) {
          const read = readIso(image, tree);
          assert.equal(read.label, 'KUBEKILN');
          assert.equal(read.files.length, files.length);
          for (const file of read.files) assert.deepEqual(Buffer.from(file.content), Buffer.from(content));
          if (tree !== 'plain') assert.deepEqual(read.files.map(file => file.path).toSorted(), sorted);
          if (tree === 'rock-ridge') for (const file of read.files) assert.equal(file.mode, mode);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('gives names of the first interchange level, each once', () => {
    assert.deepEqual(shortNames(['user-data', 'meta-data', 'user-data.gz', 'user-dat', 'vendor-data']), [
      'USER_DAT.;1',
      'META_DAT.;1',
      'USER_DAT.GZ;1',
      'USER_DA1.;1',
      'VENDOR_D.;1',
    ]);
  });
});

describe('readIso', () => {
  it('reads what genisoimage writes, with subdirectories', { skip: missingTool('genisoimage') }, t => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'sub/deeper'), { recursive: true });
    writeFileSync(join(directory, 'user-data'), 'u'.repeat(3000));
    writeFileSync(join(directory, 'sub/deeper/a-long-name.with.dots'), 'deep');
    const image = execFileSync('genisoimage', ['-quiet', '-V', 'cidata', '-J', '-R', directory], { maxBuffer: 10_000_000 });
    for (const tree of ['rock-ridge', 'joliet'] as const) {
      const { label, files } = readIso(image, tree);
      assert.equal(label, 'cidata');
      assert.deepEqual(files.map(file => [file.path, file.content.length]).toSorted(), [
        ['sub/deeper/a-long-name.with.dots', 4],
        ['user-data', 3000],
      ]);
    }
  });

  it('refuses symbolic links', { skip: missingTool('genisoimage') }, t => {
    const directory = temporaryDirectory(t);
    symlinkSync('/etc/shadow', join(directory, 'user-data'));
    assert.equal(fault(execFileSync('genisoimage', ['-quiet', '-R', directory], { stdio: 'pipe', maxBuffer: 10_000_000 })), 'unsafe');
  });

  it('refuses an image cut at any byte', () => {
    for (let length = 0; length < IMAGE.length; length++) assert.notEqual(fault(IMAGE.subarray(0, length)), 'none', `cut at ${length}`);
  });

  it('refuses extents outside of the image, loops, and unsafe names', () => {
    // the root directory of the primary tree: sector 24; its third record is the first file
    const third = 24 * 2048 + (IMAGE[24 * 2048] ?? 0) * 1;
    const root = Buffer.from(IMAGE);
    const second = third + (root[third] ?? 0);
    const broken = (change: (image: Buffer) => void) => {
      const image = Buffer.from(IMAGE);
      change(image);
      return fault(image);
    };
    const both = (image: Buffer, at: number, value: number) => {
      image.writeUInt32LE(value, at);
      image.writeUInt32BE(value, at + 4);
    };
    assert.equal(
      broken(image => both(image, second + 2, 0xffffff)),
      'truncated',
    );
    assert.equal(
      broken(image => both(image, second + 10, 0x7fffffff)),
      'truncated',
    );
    assert.equal(
      broken(image => {
        both(image, second + 2, 24);
        both(image, second + 10, 2048);
        image[second + 25] = 2;
        const mode = image.indexOf('PX', second) + 4;
        both(image, mode, 0o040700);
      }),
      'unsafe',
    );
    const name = root.indexOf('meta-data', 24 * 2048);
    assert.equal(
      broken(image => image.write('../a-data', name)),
      'unsafe',
    );
    assert.equal(
      broken(image => image.write('user-data', name)),
      'unsafe',
    );
    assert.equal(
      broken(image => image.fill(0, 16 * 2048, 16 * 2048 + 8)),
      'damaged',
    );
  });

  it('never fails in any other way', () => {
    const structure = fc.integer({ min: 16 * 2048, max: 27 * 2048 });
    fc.assert(
      fc.property(fc.array(fc.tuple(structure, fc.nat(255)), { minLength: 1, maxLength: 6 }), changes => {
        const image = Buffer.from(IMAGE);
        for (const [at, byte] of changes) image[at] = byte;
        fault(image);
      }),
      { numRuns: 1000 },
    );
  });
});

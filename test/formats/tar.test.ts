import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FormatError } from '../../src/formats/format-error.ts';
import { encodeHeader, paddingOf } from '../../src/formats/tar-header.ts';
import { readTar } from '../../src/formats/tar-reader.ts';
import { type TarFile, writeTar } from '../../src/formats/tar-writer.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const FILES: readonly TarFile[] = [
  { path: 'plan', mode: 0o600, content: Buffer.from('f 0600 root /etc/hosts\n') },
  { path: `files/${'long/'.repeat(30)}name`, mode: 0o700, content: Buffer.from('prefix') },
  { path: `files/${'x'.repeat(120)}/${'y'.repeat(130)}`, mode: 0o644, content: Buffer.alloc(1024, 1) },
  { path: 'files/ümlaut', mode: 0o755, content: Buffer.alloc(0) },
  { path: '.complete', mode: 0o600, content: Buffer.from('digest\n') },
];

const element = fc
  .string({ minLength: 1, maxLength: 70, unit: fc.constantFrom(...'abcXYZ019._-@ é') })
  .filter(text => text !== '.' && text !== '..');
const paths = fc.uniqueArray(fc.array(element, { minLength: 1, maxLength: 6 }), { maxLength: 12, selector: path => path[0] });

function fault(archive: Uint8Array): string {
  try {
    readTar(archive);
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return error.fault;
  }
  return 'none';
}

function entry(name: string, type: string, content = Buffer.alloc(0)): Buffer {
  return Buffer.concat([encodeHeader({ name, mode: 0o600, size: content.length, type }), content, Buffer.alloc(paddingOf(content.length))]);
}

const END = Buffer.alloc(1024);

describe('writeTar', () => {
  it('is read back byte for byte by GNU tar', { skip: missingTool('tar') }, t => {
    const directory = temporaryDirectory(t);
    execFileSync('tar', ['-xpf', '-', '-C', directory], { input: writeTar(FILES) });
    for (const { path, mode, content } of FILES) {
      assert.deepEqual(readFileSync(join(directory, path)), Buffer.from(content), path);
      assert.equal(lstatSync(join(directory, path)).mode & 0o7777, mode, path);
    }
    const listing = execFileSync('tar', ['--utc', '-tvf', '-'], { input: writeTar(FILES), encoding: 'utf8' })
      .trim()
      .split('\n');
    assert.equal(listing.length, FILES.length);
    for (const line of listing) assert.match(line, / root\/root +\d+ 1970-01-01 00:00 /);
  });

  it('is read back by our own reader', () => {
    fc.assert(
      fc.property(paths, fc.uint8Array({ maxLength: 1100 }), fc.integer({ min: 1, max: 0o7777 }), (names, content, mode) => {
        const files = names.map(name => ({ path: name.join('/'), mode, content: Buffer.from(content) }));
        assert.deepEqual(readTar(writeTar(files)), files);
      }),
    );
  });

  it('refuses what no archive of ours holds', () => {
    const content = Buffer.alloc(0);
    for (const path of ['/etc/passwd', '../x', 'a//b', 'a/./b', '', 'a\nb'])
      assert.throws(() => writeTar([{ path, mode: 0o600, content }]), { name: 'Bug' });
    assert.throws(() => writeTar([{ path: 'a', mode: 0, content }]), { name: 'Bug' });
  });
});

describe('readTar', () => {
  it('reads what GNU tar writes', { skip: missingTool('tar') }, t => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'files/etc'), { recursive: true });
    writeFileSync(join(directory, 'plan'), 'x');
    writeFileSync(join(directory, 'files/etc/hosts'), 'y'.repeat(3000));
    for (const format of ['ustar', 'gnu', 'pax']) {
      const archive = execFileSync('tar', ['-C', directory, `--format=${format}`, '--sort=name', '-cf', '-', '.']);
      assert.deepEqual(
        readTar(archive).map(file => [file.path, file.content.length]),
        [
          ['files/etc/hosts', 3000],
          ['plan', 1],
        ],
        format,
      );
    }
  });

  it('refuses names that lead out of the tree, twice the same, and entries below a file', () => {
    for (const name of ['/etc/passwd', '../x', 'a/../../x', 'a//b', 'a\\b', 'a\u0001b', '..', 'a/']) {
      assert.equal(fault(Buffer.concat([entry(name, '0', Buffer.from('x')), END])), 'unsafe', JSON.stringify(name));
    }
    assert.equal(fault(Buffer.concat([entry('a', '0'), entry('./a', '0'), END])), 'unsafe');
    assert.equal(fault(Buffer.concat([entry('a', '0'), entry('a/b', '0'), END])), 'unsafe');
    assert.equal(fault(Buffer.concat([entry('a/b', '0'), entry('a', '0'), END])), 'unsafe');
  });

  it('refuses links and devices, by hand and from GNU tar', { skip: missingTool('tar') }, t => {
    for (const type of ['1', '2', '3', '4', '6']) assert.equal(fault(Buffer.concat([entry('a', type), END])), 'unsafe', type);
    for (const type of ['7', 'g', 'L', 'S', 'V', 'Z']) assert.equal(fault(Buffer.concat([entry('a', type), END])), 'unsupported', type);
    const directory = temporaryDirectory(t);
    symlinkSync('/etc/shadow', join(directory, 'plan'));
    assert.equal(fault(execFileSync('tar', ['-C', directory, '-cf', '-', 'plan'])), 'unsafe');
  });

  it('refuses hostile extended headers', () => {
    const pax = (record: string) => fault(Buffer.concat([entry('p', 'x', Buffer.from(record)), entry('a', '0'), END]));
    assert.equal(pax('14 path=../etc\n'), 'damaged');
    assert.equal(pax('15 path=../etc\n'), 'unsafe');
    assert.equal(pax('12 size=999\n'), 'unsupported');
    assert.equal(pax('17 linkpath=/etc\n'), 'unsupported');
    for (const record of ['', 'x', '99999999 a=b\n', '9 path=a', '-1 a=b\n', '0 a\n', '8 path\n\n'])
      assert.match(pax(record), /damaged|unsupported|none/);
    assert.equal(fault(Buffer.concat([entry('p', 'x', Buffer.from('10 path=a\n')), END])), 'damaged');
  });

  it('refuses an archive cut at any byte, or with more behind its end', () => {
    const archive = writeTar(FILES.slice(0, 2));
    for (let length = 0; length < archive.length; length++)
      assert.equal(fault(archive.subarray(0, length)), 'truncated', `cut at ${length}`);
    assert.equal(fault(Buffer.concat([archive, Buffer.alloc(512)])), 'none');
    assert.equal(fault(Buffer.concat([archive, Buffer.from('x')])), 'damaged');
  });

  it('never fails in any other way', () => {
    const archive = Buffer.from(writeTar(FILES));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), changes => {
        const broken = Buffer.from(archive);
        for (const [at, byte] of changes) broken[at] = byte;
        fault(broken);
      }),
      { numRuns: 500 },
    );
  });
});

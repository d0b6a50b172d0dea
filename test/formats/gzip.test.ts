import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { FormatError } from '../../src/formats/format-error.ts';
import { gunzip, gzip } from '../../src/formats/gzip.ts';
import { missingTool } from '../missing-tool.ts';

const LIMIT = 1_000_000;
/** Shell text, then base64 that never repeats, as in a user-data; no randomness. */
const SAMPLE = Buffer.from(
  Array.from({ length: 60 }, (_value, index) => `if [ -e /etc/file-${index} ]; then\n  echo "line ${index * 7919}" >&2\nfi\n`).join('') +
    Array.from({ length: 300 }, (_value, index) => `${createHash('sha384').update(`${index}`).digest('base64')}\n`).join(''),
);

/** Inputs with what compressors meet: runs, repeats near and far, noise. */
const inputs = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(255), fc.nat(2000)).map(([byte, length]) => new Uint8Array(length).fill(byte)),
      fc.tuple(fc.string({ maxLength: 40 }), fc.nat(60)).map(([text, times]) => Buffer.from(text.repeat(times))),
      fc.constant(SAMPLE),
    ),
    { maxLength: 6 },
  )
  .map(parts => Buffer.concat(parts));

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return error.fault;
  }
  return 'none';
}

describe('gzip', () => {
  it('is what zlib reads back', () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom('quick', 'good', 'smallest'), (bytes, effort) => {
        const member = gzip(bytes, effort);
        assert.ok(gunzipSync(member).equals(bytes));
        assert.deepEqual(Buffer.from(gunzip(member, bytes.length)), bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('holds matches at the far end of the window, and not beyond', () => {
    for (const gap of [32_000, 32_765, 32_766, 32_767, 32_768, 32_769, 40_000]) {
      const noise = Buffer.concat(
        Array.from({ length: Math.ceil(gap / 32) }, (_value, index) => createHash('sha256').update(`${gap} ${index}`).digest()),
      );
      const bytes = Buffer.concat([SAMPLE.subarray(0, 300), noise.subarray(0, gap - 300), SAMPLE.subarray(0, 300)]);
      for (const effort of ['quick', 'good', 'smallest'] as const)
        assert.ok(gunzipSync(gzip(bytes, effort)).equals(bytes), `${gap} ${effort}`);
    }
  });

  it('passes gzip -t', { skip: missingTool('gzip') }, () => {
    for (const bytes of [SAMPLE, Buffer.alloc(0), Buffer.from('a')]) execFileSync('gzip', ['-t'], { input: gzip(bytes, 'smallest') });
  });

  it('gives the same bytes on every version of node', () => {
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(SAMPLE), '2fc8915576238eeec6d6683cc59cfce28940f2add7ff65eb7561e67067d81208');
    assert.equal(digest(gzip(SAMPLE, 'quick')), 'd1425fd96c78edec3ad6423fb2c15fafbead11987fcc136aae8d2eeda4764b88');
    assert.equal(digest(gzip(SAMPLE, 'good')), 'e4f2227cbfaaf271fc18ca0c8e23a1fcc70ab3473f69b64759bc2c4aa966256e');
    assert.equal(digest(gzip(SAMPLE, 'smallest')), '5534a52860e28d10d7cfe1d3a2daced67328c42a68f328aed49e9a934c11866e');
  });

  it('is smaller than zlib at its best where the size matters', () => {
    assert.ok(gzip(SAMPLE, 'good').length < gzipSync(SAMPLE, { level: 9 }).length);
    assert.ok(gzip(SAMPLE, 'smallest').length < gzip(SAMPLE, 'good').length);
  });

  it('stays near zlib where it is in a hurry', () => {
    assert.ok(gzip(SAMPLE, 'quick').length < 1.15 * gzipSync(SAMPLE, { level: 6 }).length);
  });

  it('holds no name and no time', () => {
    assert.deepEqual([...gzip(SAMPLE, 'smallest').subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
  });
});

describe('gunzip', () => {
  it('names a bomb, and holds no more than the limit', () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    assert.equal(
      faultOf(() => gunzip(bomb, LIMIT)),
      'too-large',
    );
    assert.equal(gunzip(gzip(Buffer.alloc(1000)), 1000).length, 1000);
    assert.equal(
      faultOf(() => gunzip(gzip(Buffer.alloc(1001)), 1000)),
      'too-large',
    );
  });

  it('refuses an archive cut at any byte', () => {
    const member = gzip(SAMPLE.subarray(0, 2000));
    for (let length = 0; length < member.length; length++) {
      assert.notEqual(
        faultOf(() => gunzip(member.subarray(0, length), LIMIT)),
        'none',
        `cut at ${length}`,
      );
    }
  });

  it('never takes a flipped bit for other content', () => {
    const bytes = SAMPLE.subarray(0, 500);
    const member = gzip(bytes);
    let refused = 0;
    for (let bit = 0; bit < member.length * 8; bit++) {
      const flipped = Buffer.from(member);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const fault = faultOf(() => assert.deepEqual(gunzip(flipped, LIMIT), Buffer.from(bytes), `bit ${bit}`));
      if (fault !== 'none') refused++;
    }
    // header fields and padding have no say in the content
    assert.ok(refused > (member.length - 20) * 8, `${refused} of ${member.length * 8} bits`);
  });

  it('refuses what follows the end, and a second member', () => {
    const member = gzip(SAMPLE);
    for (const more of [Buffer.from('x'), Buffer.alloc(512), member, gzip(Buffer.alloc(0))]) {
      assert.match(
        faultOf(() => gunzip(Buffer.concat([member, more]), LIMIT)),
        /damaged|truncated/,
      );
    }
  });

  it('refuses what is no gzip data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        faultOf(() => gunzip(bytes, LIMIT));
        faultOf(() => gunzip(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), bytes]), LIMIT));
      }),
    );
  });
});

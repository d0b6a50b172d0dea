// inspect and verify of out/<cluster>/image, wherever it was copied to.
import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { BuildOutput } from '../../src/build.ts';
import { readArtifact } from '../../src/inspect/read-artifact.ts';
import { renderInspection } from '../../src/inspect/render-inspection.ts';
import { showFile } from '../../src/inspect/show-file.ts';
import { verifyPaths } from '../../src/inspect/verify.ts';
import { builtCluster, NOW, writeArtifacts } from './built-cluster.ts';
import { contentOf } from './repack.ts';

let output: BuildOutput;
before(async () => {
  output = await builtCluster();
});

/** What verify says of the image directory alone, after `change`. */
function verified(change: (image: string) => void): readonly string[] {
  const { directory, remove } = writeArtifacts(output.artifacts);
  const image = join(directory, 'image');
  try {
    change(image);
    return verifyPaths([image], { now: NOW }).problems.map(({ code, message }) => `${code} ${message.replace(directory, 'prod')}`);
  } finally {
    remove();
  }
}

describe('image/', () => {
  it('is verified by itself, every file of it', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const { problems, checks, nodes } = verifyPaths([join(directory, 'image')], { now: NOW });
    remove();
    const files = output.artifacts.filter(({ path }) => path.startsWith('image/')).length;
    assert.deepEqual([problems, nodes], [[], 0]);
    assert.deepEqual(
      checks.map(({ name, count }) => [name, count]),
      [['artifacts', files]],
    );
  });

  it('is listed with its digest, and shows its files', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const { artifact } = readArtifact(join(directory, 'image'));
    remove();
    assert.ok(artifact);
    const manifest: { image: { sha256: string } } = JSON.parse(Buffer.from(contentOf(output, 'manifest.json')).toString());
    assert.match(renderInspection(artifact), new RegExp(`image, digest ${manifest.image.sha256}\\n`));
    const shown = showFile(artifact, 'programs-amd64');
    assert.deepEqual(shown, { text: Buffer.from(contentOf(output, 'image/programs-amd64')).toString() });
  });

  it('is named where a file was changed, is missing, or came from elsewhere', () => {
    const cases: readonly (readonly [change: (image: string) => void, expected: readonly string[]])[] = [
      [image => appendFileSync(join(image, 'check'), '#'), ['check: it is not what SHA256SUMS lists', 'bake.iso: it does not hold check']],
      [image => rmSync(join(image, 'clouds/amazon-ebs.pkr.hcl')), ['clouds/amazon-ebs.pkr.hcl: SHA256SUMS lists it, but it is not there']],
      [image => writeFileSync(join(image, 'clouds/own.pkr.hcl'), ''), ['clouds/own.pkr.hcl: SHA256SUMS does not list it']],
      [image => writeFileSync(join(image, 'SHA256SUMS'), ''), ['SHA256SUMS lists nothing']],
    ];
    for (const [change, expected] of cases) {
      const found = verified(change);
      assert.equal(found.length, expected.length, found.join('\n'));
      expected.forEach((text, index) => {
        assert.ok(found[index]?.includes(text), `${text}: ${found.join('\n')}`);
      });
    }
  });
});

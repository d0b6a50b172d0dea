// The bill of materials, read by the SPDX project's own tools.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { hasTool, skipWithout, succeed } from '../cli/program.ts';
import { type Sample, sampleProject } from './sample-store.ts';

interface Package {
  readonly name: string;
  readonly versionInfo?: string;
  readonly downloadLocation: string;
  readonly checksums: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly externalRefs?: readonly { readonly referenceLocator: string }[];
}

describe('sbom.spdx.json', () => {
  let sample: Sample;
  let text: string;
  before(() => {
    sample = sampleProject();
    succeed(['bundle', 'create', '--cache-dir', sample.store], { cwd: sample.directory });
    text = execFileSync('tar', ['-xOf', 'prod-bundle.tar', 'sbom.spdx.json'], { cwd: sample.directory, encoding: 'utf8' });
  });

  it('names every program and image with its version and digest, and covers the index', () => {
    const { packages }: { packages: readonly Package[] } = JSON.parse(text);
    for (const { name, url, sha256 } of sample.programs) {
      const found = packages.find(({ downloadLocation }) => downloadLocation === url);
      assert.equal(found?.name, name);
      assert.match(found?.versionInfo ?? '', /^v/);
      assert.deepEqual(found?.checksums, [{ algorithm: 'SHA256', checksumValue: sha256 }]);
    }
    for (const { image, digest } of sample.images) {
      const [name, tag] = image.split(/:(?=[^/]*$)/);
      const found = packages.find(one => one.name === name && one.versionInfo === tag);
      assert.ok(found?.externalRefs?.[0]?.referenceLocator.includes(encodeURIComponent(digest)), image);
    }
    const index = execFileSync('sh', ['-c', 'tar -xOf prod-bundle.tar kubekiln-bundle | sha256sum'], {
      cwd: sample.directory,
      encoding: 'utf8',
    });
    assert.equal(packages.find(({ name }) => name === 'kubekiln-bundle')?.checksums[0]?.checksumValue, index.slice(0, 64));
  });

  it('says by what it was compressed, and holds no time of a run', () => {
    const { creationInfo } = JSON.parse(text);
    assert.ok(creationInfo.comment.includes(`zlib ${process.versions.zlib}`));
    assert.equal(creationInfo.created, '1970-01-01T00:00:00Z');
  });

  it('is SPDX 2.3', context => {
    if (skipWithout(context, hasTool('pyspdxtools'), 'pyspdxtools (pip install spdx-tools)')) return;
    const file = join(sample.directory, 'sbom.spdx.json');
    const check = (content: string) => {
      writeFileSync(file, content);
      const { status, stdout, stderr } = spawnSync('pyspdxtools', ['-i', file, '--version', 'SPDX-2.3'], { encoding: 'utf8' });
      return { status, said: stdout + stderr };
    };
    const { status, said } = check(text);
    assert.equal(status, 0, said);
    assert.notEqual(check(text.replace('"CONTAINS"', '"HOLDS"')).status, 0);
  });
});

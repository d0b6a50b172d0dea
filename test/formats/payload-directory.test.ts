import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { payloadDigest, readPlanFiles } from '../../src/formats/payload-directory.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const PLAN = 'u 900 etcd /nonexistent\nd 0700 root /etc/kubernetes/pki\nf 0644 root /etc/b\nf 0600 etcd /etc/a\ne x.service\n';
const CONTENTS = new Map([
  ['files/etc/a', 'second\n'],
  ['files/etc/b', 'first, without a newline'],
]);

describe('payload digest', () => {
  it('is the one that a node computes', { skip: missingTool('sha256sum') }, t => {
    const directory = temporaryDirectory(t);
    for (const [path, content] of [['plan', PLAN] as const, ...CONTENTS]) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    const command = "{ cat plan; sed -n 's/^f .* /files/p' plan | xargs cat; } | sha256sum";
    const [sum] = execFileSync('sh', ['-c', command], { cwd: directory, encoding: 'utf8' }).split(' ');
    assert.equal(
      payloadDigest(PLAN, entry => CONTENTS.get(entry)),
      sum,
    );
  });

  it('needs every file of the plan', () => {
    assert.throws(() => payloadDigest(PLAN, () => undefined), { name: 'FormatError', message: /\/etc\/b/ });
  });

  it('reads the lines of files, and refuses those that an installer would misread', () => {
    assert.deepEqual(readPlanFiles(PLAN)[0], { mode: 0o644, owner: 'root', path: '/etc/b' });
    for (const line of ['f 0600 root etc/a', 'f 0600 root /etc/../a', 'f 600 root /a', 'f 0600 /a', 'f 0600 root /a b', 'f 0600 root - /a'])
      assert.throws(() => readPlanFiles(`${line}\n`), { name: 'FormatError' }, line);
  });
});

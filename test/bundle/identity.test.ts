// --with-identity: one node's payload, closed to everybody but the recipients, beside the bundle.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { Decrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { hasTool, kubekiln, skipWithout, succeed } from '../cli/program.ts';
import { sampleProject } from './sample-store.ts';

describe('bundle create --with-identity', () => {
  let cwd: string;
  let store: string;
  let identity: string;
  let recipient: string;
  before(async () => {
    ({ directory: cwd, store } = sampleProject());
    identity = await generateIdentity();
    recipient = await identityToRecipient(identity);
  });
  const words = (...more: readonly string[]) => ['bundle', 'create', '--cache-dir', store, ...more];

  it('wants a built node and a recipient', () => {
    const unbuilt = kubekiln(words('--with-identity', 'cp-1', '--recipient', recipient), { cwd });
    assert.equal(unbuilt.code, 1);
    assert.match(unbuilt.stderr, /error\[file-not-found\]: out\/prod\/nodes\/cp-1\/node\.tar\.gz/);
    for (const [more, message] of [
      [['--with-identity', 'cp-1'], /needs --recipient/],
      [['--recipient', recipient], /belongs to --with-identity/],
      [['--with-identity', 'cp-9', '--recipient', recipient], /no such node/],
    ] as const) {
      const { code, stderr } = kubekiln(words(...more), { cwd });
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
    succeed(['build'], { cwd });
    assert.match(kubekiln(words('--with-identity', 'cp-1', '--recipient', 'age1nobody'), { cwd }).stderr, /it is no recipient of age/);
    assert.ok(!existsSync(join(cwd, 'prod-bundle.tar')));
  });

  it('encrypts node.tar.gz; the shared bundle stays what it is without', async context => {
    succeed(words('--out', 'plain.tar'), { cwd });
    succeed(words('--with-identity', 'cp-1', '--recipient', recipient), { cwd });
    const plain = readFileSync(join(cwd, 'out/prod/nodes/cp-1/node.tar.gz'));
    const file = join(cwd, 'cp-1-identity.age');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(readFileSync(join(cwd, 'prod-bundle.tar')).equals(readFileSync(join(cwd, 'plain.tar'))));
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    assert.ok(plain.equals(Buffer.from(await decrypter.decrypt(readFileSync(file)))));
    if (skipWithout(context, hasTool('age'), 'age')) return;
    assert.ok(plain.equals(execFileSync('age', ['-d', '-i', '-', file], { input: `${identity}\n` })));
  });
});

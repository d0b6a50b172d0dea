// Detached signatures, made by kubekiln and checked by ssh-keygen, and the reverse.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { kubekiln, succeed } from '../cli/program.ts';
import { missingTool } from '../missing-tool.ts';
import { sampleProject } from './sample-store.ts';

const OPS = 'ops@example.com';

describe('bundle signatures', { skip: missingTool('ssh-keygen') }, () => {
  let cwd: string;
  let store: string;
  const verify = (...more: readonly string[]) => kubekiln(['bundle', 'verify', 'prod-bundle.tar', ...more], { cwd });
  const newKey = (name: string) => execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(cwd, name)]);
  before(() => {
    ({ directory: cwd, store } = sampleProject());
    for (const name of ['key', 'other']) newKey(name);
    writeFileSync(join(cwd, 'signers'), `${OPS} ${readFileSync(join(cwd, 'key.pub'), 'utf8')}`);
    succeed(['bundle', 'create', '--cache-dir', store, '--sign-key', 'key'], { cwd });
  });

  it('ssh-keygen takes the signature of kubekiln', () => {
    const words = ['-Y', 'verify', '-f', 'signers', '-I', OPS, '-n', 'kubekiln-bundle', '-s', 'prod-bundle.tar.sig'];
    const input = readFileSync(join(cwd, 'prod-bundle.tar'));
    assert.equal(spawnSync('ssh-keygen', words, { cwd, input }).status, 0);
    assert.notEqual(spawnSync('ssh-keygen', words, { cwd, input: input.subarray(1) }).status, 0);
  });

  it('verify says who signed it, asked by name or not', () => {
    for (const more of [[], ['--identity', OPS]])
      assert.match(
        succeed(['bundle', 'verify', 'prod-bundle.tar', '--allowed-signers', 'signers', ...more], { cwd }).stdout,
        /Signature: by ops@example\.com\./,
      );
    assert.match(verify().stdout, /Signature: not checked/);
  });

  it('refuses another signer, another bundle, another namespace, and none at all', () => {
    const signed = readFileSync(join(cwd, 'prod-bundle.tar.sig'));
    const refused = (what: string, code: RegExp, ...more: readonly string[]) => {
      const { code: status, stderr } = verify('--allowed-signers', 'signers', ...more);
      assert.equal(status, 1, what);
      assert.match(stderr, code, what);
    };
    refused('another name', /error\[signature-invalid\]/, '--identity', 'root@example.com');
    for (const [what, key, namespace] of [
      ['another key', 'other', 'kubekiln-bundle'],
      ['another namespace', 'key', 'file'],
    ] as const) {
      rmSync(join(cwd, 'prod-bundle.tar.sig'));
      execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-f', key, '-n', namespace, 'prod-bundle.tar'], { cwd, stdio: 'ignore' });
      refused(what, /error\[signature-invalid\]/);
    }
    rmSync(join(cwd, 'prod-bundle.tar.sig'));
    refused('no signature', /error\[signature-missing\]: prod-bundle\.tar\.sig: no such file/);
    writeFileSync(join(cwd, 'prod-bundle.tar.sig'), signed);
    copyFileSync(join(cwd, 'prod-bundle.tar'), join(cwd, 'longer.tar'));
    appendFileSync(join(cwd, 'longer.tar'), 'x');
    const { stderr } = kubekiln(['bundle', 'verify', 'longer.tar', '--allowed-signers', 'signers', '--signature', 'prod-bundle.tar.sig'], {
      cwd,
    });
    assert.match(stderr, /error\[signature-invalid\]/);
    assert.match(stderr, /there is more behind the end/);
  });

  it('a key that cannot sign leaves no bundle', () => {
    writeFileSync(join(cwd, 'broken'), 'no key');
    const { code, stderr } = kubekiln(['bundle', 'create', '--cache-dir', store, '--sign-key', 'broken', '--out', 'unsigned.tar'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /error\[signature-failed\]: .*broken/);
    assert.equal(spawnSync('sh', ['-c', 'ls -A | grep -e unsigned -e kubekiln-new'], { cwd, encoding: 'utf8' }).stdout, '');
  });
});

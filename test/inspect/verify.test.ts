import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { BuildOutput } from '../../src/build.ts';
import type { Artifact } from '../../src/emit/artifact.ts';
import { CHECKS } from '../../src/inspect/checks.ts';
import { verifyPaths } from '../../src/inspect/verify.ts';
import { builtCluster, DAY, NOW, writeArtifacts } from './built-cluster.ts';
import { contentOf, type Edits, repack } from './repack.ts';

let output: BuildOutput;
let foreign: BuildOutput;
before(async () => {
  [output, foreign] = [await builtCluster(), await builtCluster()];
});

const PKI = 'files/etc/kubernetes/pki';

/** Codes and messages of `verify` on a tree of its own, after `change`. */
function verified(artifacts: readonly Artifact[], change: (directory: string) => void = () => {}, now = NOW): readonly string[] {
  const { directory, remove } = writeArtifacts(artifacts);
  try {
    change(directory);
    return verifyPaths([directory], { now }).problems.map(problem => `${problem.code} ${problem.message.replaceAll(directory, 'prod')}`);
  } finally {
    remove();
  }
}

function changed(change: (directory: string) => void): readonly string[] {
  return verified(output.artifacts, change);
}

/** A file of another cluster's node. */
function foreignFile(path: string, node = 'cp-1'): string {
  const user = Buffer.from(contentOf(foreign, `nodes/${node}/user-data`)).toString();
  const start = user.indexOf(`/${path}\n`);
  const lines = user.slice(user.indexOf('content: |\n', start) + 'content: |\n'.length).split('\n');
  const end = lines.findIndex(line => !line.startsWith('  '));
  return `${lines
    .slice(0, end)
    .map(line => line.slice(2))
    .join('\n')}\n`;
}

describe('verify', () => {
  it('finds nothing in a fresh build, and says how much it looked at', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const { problems, checks, nodes } = verifyPaths([directory], { now: NOW });
    remove();
    assert.deepEqual(problems, []);
    assert.equal(nodes, 4);
    assert.deepEqual(
      checks.map(check => check.name),
      Object.keys(CHECKS),
    );
    for (const { name, count } of checks) assert.ok(count >= 18, `${name}: ${count}`);
  });

  it('finds nothing in each carrier by itself, and in a node', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    for (const path of ['user-data', 'user-data.gz', 'seed.iso', 'node.tar.gz', '']) {
      const { problems, nodes } = verifyPaths([join(directory, 'nodes/cp-2', path)], { now: NOW });
      assert.deepEqual(problems, [], path);
      assert.equal(nodes, 1, path);
    }
    remove();
  });

  it('names the artifact in which a single bit was flipped', () => {
    for (const { path, content } of output.artifacts) {
      if (path === 'manifest.json') continue;
      const bit = 7 * Math.floor(content.length / 2);
      const found = changed(directory => {
        const bytes = Buffer.from(content);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        writeFileSync(join(directory, path), bytes);
      });
      assert.match(found[0] ?? '', new RegExp(`^artifact-changed prod/${path.replaceAll('.', '\\.')}: it was changed`), path);
    }
  });

  it('names what is missing, cut, longer, open to others, or not recorded', () => {
    assert.match(changed(dir => rmSync(join(dir, 'nodes/cp-1/seed.iso')))[0] ?? '', /^artifact-missing prod\/nodes\/cp-1\/seed.iso/);
    assert.match(changed(dir => rmSync(join(dir, 'admin.conf')))[0] ?? '', /^artifact-missing prod\/admin.conf/);
    assert.match(
      changed(dir => writeFileSync(join(dir, 'admin.conf'), ''))[0] ?? '',
      /^artifact-changed prod\/admin.conf: it has 0 bytes instead of/,
    );
    assert.match(
      changed(dir => appendFileSync(join(dir, 'nodes/cp-3/node.tar.gz'), 'x'))[0] ?? '',
      /^artifact-changed prod\/nodes\/cp-3\/node.tar.gz/,
    );
    assert.match(changed(dir => chmodSync(join(dir, 'admin.conf'), 0o640))[0] ?? '', /^artifact-mode prod\/admin.conf: its mode is 0640/);
    assert.match(changed(dir => writeFileSync(join(dir, 'notes.txt'), ''))[0] ?? '', /^artifact-unlisted prod\/notes.txt/);
    assert.deepEqual(
      changed(dir => chmodSync(join(dir, 'admin.conf'), 0o400)),
      [],
    );
  });

  it('does not follow links, and waits for no pipe', () => {
    const found = changed(dir => {
      renameSync(join(dir, 'nodes/cp-1/user-data'), join(dir, 'elsewhere'));
      symlinkSync('../../elsewhere', join(dir, 'nodes/cp-1/user-data'));
    });
    assert.ok(
      found.some(line => line.startsWith('artifact-unsafe')),
      found.join('\n'),
    );
    assert.ok(
      found.some(line => line.startsWith('wrong-file-type prod/nodes/cp-1/user-data')),
      found.join('\n'),
    );
  });

  it('does not believe a manifest that was cut or leads elsewhere', () => {
    const manifest = (text: (old: string) => string) =>
      changed(dir => writeFileSync(join(dir, 'manifest.json'), text(readFileSync(join(dir, 'manifest.json'), 'utf8'))));
    assert.match(manifest(text => text.slice(0, 500))[0] ?? '', /^manifest-invalid prod\/manifest.json: not JSON/);
    assert.match(manifest(text => text.replaceAll('"admin.conf"', '"../admin.conf"'))[0] ?? '', /^artifact-unsafe prod\/manifest.json/);
    assert.match(manifest(text => text.replace('"payloadDigest": "', '"payloadDigest": "0'))[0] ?? '', /^manifest-invalid .* about cp-1/);
  });

  it('tells expired, expiring, future and closed apart', () => {
    const codes = (now: number) => [...new Set(verified(output.artifacts, undefined, now).map(line => line.split(' ')[0]))];
    assert.deepEqual(codes(NOW - 2 * DAY), ['certificate-not-yet-valid']);
    assert.deepEqual(codes(NOW + 31 * DAY), ['bootstrap-window-closed']);
    assert.deepEqual(codes(NOW + 340 * DAY), ['certificate-expires-soon', 'bootstrap-window-closed']);
    assert.deepEqual(codes(NOW + 400 * DAY), ['certificate-expired', 'bootstrap-window-closed']);
  });
});

describe('verify: nodes that do not fit together', () => {
  const cases: readonly (readonly [what: string, edits: () => Edits, expected: RegExp])[] = [
    [
      'a certificate of another authority',
      () => ({ [`${PKI}/scheduler.crt`]: foreignFile(`${PKI}/scheduler.crt`) }),
      /^certificate-chain prod\/nodes\/cp-1: .*scheduler.crt/,
    ],
    [
      'a certificate with another key',
      () => ({ [`${PKI}/scheduler.key`]: foreignFile(`${PKI}/scheduler.key`) }),
      /^certificate-key-mismatch .*scheduler.crt/,
    ],
    ['a key that is none', () => ({ [`${PKI}/scheduler.key`]: 'x\n' }), /^certificate-unreadable .*scheduler.crt/],
    ['a certificate that is none', () => ({ [`${PKI}/apiserver.crt`]: 'x\n' }), /^certificate-unreadable .*apiserver.crt/],
    [
      'an authority whose key is another one',
      () => ({ [`${PKI}/ca.key`]: foreignFile(`${PKI}/ca.key`) }),
      /^certificate-key-mismatch .*\/ca.crt/,
    ],
    ['another service account key', () => ({ [`${PKI}/sa.key`]: foreignFile(`${PKI}/sa.key`) }), /^certificate-key-mismatch .*sa.key/],
    [
      'service account keys of its own',
      () => ({ [`${PKI}/sa.key`]: foreignFile(`${PKI}/sa.key`), [`${PKI}/sa.pub`]: foreignFile(`${PKI}/sa.pub`) }),
      /^shared-file-differs prod\/nodes\/cp-2: its sa.pub is not that of cp-1/m,
    ],
    [
      'another encryption key',
      () => ({ 'files/etc/kubernetes/encryption-config.yaml': text => text.replace('key1', 'key2') }),
      /^shared-file-differs .*encryption-config/m,
    ],
    [
      'other founding members',
      () => ({ 'files/etc/systemd/system/etcd.service': text => text.replace('cp-3=', 'cp-4=') }),
      /^etcd-members-differ .*initial-cluster/m,
    ],
    [
      'a server certificate for a client',
      () => ({
        [`${PKI}/scheduler.crt`]: certificate('scheduler-server.crt'),
        [`${PKI}/scheduler.key`]: certificate('scheduler-server.key'),
      }),
      /^certificate-usage .*scheduler.crt: it is not good for clientAuth/,
    ],
    [
      "another node's names",
      () => ({
        [`${PKI}/apiserver.crt`]: certificate('apiserver.crt', 'cp-3'),
        [`${PKI}/apiserver.key`]: certificate('apiserver.key', 'cp-3'),
      }),
      /^certificate-names .*apiserver.crt: it does not cover 10\.0\.1\.11/,
    ],
    [
      'a kubeconfig that dials another name',
      () => ({ 'files/etc/kubernetes/scheduler.conf': text => text.replace('127.0.0.1', 'api.example.com') }),
      /^certificate-names .*scheduler.conf: .* does not cover api\.example\.com/,
    ],
    [
      'a key that others may read',
      () => ({ plan: text => text.replace('0600 root', '0644 root').replace(/f 0600( [^ ]+ [^ ]*apiserver.key)/, 'f 0644$1') }),
      /^secret-readable .*apiserver.key/,
    ],
    ['a missing certificate', () => ({ [`${PKI}/etcd/peer.crt`]: undefined }), /^payload-incomplete .*etcd\/peer.crt/],
  ];

  for (const [what, edits, expected] of cases) {
    it(what, () => {
      const found = verified(repack(output, 'cp-1', edits()));
      assert.ok(found.length > 0 && found.some(line => expected.test(line)), found.join('\n'));
      assert.ok(!found.some(line => /^(artifact|manifest|payload-digest|carriers)/.test(line)), found.join('\n'));
    });
  }

  it('an admin.conf that dials a name no certificate covers', () => {
    const found = verified(repack(output, 'cp-1', {}, text => text.replace('10.0.1.12', 'api.example.com')));
    assert.equal(found.length, 3, found.join('\n'));
    for (const line of found)
      assert.match(line, /^certificate-names prod\/admin.conf: the API server of cp-\d: it does not cover api\.example\.com/);
  });

  it('an admin.conf of another cluster', () => {
    const found = verified(repack(output, 'cp-1', {}, () => Buffer.from(contentOf(foreign, 'admin.conf')).toString()));
    assert.match(found.join('\n'), /^certificate-chain prod\/admin.conf: it trusts another authority/m);
  });

  it('the same edit and nothing else leaves nothing to find', () => {
    assert.deepEqual(verified(repack(output, 'cp-1', {})), []);
  });

  function certificate(name: string, node = 'cp-1'): string {
    const [swap, own] = [foreign, output];
    foreign = own;
    const text = foreignFile(`${PKI}/${name}`, node);
    foreign = swap;
    return text;
  }
});

describe('verify: carriers', () => {
  it('names the carrier that brings another payload', () => {
    const other = repack(output, 'cp-1', { 'files/etc/kubernetes/audit-policy.yaml': text => `${text}# more\n` });
    for (const name of ['user-data.gz', 'seed.iso', 'node.tar.gz']) {
      const found = changedNode(directory =>
        writeFileSync(join(directory, name), other.find(one => one.path === `nodes/cp-1/${name}`)?.content ?? ''),
      );
      assert.match(
        found.join('\n'),
        new RegExp(`^carriers-differ prod/nodes/cp-1/${name}: plan|^carriers-differ .*${name}: .*audit-policy`, 'm'),
      );
    }
  });

  it('names a payload whose digest is not its own, or that is not whole', () => {
    const text = Buffer.from(contentOf(output, 'nodes/cp-1/user-data')).toString();
    const only = (bytes: string) =>
      changedNode(directory => {
        for (const name of ['user-data.gz', 'seed.iso', 'node.tar.gz']) rmSync(join(directory, name));
        writeFileSync(join(directory, 'user-data'), bytes);
      });
    assert.match(
      only(text.replace('--name=cp-1', '--name=cp-9'))[0] ?? '',
      /^payload-digest prod\/nodes\/cp-1\/user-data: the payload's digest is/,
    );
    assert.match(only(text.slice(0, text.lastIndexOf('-\n path:')))[0] ?? '', /^payload-digest .*not whole/);
    assert.match(
      only(text.replace(/-\n path: \S+\/\.complete/, match => `- {path: /var/lib/kubekiln/payload/1/extra, content: ''}\n${match}`))[0] ??
        '',
      /^payload-unplanned .*extra/,
    );
    assert.match(
      only(text.replace(/-\n path: \S+\/\.complete/, match => `- {path: /etc/cron.d/x, content: ''}\n${match}`))[0] ?? '',
      /^artifact-unsafe .*outside/,
    );
  });

  function changedNode(change: (directory: string) => void): readonly string[] {
    const { directory, remove } = writeArtifacts(output.artifacts);
    change(join(directory, 'nodes/cp-1'));
    const { problems } = verifyPaths([join(directory, 'nodes/cp-1')], { now: NOW });
    remove();
    return problems.map(problem => `${problem.code} ${problem.message.replaceAll(directory, 'prod')}`);
  }

  it('says what is no artifact', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    mkdirSync(join(directory, 'empty'));
    const code = (path: string) => verifyPaths([join(directory, path)], { now: NOW }).problems[0]?.code;
    assert.equal(code('nothing'), 'file-not-found');
    assert.equal(code('empty'), 'artifact-unsupported');
    assert.equal(code('admin.conf'), 'artifact-unsupported');
    remove();
  });
});

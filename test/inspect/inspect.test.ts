import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { BuildOutput } from '../../src/build.ts';
import { writeIso } from '../../src/formats/iso9660-writer.ts';
import { writeTar } from '../../src/formats/tar-writer.ts';
import { readArtifact } from '../../src/inspect/read-artifact.ts';
import { holdsKeyMaterial, redact } from '../../src/inspect/redact.ts';
import { inspectionAsJson, renderInspection } from '../../src/inspect/render-inspection.ts';
import { showFile } from '../../src/inspect/show-file.ts';
import { missingTool } from '../missing-tool.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { builtCluster, writeArtifacts } from './built-cluster.ts';
import { contentOf } from './repack.ts';

let output: BuildOutput;
before(async () => {
  output = await builtCluster();
});

const CARRIERS = ['user-data', 'user-data.gz', 'seed.iso', 'node.tar.gz'];

/** Every line of base64 between the markers of a private key, and encryption secrets, of a node. */
function secretsOf(text: string): readonly string[] {
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----\s+([\s\S]*?)-----END/g)].flatMap(([, body = '']) =>
    body.trim().split(/\s+/),
  );
  const encryption = [...text.matchAll(/secret: (\S{20,})/g)].map(([, secret = '']) => secret);
  return [...keys, ...encryption];
}

function inspected(path: string) {
  const { artifact, problems } = readArtifact(path);
  assert.deepEqual(problems, []);
  assert.ok(artifact);
  return artifact;
}

function problemOf(name: string, content: Uint8Array): string {
  const directory = writeArtifacts([{ path: name, mode: 0o600, content }]);
  const { artifact, problems } = readArtifact(join(directory.directory, name));
  directory.remove();
  return artifact ? 'none' : (problems[0]?.code ?? 'silent');
}

describe('inspect', () => {
  it('shows the same files for every carrier, by their place on the node, with digests', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const tables = CARRIERS.map(name => renderInspection(inspected(join(directory, 'nodes/cp-1', name))).split('\n'));
    remove();
    const line = tables[0]?.find(row => row.includes('/pki/ca.key')) ?? '';
    assert.match(line, /^0600 +\d+ {2}[0-9a-f]{12} {2}0600 root +\/etc\/kubernetes\/pki\/ca\.key +secret$/);
    for (const table of tables) assert.ok(table.includes(line), table[0] ?? '');
  });

  it('decodes certificates as openssl does', { skip: missingTool('openssl') }, () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const artifact = inspected(join(directory, 'nodes/cp-1/user-data'));
    const shown = showFile(artifact, '/etc/kubernetes/pki/apiserver.crt');
    assert.ok('text' in shown);
    const openssl = (...options: string[]) =>
      execFileSync('openssl', ['x509', '-noout', ...options], { input: shown.text, encoding: 'utf8' });
    const text = renderInspection(artifact);
    remove();
    const names = openssl('-ext', 'subjectAltName')
      .split('\n')[1]
      ?.trim()
      .replaceAll('IP Address:', 'IP:')
      .replace('0:0:0:0:0:0:0:1', '::1');
    assert.ok(names && text.includes(`names   ${names}`), names);
    const end = new Date(openssl('-enddate').replace('notAfter=', '')).toISOString().replace('.000', '');
    assert.ok(text.includes(` to ${end}`), end);
    assert.match(text, /\/etc\/kubernetes\/pki\/apiserver\.crt {2}CN=kube-apiserver\n {2}issuer {2}CN=prod-kubernetes-ca\n/);
    assert.match(text, /usage {3}EC prime256v1, serverAuth\n/);
  });

  it('shows no secret, in text, JSON or a single file', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const secrets = secretsOf(Buffer.from(contentOf(output, 'nodes/cp-1/user-data')).toString());
    assert.ok(secrets.length >= 15, String(secrets.length));
    for (const name of [...CARRIERS, '']) {
      const artifact = inspected(join(directory, 'nodes/cp-1', name));
      const wanted = [
        'user-data',
        'encryption-config.yaml',
        'ca.key',
        '/etc/kubernetes/pki/sa.key',
        'files/etc/kubernetes/pki/etcd/server.key',
      ];
      const texts = wanted.map(file => showFile(artifact, file)).map(shown => ('text' in shown ? shown.text : ''));
      const everything = [renderInspection(artifact), JSON.stringify(inspectionAsJson(artifact)), ...texts].join('\n');
      for (const secret of secrets) assert.ok(!everything.includes(secret), `${name} shows ${secret.slice(0, 10)}…`);
      assert.match(texts[1] ?? '', /secret: \(redacted\)/);
      assert.match(texts[3] ?? '', /^\(redacted: .*PRIVATE KEY\)/);
    }
    remove();
  });

  it('shows a file by any of its names, and helps with a wrong one', () => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const artifact = inspected(join(directory, 'nodes/cp-1/seed.iso'));
    remove();
    const text = (name: string) => {
      const shown = showFile(artifact, name);
      return 'text' in shown ? shown.text : shown.problem;
    };
    assert.match(String(text('meta-data')), /^instance-id: prod-cp-1-1\n/);
    assert.equal(text('audit-policy.yaml'), text('/etc/kubernetes/audit-policy.yaml'));
    assert.equal(
      text('files/etc/kubernetes/audit-policy.yaml'),
      text('/var/lib/kubekiln/payload/1/files/etc/kubernetes/audit-policy.yaml'),
    );
    const problem = text('/etc/kubernetes/pki/server.crt');
    assert.ok(typeof problem === 'object' && problem.code === 'entry-not-found');
    assert.match(problem.hint ?? '', /etcd\/server\.crt/);
  });

  it('reads an unpacked node.tar.gz, a node and a whole output directory', { skip: missingTool('tar') }, t => {
    const { directory, remove } = writeArtifacts(output.artifacts);
    const unpacked = temporaryDirectory(t);
    execFileSync('tar', ['-xzpf', join(directory, 'nodes/cp-1/node.tar.gz'), '-C', unpacked]);
    const payload = inspected(unpacked);
    assert.ok(payload.kind === 'carrier' && payload.carrier.kind === 'payload directory');
    assert.equal(payload.carrier.payload?.digest, payload.carrier.payload?.statedDigest);
    assert.match(renderInspection(inspected(join(directory, 'nodes/cp-1'))), /user-data\.gz, [\d,]+ bytes \([\d,]+ unpacked\)/);
    const cluster = renderInspection(inspected(directory));
    remove();
    assert.match(cluster, /^cp-3 +control-plane +10\.0\.1\.13 /m);
    symlinkSync('/etc/passwd', join(unpacked, 'files/etc/link'));
    assert.equal(readArtifact(unpacked).problems[0]?.code, 'artifact-unsafe');
  });

  it('reads the user-data of others, as far as it goes', t => {
    const path = join(temporaryDirectory(t), 'user-data');
    writeFileSync(path, '#cloud-config\nwrite_files:\n- {path: /etc/motd, encoding: b64, content: aGVsbG8=}\nruncmd: [true]\n');
    assert.match(renderInspection(inspected(path)), /no payload of kubekiln\n\nMODE[^\n]*\n0644 +5 .*\/etc\/motd\n/);
  });
});

describe('redact', () => {
  const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIOq0CkYkqUkCqk8m0M9T0\nabcdefghijklmnop\n-----END EC PRIVATE KEY-----\n';
  const hidden = 'MHcCAQEEIOq0CkYkqUkCqk8m0M9T0';

  it('takes keys out of any wrapping', () => {
    const base64 = Buffer.from(key).toString('base64');
    const wrapped = base64.replace(/.{64}/g, '$&\n');
    for (const text of [
      key,
      key.replaceAll('\n', '\n    '),
      JSON.stringify({ key }),
      key.slice(0, 60),
      base64,
      wrapped,
      `client-key-data: ${base64}`,
      gzipSync(key).toString('base64'),
    ]) {
      assert.ok(holdsKeyMaterial(text), text);
      const clean = redact(text);
      for (const part of [hidden, base64.slice(40, 80), base64.slice(-20), gzipSync(key).toString('base64').slice(20, 40)])
        assert.ok(!clean.includes(part), clean);
    }
  });

  it('takes out encryption keys, tokens and passwords', () => {
    assert.equal(redact('- name: key1\n  secret: c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI=\n'), '- name: key1\n  secret: (redacted)\n');
    assert.equal(redact('{"secret":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI="}'), '{"secret":"(redacted)"}');
    assert.equal(redact('token: abcdef.0123456789abcdef\n'), 'token: (redacted)\n');
    assert.ok(!holdsKeyMaterial('token: abcdef.0123456789abcdef\n'));
  });

  it('leaves everything else alone', () => {
    const { certificates } = {
      certificates:
        '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIBADAKBggqhkjOPQQDAjAdMRswGQYDVQQDExJwcm9kLWt1\nYmVybmV0ZXMtY2EwHhcN\n-----END CERTIFICATE-----\n',
    };
    for (const text of [certificates, 'resources:\n- secrets\n', '--service-account-signing-key-file=/a/b\n', 'secret: short\n']) {
      assert.equal(redact(text), text);
      assert.ok(!holdsKeyMaterial(text));
    }
  });

  it('takes time in proportion to the text', () => {
    const started = performance.now();
    for (const text of [
      '-----BEGIN PRIVATE KEY-----\n'.repeat(20_000),
      'A'.repeat(500_000),
      'A'.repeat(70).concat('\n').repeat(8000),
      'secret: '.repeat(50_000),
    ])
      redact(text);
    assert.ok(performance.now() - started < 5000);
  });
});

describe('inspect: hostile input', () => {
  it('names what is wrong', () => {
    const noPlan = writeTar([{ path: 'x', mode: 0o600, content: Buffer.from('x') }]);
    for (const [content, expected] of [
      [Buffer.alloc(0), 'artifact-unsupported'],
      [Buffer.from('hello'), 'artifact-unsupported'],
      [Buffer.alloc(40_000), 'artifact-unsupported'],
      [gzipSync('hello'), 'artifact-unsupported'],
      [gzipSync(noPlan), 'artifact-unsupported'],
      [gzipSync(gzipSync('#cloud-config\n{}\n')), 'artifact-unsupported'],
      [Buffer.from('#cloud-config\n[\n'), 'artifact-damaged'],
      [Buffer.from('#cloud-config\na: \xff\n', 'latin1'), 'artifact-damaged'],
      [Buffer.from(`#cloud-config\na: &a [x]\nb: [${'*a,'.repeat(300_000)}]\n`), 'artifact-damaged'],
      [Buffer.from(`#cloud-config\n${'a'.repeat(2_000_000)}: 1\n`), 'artifact-too-large'],
      [Buffer.from('#cloud-config\nwrite_files: [{path: /a/../../etc/shadow, content: x}]\n'), 'artifact-unsafe'],
      [writeIso('OTHER', []), 'artifact-unsupported'],
      [writeIso('CIDATA', []), 'artifact-damaged'],
    ] as const) {
      assert.equal(problemOf('artifact', content), expected, Buffer.from(content.subarray(0, 40)).toString('latin1'));
    }
  });

  it('names every cut of every carrier', () => {
    for (const name of CARRIERS) {
      const content = contentOf(output, `nodes/cp-1/${name}`);
      for (let length = 0; length < content.length - 1; length += Math.ceil(content.length / 60)) {
        const code = problemOf(name, content.subarray(0, length));
        // user-data is text: cut between two entries it is still a cloud-config, and `verify` says that it is not whole
        if (name !== 'user-data' || code !== 'none')
          assert.match(code, /^artifact-(damaged|unsupported|unsafe)$/, `${name} cut at ${length}`);
      }
    }
  });

  it('survives any change of any carrier', () => {
    const carriers = CARRIERS.map(name => contentOf(output, `nodes/cp-1/${name}`));
    const changes = fc.array(fc.tuple(fc.nat(200_000), fc.nat(255)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...carriers), changes, (content, list) => {
        const bytes = Buffer.from(content);
        for (const [at, byte] of list) bytes[at % bytes.length] = byte;
        problemOf('artifact', bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('sends no control characters to the terminal', t => {
    const path = join(temporaryDirectory(t), 'user-data');
    writeFileSync(path, '#cloud-config\nwrite_files:\n- {path: /etc/motd, content: "\\e[2Jgone \\u202e"}\n');
    const artifact = inspected(path);
    const shown = showFile(artifact, '/etc/motd');
    assert.ok('text' in shown);
    assert.equal(shown.text, '\\u001b[2Jgone \\u202e');
  });

  it('opens no pipe, and says when it may not read', { skip: missingTool('mkfifo') }, t => {
    const directory = temporaryDirectory(t);
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    assert.equal(readArtifact(join(directory, 'pipe')).problems[0]?.code, 'artifact-unsupported');
    assert.equal(readArtifact(join(directory, 'absent')).problems[0]?.code, 'file-not-found');
    writeFileSync(join(directory, 'closed'), 'x');
    chmodSync(join(directory, 'closed'), 0);
    if (process.getuid?.() !== 0) assert.equal(readArtifact(join(directory, 'closed')).problems[0]?.code, 'permission-denied');
    mkdirSync(join(directory, 'manifest.json'));
    assert.equal(readArtifact(directory).problems[0]?.code, 'artifact-unsupported');
  });

  it('holds a bomb in bounded memory', t => {
    const path = join(temporaryDirectory(t), 'bomb');
    const zeros = gzipSync(Buffer.alloc(300_000_000), { level: 1 });
    const script = `
      const { readArtifact } = await import(${JSON.stringify(new URL('../../src/inspect/read-artifact.js', import.meta.url).href)});
      const { problems } = readArtifact(process.argv[1]);
      console.log(JSON.stringify({ code: problems[0]?.code, megabytes: process.resourceUsage().maxRSS / 1024 }));`;
    const yaml = `#cloud-config\n[${'[],'.repeat(340_000)}]\n`;
    for (const [bytes, expected] of [
      [zeros, 'artifact-too-large'],
      [gzipSync(yaml), 'artifact-damaged'],
    ] as const) {
      writeFileSync(path, bytes);
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, path], { encoding: 'utf8' });
      assert.equal(stderr, '');
      const { code, megabytes } = JSON.parse(stdout);
      assert.equal(code, expected);
      assert.ok(megabytes < 400, `${Math.round(megabytes)} MB for ${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}`);
    }
  });
});

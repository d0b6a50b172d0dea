// ./support of node.tar.gz: what it masks, by the real sed, and whom it refuses. test/boot/ runs it on hosts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { smallCluster } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

const cluster = smallCluster();
const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
const script = plan?.tools.find(tool => tool.name === 'support')?.content ?? '';
const [maskFunction = ''] = /^mask\(\) \{\n[\s\S]*?\n\}$/m.exec(script) ?? [];

/** What its mask makes of a text. */
function masked(text: string): string {
  const program = `LC_ALL=C; export LC_ALL\n${maskFunction}\nmask`;
  const { stdout, stderr } = spawnSync('sh', ['-c', program], { input: text, encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout;
}

const pem = (key: ReturnType<typeof generateKeyPairSync>['privateKey'], type: 'pkcs8' | 'sec1') =>
  key.export({ type, format: 'pem' }).toString();
const ecKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** Every stretch of a key's text that would give 12 bytes of it away. */
function stretches(text: string): readonly string[] {
  const body = text.replaceAll(/-----[^\n]*-----/g, '').replaceAll(/\s/g, '');
  return Array.from({ length: Math.max(0, body.length - 15) }, (_value, index) => body.slice(index, index + 16));
}

function assertHidden(text: string, secret: string): void {
  const result = masked(text);
  const seen = stretches(secret).filter(part => result.replaceAll('\n', '').includes(part));
  assert.deepEqual(seen, [], result);
  assert.match(result, /\[masked\]/);
}

describe('./support', () => {
  it('masks a PEM key in a journal, whatever stands before its lines', () => {
    const journal = (text: string) => text.replaceAll(/^/gm, 'Nov 22 16:24:01 cp-1 etcd[412]: ');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    // Nothing in its last line gives it away but where it stands.
    const plain = '-----BEGIN PRIVATE KEY-----\nAbCdEfGhIjKlMnOpQrSt\n-----END PRIVATE KEY-----\n';
    for (const key of [pem(ecKey(), 'pkcs8'), pem(ecKey(), 'sec1'), pem(rsa, 'pkcs8'), plain]) {
      assertHidden(journal(key), key);
      assertHidden(JSON.stringify({ msg: key }), key);
      const after = 'Deactivated successfully.\n';
      assert.ok(masked(journal(key) + after).endsWith(after));
      assert.ok(masked(`${key.replaceAll('\n', '\\n')}\n${after}`).endsWith(after));
    }
  });

  it('masks the lines of a key whose beginning is gone', () => {
    for (let round = 0; round < 20; round++) {
      const lines = pem(ecKey(), 'pkcs8').trimEnd().split('\n').slice(1, -1);
      const [first = ''] = lines;
      assertHidden(`Nov 22 16:24:01 cp-1 etcd[412]: loading ${first}\n`, first);
    }
  });

  it('masks secrets of 32 bytes in base64, and what is packed in base64', () => {
    const secrets = Array.from({ length: 2000 }, () => randomBytes(32).toString('base64'));
    const result = masked(secrets.map(secret => `secret: ${secret} of key1\n`).join(''));
    assert.equal(result, 'secret: [masked] of key1\n'.repeat(2000));
    const packed = gzipSync(pem(ecKey(), 'pkcs8')).toString('base64');
    assert.equal(masked(`x ${packed} y\n`), 'x [masked] y\n');
    const marked = `\u0001${secrets[0]}\u0001`;
    assert.equal(masked(`${marked}\n`), '[masked]\n');
  });

  it('leaves what a reader needs', () => {
    const lines = [
      `kubekiln: STOPPED at payload: payload digest is ${'0123456789abcdef'.repeat(4)}, expected ${'fedcba9876543210'.repeat(4)}`,
      'f 0600 root /etc/kubernetes/pki/controller-manager-server.key',
      '/var/lib/kubekiln/payload/1/files/usr/local/libexec/kubekiln/kubekiln-install',
      'admission: MutatingAdmissionWebhook,ValidatingAdmissionPolicy,DefaultTolerationSeconds,CertificateSubjectRestriction',
      '{"level":"info","ts":"2026-11-22T16:24:01.123456Z","caller":"etcdserver/server.go:2140","msg":"published local member to cluster through raft"}',
      'subject=CN = system:kube-controller-manager, issuer=CN = prod-kubernetes-ca',
      '10.0.1.11 fe80::fc:ff:fe00:1/64 <nil> 100% %!d(MISSING)',
    ];
    for (const line of lines) assert.equal(masked(`${line}\n`), `${line}\n`);
  });

  it('refuses whoever is not root', { skip: missingTool('dash') }, () => {
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const { status, stdout, stderr } = spawnSync('dash', ['-s'], { input: script, encoding: 'utf8', cwd: '/', ...nobody });
    assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: 'kubekiln: support: must run as root\n' });
  });
});

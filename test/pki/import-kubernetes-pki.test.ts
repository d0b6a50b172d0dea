import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fillCredentials } from '../../src/pki/credentials.ts';
import { importKubernetesPki } from '../../src/pki/import-kubernetes-pki.ts';
import type { StoredAuthority } from '../../src/pki/secrets.ts';
import { parseSecrets, serializeSecrets } from '../../src/pki/secrets-file.ts';
import { certificateText, openssl, run, temporaryDirectory, verify, withoutOpenssl } from './openssl.ts';
import { sampleCluster, sampleRequests } from './sample-cluster.ts';

const CLUSTER = sampleCluster({ caCertificateValidity: 86_400 * 3650 });
// openssl signs with the real clock.
const now = () => Math.floor(Date.now() / 1000);

/** A pki/ directory as kubeadm lays it out: RSA in PKCS#1, EC in SEC1, and PKCS#8. */
function makePki(directory: string): void {
  mkdirSync(join(directory, 'etcd'));
  openssl(['genrsa', '-traditional', '-out', 'ca.key', '2048'], directory);
  openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'etcd/ca.key'], directory);
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384', '-out', 'front-proxy-ca.key'], directory);
  openssl(['genrsa', '-traditional', '-out', 'sa.key', '2048'], directory);
  openssl(['rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub'], directory);
  for (const [stem, name] of [
    ['ca', 'kubernetes'],
    ['etcd/ca', 'etcd-ca'],
    ['front-proxy-ca', 'front-proxy-ca'],
  ] as const)
    selfSigned(directory, stem, name);
}

function selfSigned(directory: string, stem: string, name: string, options: readonly string[] = CA_EXTENSIONS, days = 3000): void {
  const fixed = ['req', '-x509', '-new', '-key', `${stem}.key`, '-subj', `/CN=${name}`, '-days', String(days), '-out', `${stem}.crt`];
  openssl([...fixed, ...options], directory);
}

const extension = (...values: string[]) => values.flatMap(value => ['-addext', value]);
const CA_EXTENSIONS = extension('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign');

describe('importKubernetesPki', { skip: withoutOpenssl() }, () => {
  const template = mkdtempSync(join(tmpdir(), 'kubekiln-pki-'));
  before(() => makePki(template));
  after(() => rmSync(template, { recursive: true }));

  function pki(context: TestContext): string {
    const directory = temporaryDirectory(context);
    spawnSync('cp', ['-a', `${template}/.`, directory]);
    return directory;
  }
  const problemsOf = async (directory: string, cluster = CLUSTER) => {
    const { secrets, problems } = await importKubernetesPki(directory, cluster, now());
    assert.equal(
      secrets === undefined,
      problems.some(problem => problem.severity === 'error'),
    );
    return problems.map(({ code, message }) => `${code}: ${message}`);
  };

  it('takes over authorities with their names and keys, and issues leaves that they verify', async context => {
    const directory = pki(context);
    const { secrets, problems } = await importKubernetesPki(directory, CLUSTER, now());
    assert.deepEqual(problems, []);
    assert.ok(secrets);
    for (const [name, stem] of [
      ['kubernetes', 'ca'],
      ['etcd', 'etcd/ca'],
      ['front-proxy', 'front-proxy-ca'],
    ] as const) {
      const entry: StoredAuthority | undefined = secrets.certificateAuthorities[name][0];
      assert.equal(entry?.certificate, readFileSync(join(directory, `${stem}.crt`), 'utf8'));
      assert.match(entry?.key ?? '', /^-----BEGIN PRIVATE KEY-----\n/);
    }
    assert.equal(secrets.serviceAccountKeys[0]?.publicKey, readFileSync(join(directory, 'sa.pub'), 'utf8'));
    assert.deepEqual(parseSecrets({ fileName: 's', text: serializeSecrets(secrets), clusterName: 'prod' }), { secrets, problems: [] });
    const filled = await fillCredentials(CLUSTER, secrets, sampleRequests(CLUSTER), { now: now(), locked: false });
    for (const request of sampleRequests(CLUSTER)) {
      const leaf = filled.credentials?.leaves.get(request.name)?.certificate ?? '';
      const purpose = request.usages[0] === 'serverAuth' ? 'sslserver' : 'sslclient';
      const result = verify(
        directory,
        filled.credentials?.authorities[request.authority].certificate ?? '',
        leaf,
        ['-purpose', purpose],
        now(),
      );
      assert.equal(result.status, 0, result.output);
    }
    assert.match(
      certificateText(directory, filled.credentials?.leaves.get('cp-1/front-proxy-client')?.certificate ?? ''),
      /ecdsa-with-SHA384/,
    );
  });

  it('does without the keys of an offline signer, and says so when one is needed', async context => {
    const directory = pki(context);
    for (const file of ['ca.key', 'etcd/ca.key', 'front-proxy-ca.key', 'sa.pub']) rmSync(join(directory, file));
    const { secrets, problems } = await importKubernetesPki(directory, CLUSTER, now());
    assert.deepEqual(problems, []);
    assert.ok(secrets);
    const filled = await fillCredentials(CLUSTER, secrets, sampleRequests(CLUSTER), { now: now(), locked: false });
    assert.deepEqual(
      filled.problems.map(problem => problem.code),
      Array(3).fill('authority-key-missing'),
    );
  });

  it('reports everything at once, with file names', async context => {
    const directory = pki(context);
    rmSync(join(directory, 'ca.crt'));
    writeFileSync(join(directory, 'etcd/ca.key'), 'nonsense');
    copyFileSync(join(directory, 'sa.key'), join(directory, 'front-proxy-ca.key'));
    rmSync(join(directory, 'sa.key'));
    assert.deepEqual(await problemsOf(directory), [
      'import-file-missing: sa.key is not there',
      'import-file-missing: ca.crt is not there',
      'import-unreadable: etcd/ca.key holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, without a passphrase)',
      'import-key-mismatch: front-proxy-ca.key is not the key of the first certificate in front-proxy-ca.crt',
    ]);
    assert.equal((await problemsOf(join(directory, 'nowhere'))).length, 4);
  });

  it('refuses what is no authority, or may not sign', async context => {
    const directory = pki(context);
    selfSigned(directory, 'ca', 'kubernetes', extension('basicConstraints=critical,CA:FALSE'));
    selfSigned(directory, 'etcd/ca', 'etcd-ca', extension('basicConstraints=critical,CA:TRUE', 'keyUsage=critical,cRLSign'));
    assert.deepEqual(await problemsOf(directory), [
      'import-not-a-ca: ca.crt is no certificate authority (basicConstraints has no CA:TRUE)',
      'import-not-a-ca: etcd/ca.crt may not sign certificates (keyUsage lacks keyCertSign)',
    ]);
  });

  it('refuses an authority that is not valid now', async context => {
    const directory = pki(context);
    selfSigned(directory, 'ca', 'kubernetes', CA_EXTENSIONS, 1);
    const { problems } = await importKubernetesPki(directory, CLUSTER, now() + 86_400 * 2);
    assert.deepEqual(
      problems.map(problem => problem.code),
      ['import-expired'],
    );
    assert.deepEqual(
      (await importKubernetesPki(directory, CLUSTER, now() - 86_400)).problems.map(problem => problem.code),
      Array(3).fill('import-expired'),
    );
  });

  it('refuses an authority below one whose path length forbids it, and takes one below a longer path', async context => {
    const directory = pki(context);
    const chain = (pathLength: string) => {
      selfSigned(directory, 'ca', 'root', extension(`basicConstraints=critical,CA:TRUE,pathlen:${pathLength}`));
      openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'sub.key'], directory);
      openssl(
        ['req', '-new', '-key', 'sub.key', '-subj', '/CN=kubernetes', ...extension('basicConstraints=critical,CA:TRUE'), '-out', 'sub.csr'],
        directory,
      );
      openssl(
        [
          'x509',
          '-req',
          '-in',
          'sub.csr',
          '-CA',
          'ca.crt',
          '-CAkey',
          'ca.key',
          '-days',
          '900',
          '-copy_extensions',
          'copy',
          '-out',
          'sub.crt',
        ],
        directory,
      );
      writeFileSync(
        join(directory, 'ca.crt'),
        readFileSync(join(directory, 'sub.crt'), 'utf8') + readFileSync(join(directory, 'ca.crt'), 'utf8'),
      );
      copyFileSync(join(directory, 'sub.key'), join(directory, 'ca.key'));
    };
    const rsaKey = readFileSync(join(directory, 'ca.key'));
    chain('0');
    assert.deepEqual(await problemsOf(directory), [
      'import-path-length: ca.crt holds an authority whose path length forbids the one that signs',
    ]);
    writeFileSync(join(directory, 'ca.key'), rsaKey);
    chain('1');
    assert.deepEqual(await problemsOf(directory), []);
    const { secrets } = await importKubernetesPki(directory, CLUSTER, now());
    assert.deepEqual(
      secrets?.certificateAuthorities.kubernetes.map(({ state, key }) => [state, key !== undefined]),
      [
        ['active', true],
        ['trusted', false],
      ],
    );
  });

  it('refuses keys that the daemons cannot use', async context => {
    const directory = pki(context);
    openssl(['genpkey', '-algorithm', 'ED25519', '-out', 'ca.key'], directory);
    selfSigned(directory, 'ca', 'kubernetes');
    openssl(['genrsa', '-out', 'etcd/ca.key', '1024'], directory);
    selfSigned(directory, 'etcd/ca', 'etcd-ca');
    openssl(['ecparam', '-name', 'secp256k1', '-genkey', '-noout', '-out', 'sa.key'], directory);
    openssl(
      ['rsa', '-in', 'front-proxy-ca.key', '-aes256', '-passout', 'pass:x']
        .map(part => (part === 'rsa' ? 'pkey' : part))
        .concat('-out', 'front-proxy-ca.key.enc'),
      directory,
    );
    copyFileSync(join(directory, 'front-proxy-ca.key.enc'), join(directory, 'front-proxy-ca.key'));
    const codes = (await problemsOf(directory)).map(text => text.split(' ', 2).join(''));
    assert.deepEqual(codes, [
      'import-key-unsupported:sa.key',
      'import-key-unsupported:ca.crt',
      'import-key-unsupported:ca.key',
      'import-key-unsupported:etcd/ca.crt',
      'import-key-unsupported:etcd/ca.key',
      'import-unreadable:front-proxy-ca.key',
    ]);
  });

  it('refuses a public key of another service account, and warns of a shared authority', async context => {
    const directory = pki(context);
    openssl(['pkey', '-in', 'etcd/ca.key', '-pubout', '-out', 'sa.pub'], directory);
    for (const ending of ['crt', 'key']) copyFileSync(join(directory, `ca.${ending}`), join(directory, `front-proxy-ca.${ending}`));
    const { problems } = await importKubernetesPki(directory, CLUSTER, now());
    assert.deepEqual(
      problems.map(({ code, severity }) => `${severity} ${code}`),
      ['error import-key-mismatch', 'warning import-shared-authority'],
    );
  });

  it('says when a file cannot be read, once', async context => {
    const directory = pki(context);
    rmSync(join(directory, 'ca.crt'));
    mkdirSync(join(directory, 'ca.crt'));
    assert.deepEqual(await problemsOf(directory), ['import-unreadable: ca.crt cannot be read (EISDIR)']);
  });

  const kubeadm = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kubekiln/kubernetes-v1.37.1/kubeadm');
  it('imports what kubeadm made', {
    skip: existsSync(kubeadm) ? false : 'kubeadm is not in the cache of the boot tests',
  }, async context => {
    const directory = temporaryDirectory(context);
    for (const phase of ['ca', 'etcd-ca', 'front-proxy-ca', 'sa']) {
      const { status, output } = run(kubeadm, ['init', 'phase', 'certs', phase, '--cert-dir', directory]);
      assert.equal(status, 0, output);
    }
    const { secrets, problems } = await importKubernetesPki(directory, CLUSTER, now());
    assert.deepEqual(problems, []);
    assert.equal(new X509Certificate(secrets?.certificateAuthorities.etcd[0]?.certificate ?? '').subject, 'CN=etcd-ca');
    assert.ok(secrets);
    const { credentials } = await fillCredentials(CLUSTER, secrets, sampleRequests(CLUSTER), { now: now(), locked: false });
    const leaf = credentials?.leaves.get('cp-1/apiserver')?.certificate ?? '';
    const result = verify(
      directory,
      credentials?.authorities.kubernetes.bundle ?? '',
      leaf,
      ['-purpose', 'sslserver', '-verify_hostname', 'cp-1'],
      now(),
    );
    assert.equal(result.status, 0, result.output);
  });
});

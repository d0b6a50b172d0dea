import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseYaml } from '../../src/formats/yaml.ts';
import { listTree } from '../../src/write/list-tree.ts';
import { ADDRESSES, assertWholeOutput, emptyDirectory, kubekiln, newProject, pinImages, succeed } from './program.ts';

function digests(directory: string): ReadonlyMap<string, string> {
  const entries = listTree(directory) ?? [];
  return new Map(
    entries.map(({ path, mode }) => [
      path,
      `${mode} ${createHash('sha256')
        .update(readFileSync(join(directory, path)))
        .digest('hex')}`,
    ]),
  );
}

test('init, build, verify: a new cluster in three commands', () => {
  const cwd = emptyDirectory();
  const init = succeed(['init', 'prod', '--control-plane', ADDRESSES], { cwd });
  assert.equal(init.stderr, '', 'no next steps where nobody reads them');
  assert.deepEqual(readdirSync(cwd).sort(), ['.gitignore', 'cluster.lock.yaml', 'cluster.yaml', 'secrets.yaml']);
  assert.equal(statSync(join(cwd, 'secrets.yaml')).mode & 0o777, 0o600);
  for (const line of ['secrets.yaml', 'out/', '.kubekiln-*'])
    assert.ok(readFileSync(join(cwd, '.gitignore'), 'utf8').split('\n').includes(line));

  const build = succeed(['build'], { cwd });
  assert.equal(build.stderr, '');
  const lines = build.stdout.split('\n');
  assert.match(lines[0] ?? '', /^prod {2}Kubernetes v1\.\d+\.\d+ {2}3 control-plane/);
  assert.match(lines[1] ?? '', /^NODE +ROLE +PLATFORM +USE +BYTES +LIMIT +FULL$/);
  assert.match(lines[2] ?? '', /^cp-1 +control-plane +nocloud +seed\.iso +\d+,\d{3} +- +-$/);
  assert.match(
    build.stdout,
    /^Wrote out\/prod \(\d+\.\d s\)\. \d+ certificates issued, 0 reused\. First certificate expires \d{4}-\d\d-\d\d; boot before \d{4}-\d\d-\d\d\.$/m,
  );
  assertWholeOutput(join(cwd, 'out/prod'));
  assert.deepEqual(
    readdirSync(cwd).filter(name => name.startsWith('.kubekiln')),
    [],
  );

  const verify = succeed(['verify'], { cwd });
  assert.match(verify.stdout, /prod/);

  pinImages(cwd);
  succeed(['build', '--locked'], { cwd });
  const before = digests(cwd);
  const again = succeed(['build'], { cwd });
  assert.match(again.stdout, /^out\/prod is up to date \(\d\.\d s\)\. 0 certificates issued, \d+ reused\./m);
  assert.deepEqual(digests(cwd), before);
  succeed(['build', '--locked'], { cwd });
  assert.deepEqual(digests(cwd), before);
});

test('build -o json and -o yaml tell the same as the table', () => {
  const cwd = newProject();
  const data = JSON.parse(succeed(['build', '-o', 'json'], { cwd }).stdout);
  assert.equal(data.kind, 'Build');
  assert.equal(data.directory, 'out/prod');
  assert.equal(data.nodes.length, 3);
  assert.equal(data.nodes[0].use, 'seed.iso');
  assert.ok(data.certificates.issued > 20);
  const yaml = parseYaml(succeed(['build', '-oyaml'], { cwd }).stdout).value;
  assert.deepEqual(yaml, { ...data, changed: false, certificates: { ...data.certificates, issued: 0, reused: data.certificates.issued } });
});

test('build --dry-run writes nothing, --out-dir writes elsewhere', () => {
  const cwd = newProject();
  const before = digests(cwd);
  assert.match(succeed(['build', '--dry-run'], { cwd }).stdout, /^Would write out\/prod .* certificates to issue, 0 reused/m);
  assert.deepEqual(digests(cwd), before);
  succeed(['build', '--out-dir', 'elsewhere/deep'], { cwd });
  assertWholeOutput(join(cwd, 'elsewhere/deep/prod'));
  assert.equal(existsSync(join(cwd, 'out')), false);
});

test('build --locked refuses to issue anything', () => {
  const cwd = newProject();
  const { code, stdout, stderr } = kubekiln(['build', '--locked'], { cwd });
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /error\[locked-leaves-missing\]/);
  assert.match(stderr, /Nothing was written\.\n$/);
  assert.equal(existsSync(join(cwd, 'out')), false);
});

test('every problem of a wrong cluster.yaml at once, and as a ProblemList with -o json', () => {
  const cwd = newProject();
  const file = join(cwd, 'cluster.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace('10.0.1.13', '10.0.1.11')
      .replace(/^spec:$/m, 'spec:\n  podSubnets: x'),
  );
  const { code, stdout, stderr } = kubekiln(['build'], { cwd });
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /error\[unknown-key\]/);
  assert.match(stderr, /error\[duplicate-address\]/);
  assert.match(stderr, / {2}--> cluster\.yaml:\d+:\d+/);
  assert.match(stderr, /\n2 errors\. Nothing was written\.\n$/);
  assert.ok(!stderr.includes('\u001b'), 'no colour into a pipe');
  assert.ok(kubekiln(['build', '--color', 'always'], { cwd }).stderr.includes('\u001b['));
  const json = kubekiln(['validate', '-o', 'json'], { cwd });
  assert.equal(json.code, 1);
  const list = JSON.parse(json.stdout);
  assert.equal(list.kind, 'ProblemList');
  assert.deepEqual(list.problems.map((problem: { code: string }) => problem.code).sort(), ['duplicate-address', 'unknown-key']);
  assert.ok(
    list.problems.every((problem: { line?: number; file?: string }) => Number(problem.line) > 0 && problem.file === 'cluster.yaml'),
  );
  assert.equal((parseYaml(kubekiln(['validate', '-o', 'yaml'], { cwd }).stdout).value as { kind?: string }).kind, 'ProblemList');
});

test('validate needs no secrets, reads stdin, and prints every default resolved', () => {
  const cwd = newProject();
  const text = readFileSync(join(cwd, 'cluster.yaml'), 'utf8');
  const empty = emptyDirectory();
  assert.match(succeed(['validate', '-f', '-'], { cwd: empty, input: text }).stdout, /^<stdin> is valid: prod {2}Kubernetes v1\./);
  const resolved = succeed(['validate', '-f', '-', '-o', 'yaml'], { cwd: empty, input: text }).stdout;
  assert.match(resolved, /serviceSubnet/);
  assert.equal(JSON.parse(succeed(['validate', '-f', '-', '-o', 'json'], { cwd: empty, input: text }).stdout).metadata.name, 'prod');
  assert.match(kubekiln(['validate', '-f', '-'], { cwd: empty, input: '' }).stderr, /error\[file-empty\]/);
  assert.equal(kubekiln(['validate', '-f', '/dev/zero'], { cwd: empty }).code, 1, 'a file without an end');
  assert.match(kubekiln(['validate', '-f', '.'], { cwd: empty }).stderr, /error\[wrong-file-type\]: \.: it is a directory/);
  assert.match(succeed(['validate', '-f', '-'], { cwd: empty, input: resolved }).stdout, /is valid/, 'what it prints is a cluster.yaml');
});

test('warnings go to stderr and do not fail; --strict makes them errors', () => {
  const cwd = emptyDirectory();
  succeed(['init', 'even', '--control-plane', '10.0.1.11,10.0.1.12'], { cwd });
  const { stderr, stdout } = succeed(['validate'], { cwd });
  assert.match(stderr, /warning\[/);
  assert.match(stdout, /is valid/);
  const strict = kubekiln(['validate', '--strict'], { cwd });
  assert.equal(strict.code, 1);
  assert.match(strict.stderr, /error\[/);
});

test('init never overwrites, whichever file is there', () => {
  for (const name of ['cluster.yaml', 'secrets.yaml', 'cluster.lock.yaml']) {
    const cwd = emptyDirectory();
    writeFileSync(join(cwd, name), 'precious');
    const { code, stderr } = kubekiln(['init', 'prod'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`error\\[file-exists\\]: ${name.replaceAll('.', '\\.')} already exists`));
    assert.match(stderr, /Nothing was written\.\n$/);
    assert.deepEqual(readdirSync(cwd), [name]);
    assert.equal(readFileSync(join(cwd, name), 'utf8'), 'precious');
  }
});

test('init adds to a .gitignore that is there', () => {
  const cwd = emptyDirectory();
  writeFileSync(join(cwd, '.gitignore'), 'node_modules/\nout/');
  succeed(['init'], { cwd });
  assert.equal(readFileSync(join(cwd, '.gitignore'), 'utf8'), 'node_modules/\nout/\nsecrets.yaml\n.kubekiln-*\n');
  assert.match(readFileSync(join(cwd, 'cluster.yaml'), 'utf8'), /name: dev/);
});

test('init refuses hostile names and addresses with the problems of cluster.yaml', () => {
  for (const [args, code] of [
    [['init', 'a,O=system:masters'], /error\[/],
    [['init', 'x\nspec: {}'], /error\[/],
    [['init', '{{x}}'], /error\[/],
    [['init', 'prod', '--control-plane', '10.0.0.300'], /error\[/],
    [['init', 'prod', '--control-plane', '10.0.0.1,10.0.0.1'], /error\[duplicate-address\]/],
    [['init', 'prod', '--kubernetes-version', '1.9'], /error\[/],
    [['init', 'prod', '--platform', 'mainframe'], /error\[/],
  ] as const) {
    const cwd = emptyDirectory();
    const result = kubekiln(args, { cwd });
    assert.equal(result.code, 1, `${args}: ${result.stdout}${result.stderr}`);
    assert.match(result.stderr, code);
    assert.deepEqual(readdirSync(cwd), []);
  }
});

test('init -f puts everything beside the file that it names', () => {
  const cwd = emptyDirectory();
  succeed(['init', 'west', '-f', 'clusters/west/cluster.yaml', '--control-plane', ADDRESSES], { cwd });
  succeed(['build', '-f', 'clusters/west/cluster.yaml'], { cwd });
  assertWholeOutput(join(cwd, 'clusters/west/out/west'));
  assert.deepEqual(readdirSync(cwd), ['clusters']);
});

test('secrets init fills in what a fresh clone lacks, and only then', () => {
  const cwd = newProject();
  succeed(['build'], { cwd });
  const again = kubekiln(['secrets', 'init'], { cwd });
  assert.equal(again.code, 1);
  assert.match(again.stderr, /error\[file-exists\]: secrets\.yaml already exists/);
  renameSync(join(cwd, 'secrets.yaml'), join(cwd, 'lost.yaml'));
  for (const args of [['secrets', 'init'], ['build'], ['kubeconfig', 'me'], ['secrets', 'list']]) {
    const { code, stderr } = kubekiln(args, { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /error\[secrets-missing\].*cluster\.lock\.yaml knows this cluster/);
  }
  assert.equal(existsSync(join(cwd, 'secrets.yaml')), false);
  rmSync(join(cwd, 'cluster.lock.yaml'));
  rmSync(join(cwd, 'out'), { recursive: true });
  succeed(['secrets', 'init'], { cwd });
  assert.equal(statSync(join(cwd, 'secrets.yaml')).mode & 0o777, 0o600);
  succeed(['build'], { cwd });
});

test('the keys of a kubeadm pki directory are taken over', () => {
  const cwd = newProject();
  const secrets = parseYaml(readFileSync(join(cwd, 'secrets.yaml'), 'utf8')).value as {
    certificateAuthorities: Record<string, { certificate: string; key: string }[]>;
    serviceAccountKeys: { publicKey: string; key: string }[];
  };
  const pki = join(cwd, 'pki');
  mkdirSync(join(pki, 'etcd'), { recursive: true });
  for (const [name, stem] of [
    ['kubernetes', 'ca'],
    ['etcd', 'etcd/ca'],
    ['front-proxy', 'front-proxy-ca'],
  ] as const) {
    writeFileSync(join(pki, `${stem}.crt`), secrets.certificateAuthorities[name]?.[0]?.certificate ?? '');
    writeFileSync(join(pki, `${stem}.key`), secrets.certificateAuthorities[name]?.[0]?.key ?? '', { mode: 0o600 });
  }
  writeFileSync(join(pki, 'sa.pub'), secrets.serviceAccountKeys[0]?.publicKey ?? '');
  writeFileSync(join(pki, 'sa.key'), secrets.serviceAccountKeys[0]?.key ?? '', { mode: 0o600 });
  const fingerprint = new X509Certificate(secrets.certificateAuthorities.kubernetes?.[0]?.certificate ?? '').fingerprint256
    .replaceAll(':', '')
    .toLowerCase();

  succeed(['init', 'old', '-f', 'old/cluster.yaml', '--control-plane', ADDRESSES, '--from-kubernetes-pki', 'pki'], { cwd });
  assert.ok(succeed(['secrets', 'list', '-f', 'old/cluster.yaml'], { cwd }).stdout.includes(fingerprint));
  succeed(['build', '-f', 'old/cluster.yaml'], { cwd });
  // the way back for a lost secrets.yaml
  rmSync(join(cwd, 'old/secrets.yaml'));
  succeed(['secrets', 'init', '-f', 'old/cluster.yaml', '--from-kubernetes-pki', 'pki'], { cwd });
  succeed(['build', '-f', 'old/cluster.yaml'], { cwd });
  rmSync(join(pki, 'ca.key'));
  const incomplete = kubekiln(['init', 'new', '-f', 'new/cluster.yaml', '--from-kubernetes-pki', 'pki'], { cwd });
  assert.equal(existsSync(join(cwd, 'new/secrets.yaml')), incomplete.code === 0, incomplete.stderr);
});

test('secrets list shows fingerprints and never a value', () => {
  const cwd = newProject();
  const text = readFileSync(join(cwd, 'secrets.yaml'), 'utf8');
  const { secret } = (parseYaml(text).value as { encryptionKeys: { secret: string }[] }).encryptionKeys[0] ?? assert.fail();
  for (const format of ['table', 'json', 'yaml']) {
    const { stdout } = succeed(['secrets', 'list', '-o', format], { cwd });
    assert.match(stdout, /kubernetes-ca/);
    assert.match(stdout, /sha256:[0-9a-f]{64}/);
    assert.ok(
      !stdout.includes(secret) &&
        !stdout.includes('PRIVATE') &&
        !stdout.includes(createHash('sha256').update(Buffer.from(secret, 'base64')).digest('hex')),
    );
  }
});

test('certs check-expiration answers with exit code 3', () => {
  const cwd = newProject();
  assert.match(succeed(['certs', 'check-expiration'], { cwd }).stdout, /No leaf certificate was issued yet/);
  succeed(['build'], { cwd });
  const table = succeed(['certs', 'check-expiration'], { cwd }).stdout;
  assert.match(table, /^CERTIFICATE +EXPIRES +RESIDUAL TIME +CERTIFICATE AUTHORITY$/m);
  assert.match(table, /^cp-1\/apiserver +\d{4}-\d\d-\d\d +36\dd +kubernetes-ca$/m);
  assert.match(succeed(['certs', 'check-expiration', '--fail-within', '720h'], { cwd }).stdout, /None expires within 720h\.$/m);
  const year = kubekiln(['certs', 'check-expiration', '--fail-within', '8800h', '--node', 'cp-2', '-o', 'json'], { cwd });
  assert.equal(year.code, 3);
  const data = JSON.parse(year.stdout);
  assert.ok(data.expiring.length > 5 && data.expiring.every((name: string) => name.startsWith('cp-2/')));
  assert.equal(kubekiln(['certs', 'check-expiration', '--node', 'cp-9'], { cwd }).code, 2);
});

test('kubeconfig USER prints a short-lived certificate of the cluster, stored nowhere', () => {
  const cwd = newProject();
  const before = digests(cwd);
  const { stdout, stderr } = succeed(['kubeconfig', 'alice', '--group', 'ops,dev', '--group', 'night', '--validity-period', '2h'], { cwd });
  assert.equal(stderr, '');
  const config = parseYaml(stdout).value as {
    users: { name: string; user: Record<string, string> }[];
    clusters: { cluster: Record<string, string> }[];
  };
  const certificate = new X509Certificate(Buffer.from(config.users[0]?.user['client-certificate-data'] ?? '', 'base64'));
  assert.equal(certificate.subject.split('\n').sort().join(), 'CN=alice,O=dev,O=night,O=ops');
  const left = (new Date(certificate.validTo).getTime() - Date.now()) / 3_600_000;
  assert.ok(left > 1.9 && left <= 2, `${left} h`);
  const authority = new X509Certificate(Buffer.from(config.clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64'));
  assert.ok(certificate.verify(authority.publicKey));
  assert.deepEqual(digests(cwd), before);
  assert.match(succeed(['kubeconfig', 'root', '--super-admin', '-o', 'json'], { cwd }).stdout, /^\{/);
  assert.equal(kubekiln(['kubeconfig', 'alice', '--group', 'system:masters'], { cwd }).code, 1);
  assert.equal(kubekiln(['kubeconfig', 'alice', '--validity-period', '999999h'], { cwd }).code, 1);
});

test('explain and schema tell about cluster.yaml', () => {
  const cwd = emptyDirectory();
  assert.match(succeed(['explain', 'spec.networking'], { cwd }).stdout, /podSubnet/);
  const wrong = kubekiln(['explain', 'spec.networking.podSubnets'], { cwd });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /podSubnet/);
  succeed(['explain'], { cwd });
  const schema = JSON.parse(succeed(['schema'], { cwd }).stdout);
  assert.ok(schema.properties.spec);
});

test('a wrong SOURCE_DATE_EPOCH is named', () => {
  const cwd = newProject();
  const { code, stderr } = kubekiln(['build'], { cwd, env: { SOURCE_DATE_EPOCH: 'yesterday' } });
  assert.equal(code, 1);
  assert.match(stderr, /error\[invalid-source-date-epoch\]/);
});

test('an output directory with files of others is left alone', () => {
  const cwd = newProject();
  succeed(['build'], { cwd });
  writeFileSync(join(cwd, 'out/prod/terraform.tfstate'), 'state');
  appendFileSync(join(cwd, 'cluster.yaml'), '\n');
  const { code, stderr } = kubekiln(['build'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /error\[output-not-ours\]/);
  assert.match(stderr, /terraform\.tfstate/);
  assert.equal(readFileSync(join(cwd, 'out/prod/terraform.tfstate'), 'utf8'), 'state');
  rmSync(join(cwd, 'out'), { recursive: true });
  mkdirSync(join(cwd, 'home/prod'), { recursive: true });
  writeFileSync(join(cwd, 'home/prod/thesis.tex'), 'years');
  assert.match(kubekiln(['build', '--out-dir', 'home'], { cwd }).stderr, /error\[output-not-ours\]: home\/prod exists/);
  assert.deepEqual(readdirSync(join(cwd, 'home/prod')), ['thesis.tex']);
});

// Manifests and registry passwords from real files: found, refused with their places, noticed when they change, and never shown.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { kubekiln, newProject, succeed } from './program.ts';

let cwd = '';
const write = (name: string, text: string) => writeFileSync(join(cwd, name), text);
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const runtime = (): string => JSON.parse(readFileSync(join(cwd, 'out/prod/manifest.json'), 'utf8')).runtime.name;

beforeEach(() => {
  cwd = newProject();
});

describe('addons of cluster.yaml', () => {
  beforeEach(() => {
    mkdirSync(join(cwd, 'addons'));
    write('addons/a.yaml', configMap('a'));
    appendFileSync(join(cwd, 'cluster.yaml'), '  addons: [addons]\n');
  });

  it('are built again when a file of the directory changed, came or went', () => {
    succeed(['build'], { cwd });
    const [first] = [runtime()];
    write('addons/b.yaml', configMap('b'));
    succeed(['build'], { cwd });
    const second = runtime();
    assert.notEqual(second, first);
    write('addons/b.yaml', `${configMap('b')}data: {a: b}\n`);
    succeed(['build'], { cwd });
    assert.notEqual(runtime(), second);
    rmSync(join(cwd, 'addons/b.yaml'));
    succeed(['build'], { cwd });
    assert.equal(runtime(), first);
    const shown = succeed(['inspect', 'out/prod/nodes/cp-1/seed.iso', '--show', '/usr/local/libexec/kubekiln/addons/1-a.yaml'], {
      cwd,
    }).stdout;
    assert.equal(shown, configMap('a'));
  });

  it('are named with line and column where they are wrong, by validate and by build', () => {
    write('addons/b.yaml', `${configMap('b')}---\nkind: ConfigMap\nmetadata: {name: [b]}\n`);
    write('addons/c.yaml', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: coredns, namespace: kube-system}\n');
    const { stderr } = kubekiln(['validate'], { cwd });
    assert.match(stderr, /error\[bad-addon\]: addons\/b\.yaml:5:1: the object has no apiVersion, no metadata\.name/);
    write('addons/b.yaml', configMap('b'));
    for (const command of ['validate', 'build']) {
      const { code, stderr } = kubekiln([command], { cwd });
      assert.equal(code, 1);
      assert.match(
        stderr,
        /error\[duplicate-object\]: addons\/c\.yaml:1:1: ServiceAccount kube-system\/coredns is one of kubekiln's own objects\n +--> cluster\.yaml:\d+:12/,
      );
    }
  });

  it('bring their images under --locked', () => {
    write('addons/a.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n');
    succeed(['build'], { cwd });
    const { code, stderr } = kubekiln(['build', '--locked'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /error\[image-not-pinned\]: .*docker\.io\/library\/nginx:latest/);
    assert.match(succeed(['images', 'list'], { cwd }).stdout, /^docker\.io\/library\/nginx:latest +- +the manifest addons\/a\.yaml$/m);
  });
});

describe('registryCredentials of secrets.yaml', () => {
  const PASSWORD = 'one word: of "many"';
  const give = (entries: readonly object[]) => {
    const file = join(cwd, 'secrets.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^etcd:/m, `registryCredentials: ${JSON.stringify(entries)}\netcd:`));
  };

  it('reach every node, survive a build, and are shown by nothing', () => {
    give([{ host: 'ghcr.io', username: 'robot$prod', password: PASSWORD }]);
    const basic = Buffer.from(`robot$prod:${PASSWORD}`).toString('base64');
    const said = ['build', 'verify', 'secrets list', 'images list', 'validate -o yaml', 'build -o json'].map(command => {
      const { stdout, stderr } = succeed(command.split(' '), { cwd });
      return stdout + stderr;
    });
    const file = '/etc/containerd/certs.d/ghcr.io/hosts.toml';
    const shown = succeed(['inspect', 'out/prod/nodes/cp-2/user-data.gz', '--show', file], { cwd }).stdout;
    assert.equal(shown, '[header]\nAuthorization = "Basic (redacted)"\n[host]\n');
    const listed = succeed(['inspect', 'out/prod/nodes/cp-2/user-data.gz'], { cwd }).stdout;
    for (const text of [...said, shown, listed, readFileSync(join(cwd, 'cluster.lock.yaml'), 'utf8')]) {
      assert.ok(!text.includes(PASSWORD) && !text.includes(basic));
    }
    assert.match(readFileSync(join(cwd, 'secrets.yaml'), 'utf8'), /^registryCredentials:\n- host: ghcr\.io$/m);
  });

  it('are refused without being repeated where they cannot be sent', () => {
    for (const entry of [
      { host: 'https://ghcr.io', username: 'a', password: PASSWORD },
      { host: 'ghcr.io', username: 'a:b', password: PASSWORD },
      { host: 'ghcr.io', username: 'a', password: `${PASSWORD}\n` },
      { host: 'ghcr.io:443', username: 'a', password: PASSWORD },
    ]) {
      cwd = newProject();
      give([entry]);
      const { code, stderr } = kubekiln(['build'], { cwd });
      assert.equal(code, 1);
      assert.match(stderr, /error\[secrets-invalid\]: registryCredentials\[0\]\.(host|username|password) must be/);
      assert.ok(!stderr.includes('of "many"'));
    }
    cwd = newProject();
    give([1, 2].map(() => ({ host: 'ghcr.io', username: 'a', password: PASSWORD })));
    assert.match(kubekiln(['build'], { cwd }).stderr, /registryCredentials has two entries with the same host/);
  });

  it('are warned of where they would travel without TLS', () => {
    give([{ host: 'harbor.example.com:5000', username: 'a', password: PASSWORD }]);
    const mirrors = (url: string) => `  registries: {mirrors: {registry.k8s.io: {endpoint: ["${url}"]}}}\n`;
    const file = join(cwd, 'cluster.yaml');
    const text = readFileSync(file, 'utf8');
    const warned = (url: string) => {
      writeFileSync(file, text + mirrors(url));
      return /warning\[plain-http\]: nodes would send the password of harbor\.example\.com:5000 without TLS/.test(
        kubekiln(['build', '--dry-run'], { cwd }).stderr,
      );
    };
    assert.ok(warned('http://harbor.example.com:5000/v2/k8s'));
    assert.ok(!warned('https://harbor.example.com:5000'));
    assert.ok(!warned('http://harbor.example.com'), 'nobody gave a password for that port');
  });

  it('in cluster.yaml are refused, with the place where they belong', () => {
    appendFileSync(
      join(cwd, 'cluster.yaml'),
      '  registries: {mirrors: {registry.k8s.io: {endpoint: ["https://node:word@harbor.example.com"]}, ghcr.io: {endpoint: ["https://harbor.example.com"], password: word}}}\n',
    );
    const { code, stderr } = kubekiln(['validate'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /error\[refused-key\]: .*takes no "password": credentials do not belong into cluster\.yaml/);
    assert.match(stderr, /error\[bad-url\]: .*holds a user name or password.*\n(.*\n)*?.*hint: .*secrets\.yaml: registryCredentials/);
  });
});

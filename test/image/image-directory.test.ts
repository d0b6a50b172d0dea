// out/<cluster>/image: what machine images are baked from. Packer's own program reads the templates.
import assert from 'node:assert/strict';
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { readCloudConfig } from '../../src/formats/cloud-config.ts';
import { readIso } from '../../src/formats/iso9660-reader.ts';
import { emptyDirectory, succeed } from '../cli/program.ts';
import { missingTool } from '../missing-tool.ts';

const NODES = ['10.0.1.11', '10.0.1.12', '10.0.1.13', '10.0.2.21'];

let project = '';
let image = '';
before(() => {
  project = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', NODES.slice(0, 3).join(), '--worker', NODES.slice(3).join()], { cwd: project });
  succeed(['images', 'pin', '--image', `registry.k8s.io/pause:3.10.2=sha256:${'ab'.repeat(32)}`], { cwd: project });
  succeed(['build'], { cwd: project });
  image = join(project, 'out/prod/image');
});

const text = (name: string) => readFileSync(join(image, name), 'utf8');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('image/', () => {
  it('has one digest over all of it, in the manifest', { skip: missingTool('sha256sum') }, () => {
    const manifest = JSON.parse(readFileSync(join(project, 'out/prod/manifest.json'), 'utf8'));
    assert.deepEqual(manifest.image, { path: 'image', sha256: sha256(readFileSync(join(image, 'SHA256SUMS'))) });
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: image });
    const files = readdirSync(image, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
    assert.equal(text('SHA256SUMS').trim().split('\n').length, files.length - 2, 'all but itself and bake.iso');
  });

  it('names every program, its place, member and digest, and every container image', () => {
    const table = text('programs-amd64');
    assert.match(table, /^machine x86_64\nmirror https:\/\n/);
    assert.match(table, /^file - \/usr\/local\/bin\/etcd - etcd-v[\d.]+-linux-amd64\/etcd github\.com\/etcd-io\//m);
    assert.match(table, /^file - \/usr\/local\/bin\/ctr - bin\/ctr github\.com\/containerd\//m);
    assert.match(table, /^file - \/usr\/local\/bin\/kubelet - - dl\.k8s\.io\/v[\d.]+\/bin\/linux\/amd64\/kubelet$/m);
    assert.match(table, new RegExp(`^image amd64 sha256:${'ab'.repeat(32)} registry\\.k8s\\.io/pause:3\\.10\\.2$`, 'm'));
    assert.match(table, /^image amd64 - registry\.k8s\.io\/coredns/m);
  });

  it('asks each program of the table for its release, and for packages of every role', () => {
    const paths = [...text('programs-amd64').matchAll(/^file - (\S+) /gm)].map(([, path]) => path);
    const asked = [...text('check-list-amd64').matchAll(/^program [\d.]+ (\S+)/gm)].map(([, path]) => path);
    assert.deepEqual(asked, paths);
    assert.match(text('check-list-amd64'), /^package \/usr\/sbin\/haproxy /m);
    assert.match(text('check-list-amd64'), /^file 0644 [0-9a-f]{64} \/etc\/sysctl\.d\/90-kubekiln\.conf$/m);
    assert.doesNotMatch(text('check-list-amd64'), /\.(service|timer)$/m, 'no unit: nothing starts by itself');
  });

  it('holds nothing secret, no node, no address', () => {
    const secrets = [...readFileSync(join(project, 'secrets.yaml'), 'utf8').matchAll(/[A-Za-z0-9+/=]{40,}/g)].map(([word]) => word);
    assert.ok(secrets.length > 10);
    for (const entry of readdirSync(image, { recursive: true, withFileTypes: true }).filter(one => one.isFile())) {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      for (const needle of [...secrets, ...NODES, 'cp-1', 'PRIVATE KEY-----\n'])
        assert.ok(!bytes.includes(needle), `${entry.name}: ${needle}`);
    }
  });

  it('is the same whatever the nodes are called, and where they stand', () => {
    const other = emptyDirectory();
    const yaml = readFileSync(join(project, 'cluster.yaml'), 'utf8').replaceAll('10.0.2.21', '10.0.9.9').replaceAll('w-1', 'other');
    for (const name of ['secrets.yaml', 'cluster.lock.yaml'])
      writeFileSync(join(other, name), readFileSync(join(project, name)), { mode: 0o600 });
    writeFileSync(join(other, 'cluster.yaml'), yaml);
    succeed(['build'], { cwd: other });
    assert.equal(readFileSync(join(other, 'out/prod/image/SHA256SUMS'), 'utf8'), text('SHA256SUMS'));
  });

  it('is a seed as well: bake.iso holds the same bytes, and its user-data bakes once cloud-init is done', () => {
    const { label, files } = readIso(readFileSync(join(image, 'bake.iso')), 'rock-ridge');
    assert.equal(label, 'CIDATA');
    for (const { path, content } of files)
      if (path !== 'vendor-data') assert.deepEqual(Buffer.from(content), readFileSync(join(image, path)), path);
    for (const name of ['bake', 'check', 'SHA256SUMS', 'kubekiln-fetch', 'programs-amd64', 'runtime.tar.gz', 'meta-data'])
      assert.ok(
        files.some(({ path }) => path === name),
        name,
      );
    const { otherKeys } = readCloudConfig(readFileSync(join(image, 'user-data')), 10_000);
    assert.deepEqual([...otherKeys].sort(), ['runcmd', 'users']);
    assert.match(text('user-data'), /--property=After=cloud-final\.service/);
    assert.match(text('user-data'), /sh \$image\/bake --this-machine \$options/);
  });

  for (const shell of ['sh', 'dash', 'bash']) {
    it(`holds scripts that ${shell} understands`, { skip: missingTool(shell) }, () => {
      for (const name of ['bake', 'check', 'kubekiln-fetch']) {
        const { status, stderr } = spawnSync(shell, ['-n', join(image, name)], { encoding: 'utf8' });
        assert.deepEqual([status, stderr], [0, ''], name);
      }
    });
  }

  it('wants to be told that this machine is meant, and refuses words that it does not know', () => {
    for (const words of [[], ['--this-machine', '--force'], ['--this-machine', '--mirror']]) {
      const { status, stderr } = bake(image, words);
      assert.equal(status, 2, words.join());
      assert.match(stderr, /^usage: bake --this-machine \[--bundle DIR \| --mirror URL\]/);
    }
  });

  it('stops a bake whose programs nobody pinned, and names who pins', () => {
    const { status, stdout } = bake(image, ['--this-machine']);
    assert.equal(status, 1);
    assert.match(stdout, /STOPPED at source: cluster\.lock\.yaml pins no SHA-256 of .*dl\.k8s\.io/);
    assert.match(stdout, /remedy: kubekiln fetch or kubekiln images pin/);
  });

  it('stops a bake of a directory with another byte', () => {
    const copy = emptyDirectory();
    execFileSync('cp', ['-r', `${image}/.`, copy]);
    writeFileSync(join(copy, 'programs-amd64'), 'mirror http://elsewhere\n', { flag: 'a' });
    const { status, stdout } = bake(copy, ['--this-machine']);
    assert.equal(status, 1);
    assert.match(stdout, /STOPPED at source: programs-amd64: FAILED/);
  });
});

/** As a root without any power: whatever bake does, this machine stays as it is. */
function bake(directory: string, words: readonly string[]): SpawnSyncReturns<string> {
  const open = emptyDirectory();
  execFileSync('sh', ['-c', `cp -r "$0/." "$1" && chmod -R a+rX "$1"`, directory, open]);
  const nobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : ['env'];
  const [program = '', ...args] = [...nobody, 'unshare', '--user', '--map-root-user', 'sh', join(open, 'bake'), ...words];
  return spawnSync(program, args, { encoding: 'utf8' });
}

/** What an operator names for each builder; without it, the template says what is missing. */
const CLOUDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'amazon-ebs': {},
  googlecompute: { gcp_project: 'project' },
  'azure-arm': {
    azure_subscription_id: 's',
    azure_client_id: 'c',
    azure_client_secret: 'x',
    azure_tenant_id: 't',
    azure_resource_group: 'images',
  },
  'vsphere-iso': {
    ...{ vsphere_server: 'v.example.com', vsphere_username: 'u', vsphere_password: 'p', vsphere_cluster: 'c', vsphere_datastore: 'd' },
    vsphere_iso_path: '[d] iso/debian.iso',
  },
  'proxmox-iso': {
    ...{ proxmox_url: 'https://pve.example.com:8006/api2/json', proxmox_username: 'u', proxmox_password: 'p', proxmox_node: 'n' },
    proxmox_iso_file: 'local:iso/debian.iso',
  },
  hcloud: { hcloud_token: 'x'.repeat(64) },
};

describe("Packer's templates", { skip: missingTool('packer') }, () => {
  const validate = (directory: string, variables: Readonly<Record<string, string>>, ...more: string[]) => {
    const words = Object.entries(variables).flatMap(([name, value]) => ['-var', `${name}=${value}`]);
    const env = { ...process.env, CHECKPOINT_DISABLE: '1', AWS_REGION: 'eu-central-1' };
    return spawnSync('packer', ['validate', ...more, ...words, directory], { encoding: 'utf8', env, cwd: emptyDirectory() });
  };

  it('qemu: packer build out/prod/image', () => {
    const disk = join(emptyDirectory(), 'base.qcow2');
    writeFileSync(disk, 'x');
    const { status, stdout } = validate(image, { base_image: disk, base_checksum: `sha256:${'0'.repeat(64)}` });
    assert.equal(status, 0, stdout);
    assert.notEqual(validate(image, {}).status, 0, 'a base image has to be named');
  });

  for (const [builder, variables] of Object.entries(CLOUDS)) {
    it(builder, () => {
      const { status, stdout, stderr } = validate(join(image, 'clouds'), variables, `-only=${builder}.kubekiln`);
      assert.equal(status, 0, stdout + stderr);
    });
  }

  it('have one list of provisioners for all builders over SSH, which run the bake that the seed runs', () => {
    const clouds = readdirSync(join(image, 'clouds')).filter(name => name.endsWith('.pkr.hcl'));
    const build = text('clouds/build.pkr.hcl');
    assert.deepEqual(
      clouds.filter(name => /^\s*(provisioner|build) /m.test(text(`clouds/${name}`))),
      ['build.pkr.hcl'],
    );
    for (const builder of Object.keys(CLOUDS)) assert.ok(build.includes(`"source.${builder}.kubekiln"`), builder);
    assert.match(build, /source {6}= "\$\{local\.image\}\/\.\.\/"/);
    assert.match(build, /sh \/run\/kubekiln-image\/bake /);
  });

  it('name their plugins apart from everything that Packer 1.6 reads', () => {
    assert.deepEqual(readdirSync(join(image, 'plugins')), ['plugins.pkr.hcl']);
    for (const place of ['.', 'clouds'])
      for (const name of readdirSync(join(image, place)).filter(one => one.endsWith('.hcl')))
        assert.doesNotMatch(text(join(place, name)), /required_plugins/);
  });
});

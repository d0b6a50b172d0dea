// kubekiln fetch --from: archives of docker save and OCI layouts, the honest ones and the hostile ones.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeHeader, paddingOf } from '../../src/formats/tar-header.ts';
import { succeed } from '../cli/program.ts';
import { digestOf, type TinyImage, type TinyPart, tinyImage } from '../mirror/tiny-image.ts';
import { missingTool } from '../missing-tool.ts';
import { type FetchProject, fetchProject, upstreamBytes } from './fetch-project.ts';

const PAUSE = 'registry.invalid/pause:3.10.2';
const DNS = 'registry.invalid/coredns:v1.14.6';

interface Entry {
  readonly name: string;
  readonly content?: Uint8Array;
  readonly type?: string;
  /** Of a link. */
  readonly target?: string;
  /** What the header says, where it lies. */
  readonly size?: number;
}

/** A tar archive of anything, which no honest writer would make. */
function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, content = Buffer.alloc(0), type = '0', target = '', size = content.length }) => {
    const header = Buffer.from(encodeHeader({ name, mode: 0o644, size, type }));
    if (target !== '') {
      header.write(target, 157);
      header.write('        ', 148);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    }
    return [header, content, Buffer.alloc(paddingOf(content.length))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const hexOf = (bytes: Uint8Array) => digestOf(bytes).slice('sha256:'.length);

/** As `docker save` wrote it for years: layers uncompressed, each in a directory. */
function dockerSave(
  names: readonly string[],
  { config, tars }: Pick<TinyPart, 'config' | 'tars'>,
  layers: readonly Buffer[] = tars,
): Entry[] {
  const paths = layers.map(layer => `${hexOf(layer)}/layer.tar`);
  return [
    ...layers.map((layer, index) => ({ name: paths[index] ?? '', content: layer })),
    { name: `${hexOf(config)}.json`, content: config },
    { name: 'manifest.json', content: json([{ Config: `${hexOf(config)}.json`, RepoTags: names, Layers: paths }]) },
  ];
}

function ociLayout(annotations: Readonly<Record<string, string>>, image: TinyImage, blobs: readonly Uint8Array[] = image.blobs): Entry[] {
  const top = image.documents.at(-1);
  assert.ok(top);
  const descriptor = { mediaType: top.mediaType, digest: digestOf(top.bytes), size: top.bytes.length, annotations };
  const all = new Map([...blobs, ...image.documents.map(({ bytes }) => bytes)].map(bytes => [hexOf(bytes), bytes]));
  return [
    { name: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', content: json({ schemaVersion: 2, manifests: [descriptor] }) },
    ...[...all].map(([hex, content]) => ({ name: `blobs/sha256/${hex}`, content })),
  ];
}

describe('kubekiln fetch --from', () => {
  let project: FetchProject;
  const pause = tinyImage('pause', { single: true });
  const dns = tinyImage('dns', { architectures: ['arm64', 'amd64'] });
  const part = (image: TinyImage): TinyPart => {
    const found = image.parts.at(-1);
    assert.ok(found);
    return found;
  };
  const at = (name: string) => join(project.directory, name);
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(at(name), bytes);
    return at(name);
  };
  const stored = (bytes: Uint8Array) => existsSync(join(project.cache, 'sha256', hexOf(bytes)));
  const digests = () => Object.fromEntries(project.list().images.map(({ image, digest }) => [image, digest]));
  /** Everything but what a test is about lies in a directory. */
  const fetchFrom = async (...paths: string[]) => {
    const result = await project.fetch('--offline', ...paths.flatMap(path => ['--from', path]));
    const found = [...result.stderr.matchAll(/^(error|warning)\[([a-z-]+)\]: (.*)$/gm)].map(
      ([, kind, code, text]) => `${kind} ${code}: ${text}`,
    );
    return { ...result, found: found.filter(text => !/v\d\S+ \((amd|arm)64\)/.test(text)) };
  };
  beforeEach(() => {
    project = fetchProject();
  });

  it('takes everything from one directory without asking anybody, and then has it', async () => {
    for (const one of project.list().binaries) write(one.url.split('/').at(-1) ?? '', upstreamBytes(one));
    write('pause.tar', tar(dockerSave([PAUSE], part(pause))));
    write('dns.tar.gz', gzipSync(tar(ociLayout({ 'io.containerd.image.name': DNS }, dns))));
    const first = await project.fetched('--offline', '--from', project.directory);
    assert.equal(first.receivedBytes, 0);
    assert.equal(first.pinned, first.binaries.length + 2);
    assert.ok(first.images.every(({ trusted }) => trusted));
    assert.deepEqual(digests()[DNS], dns.digest);
    for (const bytes of [...part(pause).tars, part(pause).config, part(dns).config, ...part(dns).layers]) assert.ok(stored(bytes));
    assert.deepEqual(readdirSync(join(project.cache, 'partial')), []);
    const second = await project.fetched();
    assert.ok([...second.binaries, ...second.images].every(({ from }) => from === 'store'));
    assert.equal(second.pinned, 0);
    const { stdout } = succeed(['fetch', '--cache-dir', project.cache], { cwd: project.directory });
    assert.match(stdout, /nothing had to be fetched\.$/m);
  });

  it('makes a manifest for what docker save wrote, which names its layers as they are, and the same one again', async () => {
    const path = write('pause.tar', tar(dockerSave([PAUSE], part(pause))));
    const { found } = await fetchFrom(path);
    assert.equal(found.length, 1, 'the other image is missing');
    const digest = digests()[PAUSE]?.slice('sha256:'.length) ?? '';
    const manifest: { layers: { digest: string; size: number; mediaType: string }[]; config: { digest: string } } = JSON.parse(
      readFileSync(join(project.cache, 'sha256', digest), 'utf8'),
    );
    assert.deepEqual(
      manifest.layers.map(layer => [layer.digest, layer.size]),
      part(pause).tars.map(layer => [digestOf(layer), layer.length]),
    );
    assert.equal(manifest.config.digest, digestOf(part(pause).config));
    const again = await project.fetch('--offline', '--from', path, '--cache-dir', at('second'));
    assert.doesNotMatch(again.stderr, /pause/);
    assert.ok(existsSync(join(at('second'), 'sha256', digest)));
  });

  it('makes one image of two archives when the nodes are of two architectures, and names the one that is missing', async () => {
    project.replace(
      /^( +)address: 10\.0\.1\.11$/m,
      '$1address: 10.0.1.11\n  - name: w-1\n    role: worker\n    address: 10.0.1.21\n    architecture: arm64',
    );
    const [amd, arm] = ['amd64', 'arm64'].map(one => tinyImage('pause', { architectures: [one] }));
    assert.ok(amd && arm);
    const [first, second] = [write('amd.tar', tar(dockerSave([PAUSE], part(amd)))), write('arm.tar', tar(dockerSave([PAUSE], part(arm))))];
    const alone = await fetchFrom(first);
    assert.ok(
      alone.found.some(text => text === `error wrong-architecture: ${PAUSE} is for other machines than the nodes`),
      alone.stderr,
    );
    assert.equal(digests()[PAUSE], undefined);
    const both = await fetchFrom(first, second);
    assert.ok(!both.found.some(text => text.includes('pause')), both.stderr);
    const index: { manifests: { platform: { architecture: string } }[] } = JSON.parse(
      readFileSync(join(project.cache, 'sha256', digests()[PAUSE]?.slice(7) ?? ''), 'utf8'),
    );
    assert.deepEqual(
      index.manifests.map(({ platform }) => platform.architecture),
      ['amd64', 'arm64'],
    );
  });

  it('names an archive with another digest than the lock pins, and one for other machines', async () => {
    succeed(['images', 'pin', '--image', `${PAUSE}=sha256:${'12'.repeat(32)}`], { cwd: project.directory });
    const pinned = await fetchFrom(write('pause.tar', tar(dockerSave([PAUSE], part(pause)))));
    assert.ok(pinned.found.includes(`error digest-mismatch: ${PAUSE} has another digest than it should`), pinned.stderr);
    assert.match(pinned.stderr, /pause\.tar: it holds sha256:[0-9a-f]{64}, not sha256:1212/);
    const arm = part(tinyImage('arm', { architectures: ['arm64'] }));
    const other = await fetchFrom(write('dns.tar', tar(dockerSave([DNS], arm))));
    assert.ok(other.found.includes(`error wrong-architecture: ${DNS} is for other machines than the nodes`), other.stderr);
  });

  it('names a path that is not there', async () => {
    const { code, found } = await fetchFrom(at('nowhere.tar'));
    assert.equal(code, 1);
    assert.ok(
      found.some(text => /^error file-not-found: .*nowhere\.tar: no such file/.test(text)),
      found.join('\n'),
    );
  });

  it('warns of an archive with nothing that is needed', async () => {
    const { found } = await fetchFrom(write('other.tar', tar(dockerSave(['registry.invalid/nobody:1'], part(pause)))));
    assert.ok(
      found.some(text => /^warning archive-unused: .*other\.tar holds nothing/.test(text)),
      found.join('\n'),
    );
  });

  const layer = tinyImage('pause').parts[0]?.tars[0] ?? Buffer.alloc(0);
  const base = () => dockerSave([PAUSE], part(pause));
  const layout = () => ociLayout({ 'io.containerd.image.name': PAUSE }, pause);
  const blob = `blobs/sha256/${hexOf(part(pause).layers[1] ?? Buffer.alloc(0))}`;
  const without = (entries: Entry[], name: string) => entries.filter(entry => entry.name !== name);
  const hostile: readonly (readonly [string, () => Buffer, RegExp])[] = [
    [
      'a name that leads out',
      () => tar([...base(), { name: '../../etc/passwd', content: layer }]),
      /artifact-unsafe.*\\?"\.\.\/\.\.\/etc\/passwd\\?" is not a clean relative path/,
    ],
    [
      'an absolute name',
      () => tar([...base(), { name: '/etc/passwd', content: layer }]),
      /artifact-unsafe.*"\/etc\/passwd" is not a clean/,
    ],
    [
      'a symbolic link where a blob should be',
      () => tar([...without(layout(), blob), { name: blob, type: '2', target: '/etc/shadow' }]),
      /artifact-unsafe.*blobs\/sha256\/[0-9a-f]{64}" is a symbolic link/,
    ],
    [
      'a link out of a saved layer',
      () => tar([...base(), { name: `${'ab'.repeat(32)}/layer.tar`, type: '2', target: '../../etc/shadow' }]),
      /artifact-unsafe.*layer\.tar" is a symbolic link/,
    ],
    ['a hard link', () => tar([...base(), { name: 'hard', type: '1', target: 'manifest.json' }]), /artifact-unsafe.*"hard" is a hard link/],
    ['a device', () => tar([...base(), { name: 'zero', type: '3' }]), /artifact-unsafe.*"zero" is a character device/],
    [
      'a name that stands twice',
      () => tar([...base(), { name: 'manifest.json', content: json([]) }]),
      /artifact-unsafe.*"manifest\.json" stands there twice/,
    ],
    [
      'an extended header without measure',
      () => tar([{ name: 'x', type: 'x', content: Buffer.alloc(70_000, 65) }, ...base()]),
      /artifact-too-large.*an extended tar header of 70000 bytes/,
    ],
    [
      'a header that promises more than there is',
      () => tar([...base(), { name: 'big', size: 8 ** 10 }]),
      /artifact-damaged.*ends too early/,
    ],
    ['an end in the middle', () => tar(base()).subarray(0, 3000), /artifact-damaged.*ends too early/],
    [
      'compression that is cut off',
      () => gzipSync(tar(base())).subarray(0, 300),
      /artifact-damaged.*compression is damaged|artifact-damaged.*ends too early/,
    ],
    ['a decompression bomb', () => gzipSync(Buffer.alloc(200 * 2 ** 20)), /artifact-too-large.*unpacks to more than 100 times its size/],
    ['a compression that kubekiln does not read', () => Buffer.from('28b52ffd00000000', 'hex'), /artifact-unsupported.*zstd -d/],
    ['no manifest', () => tar([{ name: 'readme', content: layer }]), /artifact-unsupported.*neither an OCI image layout/],
    [
      'a manifest.json that is none',
      () => tar([{ name: 'manifest.json', content: Buffer.from('[{"Config":1}]') }]),
      /image-invalid.*manifest\.json is malformed at 0\.Config/,
    ],
    [
      'a blob of other bytes',
      () => tar([...without(layout(), blob), { name: blob, content: Buffer.alloc((part(pause).layers[1] ?? layer).length) }]),
      /digest-mismatch.*has another digest/,
    ],
    ['a blob of another size', () => tar([...without(layout(), blob), { name: blob, content: layer }]), /size-mismatch/],
    ['no such blob', () => tar(without(layout(), blob)), /image-not-found/],
    ['a saved layer of other bytes', () => tar(dockerSave([PAUSE], part(pause), part(tinyImage('other')).tars)), /digest-mismatch/],
  ];
  for (const [what, archive, error] of hostile)
    it(`refuses an archive with ${what}`, async () => {
      const { code, found, stderr } = await fetchFrom(write('bad.tar', archive()));
      assert.equal(code, 1);
      assert.ok(
        found.some(text => error.test(text)),
        stderr,
      );
      assert.equal(digests()[PAUSE], undefined);
      const left = existsSync(join(project.cache, 'partial')) ? readdirSync(join(project.cache, 'partial')) : [];
      assert.deepEqual(left, []);
    });

  it('removes what runs left that were killed a day ago, and no half', async () => {
    const partial = join(project.cache, 'partial');
    mkdirSync(partial, { recursive: true });
    for (const name of ['passing-old', 'passing-new', 'ab'.repeat(32)]) writeFileSync(join(partial, name), 'x');
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    for (const name of ['passing-old', 'ab'.repeat(32)]) utimesSync(join(partial, name), days(2), days(2));
    await fetchFrom();
    assert.deepEqual(readdirSync(partial).sort(), ['ab'.repeat(32), 'passing-new']);
  });

  it('follows the links by which docker save names a layer twice', async () => {
    const tars = [layer, layer];
    const config = json({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: tars.map(digestOf) } });
    const [first, second] = [`${'a'.repeat(64)}/layer.tar`, `${'b'.repeat(64)}/layer.tar`];
    const archive = tar([
      { name: second, type: '2', target: `../${first}` },
      { name: first, content: layer },
      { name: 'config.json', content: config },
      { name: 'manifest.json', content: json([{ Config: 'config.json', RepoTags: [PAUSE], Layers: [first, second] }]) },
    ]);
    const { found, stderr } = await fetchFrom(write('pause.tar', archive));
    assert.ok(!found.some(text => text.includes('pause')), stderr);
    assert.ok(stored(layer));
  });

  it('reads what skopeo writes, in both forms', { skip: missingTool('skopeo') }, async () => {
    const files = write('in.tar', tar(layout()));
    const copy = (to: string) => {
      const run = spawnSync('skopeo', ['--insecure-policy', 'copy', `oci-archive:${files}`, to], { encoding: 'utf8' });
      assert.equal(run.status, 0, run.stderr);
    };
    copy(`docker-archive:${at('saved.tar')}:${PAUSE}`);
    copy(`oci-archive:${at('layout.tar')}:${DNS}`);
    const { found, stderr } = await fetchFrom(at('saved.tar'), at('layout.tar'));
    assert.deepEqual(found, [], stderr);
    assert.ok(digests()[PAUSE] && digests()[DNS]);
  });
});

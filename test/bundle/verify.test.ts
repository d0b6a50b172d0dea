// bundle verify: cut, flipped, hostile, incomplete. The archives are taken apart and put together by GNU tar.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { verifyBundle } from '../../src/bundle/verify.ts';
import type { Problem } from '../../src/problem.ts';
import { emptyDirectory, kubekiln, succeed } from '../cli/program.ts';
import { type Sample, sampleProject } from './sample-store.ts';

const GNU_TAR = ['--format=ustar', '--mtime=@0', '--owner=root:0', '--group=root:0', '--mode=0644', '-b1'];

interface Bundle {
  readonly sample: Sample;
  readonly file: string;
  readonly bytes: Buffer;
  readonly members: readonly string[];
}

const ADDON = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: default}
spec:
  containers:
  - {name: web, image: "registry.example.com/web:1.2"}
`;

/** Of a cluster with an add-on that has an image of its own. */
function newBundle(): Bundle {
  const sample = sampleProject(text => text.replace(/^ {2}nodes:/m, '  addons: [web.yaml]\n  nodes:'), { 'web.yaml': ADDON });
  succeed(['bundle', 'create', '--cache-dir', sample.store], { cwd: sample.directory });
  const file = join(sample.directory, 'prod-bundle.tar');
  return { sample, file, bytes: readFileSync(file), members: execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n') };
}

async function problemsOf(content: Uint8Array): Promise<readonly Problem[]> {
  const file = join(emptyDirectory(), 'bundle.tar');
  writeFileSync(file, content);
  const { problems } = await verifyBundle(file, undefined, () => undefined);
  rmSync(file);
  return problems;
}

/** The bundle, changed as files in a directory and packed again; whoever did it also made SHA256SUMS anew. */
function repacked({ bytes, members }: Bundle, change: (directory: string, members: string[]) => readonly string[]): Buffer {
  const directory = emptyDirectory();
  execFileSync('tar', ['-xf', '-', '-C', directory], { input: bytes });
  const kept = change(directory, [...members]);
  const summed = kept.filter(name => name !== 'kubekiln-bundle' && name !== 'SHA256SUMS');
  writeFileSync(join(directory, 'SHA256SUMS'), execFileSync('sha256sum', summed, { cwd: directory }));
  return execFileSync('tar', ['-cf', '-', ...GNU_TAR, '-C', directory, ...kept], { maxBuffer: 2 ** 28 });
}

function edited(directory: string, name: string, edit: (text: string) => string): void {
  const file = join(directory, name);
  writeFileSync(file, edit(readFileSync(file, 'latin1')), 'latin1');
}

const texts = (problems: readonly Problem[]) => problems.map(({ code, message }) => `${code}: ${message}`).join('\n');

describe('bundle verify', () => {
  let bundle: Bundle;
  before(() => {
    bundle = newBundle();
  });

  it('finds nothing wrong with a bundle of ours, and packed again by GNU tar it is the same file', async () => {
    assert.deepEqual(await problemsOf(bundle.bytes), []);
    assert.ok(repacked(bundle, (_directory, members) => members).equals(bundle.bytes));
  });

  it('notices a cut at any byte', async () => {
    const file = join(emptyDirectory(), 'cut.tar');
    const cut = async (length: number) => {
      writeFileSync(file, bundle.bytes);
      truncateSync(file, length);
      const { problems } = await verifyBundle(file, undefined, () => undefined);
      assert.ok(problems.length > 0, `cut at ${length}`);
      assert.ok(
        problems.every(({ severity, message }) => severity === 'error' && message.startsWith(file)),
        texts(problems),
      );
    };
    const near = [0, 1, 511, 512, 513, bundle.bytes.length - 1, bundle.bytes.length - 512, bundle.bytes.length - 1024];
    for (const length of near) await cut(length);
    await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: bundle.bytes.length - 1 }), cut), { numRuns: 150 });
  });

  it('notices another byte anywhere', async () => {
    const flip = async (place: number, mask: number) => {
      const content = Buffer.from(bundle.bytes);
      content[place] = (content[place] ?? 0) ^ mask;
      assert.ok((await problemsOf(content)).length > 0, `byte ${place} xor ${mask}`);
    };
    const head = fc.integer({ min: 0, max: 20_000 });
    const anywhere = fc.integer({ min: 0, max: bundle.bytes.length - 1 });
    const tail = fc.integer({ min: bundle.bytes.length - 2048, max: bundle.bytes.length - 1 });
    await fc.assert(fc.asyncProperty(fc.oneof(head, anywhere, tail), fc.integer({ min: 1, max: 255 }), flip), { numRuns: 300 });
    const ofMember = bundle.bytes.lastIndexOf(Buffer.from(`${bundle.members.at(-1)}\0`));
    for (const header of [0, ofMember]) for (let place = 0; place < 512; place++) await flip(header + place, 0x20);
  });

  it('names the member of a changed byte', async () => {
    const member = bundle.members.find(name => name.endsWith('kube-apiserver.gz')) ?? '';
    const content = Buffer.from(bundle.bytes);
    const start = content.lastIndexOf(Buffer.from(`${member}\0`)) + 512;
    content[start + 1000] = (content[start + 1000] ?? 0) ^ 1;
    const found = texts(await problemsOf(content));
    assert.match(found, /artifact-damaged: .*programs\/amd64\/kube-apiserver\.gz: /);
    assert.doesNotMatch(found, /kubelet/);
  });

  it('notices what comes behind the end, and a format that it does not know', async () => {
    for (const more of ['\0', 'x', '\0'.repeat(512), '\0'.repeat(10_240)])
      assert.match(
        texts(await problemsOf(Buffer.concat([bundle.bytes, Buffer.from(more)]))),
        /there is more behind the end of the tar archive/,
      );
    const newer = repacked(bundle, (directory, members) => {
      edited(directory, 'kubekiln-bundle', text => text.replace('kubekiln-bundle 1', 'kubekiln-bundle 2'));
      return members;
    });
    assert.match(texts(await problemsOf(newer)), /artifact-unsupported: .*the bundle has format 2; this kubekiln knows 1/);
  });

  it('a line of the index that was changed with its member does not go with the bill of materials', async () => {
    const changed = repacked(bundle, (directory, members) => {
      edited(directory, 'kubekiln-bundle', text => text.replace('bin/linux/amd64/kube-proxy', 'bin/linux/amd64/kube-prexy'));
      return members;
    });
    assert.match(texts(await problemsOf(changed)), /kubekiln-bundle: it is not the one that sbom\.spdx\.json was made for/);
  });

  const hostile: readonly (readonly [string, (directory: string) => readonly string[], RegExp])[] = [
    [
      'a symbolic link',
      directory => {
        symlinkSync('/etc/passwd', join(directory, 'programs/link'));
        return ['programs/link'];
      },
      /artifact-unsafe: .*is a symbolic link/,
    ],
    [
      'a hard link',
      directory => {
        execFileSync('ln', ['SHA256SUMS', 'programs/hard'], { cwd: directory });
        return ['programs/hard'];
      },
      /artifact-unsafe: .*is a hard link/,
    ],
    [
      'a named pipe',
      directory => {
        execFileSync('mkfifo', [join(directory, 'programs/pipe')]);
        return ['programs/pipe'];
      },
      /artifact-unsafe: .*is a named pipe/,
    ],
    ['a directory', () => ['--no-recursion', 'programs/amd64'], /artifact-unsafe: .*is a directory/],
    ['a member twice', () => ['--hard-dereference', 'programs/amd64/kubectl.gz'], /artifact-unsafe: .*stands there twice/],
    [
      'a way out',
      directory => {
        writeFileSync(join(directory, 'x'), '');
        return ['-P', '--transform=s,^x$,../../x,', 'x'];
      },
      /artifact-unsafe: .*not a clean relative path/,
    ],
    [
      'a member of nobody',
      directory => {
        writeFileSync(join(directory, 'extra'), 'x');
        return ['extra'];
      },
      /artifact-damaged: .*extra: its index does not name it/,
    ],
  ];
  for (const [what, add, expected] of hostile)
    it(`refuses ${what}`, async () => {
      const directory = emptyDirectory();
      execFileSync('tar', ['-xf', '-', '-C', directory], { input: bundle.bytes });
      const added = add(directory);
      const content = execFileSync('tar', ['-cf', '-', ...GNU_TAR, '-C', directory, ...bundle.members, ...added], {
        maxBuffer: 2 ** 28,
      });
      assert.match(texts(await problemsOf(content)), expected);
    });

  it('a member that decodes to more than its size is left there and then', async () => {
    const bomb = gzipSync(Buffer.alloc(300 * 2 ** 20));
    const content = repacked(bundle, (directory, members) => {
      writeFileSync(join(directory, 'programs/amd64/kubectl.gz'), bomb);
      return members;
    });
    const before = process.memoryUsage().rss;
    assert.match(texts(await problemsOf(content)), /artifact-too-large: .*kubectl\.gz: it decodes to more than the \d+ bytes/);
    assert.ok(process.memoryUsage().rss - before < 150 * 2 ** 20);
  });

  it('data behind the end of a gzip member is noticed', async () => {
    const content = repacked(bundle, (directory, members) => {
      const file = join(directory, 'programs/amd64/kubectl.gz');
      writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(100)]));
      return members;
    });
    assert.match(texts(await problemsOf(content)), /kubectl\.gz: there is more behind the end of its gzip data/);
  });

  const layouts: readonly (readonly [string, (layout: string) => void, RegExp])[] = [
    ['lacks a layer', layout => rmSync(largest(layout)), /the image lacks its blob sha256:/],
    [
      'has a blob too many',
      layout => writeFileSync(join(layout, 'blobs/sha256', createHash('sha256').update('x').digest('hex')), 'x'),
      /does not belong to the image/,
    ],
    ['has another layer', layout => writeFileSync(largest(layout), 'x'), /is not what its name says/],
    [
      'has another name',
      layout => edited(layout, 'index.json', text => text.replaceAll('pause', 'pouse')),
      /its index\.json names another image/,
    ],
    ['has a file of its own', layout => writeFileSync(join(layout, 'extra'), 'x'), /extra is not what its name says, or has no place/],
  ];
  for (const [what, change, expected] of layouts)
    it(`an image that ${what} is named, however well the sums were made`, async () => {
      const content = repacked(bundle, (directory, members) => {
        const member = members.find(name => name.includes('pause')) ?? '';
        const layout = join(directory, 'layout');
        execFileSync('sh', ['-ec', `mkdir layout && gzip -dc ${member} > old.tar && tar -xf old.tar -C layout`], { cwd: directory });
        change(layout);
        const names = execFileSync('sh', ['-c', 'ls oci-layout index.json blobs/sha256/* extra 2>/dev/null || true'], {
          cwd: layout,
          encoding: 'utf8',
        });
        execFileSync('tar', ['-cf', join(directory, 'new.tar'), ...GNU_TAR, '-C', layout, ...names.trim().split('\n')]);
        const tar = readFileSync(join(directory, 'new.tar'));
        writeFileSync(join(directory, member), gzipSync(tar));
        edited(directory, 'kubekiln-bundle', text =>
          text.replace(/^image \S+ \S+ (\S*pause\S*)/m, `image ${createHash('sha256').update(tar).digest('hex')} ${tar.length} $1`),
        );
        return members;
      });
      assert.match(texts(await problemsOf(content)), expected);
    });

  it('leaves no temporary files', async () => {
    const before = readdirSync(tmpdir()).filter(name => !name.startsWith('kubekiln-'));
    await problemsOf(bundle.bytes.subarray(0, 100_000));
    assert.deepEqual(
      readdirSync(tmpdir()).filter(name => !name.startsWith('kubekiln-')),
      before,
    );
  });
});

function largest(layout: string): string {
  const [name = ''] = execFileSync('ls', ['-S', join(layout, 'blobs/sha256')], { encoding: 'utf8' }).split('\n');
  const layer = readdirSync(join(layout, 'blobs/sha256')).find(blob => readFileSync(join(layout, 'blobs/sha256', blob))[0] === 0x1f);
  return join(layout, 'blobs/sha256', layer ?? name);
}

describe('bundle verify: complete or not', () => {
  let bundle: Bundle;
  let cwd: string;
  const without = (part: string) => {
    const content = repacked(bundle, (directory, members) => {
      edited(directory, 'kubekiln-bundle', text => text.replace(new RegExp(`^.*${part}.*\n`, 'm'), ''));
      return members.filter(name => !name.includes(part));
    });
    const file = join(cwd, 'less.tar');
    writeFileSync(file, content);
    return kubekiln(['bundle', 'verify', 'less.tar'], { cwd });
  };
  before(() => {
    bundle = newBundle();
    cwd = bundle.sample.directory;
  });

  it('says so when nothing is missing', () => {
    const { stdout } = succeed(['bundle', 'verify', 'prod-bundle.tar'], { cwd });
    assert.match(stdout, /Complete: it holds all that prod needs\./);
    assert.match(succeed(['verify', 'prod-bundle.tar'], { cwd }).stdout, /Complete: it holds all that prod needs\./);
  });

  for (const [part, expected] of [
    ['pause', /the image registry\.k8s\.io\/pause:\S+ for amd64 is missing; containerd, for the sandbox of every pod refers to it/],
    ['web', /the image registry\.example\.com\/web:1\.2 for amd64 is missing; the manifest web\.yaml refers to it/],
    ['coredns', /the image \S*coredns:\S+ for amd64 is missing; .* refers to it/],
    [
      'kube-proxy',
      /https:\/\/dl\.k8s\.io\/\S+\/kube-proxy is missing; it is needed for \/usr\/local\/bin\/kube-proxy \(kube-proxy v1\.\d+\.\d+\) on cp-1, cp-2, cp-3/,
    ],
    ['runtime-', /the runtime archive of this cluster, runtime-[0-9a-f]{12}\.tar\.gz, is missing: it holds none/],
  ] as const)
    it(`names ${part}, and what refers to it, when it is taken out with its line`, () => {
      const { code, stderr } = without(part);
      assert.equal(code, 1);
      assert.match(stderr.replace(/\s+/g, ' '), expected);
      assert.match(stderr, /error\[bundle-incomplete\]/);
    });

  it('names a member that was taken out while its line stayed', () => {
    const file = join(cwd, 'deleted.tar');
    const less = repacked(bundle, (_directory, members) => members.filter(name => !name.includes('pause')));
    // as GNU tar leaves it, which fills up its records
    writeFileSync(file, Buffer.concat([less, Buffer.alloc(4096)]));
    const { code, stderr } = kubekiln(['bundle', 'verify', file], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /it is not in the bundle: registry\.k8s\.io\/pause/);
    assert.match(stderr, /containerd, for the sandbox of every pod refers to it/);
    assert.match(stderr, /there is more behind the end/);
    assert.match(succeed(['bundle', 'inspect', file], { cwd }).stdout, /^image .* missing .*pause/m);
  });

  it('knows the bundle of another cluster.yaml, and another pin', () => {
    const file = join(cwd, 'cluster.yaml');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('10.244.0.0/16', '10.245.0.0/16'));
    const other = kubekiln(['bundle', 'verify', 'prod-bundle.tar'], { cwd });
    writeFileSync(file, text);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /it holds runtime-[0-9a-f]{12}\.tar\.gz, of another cluster\.yaml or another kubekiln/);
    const lock = join(cwd, 'cluster.lock.yaml');
    const pins = readFileSync(lock, 'utf8');
    const digest = bundle.sample.programs.find(({ name }) => name === 'kubelet')?.sha256 ?? '';
    writeFileSync(lock, pins.replace(digest, 'ab'.repeat(32)));
    const { stderr } = kubekiln(['bundle', 'verify', 'prod-bundle.tar'], { cwd });
    writeFileSync(lock, pins);
    assert.match(stderr, /kubelet has the SHA-256 [0-9a-f]{64}, and cluster\.lock\.yaml pins (ab){32}/);
  });

  it('without a cluster.yaml it still finds an image that the runtime archive names', () => {
    const elsewhere = emptyDirectory();
    assert.match(succeed(['bundle', 'verify', join(cwd, 'prod-bundle.tar')], { cwd: elsewhere }).stdout, /no cluster\.yaml here/);
    without('coredns');
    const { code, stderr } = kubekiln(['bundle', 'verify', join(cwd, 'less.tar')], { cwd: elsewhere });
    assert.equal(code, 1);
    assert.match(
      stderr.replace(/\s+/g, ' '),
      /the image \S*coredns:\S+ for amd64 is missing; files\/\S+ of the runtime archive refers to it/,
    );
  });

  it('inspect lists it, and shows what is not there', () => {
    const { stdout } = succeed(['inspect', 'prod-bundle.tar'], { cwd });
    assert.match(stdout, /^image +[\d,]+ +[\d,]+ +[0-9a-f]{12} +registry\.k8s\.io\/pause:\S+ \(amd64\)$/m);
    const data = JSON.parse(succeed(['bundle', 'inspect', 'prod-bundle.tar', '-o', 'json'], { cwd }).stdout);
    assert.equal(data.entries.length, bundle.members.length - 3);
    for (const length of [0, 600, 100_000]) {
      writeFileSync(join(cwd, 'cut.tar'), bundle.bytes.subarray(0, length));
      assert.equal(kubekiln(['bundle', 'inspect', 'cut.tar'], { cwd }).code, 1, String(length));
    }
  });
});

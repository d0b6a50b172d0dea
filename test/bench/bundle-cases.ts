// The offline bundle of more than 500 MB beside tar and a parallel compressor, which write no digests.
import { existsSync, linkSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cacheDirectory, KUBERNETES_VERSION } from '../boot/cache.ts';
import { pin, put, putImage } from '../bundle/sample-store.ts';
import type { Case } from './cases.ts';
import { call, isThere, PROGRAM, peakMemory, shell, writeCluster } from './program.ts';
import { type Comparison, compare } from './rounds.ts';

interface Listed {
  readonly binaries: readonly {
    readonly name: string;
    readonly version: string;
    readonly architecture: 'amd64' | 'arm64';
    readonly url: string;
  }[];
  readonly images: readonly { readonly image: string }[];
}

export function bundleCases(directory: string): readonly Case[] {
  const project = join(directory, 'bundle');
  const both = [
    ['gzip', 'pigz'],
    ['zstd', 'zstd -T2'],
  ] as const;
  return both.map(([how, compressor]) => {
    const [program = ''] = compressor.split(' ');
    return {
      what: `bundle create --compress ${how}, ≥ 500 MB of programs`,
      peer: `tar and ${compressor}`,
      aim: '≥ 1× as fast, ≤ 200 MB',
      missing: isThere(program, '--version') ? undefined : `${program} is not installed`,
      measure: (rounds: number) => measureBundle(project, how, compressor, rounds),
    };
  });
}

function measureBundle(project: string, how: string, compressor: string, rounds: number): Comparison & { readonly megabytes: number } {
  const files = fill(project);
  const words = ['bundle', 'create', '--cache-dir', 'store', '--compress', how, '--out', 'bundle.tar'];
  const ours = { run: () => call(process.execPath, [PROGRAM, ...words], project) };
  const peer = shell(project, `tar -cf - ${files.join(' ')} | ${compressor} > peer`);
  const comparison = compare(ours, peer, rounds);
  return { ...comparison, megabytes: peakMemory(project, ...words) };
}

/** A project with all its programs in a store. @returns them, for the peer */
function fill(project: string): readonly string[] {
  writeCluster(project, 0);
  call(process.execPath, [PROGRAM, 'secrets', 'init'], project);
  const store = join(project, 'store');
  mkdirSync(join(store, 'sha256'), { recursive: true });
  mkdirSync(join(project, 'files'));
  const { binaries, images }: Listed = JSON.parse(call(process.execPath, [PROGRAM, 'images', 'list', '-o', 'json'], project));
  const programs = binaries.map(({ name, version, architecture, url }) => {
    const content = url.endsWith('gz') ? gzipSync(Buffer.alloc(2 ** 20, url)) : (built(basename(url)) ?? synthetic(url));
    const sha256 = put(store, content);
    linkSync(join(store, 'sha256', sha256), join(project, 'files', basename(url)));
    return { name, version, architecture, url, sha256 };
  });
  pin(project, { binaries: programs, images: images.map(({ image }) => ({ image, digest: putImage(store, image) })) });
  return programs.map(({ url }) => `files/${basename(url)}`);
}

/** As the boot tests build them. */
function built(name: string): Buffer | undefined {
  const places = ['kubernetes', 'kubernetes-node'].map(part => join(cacheDirectory(), `${part}-${KUBERNETES_VERSION}`, name));
  const place = places.find(path => existsSync(path));
  return place === undefined ? undefined : readFileSync(place);
}

/** As large and about as compressible as a program. */
function synthetic(seed: string): Buffer {
  const lines: string[] = [];
  for (let line = 0; line < 2 ** 20; line++)
    lines.push(`${seed.length} ${((line * 2_654_435_761) % 4_294_967_291).toString(36)} a program of ${line}\n`);
  return Buffer.concat([Buffer.from(lines.join('')), Buffer.from(lines.reverse().join(''))]);
}

// A cluster of one node, a store of its own, and what stands for upstream's programs: files of the right kind with other content.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { emptyDirectory, kubekilnBeside, type Result, succeed } from '../cli/program.ts';

export interface Listed {
  readonly binaries: readonly { readonly name: string; readonly url: string; readonly architecture: string; readonly sha256?: string }[];
  readonly images: readonly { readonly image: string; readonly digest?: string }[];
}

export interface Fetched {
  readonly directory: string;
  readonly receivedBytes: number;
  readonly pinned: number;
  readonly binaries: readonly { readonly name: string; readonly sha256: string; readonly from: string; readonly trusted?: string }[];
  readonly images: readonly {
    readonly image: string;
    readonly digest: string;
    readonly from: string;
    readonly trusted: boolean;
    readonly architectures: readonly string[];
  }[];
}

export interface FetchProject {
  readonly directory: string;
  readonly cache: string;
  readonly list: () => Listed;
  /** Puts lines into spec. */
  readonly set: (lines: string) => void;
  /** Changes cluster.yaml. */
  readonly replace: (pattern: RegExp, text: string) => void;
  readonly lockText: () => string;
  readonly fetch: (...args: string[]) => Promise<Result>;
  /** Runs it and asserts that it succeeded. */
  readonly fetched: (...args: string[]) => Promise<Fetched>;
}

export function fetchProject(): FetchProject {
  const directory = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', '10.0.1.11'], { cwd: directory });
  const cache = join(directory, 'cache');
  const file = join(directory, 'cluster.yaml');
  const replace = (pattern: RegExp, text: string) => writeFileSync(file, readFileSync(file, 'utf8').replace(pattern, text));
  // no network has it: after a mirror without an image, its own registry is asked
  replace(/^ {2}networking:/m, '  imageRepository: registry.invalid\n  networking:');
  const fetch = (...args: string[]) =>
    kubekilnBeside(['fetch', ...(args.includes('--cache-dir') ? [] : ['--cache-dir', cache]), ...args], directory);
  return {
    directory,
    cache,
    list: () => JSON.parse(succeed(['images', 'list', '-o', 'json'], { cwd: directory }).stdout),
    set: lines => replace(/^ {2}nodes:/m, `${lines}  nodes:`),
    replace,
    lockText: () => readFileSync(join(directory, 'cluster.lock.yaml'), 'utf8'),
    fetch,
    async fetched(...args) {
      const { code, stdout, stderr } = await fetch('-o', 'json', ...args);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    },
  };
}

export const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

const MACHINES: Readonly<Record<string, number>> = { amd64: 62, arm64: 183 };

/** The head of an ELF program for a machine, and some bytes of its own. */
export function programBytes(text: string, architecture = 'amd64', size = 4096): Buffer {
  const bytes = Buffer.alloc(size, createHash('sha256').update(text).digest());
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  bytes.writeUInt16LE(MACHINES[architecture] ?? 0, 18);
  return bytes;
}

/** What upstream would have at an address. */
export function upstreamBytes({ url, architecture }: Listed['binaries'][number]): Buffer {
  return /gz$/.test(url) ? gzipSync(url) : programBytes(url, architecture);
}

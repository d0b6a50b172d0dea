// What is measured, and what we aim for.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzip, gzip } from '../../src/formats/gzip.ts';
import { writeIso } from '../../src/formats/iso9660-writer.ts';
import { readTar } from '../../src/formats/tar-reader.ts';
import { type TarFile, writeTar } from '../../src/formats/tar-writer.ts';
import { bundleCases } from './bundle-cases.ts';
import { findKubeadm, genisoimage, gnuTar, kubeadm, openssl } from './peers.ts';
import { call, emptied, isThere, node, PROGRAM, peakMemory, writeCluster } from './program.ts';
import { type Comparison, compare, type Work } from './rounds.ts';

export interface Case {
  readonly what: string;
  readonly peer: string;
  /** `≤ 2×`: our time by the peer's. `≥ 3× as fast`: the peer's by ours. */
  readonly aim: string;
  /** Why the peer cannot be measured. */
  readonly missing?: string | undefined;
  readonly measure: (rounds: number) => Comparison & { readonly megabytes?: number };
}

const INIT = ['init', 'bench', '--control-plane', '10.0.0.11,10.0.0.12,10.0.0.13'];
const LIMIT = 2 ** 28;

/** All cases, in a directory that is theirs. Builds two clusters first: the one that is measured cold, and one with workers. */
export function cases(directory: string): readonly Case[] {
  const three = emptied(join(directory, 'three'));
  call(process.execPath, [PROGRAM, ...INIT], three);
  const leaves = issued(three);
  const cluster = join(directory, 'cluster');
  writeCluster(cluster, 2);
  call(process.execPath, [PROGRAM, 'secrets', 'init'], cluster);
  issued(cluster);
  const empty = join(directory, 'empty.mjs');
  writeFileSync(empty, '');
  const nothing = node(directory, empty);
  const withoutOpenssl = isThere('openssl', 'version') ? undefined : 'openssl is not installed';
  const program = findKubeadm();
  const output = join(cluster, 'out', 'bench', 'nodes');
  return [
    {
      what: 'init and build, 3 nodes, cold',
      peer: 'kubeadm: certs all, kubeconfig all, 3 nodes',
      aim: '≤ 2×',
      missing: program === undefined ? 'npm run test:boot, which builds kubeadm, never ran here' : undefined,
      measure: rounds => compare(cold(directory), kubeadm(program ?? '', join(directory, 'kubeadm')), rounds),
    },
    {
      what: 'init and build, 3 nodes, cold',
      peer: `openssl, ${leaves} leaves`,
      aim: '-',
      missing: withoutOpenssl,
      measure: rounds => compare(cold(directory), openssl(join(directory, 'openssl'), leaves), rounds),
    },
    {
      what: 'build, 3 + 2 nodes, nothing to issue',
      peer: 'node, empty file',
      aim: '≤ 5×',
      measure: rounds => compare(node(cluster, PROGRAM, 'build'), nothing, rounds),
    },
    {
      what: '--help',
      peer: 'node, empty file',
      aim: '≤ 3×',
      measure: rounds => compare(node(cluster, PROGRAM, '--help'), nothing, rounds),
    },
    // what runs in this process comes before what fills its memory
    ...[9, 6].map(level => ({
      what: 'node.tar.gz of a control-plane node',
      peer: `GNU tar and gzip -${level}`,
      aim: '≥ 3× as fast',
      missing: isThere('gzip', '--version') && isThere('tar', '--version') ? undefined : 'tar or gzip is not installed',
      measure: (rounds: number) => measureTar(join(directory, 'tar'), join(output, 'cp-1', 'node.tar.gz'), level, rounds),
    })),
    {
      what: 'seed.iso of a control-plane node',
      peer: 'genisoimage',
      aim: '≥ 20× as fast',
      missing: isThere('genisoimage', '--version') ? undefined : 'genisoimage is not installed',
      measure: rounds => measureIso(join(directory, 'iso'), join(output, 'cp-1'), rounds),
    },
    ...[100, 1000].map(workers => ({
      what: `build, 3 + ${workers} nodes, cold`,
      peer: 'openssl, as many leaves',
      aim: workers === 1000 ? '≤ 0.8×, ≤ 200 MB' : '-',
      missing: withoutOpenssl,
      measure: (rounds: number) => measureLarge(directory, workers, rounds),
    })),
    ...bundleCases(directory),
  ];
}

/** Builds. @returns how many leaves that took */
function issued(project: string): number {
  return JSON.parse(call(process.execPath, [PROGRAM, 'build', '-o', 'json'], project)).certificates.issued;
}

function cold(directory: string): Work {
  const project = join(directory, 'cold');
  const run = () => {
    call(process.execPath, [PROGRAM, ...INIT], project);
    call(process.execPath, [PROGRAM, 'build'], project);
  };
  return { prepare: () => emptied(project), run };
}

function measureLarge(directory: string, workers: number, rounds: number): Comparison & { readonly megabytes: number } {
  const project = join(directory, `nodes-${workers}`);
  const prepare = () => {
    writeCluster(project, workers);
    call(process.execPath, [PROGRAM, 'secrets', 'init'], project);
  };
  const work = { prepare, run: () => call(process.execPath, [PROGRAM, 'build'], project) };
  prepare();
  const comparison = compare(work, openssl(join(directory, 'openssl'), issued(project)), rounds);
  prepare();
  return { ...comparison, megabytes: peakMemory(project, 'build') };
}

/** So many at once that a process's start, where the peer needs one, is all that differs from real use. */
const COPIES = 100;

function copies(directory: string): readonly string[] {
  return Array.from({ length: COPIES }, (_, index) => join(directory, String(index)));
}

function repeated(run: () => void): Work {
  return {
    run: () => {
      for (let copy = 0; copy < COPIES; copy++) run();
    },
  };
}

function measureTar(directory: string, tarball: string, level: number, rounds: number): Comparison {
  const files = readTar(gunzip(readFileSync(tarball), LIMIT));
  for (const copy of copies(emptied(directory))) layOut(copy, files);
  return compare(
    repeated(() => gzip(writeTar(files))),
    gnuTar(copies(directory), level),
    rounds,
  );
}

function measureIso(directory: string, nodeDirectory: string, rounds: number): Comparison {
  const names = ['meta-data', 'network-config', 'user-data'];
  const files = names.map(path => ({ path, name: path, mode: 0o600, content: readFileSync(join(nodeDirectory, path)) }));
  for (const copy of copies(emptied(directory))) layOut(copy, files);
  return compare(
    repeated(() => writeIso('CIDATA', files)),
    genisoimage(copies(directory)),
    rounds,
  );
}

function layOut(directory: string, files: readonly TarFile[]): void {
  for (const { path, mode, content } of files) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content, { mode });
  }
}

// npm run bench: kubekiln beside its peers, printed as a table of ratios. `-- --write` also puts it into docs/performance.md; `-- --rounds=9` measures
// more often, `-- bundle` only what has that word. It is no test: a busy machine would fail it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from '../../src/formats/package-root.ts';
import { type Case, cases } from './cases.ts';
import type { Spread } from './rounds.ts';

const { values, positionals } = parseArgs({
  options: { write: { type: 'boolean' }, rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const rounds = Math.max(5, Number(values.rounds));
const directory = mkdtempSync(join(tmpdir(), 'kubekiln-bench-'));
try {
  const lines = [...heading(), ...cases(directory).filter(chosen).map(measured)];
  if (values.write === true) writeInto(join(packageRoot(), 'docs', 'performance.md'), lines);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function heading(): readonly string[] {
  const lines = [
    `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${rounds} rounds.`,
    '',
    '| kubekiln | peer | ratio: median (least to most) | aim | kubekiln, ms | peer, ms |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  for (const line of lines) console.log(line);
  return lines;
}

function chosen({ what }: Case): boolean {
  return positionals.every(word => what.includes(word));
}

function measured({ what, peer, aim, missing, measure }: Case): string {
  const line = `| ${[what, peer, ...(missing === undefined ? results() : [`skipped: ${missing}`, aim, '', ''])].join(' | ')} |`;
  console.log(line);
  return line;

  function results(): readonly string[] {
    const { ratio, first, second, megabytes } = measure(rounds);
    const faster = aim.includes('as fast');
    const shown = faster ? { median: 1 / ratio.median, least: 1 / ratio.most, most: 1 / ratio.least } : ratio;
    const memory = megabytes === undefined ? '' : `, peak ${Math.round(megabytes)} MB`;
    return [`${spread(shown)}${faster ? ' as fast' : ''}${memory}`, aim, first.median.toFixed(0), second.median.toFixed(0)];
  }
}

function spread({ median, least, most }: Spread): string {
  return `${number(median)}× (${number(least)} to ${number(most)})`;
}

function number(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

function writeInto(path: string, lines: readonly string[]): void {
  const [begin, end] = ['<!-- npm run bench -- --write -->', '<!-- end -->'];
  const text = readFileSync(path, 'utf8');
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${path} has no place for the results: ${begin} … ${end}`);
  writeFileSync(path, `${text.slice(0, start)}${begin}\n${lines.join('\n')}\n${text.slice(stop)}`);
}

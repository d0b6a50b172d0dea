// A build that was done already is not done again, and never taken for done when it is not.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { appendFileSync, chmodSync, copyFileSync, cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, beforeEach, describe, it } from 'node:test';
import { emptyDirectory, kubekiln, succeed } from './program.ts';

const DAY = 86_400;
const FORGED = 'a heading that no build writes';
let built = '';
let cwd = '';
const inProject = (...names: readonly string[]) => join(cwd, ...names);
const node = (name: string) => inProject('out', 'prod', 'nodes', 'cp-1', name);

before(() => {
  built = emptyDirectory();
  succeed(['init', 'prod', '--control-plane', '10.0.1.11'], { cwd: built });
  const policy = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n';
  writeFileSync(join(built, 'policy.yaml'), policy);
  appendFileSync(join(built, 'cluster.yaml'), '  apiServer: {auditPolicyFile: policy.yaml}\n');
  succeed(['build'], { cwd: built });
});

beforeEach(() => {
  cwd = emptyDirectory();
  cpSync(built, cwd, { recursive: true });
});

/** Puts a heading into the record that only a build which believes it prints, under a key from this text. */
function forge(secrets: string): void {
  const file = inProject('out', '.last-build');
  const last = JSON.parse(readFileSync(file, 'utf8').slice(65));
  const claim = JSON.stringify({ ...last, summary: { ...last.summary, heading: FORGED } });
  const key = createHash('sha256').update(`kubekiln: record of the last build\n${secrets}`).digest('hex');
  writeFileSync(file, `${createHmac('sha256', key).update(claim).digest('hex')}\n${claim}`);
}

/** Whether a build believes the record; it must succeed in either case, and leave what the first one wrote. */
function believes(env: Readonly<Record<string, string>> = {}): boolean {
  forge(readFileSync(inProject('secrets.yaml'), 'utf8'));
  const { stdout } = succeed(['build'], { cwd, env });
  return stdout.startsWith(FORGED);
}

const inSeconds = (seconds: number) => ({ SOURCE_DATE_EPOCH: String(Math.floor(Date.now() / 1000) + seconds) });

describe('a build of the same files', () => {
  it('is taken from the record of the last one', () => {
    assert.ok(believes());
    assert.equal(statSync(inProject('out', '.last-build')).mode & 0o777, 0o600);
  });

  it('says what a whole build says', () => {
    const recalled = succeed(['build', '-o', 'json'], { cwd }).stdout;
    rmSync(inProject('out', '.last-build'));
    assert.equal(succeed(['build', '-o', 'json'], { cwd }).stdout, recalled);
    assert.ok(believes(), 'the record is made anew');
  });

  it('does not believe a record that was made without secrets.yaml, or half a record', () => {
    forge('');
    assert.doesNotMatch(succeed(['build'], { cwd }).stdout, new RegExp(FORGED));
    forge(readFileSync(inProject('secrets.yaml'), 'utf8'));
    const record = readFileSync(inProject('out', '.last-build'), 'utf8');
    for (const length of [0, 30, 65, record.length - 1]) {
      writeFileSync(inProject('out', '.last-build'), record.slice(0, length));
      assert.doesNotMatch(succeed(['build'], { cwd }).stdout, new RegExp(FORGED), `${length} bytes`);
    }
  });

  it('says what its time demands', () => {
    assert.ok(believes(inSeconds(300 * DAY)));
    const { stdout, stderr } = succeed(['build'], { cwd, env: inSeconds(340 * DAY) });
    assert.match(stderr, /certificates will expire soon/);
    assert.match(stdout, /is up to date/);
    const { code } = kubekiln(['build'], { cwd, env: inSeconds(-30 * DAY) });
    assert.equal(code, 1);
  });
});

describe('a build that warns', () => {
  const warned = () => appendFileSync(inProject('cluster.yaml'), '  scheduler: {extraArgs: [{name: profiling, value: "true"}]}\n');

  it('is taken from the record with the same words, once a build of the same files was whole', () => {
    warned();
    const first = succeed(['build'], { cwd });
    assert.match(first.stderr, /warning\[weakening-flag\].*\n +--> cluster.yaml:\d+:\d+\n\d+ \| .*profiling/);
    const changed = succeed(['build'], { cwd });
    assert.equal(changed.stderr, first.stderr);
    assert.ok(believes());
    assert.equal(succeed(['build'], { cwd }).stderr, first.stderr);
  });

  it('is whole where its files have other names', () => {
    warned();
    succeed(['build'], { cwd });
    succeed(['build'], { cwd });
    forge(readFileSync(inProject('secrets.yaml'), 'utf8'));
    const { stdout, stderr } = succeed(['build', '-f', '../cluster.yaml'], { cwd: inProject('out') });
    assert.doesNotMatch(stdout, new RegExp(FORGED));
    assert.match(stderr, /--> \/.*\/cluster.yaml:/);
  });

  it('is whole where it speaks of a date, whatever the clock says later', () => {
    const { stderr } = succeed(['build'], { cwd, env: inSeconds(340 * DAY) });
    assert.match(stderr, /certificates will expire soon/);
    const later = succeed(['build'], { cwd });
    assert.doesNotMatch(later.stderr, /expire soon/);
  });
});

describe('a build after a change', () => {
  const changes: Readonly<Record<string, () => void>> = {
    'of cluster.yaml': () => appendFileSync(inProject('cluster.yaml'), '# a comment\n'),
    'of a file that cluster.yaml names': () => appendFileSync(inProject('policy.yaml'), '# a comment\n'),
    'of secrets.yaml': () => appendFileSync(inProject('secrets.yaml'), '# a comment\n'),
    'of cluster.lock.yaml': () => appendFileSync(inProject('cluster.lock.yaml'), '# a comment\n'),
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`${what} is a whole one`, () => {
      forge(readFileSync(inProject('secrets.yaml'), 'utf8'));
      change();
      assert.doesNotMatch(succeed(['build'], { cwd }).stdout, new RegExp(FORGED));
    });
  }

  const damages: Readonly<Record<string, () => void>> = {
    'another byte': () => writeFileSync(node('user-data'), readFileSync(node('user-data'), 'utf8').replace('kubekiln', 'kubekilm')),
    'another mode': () => chmodSync(node('node.tar.gz'), 0o644),
    'a file that is missing': () => rmSync(node('seed.iso')),
    'another admin.conf, and its digest in the manifest': () => {
      const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
      const [file, manifest] = [inProject('out', 'prod', 'admin.conf'), inProject('out', 'prod', 'manifest.json')];
      const old = digest(file);
      writeFileSync(file, readFileSync(file, 'utf8').replace('10.0.1.11', '10.0.1.66'));
      writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(old, digest(file)));
    },
    'no manifest': () => copyFileSync(inProject('cluster.yaml'), inProject('out', 'prod', 'manifest.json')),
  };
  for (const [what, damage] of Object.entries(damages)) {
    it(`of its output repairs ${what}, or says that it is not ours`, () => {
      forge(readFileSync(inProject('secrets.yaml'), 'utf8'));
      damage();
      const { code, stdout, stderr } = kubekiln(['build'], { cwd });
      assert.doesNotMatch(stdout, new RegExp(FORGED));
      if (what === 'no manifest') assert.match(stderr, /has no manifest.json of a build/);
      else {
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^Wrote out\/prod/m);
        succeed(['verify'], { cwd });
      }
    });
  }

  it('of the mode of secrets.yaml is refused', () => {
    chmodSync(inProject('secrets.yaml'), 0o644);
    const { code, stderr } = kubekiln(['build'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /chmod 600 secrets.yaml/);
  });

  it('refuses a file that no build wrote', () => {
    writeFileSync(inProject('out', 'prod', 'notes'), 'mine');
    const { code, stderr } = kubekiln(['build'], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /files that no build wrote/);
  });
});

// `status` when nobody answers, or something else does. What it says of running clusters stands in test/boot.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyDirectory, kubekiln, newProject, startKubekiln, succeed } from './program.ts';

/** A built project whose admin.conf dials these servers instead of the nodes'. */
function projectDialling(...servers: readonly string[]): string {
  const cwd = newProject();
  succeed(['build'], { cwd });
  const file = join(cwd, 'out/prod/admin.conf');
  let index = 0;
  const text = readFileSync(file, 'utf8').replace(/server: .*/g, () => `server: ${servers[index++ % servers.length]}`);
  writeFileSync(file, text);
  return cwd;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('status names every server that does not answer, and why', async () => {
  const port = await closedPort();
  const cwd = projectDialling(`https://127.0.0.1:${port}`, 'https://api.invalid:6443', `https://127.0.0.2:${port}`);
  const { code, stdout, stderr } = kubekiln(['status'], { cwd });
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^error\[api-unreachable\]: no API server of out\/prod\/admin\.conf answers$/m);
  assert.match(stderr, new RegExp(`^ +https://127\\.0\\.0\\.1:${port}: connection refused$`, 'm'));
  assert.match(stderr, /^ +https:\/\/api\.invalid:6443: (its name is not known|no name server answers)$/m);
  assert.match(stderr, /hint: kubekiln status --wait/);

  const json = JSON.parse(kubekiln(['status', '-o', 'json'], { cwd }).stdout);
  assert.deepEqual([json.kind, json.problems[0].code], ['ProblemList', 'api-unreachable']);
});

test('status --wait gives up after its timeout', async () => {
  const cwd = projectDialling(`https://127.0.0.1:${await closedPort()}`);
  const start = performance.now();
  const { code, stderr } = kubekiln(['status', '--wait', '--timeout', '5s', '-v'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /^waiting for an API server: connection refused$/m);
  assert.ok(performance.now() - start < 30_000);
});

test('status does not talk to a server whose certificate is not of the cluster', async context => {
  const directory = emptyDirectory();
  const [key, certificate] = [join(directory, 'key'), join(directory, 'certificate')];
  const made = ['-subj', '/CN=kube-apiserver', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate];
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', ...made]);
  const { createServer: createTlsServer } = await import('node:https');
  let asked = 0;
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, answer) => {
    asked++;
    answer.end('{"items": []}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const cwd = projectDialling(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const program = startKubekiln(['status'], cwd, ['ignore', 'pipe', 'pipe']);
  let said = '';
  program.stderr?.on('data', chunk => {
    said += chunk;
  });
  const [code] = await once(program, 'close');
  assert.deepEqual([code, asked], [1, 0]);
  assert.match(said, /its certificate is not of this cluster's authority/);
});

test('status needs an admin.conf that it can read', () => {
  const cwd = newProject();
  assert.match(kubekiln(['status'], { cwd }).stderr, /error\[file-not-found\].*admin\.conf/);
  writeFileSync(join(cwd, 'mine.conf'), 'kind: Config\nclusters: []\n');
  const { code, stderr } = kubekiln(['status', '--kubeconfig', 'mine.conf'], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /error\[kubeconfig-unusable\]/);
  assert.equal(kubekiln(['status', '--timeout', '5s'], { cwd }).code, 2);
  rmSync(join(cwd, 'cluster.yaml'));
  assert.match(kubekiln(['status'], { cwd }).stderr, /error\[file-not-found\]/);
});

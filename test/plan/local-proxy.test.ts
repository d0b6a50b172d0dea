// The local proxy by the real haproxy: its configuration for every kind of cluster, and what it does when API servers leave, break or lie.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { haproxyConfiguration } from '../../src/components/local-proxy.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { fillCredentials } from '../../src/pki/credentials.ts';
import type { Credentials, KeyPair } from '../../src/pki/request.ts';
import { certificateRequests } from '../../src/plan/plan-cluster.ts';
import type { Cluster } from '../../src/spec/cluster.ts';
import { missingTool } from '../missing-tool.ts';
import { sampleCluster, sampleNode } from '../pki/sample-cluster.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type StandIn, startStandIn } from './stand-in-api-server.ts';

const HAPROXY = '/usr/sbin/haproxy';
const WORKER = sampleNode('w-1', '10.0.2.21', 'worker');
const NAMES = ['cp-1', 'cp-2', 'cp-3'] as const;
const hosts = ['127.0.0.11', '127.0.0.12', '127.0.0.13'] as const;

async function issue(cluster: Cluster): Promise<Credentials> {
  const now = Math.floor(Date.now() / 1000);
  const filled = await fillCredentials(cluster, await createSecrets(cluster, now), certificateRequests(cluster), { now, locked: false });
  assert.ok(filled.credentials, JSON.stringify(filled.problems));
  return filled.credentials;
}

function pairOf(credentials: Credentials, name: string): KeyPair {
  const pair = credentials.leaves.get(name);
  assert.ok(pair, name);
  return pair;
}

/** The files of the unit, as LoadCredential= lays them out. */
function layOut(directory: string, cluster: Cluster, credentials: Credentials): NodeJS.ProcessEnv {
  const own = pairOf(credentials, `${WORKER.name}/local-proxy`);
  writeFileSync(join(directory, 'ca.crt'), credentials.authorities.kubernetes.bundle);
  writeFileSync(join(directory, 'local-proxy.crt'), own.certificate);
  writeFileSync(join(directory, 'local-proxy.crt.key'), own.key);
  const { common, servers } = haproxyConfiguration(cluster);
  writeFileSync(join(directory, '1.cfg'), common);
  writeFileSync(join(directory, '2.cfg'), servers);
  return { ...process.env, CREDENTIALS_DIRECTORY: directory };
}

function filesIn(directory: string): readonly string[] {
  return ['1.cfg', '2.cfg'].flatMap(name => ['-f', join(directory, name)]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('the local proxy', { skip: missingTool(HAPROXY) }, () => {
  it("has a configuration that haproxy takes without a word, whatever the control plane's size and family", async context => {
    const credentials = await issue(sampleCluster({ nodes: [sampleNode('cp-1', '10.0.1.11'), WORKER] }));
    const shapes: readonly (readonly string[])[] = [
      ['10.0.1.11'],
      ['fd00:1::11', 'fd00:1::12', 'fd00:1::13'],
      Array.from({ length: 9 }, (_, index) => `10.0.1.${index + 1}`),
    ];
    for (const addresses of shapes) {
      const nodes = [...addresses.map((address, index) => sampleNode(`cp-${index + 1}.example.com`, address)), WORKER];
      const directory = temporaryDirectory(context);
      const env = layOut(directory, sampleCluster({ nodes }), credentials);
      const { status, stdout, stderr } = spawnSync(HAPROXY, ['-c', ...filesIn(directory)], { env, encoding: 'utf8' });
      assert.deepEqual({ status, said: (stdout + stderr).trim() }, { status: 0, said: 'Configuration file is valid' });
    }
  });

  describe('in front of three API servers, the third of which shows the certificate of the second', () => {
    let haproxy: ChildProcess;
    let port: number;
    let ca: string;
    let admin: KeyPair;
    let servers: readonly [StandIn, StandIn, StandIn];
    const agents: Agent[] = [];
    const cleanups: (() => void)[] = [];

    /** Who answers; a connection of its own without an agent. */
    const whoAnswers = (agent: Agent | false = false) =>
      new Promise<string>((resolve, reject) => {
        const tls = { ca, cert: admin.certificate, key: admin.key };
        get({ host: '127.0.0.1', port, path: '/', agent, ...tls, timeout: 5000 }, response => {
          response.setEncoding('utf8').on('data', resolve).on('error', reject);
        }).on('error', reject);
      });
    const holdConnection = () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      agents.push(agent);
      return () => whoAnswers(agent);
    };
    /** Names of those who answer twenty new connections, once that is what it should be. */
    const untilAnsweredBy = async (...names: readonly string[]) => {
      for (let attempt = 0; ; attempt++) {
        const seen = new Set<string>();
        for (let count = 0; count < 20; count++) seen.add(await whoAnswers().catch(String));
        if (attempt === 40 || [...seen].sort().join() === names.join()) return assert.deepEqual([...seen].sort(), names);
        await sleep(250);
      }
    };

    before(async () => {
      const apiPort = await freePort();
      port = await freePort();
      const sample = sampleCluster({ nodes: [...NAMES.map((name, index) => sampleNode(name, hosts[index] ?? '')), WORKER] });
      const cluster = {
        ...sample,
        loadBalancer: { ...sample.loadBalancer, bindPort: port },
        apiServer: { ...sample.apiServer, bindPort: apiPort },
      };
      const credentials = await issue(cluster);
      ca = credentials.authorities.kubernetes.bundle;
      admin = pairOf(credentials, 'operator/admin');
      const start = (index: number, certificate: string) =>
        startStandIn(NAMES[index] ?? '', hosts[index] ?? '', apiPort, ca, pairOf(credentials, `${certificate}/apiserver`));
      servers = [await start(0, 'cp-1'), await start(1, 'cp-2'), await start(2, 'cp-2')];
      const directory = temporaryDirectory({ after: cleanup => void cleanups.push(cleanup as () => void) });
      const env = layOut(directory, cluster, credentials);
      haproxy = spawn(HAPROXY, ['-db', ...filesIn(directory)], { env, stdio: ['ignore', 'ignore', 'ignore'] });
      for (let attempt = 0; attempt < 50; attempt++) {
        if ((await whoAnswers().catch(() => undefined)) !== undefined) break;
        await sleep(100);
      }
    });
    after(() => {
      haproxy?.kill('SIGKILL');
      for (const agent of agents) agent.destroy();
      for (const server of servers ?? []) server.close();
      for (const cleanup of cleanups) cleanup();
    });

    it('spreads connections over those that are who they should be, and shows them its own certificate', async () => {
      await untilAnsweredBy('cp-1', 'cp-2');
      assert.deepEqual([...servers[0].checkedBy], [`local-proxy:${WORKER.name}`]);
      assert.deepEqual([...servers[2].checkedBy], []);
    });

    it('gives no new connection to one that leaves, and cuts none that it has', async () => {
      const held = Array.from({ length: 12 }, holdConnection);
      const before = await Promise.all(held.map(ask => ask()));
      assert.ok(before.includes('cp-1'), before.join());
      servers[0].state = 'leaving';
      await untilAnsweredBy('cp-2');
      assert.deepEqual(await Promise.all(held.map(ask => ask())), before);
      servers[0].state = 'ready';
      await untilAnsweredBy('cp-1', 'cp-2');
      assert.deepEqual(await Promise.all(held.map(ask => ask())), before);
    });

    it('cuts the connections to one that breaks', async () => {
      const held = Array.from({ length: 12 }, holdConnection);
      const before = await Promise.all(held.map(ask => ask()));
      assert.ok(before.includes('cp-1'), before.join());
      servers[0].state = 'broken';
      await untilAnsweredBy('cp-2');
      const after = await Promise.all(held.map(ask => ask()));
      assert.deepEqual(new Set(after), new Set(['cp-2']));
    });

    it('tries all of them when none passes the check', async () => {
      servers[1].state = 'broken';
      await untilAnsweredBy('cp-1', 'cp-2', 'cp-3');
      servers[1].state = 'ready';
      await untilAnsweredBy('cp-2');
    });
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type KubeconfigOptions, kubeconfig, kubeconfigDocument } from '../../src/formats/kubeconfig.ts';
import { parseYaml } from '../../src/formats/yaml.ts';
import { createSecrets } from '../../src/pki/create-secrets.ts';
import { issueOperator } from '../../src/pki/operator.ts';
import { temporaryDirectory } from './openssl.ts';
import { NOW, sampleCluster } from './sample-cluster.ts';

const FILES = { certificateAuthority: { file: 'ca.crt' }, clientCertificate: { file: 'x.crt' }, clientKey: { file: 'x.key' } };
const CONTEXTS = [
  { name: 'cp-1', server: 'https://10.0.1.11:6443' },
  { name: 'cp-2', server: 'https://10.0.1.12:6443' },
] as const;

describe('kubeconfig', () => {
  it('refers to sibling files', () => {
    const text = kubeconfig({ clusterName: 'prod', user: 'system:kube-scheduler', server: 'https://127.0.0.1:6443', ...FILES });
    assert.equal(
      text,
      `apiVersion: v1
kind: Config
clusters:
- name: prod
  cluster:
    certificate-authority: ca.crt
    server: https://127.0.0.1:6443
contexts:
- name: system:kube-scheduler@prod
  context:
    cluster: prod
    user: system:kube-scheduler
current-context: system:kube-scheduler@prod
users:
- name: system:kube-scheduler
  user:
    client-certificate: x.crt
    client-key: x.key
`,
    );
  });

  it('embeds PEM, with one context per server, the first current', () => {
    const pem = { pem: '-----BEGIN X-----\n' };
    const options: KubeconfigOptions = {
      clusterName: 'prod',
      user: 'admin',
      contexts: CONTEXTS,
      certificateAuthority: pem,
      clientCertificate: pem,
      clientKey: pem,
    };
    const document = kubeconfigDocument(options);
    assert.deepEqual(parseYaml(kubeconfig(options)).value, document);
    assert.deepEqual(
      document.contexts.map(({ name }) => name),
      ['admin@prod-cp-1', 'admin@prod-cp-2'],
    );
    assert.equal(document['current-context'], 'admin@prod-cp-1');
    const data = Buffer.from(pem.pem).toString('base64');
    assert.deepEqual(document.clusters[1], {
      name: 'prod-cp-2',
      cluster: { 'certificate-authority-data': data, server: 'https://10.0.1.12:6443' },
    });
    assert.deepEqual(document.users, [{ name: 'admin', user: { 'client-certificate-data': data, 'client-key-data': data } }]);
  });

  const kubectl = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kubekiln/kubernetes-v1.37.1/kubectl');
  it('is read by kubectl', { skip: existsSync(kubectl) ? false : 'kubectl is not in the cache of the boot tests' }, async context => {
    const cluster = sampleCluster();
    const secrets = await createSecrets(cluster, NOW);
    const { keyPair } = await issueOperator(cluster, secrets, { user: 'jane: "x"', groups: [], validity: 60, superAdmin: false, now: NOW });
    const authority = secrets.certificateAuthorities.kubernetes[0]?.certificate;
    assert.ok(keyPair && authority);
    const path = join(temporaryDirectory(context), 'admin.conf');
    const embedded = {
      certificateAuthority: { pem: authority },
      clientCertificate: { pem: keyPair.certificate },
      clientKey: { pem: keyPair.key },
    };
    writeFileSync(path, kubeconfig({ clusterName: 'prod', user: 'jane: "x"', contexts: CONTEXTS, ...embedded }));
    const { stdout, stderr } = spawnSync(kubectl, ['--kubeconfig', path, 'config', 'view', '--raw', '--minify', '-o', 'json'], {
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    const viewed = JSON.parse(stdout) as {
      users: { name: string; user: Record<string, string> }[];
      clusters: { cluster: { server: string } }[];
    };
    assert.equal(viewed.users[0]?.name, 'jane: "x"');
    assert.equal(Buffer.from(viewed.users[0]?.user['client-key-data'] ?? '', 'base64').toString(), keyPair.key);
    assert.equal(viewed.clusters[0]?.cluster.server, 'https://10.0.1.11:6443');
  });
});

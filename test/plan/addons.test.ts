// The operator's manifests as they reach a node, and what only the whole cluster can say against them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addonProblems } from '../../src/components/addon-problems.ts';
import { runtimeArchive } from '../../src/emit/runtime-archive.ts';
import { listArtifacts } from '../../src/plan/list-artifacts.ts';
import { certificateRequests, planCluster } from '../../src/plan/plan-cluster.ts';
import { fullImage } from '../../src/spec/registry-formats.ts';
import { parseFixture } from './read-fixture.ts';
import { requestCredentials } from './request-credentials.ts';

function clusterWith(files: Readonly<Record<string, string>>, more = '') {
  return parseFixture(
    `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: dev}
spec:
  kubernetesVersion: v1.37.1
  addons: ${JSON.stringify(Object.keys(files))}
  nodes:
  - {name: cp-1, role: control-plane, address: 10.0.1.11}
  - {name: w-1, role: worker, address: 10.0.1.21}
${more}`,
    path => (Object.hasOwn(files, path) ? Buffer.from(files[path] ?? '') : undefined),
  );
}

function configMap(name: string, data = '{}', namespace = 'default'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${namespace}}\ndata: ${data}\n`;
}

const pod = (image: string) => `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "${image}"}]}\n`;

describe('add-ons', () => {
  it('stand on control-plane nodes only, as they were written, in names that keep their order', () => {
    // 0640 is a number of another base to readers of YAML 1.2: only the text itself is the same for all.
    const text = `# as upstream has it\r\n${configMap('a', '{mode: 0640, secret: "words that are no key of ours"}')}`;
    const names = ['my add-ons/ingress controller.yaml', ...Array.from({ length: 9 }, (_, index) => `b${index}.yml`)];
    const cluster = clusterWith(Object.fromEntries(names.map((name, index) => [name, index === 0 ? text : configMap(`c${index}`)])));
    const [controlPlane, worker] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
    const files = controlPlane?.files.filter(({ path }) => path.includes('/addons/')) ?? [];
    assert.deepEqual(
      files.slice(0, 2).map(({ path }) => path),
      ['/usr/local/libexec/kubekiln/addons/01-ingress-controller.yaml', '/usr/local/libexec/kubekiln/addons/02-b0.yml'],
    );
    assert.equal(files.length, 10);
    assert.equal(files[0]?.content, text.replaceAll('\r\n', '\n'));
    assert.ok(
      files.every(({ part, mode, restarts }) => part === 'runtime' && mode === 0o600 && restarts.includes('kubekiln-bootstrap.service')),
    );
    assert.deepEqual(
      worker?.files.filter(({ path }) => path.includes('addons')),
      [],
    );
  });

  it('cost nothing where there are none', () => {
    const cluster = clusterWith({});
    const [plan] = planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)));
    assert.deepEqual(
      plan?.files.filter(({ path }) => path.includes('addons')),
      [],
    );
  });

  it('may hold certificates: they are of the runtime part all the same', () => {
    const cluster = clusterWith({
      'ca.yaml': configMap('ca', '\n  ca.crt: |\n    -----BEGIN CERTIFICATE-----\n    none\n    -----END CERTIFICATE-----'),
    });
    assert.doesNotThrow(() => runtimeArchive(planCluster(cluster, requestCredentials(cluster, certificateRequests(cluster)))));
  });

  it('bring their images into the table, in full and once', () => {
    const cluster = clusterWith({
      'a.yaml': pod('nginx:1.29'),
      'b.yaml': pod('registry.k8s.io/pause:3.10.2').replace('{name: a}', '{name: b}'),
    });
    const images = listArtifacts(cluster).images.map(({ image }) => image);
    assert.equal(images.filter(image => image.includes('pause')).length, 1);
    assert.ok(images.includes('docker.io/library/nginx:1.29'), images.join(' '));
  });

  it("may not be kubekiln's own objects, whatever version they are written in", () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: {name: kube-dns, namespace: kube-system}\n';
    const role = 'apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: ClusterRole\nmetadata: {name: "system:coredns"}\n';
    const found = (more: string) =>
      addonProblems(clusterWith({ 'ok.yaml': configMap('coredns'), 'dns.yaml': `${service}---\n${role}` }, more), 'cluster.yaml').map(
        ({ code, path, message }) => `${code} ${path.join('.')} ${message}`,
      );
    assert.deepEqual(found(''), [
      "duplicate-object spec.addons.1 dns.yaml:1:1: Service kube-system/kube-dns is one of kubekiln's own objects",
      "duplicate-object spec.addons.1 dns.yaml:5:1: ClusterRole system:coredns is one of kubekiln's own objects",
    ]);
    assert.deepEqual(found('  dns: {disabled: true}\n'), []);
    const record = clusterWith({ 'a.yaml': configMap('kubekiln-addons', '{}', 'kube-system') });
    assert.equal(addonProblems(record, 'cluster.yaml')[0]?.code, 'duplicate-object');
  });

  it('have a size that nodes can take', () => {
    const half = (name: string) => configMap(name, `{text: "${'x'.repeat(2 * 1024 * 1024 - 200)}"}`);
    assert.deepEqual(addonProblems(clusterWith({ 'a.yaml': half('a') }), 'cluster.yaml'), []);
    const [problem] = addonProblems(
      clusterWith({ 'a.yaml': half('a'), 'b.yaml': half('b'), 'c.yaml': configMap('c', `{text: "${'x'.repeat(900)}"}`) }),
      'cluster.yaml',
    );
    assert.equal(problem?.code, 'addons-too-large');
    assert.match(problem?.message ?? '', /^the manifests have 4,19\d,\d{3} bytes; 4,194,304 are possible$/);
  });
});

describe('an image in full', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['nginx', 'docker.io/library/nginx:latest'],
    ['bitnami/redis:7', 'docker.io/bitnami/redis:7'],
    ['index.docker.io/library/nginx:1', 'docker.io/library/nginx:1'],
    ['localhost/a:1', 'localhost/a:1'],
    ['10.0.0.5:5000/team/a', '10.0.0.5:5000/team/a:latest'],
    [`quay.io/a/b@sha256:${'0'.repeat(64)}`, `quay.io/a/b@sha256:${'0'.repeat(64)}`],
    [`quay.io/a/b:1@sha256:${'0'.repeat(64)}`, `quay.io/a/b:1@sha256:${'0'.repeat(64)}`],
    ['', undefined],
    ['Nginx', undefined],
    ['a b', undefined],
    ['quay.io/', undefined],
    ['{{ .Values.image }}', undefined],
    ['nginx@sha256:12', undefined],
  ];
  for (const [short, full] of cases) it(JSON.stringify(short), () => assert.equal(fullImage(short), full));
});

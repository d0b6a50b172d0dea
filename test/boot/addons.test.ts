// The operator's manifests, brought by the payload and applied by the node itself: order, repetition, and what happens to later edits.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCluster } from './built-cluster.ts';
import { member, powerOn, untilReady } from './control-plane.ts';
import { importImages } from './images/import-images.ts';
import { busyboxImage, pauseImage } from './images/test-images.ts';
import { createHosts } from './kubekiln-hosts.ts';
import { eventually, seconds } from './patience.ts';
import { type ConsoleMark, consoleMark, consoleSince } from './verdict.ts';
import { withControlPlane } from './with-control-plane.ts';

const GROUP = 'example.com';
const LIBRARY = '/usr/local/libexec/kubekiln/addons';

const SETTINGS = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'web' },
  data: { colour: 'blue', size: 'large' },
};
const WIDGET = { apiVersion: `${GROUP}/v1`, kind: 'Widget', metadata: { name: 'first', namespace: 'web' }, spec: { colour: 'blue' } };
const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `widgets.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { colour: { type: 'string' } } } },
          },
        },
      },
    ],
  },
};
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } };

function deployment(image: string, name = 'web', label = name): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'web' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: label } },
        spec: {
          tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'web', image, command: ['sleep', 'infinity'] }],
        },
      },
    },
  };
}

function documents(...objects: readonly object[]): string {
  return objects.map(object => `---\n${JSON.stringify(object)}\n`).join('');
}

test('manifests of cluster.yaml', { timeout: 600_000 }, async t => {
  const busybox = await busyboxImage();
  const built = await buildCluster({
    size: 1,
    // Every one in the wrong order: what needs a namespace or a definition stands before it.
    spec: { dns: { disabled: true }, addons: ['settings.yaml', 'addons'] },
    files: { 'settings.yaml': documents(SETTINGS) },
    beforeBuild: async (_kubekiln, directory) => {
      await mkdir(join(directory, 'addons'));
      await writeFile(join(directory, 'addons/10-widget.yaml'), documents(WIDGET));
      await writeFile(join(directory, 'addons/20-definition.yml'), `# the schema of a Widget\n${documents(DEFINITION)}`);
      await writeFile(
        join(directory, 'addons/30-web.json'),
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [NAMESPACE, deployment(busybox.reference)] }, null, '\t'),
      );
    },
  });
  const { images } = JSON.parse(await built.kubekiln('images', 'list', '-o', 'json')) as { images: readonly { image: string }[] };
  assert.ok(images.some(({ image }) => image === busybox.reference));

  await withControlPlane(
    'addons',
    () => createHosts(built, 'user-data'),
    async plane => {
      const { operator } = plane;
      const { host } = member(plane, 0);
      const field = (path: string, ...of: string[]) => operator.kubectl(['get', ...of, `--output=jsonpath={${path}}`]);
      const inPlace = (name: string, since: ConsoleMark) =>
        eventually(
          `the console says that ${name} is in place`,
          async () => (await consoleSince(host, since)).includes(`add-on ${name} in place`),
          {
            timeout: 120_000,
            explain: () => consoleSince(host, since),
          },
        );
      const generation = () =>
        eventually('ConfigMap kube-system/kubekiln-addons', () =>
          field('.data.generation', 'configmap', 'kubekiln-addons', '--namespace=kube-system'),
        );

      await t.test('all of them converge, in whatever order they stand', async subtest => {
        const since = await powerOn(plane, [{ index: 0, after: 0 }]);
        await untilReady(plane, since);
        await importImages(member(plane, 0), [await pauseImage(), busybox]);
        await operator.wait('deployments', 'condition=Available', ['web'], '--namespace=web');
        await inPlace('2-10-widget.yaml', 0);
        assert.equal(await field('.spec.colour', 'widget', 'first', '--namespace=web'), 'blue');
        assert.equal(await field('.data.colour', 'configmap', 'settings', '--namespace=web'), 'blue');
        assert.equal(await generation(), '1');
        assert.match(
          await consoleSince(host, 0),
          /add-on 2-10-widget\.yaml: .*no matches for kind "Widget"/,
          'what it waited for was not said',
        );
        subtest.diagnostic(`power-on to all in place: ${seconds(performance.now() - since)}`);
      });

      await t.test('a reboot leaves an edit as it is, and brings back what was deleted', async () => {
        await operator.kubectl([
          'patch',
          'configmap',
          'settings',
          '--namespace=web',
          '--type=merge',
          '--patch',
          '{"data":{"colour":"red"}}',
        ]);
        await operator.kubectl(['delete', 'widget', 'first', '--namespace=web']);
        await host.stop();
        const since = await consoleMark(host);
        await host.start();
        await untilReady(plane, performance.now());
        await inPlace('2-10-widget.yaml', since);
        await inPlace('1-settings.yaml', since);
        assert.equal(await field('.data.colour', 'configmap', 'settings', '--namespace=web'), 'red');
        assert.equal(await field('.spec.colour', 'widget', 'first', '--namespace=web'), 'blue');
      });

      await t.test('one that the API server refuses is named, and holds up nothing else', async () => {
        const refused = JSON.stringify(deployment(busybox.reference, 'refused', 'another'));
        await writeFile(join(host.root, LIBRARY, '0-refused.yaml'), `${refused}\n`);
        const labels = ['node', 'cp-1', 'node-role.kubernetes.io/control-plane-'];
        await operator.kubectl(['label', ...labels]);
        const since = await consoleMark(host);
        await host.sh('systemctl restart kubekiln-bootstrap');
        await inPlace('4-30-web.json', since);
        assert.match(await consoleSince(host, since), /add-on 0-refused\.yaml: The Deployment "refused" is invalid: .*selector/);
        await eventually('the role of the node is back', async () =>
          (await operator.kubectl(['get', 'node', 'cp-1', '--show-labels'])).includes('node-role.kubernetes.io/control-plane='),
        );
        assert.equal((await host.sh('systemctl is-active kubekiln-bootstrap')).trim(), 'active');
      });
    },
  );
});

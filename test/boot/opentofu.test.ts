// examples/terraform on the output of a real build: what it hands over is what was built, and it stops on anything else.
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { readManifest } from '../../src/inspect/read-manifest.ts';
import { builtCluster, writeArtifacts } from '../inspect/built-cluster.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { openTofu } from './opentofu.ts';
import { REPOSITORY } from './repository.ts';

const NODES = { 'cp-1': 'azure', 'w-1': 'hetzner', 'w-2': 'digitalocean', 'w-3': 'nocloud' } as const;
const CLUSTER = `apiVersion: kubekiln/v1alpha1
kind: Cluster
metadata: {name: prod}
spec:
  kubernetesVersion: v1.37.1
  nodes:
${Object.entries(NODES)
  .map(([name, platform], index) => {
    const role = name === 'cp-1' ? 'control-plane' : 'worker';
    return `  - {name: ${name}, role: ${role}, address: 10.0.1.1${index}, platform: ${platform}}\n`;
  })
  .join('')}`;

let built: ReturnType<typeof writeArtifacts>;
before(async () => {
  built = writeArtifacts((await builtCluster(CLUSTER)).artifacts);
});
after(() => built.remove());

/** A root module that uses the example, initialised. */
async function initialised(t: TestContext) {
  const tofu = await openTofu(temporaryDirectory(t));
  const { code, stderr } = await tofu.run(['init', '-backend=false', '-no-color']);
  assert.equal(code, 0, stderr);
  return tofu;
}

/** What the plan says against the tree after `change`; the tree is as it was afterwards. */
async function refused(t: TestContext, file: string, change: (path: string) => void): Promise<string> {
  const tofu = await initialised(t);
  const path = join(built.directory, file);
  const content = readFileSync(path);
  change(path);
  const { code, stderr } = await tofu.run(['plan', '-no-color', `-var=directory=${built.directory}`]);
  writeFileSync(path, content, { mode: 0o600 });
  assert.notEqual(code, 0);
  // OpenTofu breaks lines as it pleases
  return stderr.replace(/\s*│?\s+/g, ' ');
}

describe('examples/terraform', () => {
  it('is valid, formatted, and hands over what was built', async t => {
    const tofu = await initialised(t);
    const valid = await tofu.run(['validate', '-no-color']);
    assert.equal(valid.code, 0, valid.stderr);
    const formatted = await tofu.run(['fmt', '-check', '-diff', join(REPOSITORY, 'examples/terraform')]);
    assert.equal(formatted.code, 0, formatted.stdout);
    const planned = await tofu.run(['plan', '-no-color', '-out=plan', `-var=directory=${built.directory}`]);
    assert.equal(planned.code, 0, planned.stderr);
    const shown = await tofu.run(['show', '-json', 'plan']);
    const { nodes, user_data: userData } = JSON.parse(shown.stdout).planned_values.outputs;
    const manifest = readManifest(readFileSync(join(built.directory, 'manifest.json')));
    assert.deepEqual(Object.keys(nodes.value), Object.keys(NODES));
    assert.equal(userData.sensitive, true);
    for (const name of Object.keys(NODES)) {
      const node = manifest.nodes[name];
      assert.ok(node);
      const file = join(built.directory, node.use);
      const { sha256 } = manifest.artifacts.find(({ path }) => path === node.use) ?? {};
      const expected = { file, sha256, encoding: node.encoding, field: node.field, instance_id: node.instanceId };
      const { file: f, sha256: s, encoding, field, instance_id } = nodes.value[name];
      assert.deepEqual({ file: f, sha256: s, encoding, field, instance_id }, expected);
      const bytes = readFileSync(file);
      const base64 = { gzip: bytes.toString('base64'), text: bytes.toString('base64'), 'gzip+base64': bytes.toString(), iso9660: null };
      const text = { gzip: null, text: bytes.toString(), 'gzip+base64': bytes.toString(), iso9660: null };
      assert.deepEqual(userData.value[name], { base64: base64[node.encoding], text: text[node.encoding] });
    }
    assert.deepEqual(new Set(Object.values(manifest.nodes).map(({ encoding }) => encoding)).size, 4);
  });

  it('stops on a file that is not the one that was built', async t => {
    const said = await refused(t, 'nodes/w-1/user-data.b64', path => appendFileSync(path, 'A'));
    assert.match(said, /Not what manifest\.json recorded: nodes\/w-1\/user-data\.b64\. Build it again/);
  });

  it('stops on a file that is missing', async t => {
    const said = await refused(t, 'nodes/cp-1/user-data.gz', path => rmSync(path));
    assert.match(said, /Missing in .*: nodes\/cp-1\/user-data\.gz\. Build it again/);
  });

  it('stops on a manifest of another version', async t => {
    const said = await refused(t, 'manifest.json', path =>
      writeFileSync(path, readFileSync(path, 'utf8').replace('kubekiln/v1alpha1', 'kubekiln/v9')),
    );
    assert.match(said, /is not a BuildManifest of kubekiln\/v1alpha1/);
  });
});

describe('examples for Terraform in docs', () => {
  it('parse, and are formatted', async t => {
    const tofu = await openTofu(temporaryDirectory(t));
    const directory = join(REPOSITORY, 'docs');
    let blocks = 0;
    for (const file of readdirSync(directory).filter(name => name.endsWith('.md'))) {
      for (const [, block = ''] of readFileSync(join(directory, file), 'utf8').matchAll(/^```hcl\n([\s\S]*?)^```$/gm)) {
        blocks += 1;
        const { code, stdout, stderr } = await tofu.run(['fmt', '-check', '-diff', '-'], block);
        assert.equal(code, 0, `${file}: ${stdout}${stderr}`);
      }
    }
    assert.ok(blocks >= 5, `${blocks} blocks`);
  });
});

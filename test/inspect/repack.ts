// Output trees with one thing changed on purpose: the payload of a node is read back, edited, and emitted anew with a right digest and manifest.
import assert from 'node:assert/strict';
import type { BuildOutput } from '../../src/build.ts';
import type { Artifact } from '../../src/emit/artifact.ts';
import { emitNode } from '../../src/emit/emit-node.ts';
import { buildManifest, listedArtifact } from '../../src/emit/manifest.ts';
import type { Payload } from '../../src/emit/payload.ts';
import { payloadDigest } from '../../src/formats/payload-directory.ts';
import { readCarrier } from '../../src/inspect/carrier.ts';
import { readManifest } from '../../src/inspect/read-manifest.ts';

/** Content of files by path in the payload; undefined to drop one, which the plan then forgets. */
export type Edits = Readonly<Record<string, string | ((content: string) => string) | undefined>>;

export function contentOf(output: BuildOutput, path: string): Uint8Array {
  const artifact = output.artifacts.find(one => one.path === path);
  assert.ok(artifact, path);
  return artifact.content;
}

function payloadOf(output: BuildOutput, name: string): Payload {
  const node = output.cluster.nodes.find(one => one.name === name);
  const carrier = readCarrier('user-data', contentOf(output, `nodes/${name}/user-data`));
  assert.ok(node && carrier.payload?.directory);
  const entries = [...carrier.payload.entries.values()].map(({ path, mode = 0o600, content }) => {
    const text = Buffer.from(content).toString();
    return { path, mode, content: text, part: 'config', secret: false } as const;
  });
  const { digest = '', directory } = carrier.payload;
  const instanceId = `prod-${name}-1`;
  return {
    clusterName: 'prod',
    node,
    generation: 1,
    instanceId,
    digest,
    directory,
    entries,
    bootScript: carrier.bootCommands[0] ?? '',
    packedBootScript: '',
    parts: [],
    runtime: 'inline',
    restarts: [],
    tools: [],
  };
}

function edited(payload: Payload, edits: Edits): Payload {
  const dropped = (path: string) => path in edits && edits[path] === undefined;
  const change = (path: string, content: string): string => {
    const edit = edits[path];
    return typeof edit === 'function' ? edit(content) : (edit ?? content);
  };
  for (const path of Object.keys(edits))
    assert.ok(
      payload.entries.some(entry => entry.path === path),
      path,
    );
  const kept = payload.entries
    .filter(entry => !dropped(entry.path))
    .map(entry => ({ ...entry, content: change(entry.path, entry.content) }));
  const contents = new Map(kept.map(entry => [entry.path, entry.content]));
  const lines = (contents.get('plan') ?? '')
    .split('\n')
    .filter(line => !line.startsWith('f ') || contents.has(`files${line.slice(line.indexOf(' /') + 1)}`));
  const plan = lines.join('\n');
  const digest = payloadDigest(plan, entry => contents.get(entry));
  const entries = kept.map(entry => ({
    ...entry,
    content: entry.path === 'plan' ? plan : entry.path === '.complete' ? `${digest}\n` : entry.content,
  }));
  return { ...payload, digest, entries };
}

/** All artifacts of a build in which the payload of `node` was edited. */
export function repack(output: BuildOutput, node: string, edits: Edits, adminConf?: (text: string) => string): readonly Artifact[] {
  const manifest = readManifest(contentOf(output, 'manifest.json'));
  const payloads = output.cluster.nodes.map(({ name }) =>
    name === node ? edited(payloadOf(output, name), edits) : payloadOf(output, name),
  );
  const own = output.artifacts.filter(({ path }) => !path.startsWith('nodes/') && path !== 'manifest.json');
  const common = own.map(artifact =>
    artifact.path === 'admin.conf' && adminConf
      ? { ...artifact, content: Buffer.from(adminConf(Buffer.from(artifact.content).toString())) }
      : artifact,
  );
  const artifacts = [...common, ...payloads.flatMap(emitNode)];
  const seconds = (time: string) => Date.parse(time) / 1000;
  return [
    ...artifacts,
    buildManifest({
      clusterName: manifest.cluster,
      kubernetesVersion: manifest.kubernetesVersion,
      kubekilnVersion: manifest.kubekilnVersion,
      bootBefore: seconds(manifest.bootBefore),
      runtime: {
        source: manifest.runtime.source,
        archive: { content: new Uint8Array(), digest: manifest.runtime.sha256, name: manifest.runtime.name },
      },
      image: manifest.image.sha256,
      nodes: payloads.map(payload => ({ payload, notAfter: seconds(manifest.nodes[payload.node.name]?.notAfter ?? '') })),
      artifacts: artifacts.map(listedArtifact),
    }),
  ];
}

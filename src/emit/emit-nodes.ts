// All nodes, one at a time. A node's artifacts are large and quickly made: each pass makes them anew, and what is kept of the first one, in which they
// are read back, are names, sizes and digests. So a build of a thousand nodes takes no more memory for them than one of three.
import { invariant } from '../bug.ts';
import { mapLazily } from '../map-lazily.ts';
import type { NodePlan } from '../plan/node-plan.ts';
import type { Artifact } from './artifact.ts';
import { checkArtifacts } from './check-artifacts.ts';
import { emitNode } from './emit-node.ts';
import { makePayload, type NodeLayout, type RuntimeCarrier } from './make-payload.ts';
import { type ListedPayload, listedArtifact, type ManifestArtifact } from './manifest.ts';
import type { Payload } from './payload.ts';
import { type SizeReport, sizeReport } from './size-report.ts';

export interface EmittedNode {
  readonly payload: Payload;
  readonly artifacts: readonly Artifact[];
}

/** What is kept of an emitted node. */
export interface ListedNode {
  readonly payload: ListedPayload;
  readonly artifacts: readonly ManifestArtifact[];
}

/** Every node in the order of the plans: made when a pass comes to it, and again by the next pass. */
export function emitNodes(plans: Iterable<NodePlan>, layout: NodeLayout, runtime: RuntimeCarrier): Iterable<EmittedNode> {
  return mapLazily(plans, plan => {
    const payload = makePayload(plan, layout, runtime);
    return { payload, artifacts: emitNode(payload) };
  });
}

/** One pass over all nodes, in which their artifacts are read back. @throws Bug naming the artifact that is not what the plan says */
export function surveyNodes(nodes: Iterable<EmittedNode>): { readonly listed: readonly ListedNode[]; readonly sizes: SizeReport } {
  const listed: ListedNode[] = [];
  const checked = mapLazily(nodes, node => {
    checkArtifacts(node.payload, node.artifacts);
    const { node: described, generation, instanceId, digest } = node.payload;
    listed.push({ payload: { node: described, generation, instanceId, digest }, artifacts: node.artifacts.map(listedArtifact) });
    return node;
  });
  return { sizes: sizeReport(checked), listed };
}

/** The artifacts of surveyed nodes, for one who writes them. @throws Bug on the pass in which one is not what it was */
export function* artifactsOf(nodes: Iterable<EmittedNode>, listed: readonly ListedNode[]): Generator<Artifact, void> {
  const digests = new Map(listed.flatMap(node => node.artifacts.map(({ path, sha256 }) => [path, sha256])));
  for (const { artifacts } of nodes) {
    for (const artifact of artifacts) {
      invariant(digests.get(artifact.path) === listedArtifact(artifact).sha256, `${artifact.path} is not what it was when it was checked`);
      yield artifact;
    }
  }
}

// All nodes, one after another: of each, its artifacts and what the manifest says of it stay; its plan and its payload, which are many times as large, go.
import type { NodePlan } from '../plan/node-plan.ts';
import type { UserDataPart } from '../spec/cluster.ts';
import type { Artifact } from './artifact.ts';
import { checkArtifacts } from './check-artifacts.ts';
import { emitNode } from './emit-node.ts';
import { makePayload, type NodeLayout, type RuntimeCarrier } from './make-payload.ts';
import { type ListedPayload, listedArtifact, type ManifestArtifact } from './manifest.ts';
import { runtimeCheck } from './runtime-archive.ts';
import { type EmittedNode, type SizeReport, sizeReport } from './size-report.ts';

export interface EmittedNodes {
  /** What the manifest says of each payload, in the order of the plans. */
  readonly payloads: readonly ListedPayload[];
  /** Of all nodes, read back and found to be what their plans say. */
  readonly artifacts: readonly Artifact[];
  /** What the manifest says of each. */
  readonly listed: readonly ManifestArtifact[];
  readonly sizes: SizeReport;
}

/**
 * @param plans one pass over them; none is held once its node was emitted, but the heaviest of each role
 * @param parts of the operator, beside the payload in user-data
 * @throws Bug naming the artifact that is not what the plan says
 */
export function emitNodes(
  plans: Iterable<NodePlan>,
  layout: NodeLayout,
  runtime: RuntimeCarrier,
  parts: readonly UserDataPart[] = [],
): EmittedNodes {
  const [payloads, artifacts, listed]: [ListedPayload[], Artifact[], ManifestArtifact[]] = [[], [], []];
  const checkRuntime = runtimeCheck(runtime.archive);
  function* emitted(): Generator<EmittedNode> {
    for (const plan of plans) {
      checkRuntime(plan);
      const payload = makePayload(plan, layout, runtime, parts);
      const own = emitNode(payload);
      // each content is made once, for the check and for the manifest
      const made = own.map(({ path, mode, content }): Artifact => ({ path, mode, content }));
      checkArtifacts(payload, made);
      const { node, generation, instanceId, digest } = payload;
      payloads.push({ node, generation, instanceId, digest });
      artifacts.push(...own);
      const ownListed = made.map(listedArtifact);
      listed.push(...ownListed);
      yield { payload, artifacts: ownListed };
    }
  }
  return { sizes: sizeReport(emitted()), payloads, artifacts, listed };
}

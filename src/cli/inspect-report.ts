import { readArtifact } from '../inspect/read-artifact.ts';
import { inspectionAsJson, renderInspection } from '../inspect/render-inspection.ts';
import { showFile } from '../inspect/show-file.ts';
import { hasErrors } from '../problem.ts';
import type { Invocation, Outcome } from './command.ts';

/** `kubekiln inspect`. */
export async function inspectAndReport(invocation: Invocation): Promise<Outcome> {
  const { artifact, problems } = readArtifact(invocation.positionals[0] ?? '');
  if (artifact === undefined || hasErrors(problems)) return { problems };
  const wanted = invocation.values.get('show');
  if (wanted === undefined) return { problems, text: renderInspection(artifact), data: inspectionAsJson(artifact) };
  const shown = showFile(artifact, wanted);
  return 'problem' in shown ? { problems: [...problems, shown.problem] } : { problems, text: shown.text };
}

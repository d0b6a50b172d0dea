import { isBundle } from '../bundle/list-bundle.ts';
import { readArtifact } from '../inspect/read-artifact.ts';
import { inspectionAsJson, renderInspection } from '../inspect/render-inspection.ts';
import { showFile } from '../inspect/show-file.ts';
import { hasErrors } from '../problem.ts';
import { inspectBundleAndReport } from './bundle-inspect.ts';
import type { Invocation, Outcome } from './command.ts';
import { UsageError } from './usage-error.ts';

/** `kubekiln inspect`. @throws UsageError and system errors */
export async function inspectAndReport(invocation: Invocation): Promise<Outcome> {
  const path = invocation.positionals[0] ?? '';
  if (await isBundle(path)) return inspectBundle(path, invocation);
  const { artifact, problems } = readArtifact(path);
  if (artifact === undefined || hasErrors(problems)) return { problems };
  const wanted = invocation.values.get('show');
  if (wanted === undefined) return { problems, text: renderInspection(artifact), data: inspectionAsJson(artifact) };
  const shown = showFile(artifact, wanted);
  return 'problem' in shown ? { problems: [...problems, shown.problem] } : { problems, text: shown.text };
}

function inspectBundle(path: string, invocation: Invocation): Promise<Outcome> {
  if (invocation.values.has('show')) throw new UsageError(`${path} is a bundle: tar -xOf ${path} MEMBER prints a member of it`);
  return inspectBundleAndReport(path);
}

// `kubekiln verify`: reads final artifacts as a node would, and checks that they fit together. It trusts nothing that it reads.
import type { Problem } from '../problem.ts';
import { CHECKS, type CheckName, Findings } from './checks.ts';
import { readArtifact } from './read-artifact.ts';
import { verifyNode } from './verify-carriers.ts';
import { verifyOutput } from './verify-output.ts';

export interface VerifyResult {
  readonly problems: readonly Problem[];
  /** What was looked at, in the order of `CHECKS`: how often, and in words. */
  readonly checks: readonly { readonly name: CheckName; readonly about: string; readonly count: number }[];
  /** Nodes whose payload was read. */
  readonly nodes: number;
}

/**
 * Checks artifacts, node directories and whole output directories.
 * @param paths as the operator wrote them
 * @param options.now seconds since 1970
 */
export function verifyPaths(paths: readonly string[], options: { readonly now: number }): VerifyResult {
  const findings = new Findings();
  const { now } = options;
  let nodes = 0;
  for (const path of paths) {
    const { artifact, problems } = readArtifact(path);
    for (const problem of problems) findings.check('carriers', false, () => problem);
    if (artifact?.kind === 'cluster') nodes += verifyOutput(findings, path, artifact.manifest, now).length;
    else if (artifact?.kind === 'image') findings.checked('artifacts', artifact.image.files.length);
    else if (artifact) {
      const carriers = artifact.kind === 'node' ? artifact.carriers : [artifact.carrier];
      const name = artifact.kind === 'node' ? artifact.name : path;
      if (verifyNode(findings, name, carriers, now)) nodes += 1;
    }
  }
  const names = Object.keys(CHECKS).filter((name): name is CheckName => name in CHECKS);
  const checks = names.map(name => ({ name, about: CHECKS[name], count: findings.counts.get(name) ?? 0 })).filter(check => check.count > 0);
  return { problems: findings.problems, checks, nodes };
}

import { resolve } from 'node:path';
import type { Encoding } from '../bundle/bundle-index.ts';
import { createBundle } from '../bundle/create.ts';
import { zstdVersion } from '../bundle/encode.ts';
import { findInStore } from '../bundle/from-store.ts';
import { sign, signatureOf } from '../bundle/signature.ts';
import { unpinned, wantedOf } from '../bundle/wanted.ts';
import { artifactDirectory, openStore } from '../fetch/artifact-store.ts';
import { hasErrors, type Problem } from '../problem.ts';
import type { Cluster } from '../spec/cluster.ts';
import { replaceFile } from '../write/atomic-file.ts';
import { PUBLIC_MODE } from './build-from-disk.ts';
import { chosenArchitectures } from './bundle-cluster.ts';
import { identityOf, writeIdentity } from './bundle-identity.ts';
import { bundleTable, entriesAsJson } from './bundle-inspect.ts';
import { type Invocation, NOTHING_WRITTEN, type Outcome, type Reporter } from './command.ts';
import { displayPath } from './display-path.ts';
import { loadLocked } from './images-report.ts';
import { packageVersion } from './package-version.ts';
import { type Project, projectOf } from './project.ts';
import { withCommas } from './table.ts';
import { withLock } from './with-lock.ts';

const ENCODINGS: Readonly<Record<string, Encoding>> = { gzip: 'gz', zstd: 'zst', none: '-' };

/** `kubekiln bundle create`. @throws UsageError and system errors */
export async function createAndReport(invocation: Invocation, reporter: Reporter): Promise<Outcome> {
  const project = projectOf(invocation);
  const { problems, files, cluster, lock } = loadLocked(project);
  const stopped = (...more: readonly Problem[]): Outcome => ({ problems: [...problems, ...more], files, afterword: NOTHING_WRITTEN });
  if (cluster === undefined || hasErrors(problems)) return stopped();
  const identity = await identityOf(invocation, project, cluster);
  if (identity !== undefined && 'code' in identity) return stopped(identity);
  const encoding = ENCODINGS[invocation.values.get('compress') ?? 'gzip'] ?? 'gz';
  if (encoding === 'zst' && zstdVersion() === undefined) return stopped(noZstd());

  reporter.progress('looking into the artifact store');
  const wanted = wantedOf(cluster, lock, chosenArchitectures(invocation, cluster));
  const found = findInStore(wanted, openStore(artifactDirectory(invocation.values.get('cache-dir'))));
  const open = [...unpinned(wanted), ...found.problems];
  if (open.length > 0) return stopped(...open);

  const path = outputOf(invocation, project, cluster);
  const shown = displayPath(path);
  return withLock(path, shown, stopped, async () => {
    const key = invocation.values.get('sign-key');
    let signature: string | undefined;
    const progress = whenItChanges(doing => reporter.progress(doing));
    const created = await createBundle(
      path,
      { runtime: wanted.runtime, found, encoding, version: packageVersion(), progress },
      async temporary => {
        if (key === undefined) return undefined;
        reporter.progress('signing');
        const made = await sign(temporary, resolve(key));
        if (typeof made !== 'string') return made;
        signature = made;
        return undefined;
      },
    );
    if ('code' in created) return stopped(created);
    const written = [shown];
    if (signature !== undefined) {
      replaceFile(signatureOf(path), signature, PUBLIC_MODE);
      written.push(signatureOf(shown));
    }
    if (identity !== undefined) written.push(displayPath(await writeIdentity(identity, path)));
    const { entries, bytes } = created;
    return {
      problems,
      files,
      text: `${bundleTable(entries.map(entry => ({ entry })))}${shown}: ${withCommas(bytes)} bytes.\n`,
      data: {
        apiVersion: 'kubekiln/v1alpha1',
        kind: 'Bundle',
        cluster: cluster.name,
        files: written,
        bytes,
        entries: entriesAsJson(entries.map(entry => ({ entry }))),
      },
      next: [`kubekiln bundle verify ${shown}`, 'copy it to a file system with the label KUBEKILN'],
    };
  });
}

function outputOf(invocation: Invocation, project: Project, cluster: Cluster): string {
  const chosen = invocation.values.get('out');
  return chosen === undefined ? resolve(project.directory, `${cluster.name}-bundle.tar`) : resolve(chosen);
}

function noZstd(): Problem {
  return {
    severity: 'error',
    code: 'program-missing',
    path: [],
    message: '--compress zstd needs the program zstd, and it is not installed',
    hint: 'install it (apt-get install zstd), or leave --compress out: gzip needs nothing',
  };
}

/** Many chunks make one per cent. */
function whenItChanges(tell: (text: string) => void): (text: string) => void {
  let last = '';
  return text => {
    if (text !== last) tell(text);
    last = text;
  };
}

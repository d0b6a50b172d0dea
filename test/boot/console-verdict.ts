import type { BuiltCluster } from './built-cluster.ts';
import { capture } from './command.ts';
import type { Machine } from './machine.ts';
import { KUBEKILN } from './repository.ts';

/** What `kubekiln verify --console-log` makes of what a machine has said: exit code, and the problem in one line. */
export async function consoleVerdict(built: BuiltCluster, machine: Machine): Promise<{ readonly code: number; readonly problem: string }> {
  const { code, stderr } = await capture(process.execPath, [KUBEKILN, 'verify', '--console-log', machine.consoleLog], {
    cwd: built.directory,
  });
  return { code, problem: stderr.trim().replaceAll('\n', ' ') };
}

// The benchmark's facts of a node that was only planned: what a host would show after its first boot, as far as files and command lines go.
import type { NodePlan } from '../../src/plan/node-plan.ts';
import type { Facts, FileFact } from '../boot/cis/facts.ts';
import { RULES } from '../boot/cis/rules.ts';
import { KUBELET_KUBECONFIGS } from '../boot/cis/rules-node.ts';

/** Configuration files that the benchmark reads. */
const READ = new Set(RULES.map(({ configuration }) => configuration));
const UNIT = /^\/etc\/systemd\/system\/(.+)\.service$/;

export function plannedFacts(plan: NodePlan): Facts {
  const files = new Map<string, FileFact>();
  const contents = new Map<string, string>();
  const processes: string[] = [];
  const octal = (mode: number) => mode.toString(8);
  for (const { path, mode, owner } of plan.directories)
    files.set(path, { mode: octal(mode), owner: `${owner}:${owner}`, type: 'directory' });
  for (const { path, mode, owner, content } of plan.files) {
    files.set(path, { mode: octal(mode), owner: `${owner}:${owner}`, type: 'file' });
    if (READ.has(path)) contents.set(path, content);
    const name = UNIT.exec(path)?.[1];
    if (name === undefined || /^Type=oneshot$/m.test(content)) continue;
    const user = /^User=(.*)$/m.exec(content)?.[1];
    const credentials = `/run/credentials/${name}.service`;
    const command = /^ExecStart=((?:.*\\\n)*.*)$/m.exec(content)?.[1]?.replaceAll(/ \\\n\s+/g, ' ') ?? '';
    const shown = user === undefined ? 'root' : `${user.slice(0, 7)}+`;
    processes.push(`${shown} 100 1 5 14:00 ? 00:00:07 ${command.replaceAll('${CREDENTIALS_DIRECTORY}', credentials)}`);
    for (const [, id = '', source] of content.matchAll(/^LoadCredential=(.*?):(.*)$/gm)) {
      const loaded = plan.files.find(file => file.path === source);
      if (loaded !== undefined) contents.set(`${credentials}/${id}`, loaded.content);
    }
  }
  // What kubelet really reads is made before each start.
  files.set(KUBELET_KUBECONFIGS[1], { mode: '600', owner: 'root:root', type: 'file' });
  return { processes, etcdEnvironment: [], files, contents };
}

// What lets an nspawn host run kubelet and containerd. All of it is of the tests, laid beside the product's own files; pod-host*/ are trees of such files.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { HostOptions } from './host.ts';
import { CONTAINERD_VERSION } from './node-programs.ts';
import { BOOT_SCRIPTS } from './repository.ts';
import { runDirectory } from './run-directory.ts';

/** Where the wrappers find what they wrap. */
const REAL = '/usr/local/lib/pod-host/real';

/** The options of a host that runs pods; the product's own trees are to be laid over `trees`. */
export async function podHost(
  programs: ReadonlyMap<string, string>,
  containerdVersion = CONTAINERD_VERSION,
): Promise<Required<Pick<HostOptions, 'trees' | 'programs' | 'disks' | 'nspawnArguments'>>> {
  const old = containerdVersion.startsWith('v1.');
  // Whoever starts kubelet, it reads one directory of settings more.
  const withKubelet = await wrap(programs, 'kubelet', `exec ${REAL}/kubelet "$@" --config-dir=/etc/pod-host/kubelet.d`);
  return {
    trees: [join(BOOT_SCRIPTS, 'pod-host'), join(BOOT_SCRIPTS, old ? 'pod-host-containerd-1' : 'pod-host-containerd-2')],
    programs: old
      ? await wrap(withKubelet, 'containerd', `exec /usr/local/lib/pod-host/start-containerd ${REAL}/containerd "$@"`)
      : withKubelet,
    // containerd's overlays cannot stand on the host's own overlay.
    disks: ['/var/lib/containerd'],
    nspawnArguments: ['--capability=all', '--system-call-filter=@keyring bpf', '--bind=/dev/kmsg'],
  };
}

/** The same programs, but the one of that name runs `script` in its place. */
async function wrap(programs: ReadonlyMap<string, string>, name: string, script: string): Promise<ReadonlyMap<string, string>> {
  const found = [...programs].find(([path]) => basename(path) === name);
  if (found === undefined) return programs;
  const [path, real] = found;
  const wrapper = join(runDirectory(), `${name}-on-pod-host`);
  await mkdir(runDirectory(), { recursive: true });
  await writeFile(wrapper, `#!/bin/sh\n${script}\n`);
  await chmod(wrapper, 0o755);
  return new Map([...programs, [path, wrapper], [`${REAL}/${name}`, real]]);
}

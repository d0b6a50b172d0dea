// What lets an nspawn host run kubelet and containerd. All of it is of the tests, laid beside the product's own files; pod-host/ is a tree of such files.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostOptions } from './host.ts';
import { BOOT_SCRIPTS } from './repository.ts';
import { runDirectory } from './run-directory.ts';

const REAL_KUBELET = '/usr/local/lib/pod-host/kubelet';

/** The options of a host that runs pods; the product's own trees are to be laid over `trees`. */
export async function podHost(
  programs: ReadonlyMap<string, string>,
): Promise<Required<Pick<HostOptions, 'trees' | 'programs' | 'disks' | 'nspawnArguments'>>> {
  return {
    trees: [join(BOOT_SCRIPTS, 'pod-host')],
    programs: await withKubeletSettings(programs),
    // containerd's overlays cannot stand on the host's own overlay.
    disks: ['/var/lib/containerd'],
    nspawnArguments: ['--capability=all', '--system-call-filter=@keyring bpf', '--bind=/dev/kmsg'],
  };
}

/** kubelet with one directory more to read settings from, whoever starts it: pod-host/etc/pod-host/kubelet.d. */
async function withKubeletSettings(programs: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  const found = [...programs].find(([path]) => path.endsWith('/kubelet'));
  if (found === undefined) return programs;
  const [path, kubelet] = found;
  const wrapper = join(runDirectory(), 'kubelet-on-pod-host');
  await mkdir(runDirectory(), { recursive: true });
  await writeFile(wrapper, `#!/bin/sh\nexec ${REAL_KUBELET} "$@" --config-dir=/etc/pod-host/kubelet.d\n`);
  await chmod(wrapper, 0o755);
  return new Map([...programs, [path, wrapper], [REAL_KUBELET, kubelet]]);
}

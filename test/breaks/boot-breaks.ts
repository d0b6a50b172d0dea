import { ADDON_BOOT_BREAKS } from './addons.ts';
import type { Break } from './break.ts';
import { ETCD_GUARD_BREAKS } from './etcd-guard.ts';
import { INSTALLER_BREAKS } from './installer.ts';
import { KUBELET_BREAKS } from './kubelet.ts';

/** One guard of a node at a time, broken in the scripts that it carries (npm run test:breaks -- boot). Each needs booted hosts: root, and a minute or more. */
export const BOOT_BREAKS: readonly Break[] = [...INSTALLER_BREAKS, ...ETCD_GUARD_BREAKS, ...ADDON_BOOT_BREAKS, ...KUBELET_BREAKS];

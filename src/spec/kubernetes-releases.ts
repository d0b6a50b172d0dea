// The one place that knows what differs between Kubernetes releases. The data was read from the real binaries of each minor; nothing else compares versions.
import { invariant } from '../bug.ts';
import pluginData from './admission-plugins.json' with { type: 'json' };
import type { DaemonName, KubernetesVersion } from './cluster.ts';
import etcdData from './etcd-flags.json' with { type: 'json' };
import flagData from './kubernetes-flags.json' with { type: 'json' };

export const SUPPORTED_MINORS = [33, 34, 35, 36, 37] as const;
/** What `init` writes: the newest supported release. */
export const DEFAULT_VERSION = 'v1.37.1';

/** The etcd that every supported release runs with. */
export const ETCD_MINOR = 'v3.6';

/** Programs whose flags are known; etcd's do not depend on the Kubernetes release. */
export type FlaggedProgram = DaemonName | 'kubelet' | 'kube-proxy';

/** Takes `v1.37.1` apart; undefined for anything else. */
export function parseVersion(text: string): KubernetesVersion | undefined {
  const [, minor, patch] = /^v1\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  return minor === undefined || patch === undefined ? undefined : { text, minor: Number(minor), patch: Number(patch) };
}

export function isSupported(version: KubernetesVersion): boolean {
  return SUPPORTED_MINORS.some(minor => minor === version.minor);
}

/** Does this program of this release take this flag (without dashes)? */
export function knowsFlag(version: KubernetesVersion, program: FlaggedProgram, flag: string): boolean {
  return holds(facts(program, flag)?.in, version.minor);
}

/** Does this program of this release take the flag, but call it deprecated? */
export function deprecatesFlag(version: KubernetesVersion, program: FlaggedProgram, flag: string): boolean {
  return holds(facts(program, flag)?.deprecatedIn, version.minor);
}

/** Supported minors that have the flag, ascending; empty for one that none of them knows. */
export function minorsWithFlag(program: FlaggedProgram, flag: string): readonly number[] {
  return SUPPORTED_MINORS.filter(minor => holds(facts(program, flag)?.in, minor));
}

/** What the program itself names as the replacement of a deprecated flag. */
export function replacementOf(program: FlaggedProgram, flag: string): string | undefined {
  return facts(program, flag)?.instead;
}

/** May the flag be given more than once (pflag's slices, arrays and maps add up)? */
export function isRepeatable(program: FlaggedProgram, flag: string): boolean {
  return /slice|array|map|stringTo|namedCertKey/i.test(facts(program, flag)?.type ?? '');
}

/** The type that the program parses the flag's value as, by pflag's name (`bool`, `duration`, `int32`); undefined for any text. */
export function flagType(program: FlaggedProgram, flag: string): string | undefined {
  return facts(program, flag)?.type;
}

/** Supported minors whose kube-apiserver has that admission plugin, ascending; empty for one that none of them knows. */
export function minorsWithPlugin(plugin: string): readonly number[] {
  const minors = Object.hasOwn(PLUGINS, plugin) ? PLUGINS[plugin] : undefined;
  return SUPPORTED_MINORS.filter(minor => holds(minors, minor));
}

/** All admission plugins of a release, for did-you-mean. */
export function admissionPlugins(version: KubernetesVersion): readonly string[] {
  return Object.keys(PLUGINS).filter(plugin => minorsWithPlugin(plugin).includes(version.minor));
}

/** All flags of a program in a release, for did-you-mean. */
export function flagNames(version: KubernetesVersion, program: FlaggedProgram): readonly string[] {
  return Object.keys(FLAGS[program]).filter(flag => knowsFlag(version, program, flag));
}

/** Tag of the pod sandbox image that the release's kubeadm names (cmd/kubeadm/app/constants). */
export function pauseTag(version: KubernetesVersion): string {
  return version.minor >= 36 ? '3.10.2' : version.minor >= 34 ? '3.10.1' : '3.10';
}

/** Tag of the CoreDNS image that the newest kubeadm of each minor names (`kubeadm config images list`). */
const COREDNS_TAGS: Readonly<Record<number, string>> = { 33: 'v1.12.0', 34: 'v1.12.1', 35: 'v1.13.1', 36: 'v1.14.2', 37: 'v1.14.6' };

export function coreDnsTag(version: KubernetesVersion): string {
  const tag = COREDNS_TAGS[version.minor];
  invariant(tag, `no CoreDNS is known for ${version.text}`);
  return tag;
}

/** Since this release nodePortAddresses of kube-proxy takes the words localhost and all, beside subnets; before, only primary, alone. */
export function takesNodePortKeywords(version: KubernetesVersion): boolean {
  return version.minor >= 37;
}

/** Up to this release a node may run containerd 1.7, which does not read the third version of its configuration. */
export function allowsContainerd1(version: KubernetesVersion): boolean {
  return version.minor <= 35;
}

/** Name and release of a program, as messages say it: `kube-apiserver v1.37.1`, `etcd v3.6`. */
export function programTitle(version: KubernetesVersion, program: FlaggedProgram): string {
  return `${program} ${program === 'etcd' ? ETCD_MINOR : version.text}`;
}

/** `all`, or the minors: `['1.36', '1.37']`. */
type Minors = string | readonly string[];

interface FlagFacts {
  readonly in: Minors;
  readonly type?: string;
  readonly deprecatedIn?: Minors;
  readonly instead?: string;
}

type ProgramFlags = Readonly<Record<string, FlagFacts>>;

function etcdFlags(): ProgramFlags {
  const flags: Readonly<Record<string, { type?: string; deprecated?: boolean; instead?: string }>> = etcdData.flags;
  return Object.fromEntries(
    Object.entries(flags).map(([name, { deprecated, ...rest }]) => [
      name,
      { in: 'all', ...(deprecated && { deprecatedIn: 'all' }), ...rest },
    ]),
  );
}

const PLUGINS: Readonly<Record<string, Minors>> = pluginData.plugins;

const FLAGS: Readonly<Record<FlaggedProgram, ProgramFlags>> = { ...flagData, etcd: etcdFlags() };

function facts(program: FlaggedProgram, flag: string): FlagFacts | undefined {
  const flags = FLAGS[program];
  return Object.hasOwn(flags, flag) ? flags[flag] : undefined;
}

function holds(minors: Minors | undefined, minor: number): boolean {
  return minors === 'all' || (Array.isArray(minors) && minors.includes(`1.${minor}`));
}

// One NodePlan per node: everything that will stand on it, as data. Carriers (src/emit) read nothing else.
import type { CertificateRequest, Credentials, KeyPair } from '../pki/request.ts';
import type { Architecture, Cluster, Node } from '../spec/cluster.ts';

/** identity: secret, per node, never baked. config: per node, not secret. runtime: the same on all nodes, may be baked. */
export type Part = 'identity' | 'config' | 'runtime';

export interface PlannedFile {
  /** Absolute, clean path on the node; characters `A-Za-z0-9._/@-` only, since the installer is a shell script. */
  readonly path: string;
  readonly mode: number;
  /** User (and group) that owns it; a name from `users`, or root. */
  readonly owner: string;
  readonly content: string;
  readonly part: Part;
  /** Holds key material: must not be readable by others. */
  readonly secret: boolean;
  /** The operator's own text, judged by the rules of cluster.yaml: it may hold certificates, and words that would be keys in files of ours. */
  readonly fromOperator?: true;
  /** Units to restart when this file changes on a running node. */
  readonly restarts: readonly string[];
}

export interface PlannedDirectory {
  readonly path: string;
  readonly mode: number;
  readonly owner: string;
  /** Made only where it is missing: a parent that may be the operator's own (a mount point), whose mode is not ours to set. */
  readonly keepExisting?: true;
}

export interface PlannedUser {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
}

/** A program that only the tarball brings, at its root: an operator runs it there, and nothing on the node needs it. */
export interface PlannedTool {
  readonly name: string;
  readonly content: string;
}

/** A systemd unit of ours; its text is one of the files. */
export interface PlannedUnit {
  readonly name: string;
  /** `boot`: enabled in multi-user.target. `target`: pulled in by kubekiln.target, outside the boot transaction. */
  readonly startedBy: 'boot' | 'target';
}

/** A program that must be on the node before anything starts. */
export interface PlannedBinary {
  /** Absolute, or a name that is looked up in the usual directories and in paths.binaries: the distribution may bring it. */
  readonly path: string;
  /** What it is, for the message when it is missing: `kube-apiserver v1.37.1`, `openssl (package openssl)`. */
  readonly description: string;
  /** Where a mirror has it; absent where only the distribution brings it. */
  readonly download?: BinaryDownload;
  /** Units to restart when it was replaced on a running node. */
  readonly restarts?: readonly string[];
}

/** A file that upstream publishes. */
export interface BinaryDownload {
  /** Of the program or, for an archive, of the project. */
  readonly name: string;
  readonly version: string;
  readonly architecture: Architecture;
  /** Its upstream address without `https://`, which is also its path on a mirror. */
  readonly source: string;
  /** Path of the program in a gzipped tar archive. */
  readonly member?: string;
}

/** A container image that something of the plan refers to. */
export interface PlannedImage {
  /** With its registry and tag, as manifests and configurations name it. */
  readonly image: string;
  /** Half a sentence: `containerd, for the sandbox of every pod`. */
  readonly usedBy: string;
}

export interface NodePlan {
  readonly clusterName: string;
  readonly node: Node;
  readonly generation: number;
  readonly instance: number;
  readonly files: readonly PlannedFile[];
  readonly directories: readonly PlannedDirectory[];
  readonly users: readonly PlannedUser[];
  readonly units: readonly PlannedUnit[];
  readonly binaries: readonly PlannedBinary[];
  /** Kernel modules to load; one that is built in, or absent without harm, is tolerated. */
  readonly modules: readonly string[];
  readonly tools: readonly PlannedTool[];
}

/** What one component adds to a node. */
export interface Contribution {
  readonly files?: readonly PlannedFile[];
  readonly directories?: readonly PlannedDirectory[];
  readonly users?: readonly PlannedUser[];
  readonly units?: readonly PlannedUnit[];
  readonly binaries?: readonly PlannedBinary[];
  readonly modules?: readonly string[];
  readonly tools?: readonly PlannedTool[];
}

export interface PlanContext {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly credentials: Credentials;
  /** The node's own. */
  readonly leaves: readonly KeyPair[];
  /** What the components want to stand in a new cluster: the bootstrap unit applies it. */
  readonly objects: readonly object[];
}

/** One file per component in src/components: pure data in, data out; no I/O, clock or randomness. */
export interface Component {
  /** Its process name, e.g. `kube-apiserver`. */
  readonly name: string;
  runsOn(node: Node, cluster: Cluster): boolean;
  certificates?(node: Node, cluster: Cluster): readonly CertificateRequest[];
  /** Container images that nodes pull, unless they are on them already. */
  images?(cluster: Cluster): readonly PlannedImage[];
  /** Kubernetes objects (RBAC, Deployments, …) that the bootstrap unit applies in this order, wherever the component itself runs. */
  objects?(cluster: Cluster): readonly object[];
  plan(context: PlanContext): Contribution;
  /**
   * Its files of the runtime part, where nodes on which it runs may be added later: images and mirrors have them before the first of those is there,
   * and no other node changes when it comes.
   */
  runtimeFiles?(cluster: Cluster): readonly PlannedFile[];
}

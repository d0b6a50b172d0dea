/** One file of out/<cluster>/. */
export interface Artifact {
  /** Relative to out/<cluster>/: `nodes/cp-1/seed.iso`. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Everything below nodes/ holds keys, or stands beside them. */
export const SECRET_MODE = 0o600;
export const PUBLIC_MODE = 0o644;

/** File names in nodes/<node>/. */
export const NODE_FILES = {
  userData: 'user-data',
  userDataGz: 'user-data.gz',
  /** Only where the platform wants base64 text. */
  userDataB64: 'user-data.b64',
  /** Only where the platform takes nothing but text. */
  userDataPacked: 'user-data.packed',
  metaData: 'meta-data',
  networkConfig: 'network-config',
  seedIso: 'seed.iso',
  tarball: 'node.tar.gz',
} as const;

/** Path of a node's artifact, relative to out/<cluster>/. */
export function nodePath(node: string, file: string): string {
  return `nodes/${node}/${file}`;
}

export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

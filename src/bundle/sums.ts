// SHA256SUMS of a bundle, as sha256sum writes it: of every member as it is stored, but of the index and of itself. The index is covered by the SBOM.

export interface Sum {
  readonly member: string;
  readonly sha256: string;
}

export function writeSums(sums: readonly Sum[]): Uint8Array {
  return Buffer.from(sums.map(({ member, sha256 }) => `${sha256}  ${member}\n`).join(''));
}

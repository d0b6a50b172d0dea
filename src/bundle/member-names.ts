// Where things stand in a bundle: names that fit into a plain tar header, and that a person finds.
import type { Architecture } from '../spec/cluster.ts';
import type { Encoding } from './bundle-index.ts';

const SUFFIXES: Readonly<Record<Encoding, string>> = { '-': '', gz: '.gz', zst: '.zst' };
/** With directory and suffix below the 100 bytes of a tar header's name. */
const LONGEST = 80;

export function runtimeMember(name: string): string {
  return `runtime/${name}`;
}

/** @param sha256 of the program: two of one name differ in it */
export function programMember(
  architecture: Architecture,
  source: string,
  sha256: string,
  taken: ReadonlySet<string>,
  encoding: Encoding,
): string {
  const name = safe(source.slice(source.lastIndexOf('/') + 1)).slice(0, LONGEST);
  const member = `programs/${architecture}/${name}${SUFFIXES[encoding]}`;
  return taken.has(member) ? `programs/${architecture}/${sha256.slice(0, 12)}-${name.slice(-(LONGEST - 13))}${SUFFIXES[encoding]}` : member;
}

/** The digest keeps names apart that differ in characters which no file name should have. */
export function imageMember(architecture: Architecture, image: string, digest: string, encoding: Encoding): string {
  const mark = digest.slice('sha256:'.length, 'sha256:'.length + 12);
  const name = safe(image.replace(/@.*/, '')).slice(-(LONGEST - 18));
  return `images/${architecture}/${name}-${mark}.tar${SUFFIXES[encoding]}`;
}

function safe(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]+/g, '_').replace(/^[.-]/, '_');
}

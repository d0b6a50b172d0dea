// The artifacts of one node: each decodes, and all bring the same payload.
import { basename, dirname } from 'node:path';
import { TARBALL_PROGRAMS } from '../formats/payload-directory.ts';
import type { Carrier } from './carrier.ts';
import type { Findings } from './checks.ts';
import { finding } from './finding.ts';
import { type NodeView, viewNode } from './node-view.ts';
import type { PayloadView } from './payload-view.ts';
import { verifyCertificates } from './verify-certificates.ts';
import { verifyPayload } from './verify-payload.ts';

/**
 * Checks everything that one node's artifacts say about themselves.
 * @param now seconds since 1970
 * @returns the node, for comparison with others; undefined when no carrier holds a payload
 */
export function verifyNode(findings: Findings, name: string, carriers: readonly Carrier[], now: number): NodeView | undefined {
  const [first] = carriers;
  if (!first) return undefined;
  for (const carrier of carriers) {
    findings.check('carriers', carrier.payload !== undefined, () =>
      finding('artifact-unsupported', carrier.path, 'it holds no payload of kubekiln'),
    );
  }
  // the one that is whole says most: user-data may leave the runtime part to an archive
  const payload = (carriers.find(carrier => carrier.payload?.digest !== undefined) ?? carriers.find(carrier => carrier.payload))?.payload;
  if (!payload) return undefined;
  for (const carrier of carriers) {
    if (carrier.payload === undefined || carrier.payload === payload) continue;
    const difference = differenceOf(payload, carrier.payload);
    findings.check('carriers', difference === undefined, () =>
      finding(
        'carriers-differ',
        carrier.path,
        `${difference} is not what ${basename(first.path)} carries`,
        'build them again: kubekiln build',
      ),
    );
  }
  // one finding per file of the payload, not one per carrier of it
  const node = viewNode(name, carriers.length > 1 ? dirname(first.path) : first.path, payload);
  verifyPayload(findings, node);
  verifyCertificates(findings, node, now);
  return node;
}

/** The first entry that differs in content or mode; undefined when there is none. */
function differenceOf(one: PayloadView, other: PayloadView): string | undefined {
  const names = new Set([...one.entries.keys(), ...other.entries.keys()]);
  for (const name of TARBALL_PROGRAMS) names.delete(name);
  if (other.digest === undefined) for (const name of names) if (!other.entries.has(name)) names.delete(name);
  for (const name of names) {
    const [a, b] = [one.entries.get(name), other.entries.get(name)];
    if (!a || !b || a.mode !== b.mode || Buffer.compare(a.content, b.content) !== 0) return name;
  }
  return undefined;
}

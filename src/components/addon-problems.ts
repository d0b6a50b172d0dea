// What only the whole cluster can say of its add-ons: kubekiln's own objects are not theirs to bring, and all of them must fit on a node.

import { groupOf, objectKey, objectText } from '../formats/kubernetes-object.ts';
import type { Problem } from '../problem.ts';
import type { Addon, Cluster } from '../spec/cluster.ts';
import { BOOTSTRAP_RECORDS } from './bootstrap.ts';
import { COMPONENTS } from './components.ts';

/** Bytes of all manifests. The largest that operators publish (with the schemas of their resources) have 2 MB. */
const MAX_TOTAL_BYTES = 4 * 1024 * 1024;

interface OwnObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** @param file cluster.yaml as problems name it */
export function addonProblems(cluster: Cluster, file: string): readonly Problem[] {
  const own = new Set(ownObjects(cluster));
  const clashes = cluster.addons.flatMap(({ index, objects }) =>
    objects
      .filter(object => own.has(objectKey(object)))
      .map(
        (object): Problem => ({
          severity: 'error',
          code: 'duplicate-object',
          path: ['spec', 'addons', index],
          file,
          message: `${object.place}: ${objectText(object)} is one of kubekiln's own objects`,
          hint: 'delete it there; dns.disabled and proxy.disabled make room for other ones',
        }),
      ),
  );
  return [...clashes, ...tooLarge(cluster.addons, file)];
}

function ownObjects(cluster: Cluster): readonly string[] {
  return [...COMPONENTS.flatMap(component => component.objects?.(cluster) ?? []), ...BOOTSTRAP_RECORDS].map(object => {
    const { apiVersion, kind, metadata } = object as OwnObject;
    return objectKey({ group: groupOf(apiVersion), kind, ...metadata });
  });
}

function tooLarge(addons: readonly Addon[], file: string): readonly Problem[] {
  const sizes = addons.map(({ source, content }) => ({ source, bytes: Buffer.byteLength(content) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= MAX_TOTAL_BYTES) return [];
  const largest = sizes.toSorted((a, b) => b.bytes - a.bytes).slice(0, 5);
  return [
    {
      severity: 'error',
      code: 'addons-too-large',
      path: ['spec', 'addons'],
      mark: 'key',
      file,
      message: `the manifests have ${total.toLocaleString('en')} bytes; ${MAX_TOTAL_BYTES.toLocaleString('en')} are possible`,
      hint: 'apply the large ones with kubectl, or let a small add-on fetch them (Flux, Argo CD)',
      details: largest.map(({ source, bytes }) => `${source}: ${bytes.toLocaleString('en')} bytes`),
    },
  ];
}

// One file of Kubernetes manifests: its objects, the images that their pods run, and what kubectl or a reader of the payload would stumble over.
import { groupOf, type ObjectName, objectText } from '../formats/kubernetes-object.ts';
import type { YamlProblem } from '../formats/yaml.ts';
import type { DocumentPath } from '../problem.ts';
import { lineColumn } from '../source-text.ts';
import type { AddonFault } from './addons.ts';
import type { AddonObject } from './cluster.ts';
import { fullImage } from './registry-formats.ts';
import { isMapping } from './schema-walk.ts';
import type { SiblingManifest } from './siblings.ts';

type Mapping = Readonly<Record<string, unknown>>;
type ManifestFault = Omit<AddonFault, 'index'>;

export interface Manifest {
  readonly objects: readonly AddonObject[];
  /** In full, each once. */
  readonly images: readonly string[];
  readonly faults: readonly ManifestFault[];
}

/** An object of a document, with its place there. */
interface Found {
  readonly value: unknown;
  readonly path: DocumentPath;
  /** What an item of a list takes from it, when it does not say so itself. */
  readonly type?: { readonly apiVersion: unknown; readonly kind: string };
}

const POD_CONTAINERS = ['containers', 'initContainers', 'ephemeralContainers'];
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** kubectl splits a stream at its lines `---` before it reads YAML. */
const NOT_FOR_KUBECTL = /^(%|---[ \t]+[^\s#])/m;
const CHART = 'a Helm chart or a kustomization is rendered first: helm template, kubectl kustomize';
const NO_SECRETS = 'manifests are committed, and reach machine images and mirrors: make the Secret with kubectl once the cluster runs';

export function readManifest(source: string, { text, findings, documents }: SiblingManifest): Manifest {
  const objects: AddonObject[] = [];
  const images = new Set<string>();
  const faults: ManifestFault[] = [];
  const placeOf = (offset: number) => {
    const { line, column } = lineColumn(text, offset);
    return `${source}:${line}:${column}`;
  };
  const fault = (code: ManifestFault['code'], offset: number, message: string, hint?: string) => {
    faults.push({ code, message: `${placeOf(offset)}: ${message}`, ...(hint !== undefined && { hint }) });
  };

  for (const { severity, offset, message } of findings) if (severity === 'error') fault('bad-addon', offset, message);
  const strange = NOT_FOR_KUBECTL.exec(text);
  if (strange) fault('bad-addon', strange.index, 'kubectl reads neither directives nor a document on the line of its ---');
  const key = PRIVATE_KEY.exec(text);
  if (key) fault('addon-secret', key.index, 'a private key stands here', NO_SECRETS);
  for (const { problems, value, positions } of documents) {
    for (const problem of problems) fault('bad-addon', problem.offset, yamlMessage(problem), CHART);
    const found = value === undefined || value === null ? [] : objectsOf(value);
    for (const object of found) readObject(object, path => (positions.valueRange(path) ?? positions.valueRange(object.path))?.start ?? 0);
  }
  if (faults.length === 0 && objects.length === 0) fault('bad-addon', 0, 'the file holds no object');
  return { objects, images: [...images], faults };

  function readObject(found: Found, offsetOf: (path: DocumentPath) => number): void {
    const start = offsetOf(found.path);
    const header = headerOf(found);
    if ('reason' in header) {
      fault('bad-addon', start, header.reason, header.hint);
      return;
    }
    const object = { ...header, place: placeOf(start) };
    objects.push(object);
    if (holdsSecret(object, found.value)) fault('addon-secret', start, `${objectText(object)} holds data`, NO_SECRETS);
    for (const { value, path } of podImages(found.value, found.path)) {
      const image = typeof value === 'string' ? fullImage(value) : undefined;
      if (image === undefined) fault('bad-addon', offsetOf(path), `${JSON.stringify(value)} is no image`, CHART);
      else images.add(image);
    }
  }
}

/** What every object says of itself, or why it is none. */
function headerOf({ value, type }: Found): ObjectName | { readonly reason: string; readonly hint: string } {
  if (!isMapping(value)) return { reason: 'this is no Kubernetes object', hint: CHART };
  const { name, namespace }: Mapping = isMapping(value.metadata) ? value.metadata : {};
  if (isList(value)) return { reason: 'kubectl takes no list inside of a list apart', hint: 'write its items instead' };
  const [apiVersion, kind] = [value.apiVersion ?? type?.apiVersion, value.kind ?? type?.kind];
  const missing = Object.entries({ apiVersion, kind, 'metadata.name': name }).filter(([, text]) => typeof text !== 'string' || text === '');
  if (missing.length > 0) return { reason: `the object has no ${missing.map(([key]) => key).join(', no ')}`, hint: CHART };
  const group = groupOf(String(apiVersion));
  if (group === 'kubekiln') return { reason: "this is a file of kubekiln's own", hint: 'keep manifests in a directory of their own' };
  return { group, kind: String(kind), ...(typeof namespace === 'string' && namespace !== '' && { namespace }), name: String(name) };
}

function holdsSecret({ group, kind }: ObjectName, value: unknown): boolean {
  if (group !== '' || kind !== 'Secret' || !isMapping(value)) return false;
  return [value.data, value.stringData].some(data => isMapping(data) && Object.keys(data).length > 0);
}

function yamlMessage({ kind, message }: YamlProblem): string {
  return kind === 'tab' ? `${message}: indent with spaces` : message;
}

/** A document is an object, or a list of objects (`List`, `ConfigMapList`), as kubectl takes it apart: once. */
function objectsOf(value: unknown): readonly Found[] {
  if (!isMapping(value) || !isList(value)) return [{ value, path: [] }];
  const { apiVersion, kind, items } = value;
  // Items of a typed list need not say what they are.
  const type = kind === 'List' ? undefined : { apiVersion, kind: kind.slice(0, -LIST.length) };
  return items.map((item, index) => ({ value: item, path: ['items', index], ...(type && { type }) }));
}

const LIST = 'List';

function isList(value: Mapping): value is Mapping & { readonly kind: string; readonly items: readonly unknown[] } {
  return typeof value.kind === 'string' && value.kind.endsWith(LIST) && Array.isArray(value.items);
}

/** Images of pod specs wherever they stand: in a Pod, in a template of any kind, in a custom resource that holds one. */
function podImages(value: unknown, path: DocumentPath): readonly { value: unknown; path: DocumentPath }[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => podImages(item, [...path, index]));
  if (!isMapping(value)) return [];
  const here = POD_CONTAINERS.flatMap(key => named(value, path, key, ['image']));
  const volumes = named(value, path, 'volumes', ['image', 'reference']);
  return [...here, ...volumes, ...Object.entries(value).flatMap(([key, inner]) => podImages(inner, [...path, key]))];
}

/** What the items of a list hold under some keys. */
function named(
  value: Mapping,
  path: DocumentPath,
  list: string,
  keys: readonly string[],
): readonly { value: unknown; path: DocumentPath }[] {
  const items: readonly unknown[] = Array.isArray(value[list]) ? value[list] : [];
  return items.flatMap((item, index) => {
    const found = keys.reduce((inner: unknown, key) => (isMapping(inner) ? inner[key] : undefined), item);
    return found === undefined ? [] : [{ value: found, path: [...path, list, index, ...keys] }];
  });
}

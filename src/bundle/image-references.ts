// Container images that the files of a runtime archive name: looked for in their text, so that an image which the plan forgot is found all the same.
import { FormatError } from '../formats/format-error.ts';
import { gunzip } from '../formats/gzip.ts';
import { readTar } from '../formats/tar-reader.ts';

export interface ImageReference {
  readonly image: string;
  /** Path in the archive. */
  readonly file: string;
}

const MAX_UNPACKED = 64 * 1024 * 1024;
const STRUCTURED = /\.(ya?ml|json|toml)$/;
/** `image: x` of manifests, in YAML and JSON; `sandbox = "x"` and `sandbox_image = "x"` of containerd's configuration. */
const REFERENCE = /(?:^|[\s,{-])["']?(?:image|sandbox|sandbox_image)["']?\s*[:=]\s*["']?([A-Za-z0-9][A-Za-z0-9._:/@-]*)/gm;
/** With a registry, as the rules of cluster.yaml want it; the word behind `image:` in a schema or a text has none. */
const WITH_REGISTRY = /^(?:[A-Za-z0-9-]+\.[A-Za-z0-9.-]+|localhost|[A-Za-z0-9.-]+:[0-9]+)(?::[0-9]+)?\/.+$/;

/** @param archive a runtime archive. @throws FormatError */
export function imageReferences(archive: Uint8Array): readonly ImageReference[] {
  const files = readTar(gunzip(archive, MAX_UNPACKED)).filter(({ path }) => STRUCTURED.test(path));
  const found = files.flatMap(({ path, content }) =>
    [...Buffer.from(content).toString('utf8').matchAll(REFERENCE)].flatMap(([, image = '']) =>
      WITH_REGISTRY.test(image) ? [{ image, file: path }] : [],
    ),
  );
  if (found.length > 10_000) throw new FormatError('too-large', 'it names more images than any cluster has');
  return [...new Map(found.map(reference => [`${reference.image} ${reference.file}`, reference])).values()];
}

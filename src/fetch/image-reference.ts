// https://github.com/distribution/reference: which registry, repository, tag and digest an image name means.
import { fullImage } from '../spec/registry-formats.ts';

export interface ImageReference {
  /** As the name has it: `registry.k8s.io`, `docker.io`, `10.0.0.5:5000`. */
  readonly registry: string;
  readonly repository: string;
  /** Absent where only a digest stands. */
  readonly tag?: string;
  /** `sha256:…` */
  readonly digest?: string;
}

/** @param image with its registry, as plans name it */
export function parseReference(image: string): ImageReference {
  const [name = '', digest] = image.split('@');
  const slash = name.indexOf('/');
  const [, repository = '', tag] = /^(.*?)(?::([^/:]+))?$/.exec(name.slice(slash + 1)) ?? [];
  const named = tag ?? (digest === undefined ? 'latest' : undefined);
  return {
    registry: name.slice(0, slash),
    repository,
    ...(named !== undefined && { tag: named }),
    ...(digest !== undefined && { digest }),
  };
}

/** The same image under the one name that all its spellings have: `nginx` is `docker.io/library/nginx:latest`; undefined for what is no name. */
export function canonicalImage(text: string): string | undefined {
  return fullImage(text.replace(/@.*$/, ''));
}

// How registries, mirrors and images are named: https://github.com/distribution/reference
import type { Finding } from './text-format.ts';

const HOST = '[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?';
const TAG = '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const DIGEST = '@sha256:[a-f0-9]{64}';
const NAME = '[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*';

/** A registry as an image reference names it: `registry.k8s.io`, `harbor.example.com:5000`; `_default` stands for all. */
export const REGISTRY_HOST = new RegExp(`^(_default|${HOST})$`);
/** An image: `registry.k8s.io/pause:3.10.2`, with a digest or not. */
export const IMAGE = new RegExp(`^${HOST}(/${NAME})+(:${TAG})?(${DIGEST})?$`);
/**
 * An image in full, as container runtimes list it: `nginx` is `docker.io/library/nginx:latest`; undefined for what is no image reference.
 * https://github.com/distribution/reference/blob/main/normalize.go
 */
export function fullImage(text: string): string | undefined {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const hasHost = /[.:]/.test(first) || first === 'localhost';
  const [host, path] = hasHost ? [first, text.slice(slash + 1)] : ['docker.io', slash < 0 ? `library/${text}` : text];
  const tagged = /:[^/]+$/.test(path) ? path : `${path}:latest`;
  const full = `${host === 'index.docker.io' ? 'docker.io' : host}/${tagged}`;
  return IMAGE.test(full) ? full : undefined;
}

/** `v1.14.6`, with a digest or not. */
export const IMAGE_TAG = new RegExp(`^${TAG}(${DIGEST})?$`);

/** Where images are: an image without tag and digest. */
export const IMAGE_REPOSITORY = new RegExp(`^${HOST}(/${NAME})*$`);

/** The URL of a proxy: the same, but nothing of ours could bring it a password. */
export function proxyFinding(text: string): Finding | undefined {
  const finding = urlFinding(text);
  return finding?.secret ? { ...finding, hint: 'a proxy that lets the nodes in by their addresses' } : finding;
}

/** An address with scheme, host and perhaps a path. Credentials have their place in secrets.yaml. */
export function urlFinding(text: string): Finding | undefined {
  if (!URL.canParse(text)) return { message: 'is not a URL', hint: 'like https://mirror.example.com/k8s' };
  const url = new URL(text);
  if (!['http:', 'https:'].includes(url.protocol))
    return { message: `has the scheme ${url.protocol.slice(0, -1)}; https and http are possible` };
  if (url.username !== '' || url.password !== '')
    return {
      message: 'holds a user name or password: cluster.yaml is no place for a secret',
      hint: 'in secrets.yaml: registryCredentials (images) or downloadCredentials (programs): [{host: …, username: …, password: …}]',
      secret: true,
    };
  if (url.search !== '' || url.hash !== '') return { message: 'holds a query or a fragment' };
  // It stands in configuration files and in shell assignments.
  return /[^A-Za-z0-9._~:/@%[\]-]/.test(text) ? { message: 'holds characters that need no place in such a URL' } : undefined;
}

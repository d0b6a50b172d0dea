// A read-only container registry as a process, for other network namespaces than this one's: OCI image layouts over HTTPS, behind a user name and a
// password, or for anyone. It prints a line for each image that is asked for by its tag. https://github.com/opencontainers/distribution-spec/blob/main/spec.md
// usage: node serve-registry.js ADDRESS PORT SETTINGS.json
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { Identity } from './identity.ts';

export interface RegistrySettings {
  readonly identity: Identity;
  /** `user:password`; absent: anyone is served. */
  readonly login?: string;
  /** Unpacked image layouts by repository: `e2e-test-images/busybox`. Each has one image, under any tag. */
  readonly layouts: Readonly<Record<string, string>>;
}

const [address = '', port = '', file = ''] = process.argv.slice(2);
const { identity, login, layouts }: RegistrySettings = JSON.parse(readFileSync(file, 'utf8'));
const wanted = login && `Basic ${Buffer.from(login).toString('base64')}`;

interface Index {
  readonly manifests: readonly { readonly digest: string; readonly mediaType: string }[];
}

const server = createServer({ key: identity.key, cert: identity.cert }, (request, response) => {
  const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ errors: [{ code, message: code }] }));
  if (wanted !== undefined && request.headers.authorization !== wanted)
    return refuse(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="registry"' });
  const path = new URL(request.url ?? '', 'https://registry').pathname;
  if (path === '/v2/') return response.end('{}');
  const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
  if (kind === 'manifests' && !reference.startsWith('sha256:')) console.log(`${name}:${reference}`);
  const layout = layouts[name];
  if (layout === undefined) return refuse(404, 'NAME_UNKNOWN');
  const [manifest] = (JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Index).manifests;
  const digest = reference.startsWith('sha256:') ? reference : manifest?.digest;
  const blob = join(layout, 'blobs', (digest ?? '').replace(':', '/'));
  if (digest === undefined || !existsSync(blob)) return refuse(404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN');
  response.writeHead(200, {
    'content-type': kind === 'manifests' ? (manifest?.mediaType ?? '') : 'application/octet-stream',
    'content-length': statSync(blob).size,
    'docker-content-digest': digest,
  });
  if (request.method === 'HEAD') return response.end();
  return createReadStream(blob).pipe(response);
});
server.listen(Number(port), address, () => console.log('serving'));

import { readCloudConfig } from '../../src/formats/cloud-config.ts';
import { isMultipart, readMultipart } from '../../src/formats/mime.ts';

/** The payload inside a user-data, which may hold parts of the operator before it: content by path below the payload directory. */
export function readUserData(userData: Uint8Array): ReadonlyMap<string, string> {
  const own = isMultipart(userData) ? Buffer.from(readMultipart(userData).at(-1)?.content ?? '') : userData;
  const { files } = readCloudConfig(own, 1024 * 1024);
  return new Map(
    files.map(({ path, content }) => [path.replace(/^\/var\/lib\/kubekiln\/payload\/\d+\//, ''), Buffer.from(content).toString('utf8')]),
  );
}

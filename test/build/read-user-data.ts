import { readCloudConfig } from '../../src/formats/cloud-config.ts';

/** The payload inside a user-data: content by path below the payload directory. */
export function readUserData(userData: Uint8Array): ReadonlyMap<string, string> {
  const { files } = readCloudConfig(userData, 1024 * 1024);
  return new Map(
    files.map(({ path, content }) => [path.replace(/^\/var\/lib\/kubekiln\/payload\/\d+\//, ''), Buffer.from(content).toString('utf8')]),
  );
}

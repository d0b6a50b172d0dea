// Debian's docker-registry on loopback, over HTTP without a login, with one, or with tokens of a server of ours: the real other side of `kubekiln fetch`.
// https://distribution.github.io/distribution/about/configuration/
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { closedPort } from './faulty-mirror.ts';
import type { TinyImage } from './tiny-image.ts';

export const REGISTRY_LOGIN = { username: 'robot', password: 'w0rd' };
const HTPASSWD = 'robot:$2b$04$fBtHYr4Ut5WQXRcQVmK3uecvCUOg/szt7K64eXHCuhN3r3e6mbxZG\n';

export type RegistryLogin =
  | 'none'
  | 'basic'
  | { readonly realm: string; readonly service: string; readonly issuer: string; readonly certificates: string };

export interface DockerRegistry {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** @param directory of its blobs, which another registry may have filled */
export async function startDockerRegistry(directory: string, login: RegistryLogin = 'none'): Promise<DockerRegistry> {
  const port = await closedPort();
  const file = (name: string) => join(directory, `${name}-${port}`);
  const auth = () => {
    if (login === 'none') return {};
    if (login === 'basic') {
      writeFileSync(file('htpasswd'), HTPASSWD);
      return { auth: { htpasswd: { realm: 'test', path: file('htpasswd') } } };
    }
    writeFileSync(file('issuer.pem'), login.certificates);
    const { realm, service, issuer } = login;
    return { auth: { token: { realm, service, issuer, rootcertbundle: file('issuer.pem') } } };
  };
  const settings = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(directory, 'blobs') } },
    http: { addr: `127.0.0.1:${port}`, secret: 'of-a-test' },
    ...auth(),
  };
  writeFileSync(file('config.yml'), JSON.stringify(settings));
  const child = spawn('docker-registry', ['serve', file('config.yml')], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
  const url = `http://127.0.0.1:${port}`;
  await answers(url, child, () => Buffer.concat(said).toString());
  return {
    url,
    async close() {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await new Promise(resolve => child.once('exit', resolve));
    },
  };
}

async function answers(url: string, child: ChildProcess, said: () => string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    assert.equal(child.exitCode, null, said());
    if (
      await fetch(`${url}/v2/`).then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  assert.fail(`docker-registry does not answer: ${said()}`);
}

/** Pushes every blob of an image, and its documents, the topmost under a tag. */
export async function pushImage(registry: DockerRegistry, repository: string, tag: string, { blobs, documents }: TinyImage): Promise<void> {
  for (const blob of blobs) {
    const started = await fetch(`${registry.url}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
    const location = new URL(started.headers.get('location') ?? '', registry.url);
    location.searchParams.set('digest', `sha256:${createHash('sha256').update(blob).digest('hex')}`);
    assert.equal((await fetch(location, { method: 'PUT', body: new Uint8Array(blob) })).status, 201);
  }
  for (const [index, { mediaType, bytes }] of documents.entries()) {
    const name = index === documents.length - 1 ? tag : `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const answer = await fetch(`${registry.url}/v2/${repository}/manifests/${name}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body: new Uint8Array(bytes),
    });
    assert.equal(answer.status, 201, await answer.text());
  }
}

import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Output } from './command.ts';
import { enterNetwork, type Network } from './network.ts';
import { eventually } from './patience.ts';
import { runDirectory } from './run-directory.ts';

/** Somebody with an admin.conf at a desk in the cluster's network, outside its hosts. */
export interface Operator {
  /** Path of the kubeconfig. */
  readonly kubeconfig: string;
  /** curl's arguments for what stands in it: trust, certificate, key. */
  readonly curlCredentials: readonly string[];
  /** kubectl's stdout; `server` is an address, default: what the kubeconfig says. @throws when it fails */
  kubectl(args: readonly string[], server?: string): Promise<string>;
  /** The same, whatever the exit code. */
  tryKubectl(args: readonly string[], server?: string): Promise<Output>;
  /** Hands objects to `kubectl apply`. @throws when it fails */
  apply(objects: readonly object[]): Promise<string>;
  /** Waits until all these objects exist and are so, as `wait('nodes', 'condition=Ready', ['a', 'b'])`. @throws with their description when it takes longer than two minutes */
  wait(kind: string, until: string, names: readonly string[], ...more: string[]): Promise<void>;
  /** Hands `use` a URL of loopback, in the operator's network, that `kubectl port-forward` connects with that port of a pod. */
  forwarded<T>(pod: string, port: number, use: (url: string) => Promise<T>): Promise<T>;
  /** True when /readyz of that API server answers 200. */
  ready(server: string): Promise<boolean>;
  /** HTTP status of one request as that operator, 0 when nothing answered within `timeout` seconds. */
  request(server: string, request: Request): Promise<number>;
  /** HTTP status and body of one request without a client certificate. */
  stranger(server: string, path: string, ...headers: string[]): Promise<Answer>;
}

export interface Request {
  readonly method?: string;
  readonly path: string;
  /** JSON */
  readonly body?: string;
  /** seconds, default 3 */
  readonly timeout?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Arguments that make curl print body, newline, status; and what reads that. */
export const CURL_ANSWER = ['--silent', '--write-out', '\n%{http_code}', '--max-time', '5'] as const;

/** Reads what curl printed because of `CURL_ANSWER`; status 0 when nothing answered. */
export function curlAnswer(stdout: string): Answer {
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, Math.max(0, end)) };
}

interface KubeconfigJson {
  readonly clusters: readonly { readonly cluster: { readonly 'certificate-authority-data': string } }[];
  readonly users: readonly { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } }[];
}

/** Opens a kubeconfig with embedded PEM, as admin.conf is. Requests go through curl: it starts in a fraction of kubectl's time. */
export async function operatorWith(kubeconfig: string, kubectl: string, network: Network): Promise<Operator> {
  const directory = join(runDirectory(), basename(network.namespace), 'operator');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const json = JSON.parse(
    await network.run(kubectl, ['--kubeconfig', kubeconfig, 'config', 'view', '--raw', '--output=json']),
  ) as KubeconfigJson;
  const [cluster, user] = [json.clusters[0]?.cluster, json.users[0]?.user];
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no cluster or no user`);
  const file = async (name: string, base64: string) => {
    const path = join(directory, name);
    await writeFile(path, Buffer.from(base64, 'base64'), { mode: 0o600 });
    return path;
  };
  const ca = await file('ca.crt', cluster['certificate-authority-data']);
  const certificate = await file('client.crt', user['client-certificate-data']);
  const key = await file('client.key', user['client-key-data']);

  const curlCredentials = ['--cacert', ca, '--cert', certificate, '--key', key];

  // kubectl keeps a discovery cache in HOME: every test cluster has the same addresses.
  const env = { PATH: process.env.PATH ?? '', HOME: directory };
  const kubectlArgs = (args: readonly string[], server?: string) => [
    ...['--kubeconfig', kubeconfig],
    ...(server === undefined ? [] : ['--server', `https://${server}:6443`]),
    ...args,
  ];

  async function request(server: string, { method = 'GET', path, body, timeout = 3 }: Request): Promise<number> {
    const args = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}', '--max-time', String(timeout)];
    args.push(...curlCredentials, '--request', method, `https://${server}:6443${path}`);
    if (body !== undefined) args.push('--header', 'Content-Type: application/json', '--data', body);
    return Number((await network.capture('curl', args)).stdout);
  }

  return {
    kubeconfig,
    curlCredentials,
    kubectl: (args, server) => network.run(kubectl, kubectlArgs(args, server), { env }),
    apply: objects =>
      network.run(kubectl, kubectlArgs(['apply', '--filename=-']), {
        env,
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
      }),
    tryKubectl: (args, server) => network.capture(kubectl, kubectlArgs(args, server), { env }),
    wait: async (kind, until, names, ...more) => {
      const kubectlHere = (args: readonly string[], timeout = 60_000) =>
        network.capture(kubectl, kubectlArgs([...args, ...more]), { env, timeout });
      await eventually(`${kind} ${names.join(', ')} are there`, async () => (await kubectlHere(['get', kind, ...names])).code === 0, {
        timeout: 120_000,
        every: 500,
      });
      const waited = await kubectlHere(['wait', kind, ...names, `--for=${until}`, '--timeout=120s'], 130_000);
      if (waited.code !== 0) throw new Error(`${waited.stderr}\n${(await kubectlHere(['describe', kind, ...names])).stdout}`);
    },
    forwarded: async (pod, port, use) => {
      const args = enterNetwork(network.namespace, kubectl, kubectlArgs(['port-forward', `pod/${pod}`, `:${port}`]));
      const forward = spawn('nsenter', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      try {
        const local = await new Promise<string>((resolve, reject) => {
          let said = '';
          forward.stderr.on('data', chunk => {
            said += chunk;
          });
          forward.stdout.on('data', chunk => {
            const found = /Forwarding from (127\.0\.0\.1:\d+)/.exec(String(chunk))?.[1];
            if (found !== undefined) resolve(found);
          });
          forward.once('error', reject).once('exit', code => reject(new Error(`port-forward to ${pod} ended with ${code}: ${said}`)));
        });
        return await use(`http://${local}`);
      } finally {
        forward.kill();
      }
    },
    ready: async server => (await request(server, { path: '/readyz' })) === 200,
    request,
    stranger: async (server, path, ...headers) => {
      const args = [...CURL_ANSWER, '--cacert', ca, ...headers.flatMap(header => ['--header', header]), `https://${server}:6443${path}`];
      return curlAnswer((await network.capture('curl', args)).stdout);
    },
  };
}

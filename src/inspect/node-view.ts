// One node as `verify` sees it: its payload, and what the payload says about the node.
import { dirname } from 'node:path';
import type { PlanFileLine } from '../formats/payload-directory.ts';
import { fileText, type PayloadView } from './payload-view.ts';

export interface NodeView {
  readonly name: string;
  /** What problems name: the artifact, or the node's directory. */
  readonly subject: string;
  readonly payload: PayloadView;
  /** `control-plane` or `worker`, as the payload itself says. */
  readonly role: string;
  readonly addresses: readonly string[];
  /** Directory of ca.crt; undefined when the payload has none. */
  readonly pki?: string;
}

const NODE_ENV = '/kubekiln/node.env';

export function viewNode(name: string, subject: string, payload: PayloadView): NodeView {
  const environment = readEnvironment(payload);
  const addresses = (environment.get('KUBEKILN_ADDRESSES') ?? environment.get('KUBEKILN_ADDRESS') ?? '').split(' ');
  const pki = pkiDirectory(payload.files);
  return {
    name: environment.get('KUBEKILN_NODE') ?? name,
    subject,
    payload,
    role: environment.get('KUBEKILN_ROLE') ?? (pki !== undefined && has(payload, `${pki}/apiserver.crt`) ? 'control-plane' : 'worker'),
    addresses: addresses.filter(address => address !== ''),
    ...(pki !== undefined && { pki }),
  };
}

/** Text of a file below the PKI directory, e.g. `etcd/server.crt`. */
export function pkiText({ payload, pki }: NodeView, name: string): string | undefined {
  return pki === undefined ? undefined : fileText(payload, `${pki}/${name}`);
}

function has(payload: PayloadView, path: string): boolean {
  return payload.files.some(file => file.path === path);
}

/** paths.pki may be anywhere: beside apiserver.crt, or else where the uppermost ca.crt stands. */
function pkiDirectory(files: readonly PlanFileLine[]): string | undefined {
  const named = (name: string) => files.map(file => file.path).filter(path => path.endsWith(`/${name}`));
  const [path] = [...named('apiserver.crt'), ...named('ca.crt').toSorted((a, b) => a.length - b.length)];
  return path === undefined ? undefined : dirname(path);
}

/** The assignments of node.env, whose values stand in single quotes where the shell needs them. */
function readEnvironment(payload: PayloadView): ReadonlyMap<string, string> {
  const file = payload.files.find(one => one.path.endsWith(NODE_ENV));
  const text = file === undefined ? '' : (fileText(payload, file.path) ?? '');
  return new Map([...text.matchAll(/^([A-Z_]+)='?([^'\n]*)'?$/gm)].map(([, name = '', value = '']) => [name, value]));
}

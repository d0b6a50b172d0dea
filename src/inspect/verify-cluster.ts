// What must be the same on all nodes of a cluster. Only digests are kept of each node, so that a thousand nodes fit.
import { createHash, type X509Certificate } from 'node:crypto';
import type { Findings } from './checks.ts';
import { finding } from './finding.ts';
import { AUTHORITIES } from './leaf-rules.ts';
import { type NodeView, pkiText } from './node-view.ts';
import { fileText } from './payload-view.ts';
import { apiServer } from './verify-certificates.ts';

export interface NodeFacts {
  readonly name: string;
  readonly subject: string;
  readonly role: string;
  readonly addresses: readonly string[];
  readonly apiServer: X509Certificate | undefined;
  /** PEM of the cluster's authority, as this node trusts it. */
  readonly authority: string | undefined;
  /** Digests of what all nodes of this role share, by file name. */
  readonly shared: ReadonlyMap<string, string>;
  /** `--initial-cluster` and its token. */
  readonly etcd: ReadonlyMap<string, string>;
}

const ON_EVERY_NODE = ['ca.crt'];
const ON_CONTROL_PLANES = [...AUTHORITIES.flatMap(stem => [`${stem}.crt`, `${stem}.key`]), 'sa.pub', 'sa.key'];
const ENCRYPTION = /^kind: ["']?EncryptionConfiguration["']?\s*$/m;
const ETCD_SETTINGS = ['initial-cluster', 'initial-cluster-token'];

export function factsOf(node: NodeView): NodeFacts {
  const shared = new Map<string, string>();
  for (const name of new Set([...ON_EVERY_NODE, ...ON_CONTROL_PLANES])) {
    const text = pkiText(node, name);
    if (text !== undefined) shared.set(name, digestOf(text));
  }
  const etcd = new Map<string, string>();
  for (const { path } of node.payload.files) {
    const text = fileText(node.payload, path) ?? '';
    if (ENCRYPTION.test(text)) shared.set('encryption-config', digestOf(text));
    for (const setting of ETCD_SETTINGS) {
      const value = new RegExp(`--${setting}[= ]["']?([^\\s"'\\\\]+)`).exec(text)?.[1];
      if (value !== undefined) etcd.set(setting, value);
    }
  }
  const { name, subject, role, addresses } = node;
  return { name, subject, role, addresses, apiServer: apiServer(node), authority: pkiText(node, 'ca.crt'), shared, etcd };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function verifyCluster(findings: Findings, nodes: readonly NodeFacts[]): void {
  const [first, ...others] = nodes.filter(node => node.role === 'control-plane');
  if (!first) return;
  for (const node of nodes) {
    // A worker without kubelet dials nobody, and so trusts nobody.
    const trusts = node.role === 'control-plane' || ON_EVERY_NODE.some(name => node.shared.has(name));
    if (node !== first && trusts) compare(findings, first, node, ON_EVERY_NODE);
  }
  const names = new Set([...ON_CONTROL_PLANES, 'encryption-config'].filter(name => !ON_EVERY_NODE.includes(name)));
  for (const node of others) {
    compare(findings, first, node, [...names]);
    for (const setting of ETCD_SETTINGS) {
      findings.check('shared', first.etcd.get(setting) === node.etcd.get(setting), () =>
        finding(
          'etcd-members-differ',
          node.subject,
          `etcd's --${setting} is ${node.etcd.get(setting) ?? 'not set'}, on ${first.name} it is ${first.etcd.get(setting) ?? 'not set'}`,
        ),
      );
    }
  }
}

function compare(findings: Findings, first: NodeFacts, node: NodeFacts, names: readonly string[]): void {
  for (const name of names) {
    const [one, other] = [first.shared.get(name), node.shared.get(name)];
    if (one === undefined && other === undefined) continue;
    findings.check('shared', one === other, () => finding('shared-file-differs', node.subject, `its ${name} is not that of ${first.name}`));
  }
}

// A small payload made by hand, complete enough for every carrier.

import type { Payload, PayloadEntry } from '../../src/emit/payload.ts';
import { payloadDigest } from '../../src/formats/payload-directory.ts';
import type { Node } from '../../src/spec/cluster.ts';

export const INSTALLER = 'files/usr/local/libexec/kubekiln/kubekiln-install';

export function sampleNode(overrides: Partial<Node> = {}): Node {
  return {
    name: 'cp-1',
    role: 'control-plane',
    address: '10.0.1.11',
    addresses: ['10.0.1.11'],
    certSANs: [],
    platform: 'nocloud',
    architecture: 'amd64',
    labels: {},
    sysctl: {},
    taints: [],
    kubeletExtraArgs: [],
    kubeletConfiguration: {},
    ...overrides,
  };
}

const FILES: readonly Omit<PayloadEntry, 'mode'>[] = [
  {
    path: 'files/etc/kubernetes/pki/ca.crt',
    content: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
    part: 'identity',
    secret: false,
  },
  {
    path: 'files/etc/kubernetes/pki/ca.key',
    content: '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n',
    part: 'identity',
    secret: true,
  },
  {
    path: 'files/etc/systemd/system/etcd.service',
    content: '[Service]\nExecStart=/usr/local/bin/etcd \\\n  --name=cp-1\n',
    part: 'config',
    secret: false,
  },
  {
    path: 'files/etc/kubernetes/indented',
    content: '  first line indented\n\ttab: {{ braces }} ${x} %i\n\n',
    part: 'config',
    secret: false,
  },
  { path: 'files/etc/kubernetes/empty', content: '', part: 'config', secret: false },
  { path: INSTALLER, content: '#!/bin/sh\necho "installer from $KUBEKILN_SOURCE with $*"\n', part: 'runtime', secret: false },
];

export function samplePayload(node: Node = sampleNode(), more: readonly Omit<PayloadEntry, 'mode'>[] = []): Payload {
  const files = [...FILES, ...more].map(file => ({ ...file, mode: file.part === 'runtime' ? 0o700 : 0o600 }));
  const plan = files.map(file => `f ${file.secret ? '0600' : '0644'} root ${file.path.slice('files'.length)}\n`).join('');
  const digest = payloadDigest(plan, entry => files.find(file => file.path === entry)?.content);
  const own = { mode: 0o600, part: 'config', secret: false } as const;
  return {
    clusterName: 'prod',
    node,
    generation: 1,
    instanceId: `prod-${node.name}-1`,
    digest,
    directory: '/var/lib/kubekiln/payload/1',
    entries: [{ path: 'plan', content: plan, ...own }, ...files, { path: '.complete', content: `${digest}\n`, ...own }],
    runtime: 'inline',
    restarts: [],
    tools: [],
    parts: [],
    packedBootScript: 'umask 077\nmkdir -p /var/lib/kubekiln/payload/1\ntar -xpf /var/lib/kubekiln/payload/1.tar',
    bootScript: 'umask 077\nmkdir -p /var/lib/kubekiln/payload/1\n: "$x" && echo \'quoted\'',
  };
}

// Names, usages and signers of certificates: a wrong one is a component that nobody trusts, or one that everybody does.
import { type Break, swapped, without } from './break.ts';

const API_SERVER = 'src/components/kube-apiserver.ts';
const ETCD = 'src/components/etcd.ts';
const PKI_FILES = 'src/components/pki-files.ts';
const ISSUE = 'src/pki/issue.ts';
const CERTIFICATE = 'src/pki/certificate.ts';

const NAMES: readonly Break[] = [
  {
    name: "API server: the node's addresses",
    file: API_SERVER,
    ...swapped('kubernetesServiceIPs,\n    ...node.addresses,\n', 'kubernetesServiceIPs,\n'),
    tests: ['inspect/verify', 'build/any-cluster'],
    why: 'kubectl and workers dial them',
  },
  {
    name: 'API server: the first Service address',
    file: API_SERVER,
    ...without('    ...cluster.networking.kubernetesServiceIPs,\n'),
    tests: ['plan/guides', 'build/any-cluster'],
    why: 'every pod dials it',
  },
  {
    name: 'API server: kubernetes.default.svc',
    file: API_SERVER,
    ...without("    'kubernetes.default.svc',\n"),
    tests: ['inspect/verify'],
    why: 'pods dial it by name',
  },
  {
    name: 'API server: the name with the cluster domain',
    file: API_SERVER,
    ...without('    `kubernetes.default.svc.${cluster.networking.dnsDomain}`,\n'),
    tests: ['plan/guides', 'build/any-cluster'],
    why: 'webhooks and pods dial it by its full name',
  },
  {
    name: 'API server: loopback',
    file: API_SERVER,
    ...without("    '127.0.0.1',\n    '::1',\n"),
    tests: ['inspect/verify'],
    why: 'the daemons of the node dial it there',
  },
  {
    name: 'API server: the endpoint',
    file: API_SERVER,
    ...without('    ...(cluster.controlPlaneEndpoint ? [cluster.controlPlaneEndpoint.host] : []),\n'),
    tests: ['plan/golden', 'build/any-cluster'],
    why: 'operators and workers dial it',
  },
  {
    name: "API server: the cluster's certSANs",
    file: API_SERVER,
    ...without('    ...cluster.apiServer.certSANs,\n'),
    tests: ['build/any-cluster'],
    why: 'somebody asked for them',
  },
  {
    name: "API server: the node's certSANs",
    file: API_SERVER,
    ...without('    ...node.certSANs,\n'),
    tests: ['build/any-cluster'],
    why: 'somebody asked for them',
  },
  {
    name: 'etcd server: loopback',
    file: ETCD,
    ...swapped("'127.0.0.1', '::1', ...cluster.etcd.serverCertSANs", '...cluster.etcd.serverCertSANs'),
    tests: ['inspect/verify'],
    why: 'kube-apiserver dials its etcd there',
  },
  {
    name: 'etcd server: serverCertSANs',
    file: ETCD,
    ...without(', ...cluster.etcd.serverCertSANs'),
    tests: ['build/any-cluster'],
    why: 'somebody asked for them',
  },
  {
    name: "etcd peer: the node's addresses",
    file: ETCD,
    ...swapped("...node.addresses, '127.0.0.1', '::1', ...cluster.etcd.peerCertSANs", "'127.0.0.1', '::1', ...cluster.etcd.peerCertSANs"),
    tests: ['inspect/verify', 'build/any-cluster'],
    why: 'members refuse each other',
  },
  {
    name: 'etcd peer: peerCertSANs',
    file: ETCD,
    ...without(', ...cluster.etcd.peerCertSANs'),
    tests: ['build/any-cluster'],
    why: 'somebody asked for them',
  },
  {
    name: 'controller manager and scheduler: loopback',
    file: PKI_FILES,
    ...swapped("ipAddresses: ['127.0.0.1', '::1'],", 'ipAddresses: [],'),
    tests: ['inspect/verify'],
    why: 'their health is asked there',
  },
];

const USAGES_AND_SIGNERS: readonly Break[] = [
  {
    name: 'client certificates that serve',
    file: PKI_FILES,
    ...swapped("usages: ['clientAuth'], dnsNames", "usages: ['serverAuth'], dnsNames"),
    tests: ['inspect/verify'],
    why: 'no server accepts them',
  },
  {
    name: 'an etcd server certificate without clientAuth',
    file: ETCD,
    ...swapped(
      "usages: ['serverAuth', 'clientAuth'] } as const;\n  return { name: `${node.name}/etcd/server`",
      "usages: ['serverAuth'] } as const;\n  return { name: `${node.name}/etcd/server`",
    ),
    tests: ['inspect/verify'],
    why: 'etcd dials itself with it',
  },
  {
    name: 'the etcd client of the API server signed by the cluster CA',
    file: API_SERVER,
    ...swapped("/apiserver-etcd-client`, 'etcd'", "/apiserver-etcd-client`, 'kubernetes'"),
    tests: ['inspect/verify', 'build/any-cluster'],
    why: 'etcd refuses it; and one that accepted it would accept every kubelet',
  },
  {
    name: 'the front proxy signed by the cluster CA',
    file: API_SERVER,
    ...swapped("/front-proxy-client`, 'front-proxy'", "/front-proxy-client`, 'kubernetes'"),
    tests: ['inspect/verify', 'build/any-cluster'],
    why: 'aggregated API servers refuse it',
  },
  {
    name: 'CA:TRUE on a leaf',
    file: ISSUE,
    ...swapped('    x509.LEAF_CONSTRAINTS,', '    x509.AUTHORITY_CONSTRAINTS,'),
    tests: ['pki/issue'],
    why: 'whoever has a node has an authority',
  },
  {
    name: 'CA:TRUE on a leaf, and nobody looks',
    file: 'src/pki/assert-issued.ts',
    ...without(' && !leaf.ca'),
    tests: ['pki/assert-issued'],
    why: 'output is validated as well as input',
  },
  {
    name: 'a leaf whose key may sign certificates',
    file: CERTIFICATE,
    ...swapped(
      "SIGNS = extension('keyUsage', bitString(Buffer.from([0b1000_0000]), 7)",
      "SIGNS = extension('keyUsage', bitString(Buffer.from([0b0000_0100]), 2)",
    ),
    tests: ['pki/issue'],
    why: 'a leaf must not sign others',
  },
  {
    name: "the cluster's O in client certificates",
    file: ISSUE,
    ...swapped(
      "O === undefined || usages.includes('clientAuth') ? others : { ...others, O }",
      "O === undefined || usages.includes('none' as 'clientAuth') ? others : { ...others, O }",
    ),
    tests: ['pki/issue', 'build/any-cluster'],
    why: 'Kubernetes reads O as a group: every component would be a member of it',
  },
  {
    name: 'the same serial number for all',
    file: CERTIFICATE,
    ...swapped('const octets = randomOctets(9);', 'const octets = Buffer.alloc(9, 1);'),
    tests: ['pki/issue'],
    why: 'RFC 5280, 4.1.2.2; revocation would hit all',
  },
  {
    name: 'two-digit years past 2049',
    file: CERTIFICATE,
    ...swapped("digits < '2050'", "digits < '2060'"),
    tests: ['pki/issue'],
    why: 'a CA of thirty years would end in 1955',
  },
  {
    name: 'a name that is taken for several attributes',
    file: 'src/pki/names.ts',
    ...swapped("'utf8'))))", "'utf8').subarray(0, 8))))"),
    tests: ['pki/encoding'],
    why: 'the DN says what was asked for, byte by byte',
  },
  {
    name: 'a leaf that outlives its authority',
    file: 'src/pki/credentials.ts',
    ...swapped('Math.min(now + cluster.certificateValidity, authority.notAfter)', 'now + cluster.certificateValidity'),
    tests: ['pki/credentials'],
    why: 'its own dates would lie',
  },
];

export const CERTIFICATE_BREAKS: readonly Break[] = [...NAMES, ...USAGES_AND_SIGNERS];

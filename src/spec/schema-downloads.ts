// What a node needs beside its own user-data, and where that comes from: kubekiln's runtime part, the programs of the cluster.
import { choice, list, mapping, text } from './field.ts';

export const RUNTIME_SOURCES = ['inline', 'image', 'mirror', 'bundle'] as const;
export const BINARY_SOURCES = ['image', 'mirror', 'bundle'] as const;
export const ARCHITECTURES = ['amd64', 'arm64'] as const;

const mirrorUrl = () => text('https-url', 'Base URL of a mirror, without credentials: those stand in secrets.yaml (downloadCredentials).');
const urls = {
  url: mirrorUrl().optional(),
  urls: list(mirrorUrl(), 'More mirrors, tried in this order.').default([]),
};

export const runtime = mapping(
  "Where kubekiln's own runtime part comes from: scripts, units and manifests that are the same on all nodes.",
  {
    source: choice(
      RUNTIME_SOURCES,
      'inline: in user-data, with everything else. image: in the machine image, where user-data becomes too large. mirror: downloaded at first boot from <url>/runtime-<digest>.tar.gz. bundle: from an offline bundle. The archive is out/<cluster>/image/runtime.tar.gz; its SHA-256 stands in user-data, manifest.json says its name.',
    ).default('inline'),
    ...urls,
  },
);

export const binaries = mapping('Where the programs come from, and with a bundle the container images.', {
  source: choice(
    BINARY_SOURCES,
    'image: they are on the node already, in paths.binaries. mirror: downloaded at install, each checked against the SHA-256 that cluster.lock.yaml pins (kubekiln images pin); a mirror holds a file at its upstream address without https://, as wget -x saves it: <url>/dl.k8s.io/v1.37.1/bin/linux/amd64/kube-apiserver. bundle: from an offline bundle (kubekiln bundle create), together with all container images, which containerd then has before kubelet starts. What must be there: kube-apiserver, kube-controller-manager, kube-scheduler and kubectl of kubernetesVersion (https://dl.k8s.io/<version>/bin/linux/<arch>/<name>), etcd, etcdctl and etcdutl 3.6 (https://github.com/etcd-io/etcd/releases) on control-plane nodes; kubelet and kube-proxy of kubernetesVersion, containerd and containerd-shim-runc-v2 (https://github.com/containerd/containerd/releases) and runc (https://github.com/opencontainers/runc/releases) on all; with podNetwork.type flannel also flanneld (https://github.com/flannel-io/flannel/releases), and bridge, host-local, loopback and portmap in /opt/cni/bin (https://github.com/containernetworking/plugins/releases); openssl and curl in /usr/bin, and in /usr/sbin nft (for kube-proxy in the mode nftables), iptables (for flanneld, and that mode) and haproxy 2.4 or newer (on workers with loadBalancer.type localProxy); those in /usr and runc come from the image in any case. kubekiln images list prints all of it.',
  ).default('image'),
  ...urls,
});

export const bundle = mapping('Where nodes look for an offline bundle, beside every volume with the label KUBEKILN.', {
  directory: text('path', 'A directory on the node: files there whose names end in -bundle.tar are bundles.', {
    examples: ['/srv/kubekiln'],
  }).default('/usr/local/share/kubekiln'),
});

export const downloads = mapping('How nodes reach mirrors.', {
  caFile: text(
    'sibling-file',
    'PEM file beside cluster.yaml with the authorities that mirrors are checked by, instead of those of the system.',
    {
      examples: ['mirror-ca.pem'],
    },
  ).optional(),
});

export const architecture = choice(ARCHITECTURES, "The machine's processor.").default('amd64');

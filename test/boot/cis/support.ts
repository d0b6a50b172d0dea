// What a support archive of a running control-plane node must say, and keys put where it collects.
import assert from 'node:assert/strict';
import type { Host } from '../host.ts';
import type { SupportArchive, SupportMember } from '../support-archive.ts';

const FACTS: Readonly<Record<SupportMember, readonly RegExp[]>> = {
  status: [/"stage":"etcd","result":"done"/],
  plan: [
    /^f 0600 root \/etc\/kubernetes\/pki\/apiserver\.key$/m,
    // as installed, and as staged
    /^[0-9a-f]{64} {2}\/etc\/kubernetes\/pki\/apiserver\.key$/m,
    /^[0-9a-f]{64} {2}\.\/etc\/kubernetes\/pki\/apiserver\.key$/m,
  ],
  directories: [/^-rw------- 1 +0 +0 +\d+ .* encryption-config\.yaml$/m, /\.wal$/m],
  certificates: [/apiserver\.crt\nsubject=CN = kube-apiserver\nissuer=CN = boot-kubernetes-ca\n/, /^notAfter=/m, /DNS:kubernetes\.default/],
  versions: [/etcd Version: 3\.6/, /^Kubernetes v1\./m, /^Client Version: v1\./m, /^OpenSSL 3/m],
  system: [/^Linux /m, /^PRETTY_NAME=/m, /^systemd 2/m, /cloud-init/, /load average/, /^Mem:/m, /^Filesystem/m, /Universal time/],
  network: [/inet 10\.77\.0\.\d+\//, /^tcp +LISTEN.*:2380 /m],
  units: [/kube-scheduler\.service +loaded +active +running/],
  'cloud-init': [/^status: done$/m, /Cloud-init v/],
  'kubekiln.log': [/kubekiln: payload: .*digest ok/, /kubekiln: bootstrap: objects in place/],
  'etcd.log': [/kubekiln: etcd: starting/],
  'kubernetes.log': [/kube-apiserver\[\d+\]:/, /kube-scheduler\[\d+\]:/],
  // A container has no kernel of its own.
  'kernel.log': [],
};

export function assertSaysWhatAHelperNeeds({ texts }: SupportArchive): void {
  for (const [member, facts] of Object.entries(FACTS)) {
    const text = texts[member as SupportMember];
    for (const fact of facts) assert.match(text, fact, member);
  }
}

// A unit of ours says its serving key, in pieces and in every form, and the encryption key.
const PLANT = String.raw`
key=/etc/kubernetes/pki/apiserver.key
cat $key
sed -n 2p $key
base64 $key
base64 -w 0 $key; echo
gzip --stdout $key | base64 -w 0; echo
openssl pkey -in $key -outform DER | base64 -w 0; echo
sed ':a;N;$!ba;s/\n/\\n/g' $key
echo "decrypting with $(sed -n 's/.*secret: //p' /etc/kubernetes/encryption-config.yaml), the end"
`;

export async function plantInJournal(host: Host): Promise<void> {
  await host.sh(
    `cat > /run/plant <<'PLANT'\n${PLANT}PLANT\nsystemd-run --quiet --wait --unit=kubekiln-planted sh /run/plant; journalctl --sync`,
  );
}

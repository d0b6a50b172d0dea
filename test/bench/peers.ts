// What kubekiln is compared with.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory, KUBERNETES_VERSION } from '../boot/cache.ts';
import { call, emptied, shell } from './program.ts';
import type { Work } from './rounds.ts';

/** kubeadm as the boot tests build it; undefined where they never ran. */
export function findKubeadm(): string | undefined {
  const path = join(cacheDirectory(), `kubernetes-${KUBERNETES_VERSION}`, 'kubeadm');
  return existsSync(path) ? path : undefined;
}

const SHARED = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub', 'etcd/ca.crt', 'etcd/ca.key'];

/** Certificates and kubeconfigs of three control-plane nodes: the authorities are made on the first and copied to the others. */
export function kubeadm(program: string, directory: string): Work {
  const nodes = [1, 2, 3].map(index => ({ name: `cp-${index}`, address: `10.0.0.${10 + index}` }));
  const phases = nodes.flatMap(({ name }, index) => {
    const copies = SHARED.map(file => `cp cp-1/pki/${file} ${name}/pki/${file}`);
    return [
      ...(index > 0 ? [`mkdir -p ${name}/pki/etcd`, ...copies] : []),
      `${program} init phase certs all --config ${name}.yaml`,
      `${program} init phase kubeconfig all --config ${name}.yaml --kubeconfig-dir ${directory}/${name}`,
    ];
  });
  const prepare = () => {
    emptied(directory);
    for (const { name, address } of nodes) writeFileSync(join(directory, `${name}.yaml`), kubeadmConfig(directory, name, address));
  };
  return { prepare, ...shell(directory, phases.join('\n')) };
}

function kubeadmConfig(directory: string, name: string, address: string): string {
  return `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: ${address}}
nodeRegistration: {name: ${name}, criSocket: unix:///none.sock}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${KUBERNETES_VERSION}
encryptionAlgorithm: ECDSA-P256
certificatesDir: ${directory}/${name}/pki
controlPlaneEndpoint: 10.0.0.10:6443
`;
}

const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';

/** A key and a certificate by one openssl each, so many times. */
export function openssl(directory: string, count: number): Work {
  emptied(directory);
  call('sh', ['-ec', `openssl req -x509 ${NEW_KEY} -subj /CN=ca -days 3650 -keyout ca.key -out ca.crt`], directory);
  const extensions =
    '-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth,clientAuth';
  const names = '-addext subjectAltName=DNS:cp-1,DNS:kubernetes.default.svc,IP:10.0.0.11,IP:10.96.0.1';
  const one = `openssl req -x509 ${NEW_KEY} -CA ca.crt -CAkey ca.key -subj /O=system:nodes/CN=leaf -days 365 ${extensions} ${names}`;
  return shell(directory, `n=0\nwhile [ $n -lt ${count} ]; do ${one} -keyout $n.key -out $n.crt; n=$((n + 1)); done`);
}

/** An archive of each directory by GNU tar and gzip. */
export function gnuTar(directories: readonly string[], level: number): Work {
  const one = (directory: string) =>
    `tar -C ${directory} --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -cf - . | gzip -${level}n > ${directory}.tar.gz`;
  return shell('/', directories.map(one).join('\n'));
}

/** A seed image of each directory. */
export function genisoimage(directories: readonly string[]): Work {
  const one = (directory: string) => `genisoimage -quiet -V CIDATA -J -r -o ${directory}.iso ${directory}`;
  return shell('/', directories.map(one).join('\n'));
}

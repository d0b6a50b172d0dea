#!/bin/sh
# Lays out the floor that kubekiln's time from power-on to ready is compared with: a control plane with kubeadm's certificates and the shortest units
# that work, with no installer, no guard and no hardening. It only writes files.
# usage: lay-out.sh KUBEADM VERSION OUT NAME=ADDRESS…      makes OUT/NAME/ (files of the host, from its root) for each, and OUT/admin.conf
set -eu
kubeadm=$1 version=$2 out=$3
shift 3
pki=/etc/kubernetes/pki
key=$(head -c 32 /dev/urandom | base64)
first=${1%%=*}
members='' sans=
for member in "$@"; do
  members="$members,${member%%=*}=https://${member#*=}:2380"
  sans="$sans, \"${member#*=}\""
done

unit() { # name type after arguments
  cat > "$tree/etc/systemd/system/$1.service" <<UNIT
[Unit]
Wants=network-online.target
After=network-online.target $3
StartLimitIntervalSec=0
[Service]
Type=$2
TimeoutStartSec=0
Restart=always
RestartSec=2
ExecStart=/usr/local/bin/$1 $4
UNIT
  ln -sf "../$1.service" "$tree/etc/systemd/system/multi-user.target.wants/$1.service"
}

for member in "$@"; do
  name=${member%%=*} address=${member#*=}
  tree=$out/$name made=$out/.made/$name
  mkdir -p "$made/pki/etcd" "$tree/etc/kubernetes" "$tree/etc/systemd/system/multi-user.target.wants"
  if [ "$name" != "$first" ]; then
    for file in ca.crt ca.key sa.key sa.pub front-proxy-ca.crt front-proxy-ca.key etcd/ca.crt etcd/ca.key; do
      cp "$out/.made/$first/pki/$file" "$made/pki/$file"
    done
  fi
  cat > "$made/kubeadm.yaml" <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: {name: $name, criSocket: unix:///none.sock}
localAPIEndpoint: {advertiseAddress: $address}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: $version
certificatesDir: $made/pki
encryptionAlgorithm: ECDSA-P256
apiServer: {certSANs: ["127.0.0.1"$sans]}
etcd: {local: {serverCertSANs: ["$address"], peerCertSANs: ["$address"]}}
YAML
  "$kubeadm" init phase certs all --config "$made/kubeadm.yaml" > /dev/null 2>&1
  "$kubeadm" init phase kubeconfig all --config "$made/kubeadm.yaml" --kubeconfig-dir "$made" > /dev/null 2>&1
  cp -a "$made/pki" "$tree/etc/kubernetes/"
  for file in controller-manager scheduler; do
    sed "s#server: .*#server: https://$address:6443#" "$made/$file.conf" > "$tree/etc/kubernetes/$file.conf"
  done
  cat > "$tree/etc/kubernetes/encryption.yaml" <<YAML
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [{secretbox: {keys: [{name: key1, secret: $key}]}}, {identity: {}}]}]
YAML
  unit etcd notify '' "--name=$name --data-dir=/var/lib/etcd --listen-client-urls=https://$address:2379,https://127.0.0.1:2379 \
--advertise-client-urls=https://$address:2379 --listen-peer-urls=https://$address:2380 --initial-advertise-peer-urls=https://$address:2380 \
--initial-cluster=${members#,} --initial-cluster-state=new --cert-file=$pki/etcd/server.crt --key-file=$pki/etcd/server.key --client-cert-auth \
--trusted-ca-file=$pki/etcd/ca.crt --peer-cert-file=$pki/etcd/peer.crt --peer-key-file=$pki/etcd/peer.key --peer-client-cert-auth \
--peer-trusted-ca-file=$pki/etcd/ca.crt"
  unit kube-apiserver notify etcd.service "--advertise-address=$address --etcd-servers=https://$address:2379 --etcd-cafile=$pki/etcd/ca.crt \
--etcd-certfile=$pki/apiserver-etcd-client.crt --etcd-keyfile=$pki/apiserver-etcd-client.key --client-ca-file=$pki/ca.crt \
--tls-cert-file=$pki/apiserver.crt --tls-private-key-file=$pki/apiserver.key --service-account-issuer=https://kubernetes.default.svc.cluster.local \
--service-account-key-file=$pki/sa.pub --service-account-signing-key-file=$pki/sa.key --service-cluster-ip-range=10.96.0.0/12 \
--authorization-mode=Node,RBAC --encryption-provider-config=/etc/kubernetes/encryption.yaml --requestheader-client-ca-file=$pki/front-proxy-ca.crt \
--requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
--requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file=$pki/front-proxy-client.crt \
--proxy-client-key-file=$pki/front-proxy-client.key --kubelet-client-certificate=$pki/apiserver-kubelet-client.crt \
--kubelet-client-key=$pki/apiserver-kubelet-client.key"
  conf=/etc/kubernetes/controller-manager.conf
  unit kube-controller-manager exec '' "--kubeconfig=$conf --authentication-kubeconfig=$conf --authorization-kubeconfig=$conf \
--cluster-signing-cert-file=$pki/ca.crt --cluster-signing-key-file=$pki/ca.key --root-ca-file=$pki/ca.crt \
--service-account-private-key-file=$pki/sa.key --use-service-account-credentials"
  conf=/etc/kubernetes/scheduler.conf
  unit kube-scheduler exec '' "--kubeconfig=$conf --authentication-kubeconfig=$conf --authorization-kubeconfig=$conf"
done
cp "$out/.made/$first/super-admin.conf" "$out/admin.conf"
rm -rf "$out/.made"

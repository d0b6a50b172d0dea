#!/bin/sh
# Lays out a node of the floor: kubelet, containerd, kube-proxy and flanneld with hand-made units and the shortest configuration that works, whoever
# made the control plane. It only writes files.
# usage: lay-out-node.sh CA-DIRECTORY API-SERVER OUT NAME ADDRESS CONTAINERD-VERSION      CA-DIRECTORY holds ca.crt and ca.key; makes OUT/NAME/ (files from the host's root)
set -eu
ca=$1 server=$2 out=$3 name=$4 address=$5 containerd=$6
tree=$out/$name
pki=$tree/etc/kubernetes/pki
mkdir -p "$pki" "$tree/etc/systemd/system/multi-user.target.wants" "$tree/etc/containerd" "$tree/etc/cni" "$tree/etc/kube-flannel" "$tree/etc/sysctl.d"
cp "$ca/ca.crt" "$pki/ca.crt"

certificate() { # file subject extensions…
  file=$pki/$1 subject=$2
  shift 2
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -keyout "$file.key" -out "$file.csr" 2> /dev/null
  for line in keyUsage=critical,digitalSignature "$@"; do echo "$line"; done > "$file.ext"
  serial=0x$(openssl rand -hex 8)
  openssl x509 -req -in "$file.csr" -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -set_serial "$serial" -days 30 -extfile "$file.ext" -out "$file.crt" 2> /dev/null
  rm "$file.csr" "$file.ext"
}

kubeconfig() { # file certificate
  cat > "$tree/etc/kubernetes/$1.conf" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: floor, cluster: {server: "$server", certificate-authority: /etc/kubernetes/pki/ca.crt}}]
users: [{name: $2, user: {client-certificate: /etc/kubernetes/pki/$2.crt, client-key: /etc/kubernetes/pki/$2.key}}]
contexts: [{name: floor, context: {cluster: floor, user: $2}}]
current-context: floor
YAML
}

unit() { # name type after command, then further lines of [Service] from stdin
  {
    printf '[Unit]\nWants=network-online.target\nAfter=network-online.target %s\nStartLimitIntervalSec=0\n' "$3"
    printf '[Service]\nType=%s\nTimeoutStartSec=0\nRestart=always\nRestartSec=1\n%s\nExecStart=%s\n' "$2" "$(cat)" "$4"
  } > "$tree/etc/systemd/system/$1.service"
  ln -sf "../$1.service" "$tree/etc/systemd/system/multi-user.target.wants/$1.service"
}

certificate kubelet-client "/O=system:nodes/CN=system:node:$name" extendedKeyUsage=clientAuth
certificate kubelet "/O=system:nodes/CN=system:node:$name" extendedKeyUsage=serverAuth "subjectAltName=DNS:$name,IP:$address"
certificate kube-proxy /CN=system:kube-proxy extendedKeyUsage=clientAuth
certificate flannel /CN=flannel extendedKeyUsage=clientAuth
kubeconfig kubelet kubelet-client
kubeconfig kube-proxy kube-proxy
kubeconfig flannel flannel

cat > "$tree/etc/sysctl.d/90-floor.conf" <<CONF
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
CONF

case $containerd in
  v1.*)
    cat > "$tree/etc/containerd/config.toml" <<'TOML'
version = 2

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = 'registry.k8s.io/pause:3.10.2'
enable_unprivileged_ports = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = true
TOML
    ;;
  *)
    cat > "$tree/etc/containerd/config.toml" <<'TOML'
version = 3
imports = ['/etc/containerd/conf.d/*.toml']

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = 'registry.k8s.io/pause:3.10.2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = true
TOML
    ;;
esac
unit containerd notify '' '/usr/local/bin/containerd --config /etc/containerd/config.toml' <<UNIT
Delegate=yes
KillMode=process
OOMScoreAdjust=-999
LimitNOFILE=1048576
TasksMax=infinity
UNIT

cat > "$tree/etc/kubernetes/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
authorization: {mode: Webhook}
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
tlsCertFile: /etc/kubernetes/pki/kubelet.crt
tlsPrivateKeyFile: /etc/kubernetes/pki/kubelet.key
rotateCertificates: false
YAML
unit kubelet notify containerd.service "/usr/local/bin/kubelet --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
--hostname-override=$name --node-ip=$address" <<UNIT
Delegate=yes
UNIT

cat > "$tree/etc/kubernetes/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: /etc/kubernetes/kube-proxy.conf}
mode: nftables
clusterCIDR: 10.244.0.0/16
hostnameOverride: $name
YAML
unit kube-proxy exec '' '/usr/local/bin/kube-proxy --config=/etc/kubernetes/kube-proxy.yaml' < /dev/null

cat > "$tree/etc/kube-flannel/net-conf.json" <<JSON
{"Network": "10.244.0.0/16", "EnableNFTables": true, "Backend": {"Type": "vxlan"}}
JSON
cat > "$tree/etc/cni/from-flannel" <<'SH'
#!/bin/sh
# Writes the plugins' configuration from what flannel leased.
set -eu
until [ -s /run/flannel/subnet.env ]; do sleep 0.2; done
. /run/flannel/subnet.env
mkdir -p /etc/cni/net.d
cat > /etc/cni/net.d/.floor <<JSON
{"cniVersion": "1.0.0", "name": "floor", "plugins": [
{"type": "bridge", "bridge": "cni0", "mtu": $FLANNEL_MTU, "isDefaultGateway": true, "hairpinMode": true,
 "ipam": {"type": "host-local", "ranges": [[{"subnet": "${FLANNEL_SUBNET%.*}.0/24"}]]}},
{"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
mv /etc/cni/net.d/.floor /etc/cni/net.d/10-floor.conflist
SH
chmod +x "$tree/etc/cni/from-flannel"
unit flannel exec '' "/usr/local/bin/flanneld --kube-subnet-mgr --kubeconfig-file=/etc/kubernetes/flannel.conf --net-config-path=/etc/kube-flannel/net-conf.json \
--iface=host0 --ip-masq" <<UNIT
Environment=NODE_NAME=$name
ExecStartPost=/etc/cni/from-flannel
UNIT

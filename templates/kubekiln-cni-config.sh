#!/bin/sh
# kubekiln-cni-config BYTES: runs when flanneld has its lease, and lays the CNI configuration that comes from it where containerd looks.
# BYTES: what the tunnel takes beyond what flanneld reckons.
set -eu
umask 077
LC_ALL=C
export LC_ALL
. /run/flannel/subnet.env
# flanneld names the first address of a subnet, host-local wants the subnet: its last digit is the 1 that was added.
v4=${FLANNEL_SUBNET:-}
v6=${FLANNEL_IPV6_SUBNET:-}
host=${v4%/*}
net=/etc/cni/net.d
new=$net/.10-flannel.conflist
mkdir -p "$net"
sed -e "s|@IPV4@|${host%.*}.$((${host##*.} - 1))/${v4#*/}|" -e "s|@IPV6@|${v6%1/*}0/${v6#*/}|" -e "s|\"@MTU@\"|$((FLANNEL_MTU - $1))|" \
  {{library}}/cni.conflist >"$new"
if cmp -s "$new" "$net/10-flannel.conflist"; then
  rm -f "$new"
else
  sync "$new"
  mv -f "$new" "$net/10-flannel.conflist"
fi

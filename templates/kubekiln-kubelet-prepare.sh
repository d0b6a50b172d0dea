#!/bin/sh
# kubekiln-kubelet-prepare KUBECONFIG RESULT: runs before every start of kubelet.
set -eu
umask 022
. {{nodeEnv}}
# Pods of dnsPolicy Default, and CoreDNS, get this machine's own resolvers. One on loopback is another one inside a pod: CoreDNS would ask itself.
resolvers=/run/systemd/resolve/resolv.conf
[ -s "$resolvers" ] || resolvers=/etc/resolv.conf
mkdir -p /run/kubekiln
grep -Ev '^[[:space:]]*nameserver[[:space:]]+(127\.|::1)' "$resolvers" >/run/kubekiln/resolv.conf.new 2>/dev/null || :
# CoreDNS ends when it finds none at all; at this machine's own address it hears at once that nobody answers.
grep -q '^[[:space:]]*nameserver' /run/kubekiln/resolv.conf.new || echo "nameserver $KUBEKILN_ADDRESS" >>/run/kubekiln/resolv.conf.new
mv -f /run/kubekiln/resolv.conf.new /run/kubekiln/resolv.conf

# RESULT is KUBECONFIG with what it refers to inside.
embed() {
  while IFS= read -r line; do
    case $line in
      *' client-certificate: '* | *' client-key: '*)
        data=$(base64 -w 0 "${line#*: }")
        line="${line%%: *}-data: $data"
        ;;
    esac
    printf '%s\n' "$line"
  done <"$1"
}
(umask 077 && embed "$1" >"$2.new")
mv -f "$2.new" "$2"

# A certificate that kubelet rotated belongs to the identity that it began with: with another one in the kubeconfig, that one counts.
pki=/var/lib/kubelet/pki
identity=$(sha256sum <"$2")
if [ "$(cat "$pki/kubekiln-identity" 2>/dev/null)" != "$identity" ]; then
  mkdir -p "$pki"
  rm -f "$pki"/kubelet-client-*.pem
  echo "$identity" >"$pki/kubekiln-identity"
fi

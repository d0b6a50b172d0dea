#!/bin/sh
# kubekiln-kubelet-prepare KUBECONFIG RESULT: runs before every start of kubelet.
# kubekiln-kubelet-prepare KUBECONFIG watch: says on the console what this node waits for, until it is Ready.
set -eu
umask 022
. {{nodeEnv}}
pki=/var/lib/kubelet/pki

if [ "$2" = watch ]; then
  server=$(sed -n 's/^ *server: //p' "$1") said='' count=0
  # With kubelet's own eyes: the same address, the same certificate.
  while sleep 5; do
    if node=$(curl -sSf -m 5 --cacert "$KUBEKILN_PKI/ca.crt" -E "$pki/kubelet-client-current.pem" "$server/api/v1/nodes/$KUBEKILN_NODE?pretty=true" 2>&1); then
      ready=$(echo "$node" | grep -A 5 '"type": "Ready"') || :
      case $ready in *'"status": "True"'*) echo "kubekiln: kubelet: $KUBEKILN_NODE is Ready"; exit ;; esac
      why=$(echo "$ready" | sed -n 's/.*"message": "\(.*\)".*/\1/p' | cut -c1-300)
    else
      why="$server: $(echo "$node" | sed 's/ after [0-9]* m[a-z]*s//')"
      # It ended before: what it said last.
      [ "$(systemctl show -P NRestarts kubelet)" = 0 ] || why="$why; $(journalctl -u kubelet -ocat -n99 | grep ^E | tail -n 1)"
    fi
    if [ "$why" != "$said" ] || [ "$((count % 12))" = 0 ]; then echo "kubekiln: kubelet: waiting: $why"; fi
    said=$why count=$((count + 1))
  done
fi

# Pods of dnsPolicy Default, and CoreDNS, get this machine's own resolvers. One on loopback is another one inside a pod: CoreDNS would ask itself.
resolvers=/run/systemd/resolve/resolv.conf
[ -s "$resolvers" ] || resolvers=/etc/resolv.conf
mkdir -p /run/kubekiln
grep -Ev '^\s*nameserver\s+(127\.|::1)' "$resolvers" >/run/kubekiln/resolv.conf.new 2>/dev/null || :
# CoreDNS ends when it finds none at all; at this machine's own address it hears at once that nobody answers.
grep -q '^\s*nameserver' /run/kubekiln/resolv.conf.new || echo "nameserver $KUBEKILN_ADDRESS" >>/run/kubekiln/resolv.conf.new
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
identity=$(sha256sum <"$2")
if [ "$(cat "$pki/kubekiln-identity" 2>/dev/null)" != "$identity" ]; then
  mkdir -p "$pki"
  rm -f "$pki"/kubelet-client-*.pem
  echo "$identity" >"$pki/kubekiln-identity"
fi

# It dies with kubelet, and goes on when kubelet alone dies.
! command -v curl >/dev/null || systemd-run --quiet --no-block --collect --unit=kubekiln-kubelet-watch -p PartOf=kubelet.service -p SyslogIdentifier=kubekiln \
  -p StandardOutput=journal+console "$0" "$1" watch 2>/dev/null || :

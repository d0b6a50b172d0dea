#!/bin/sh
# Installs {{node}} of {{cluster}} from the directory that this archive was unpacked into; run it as root. With --apply it changes a node that runs.
#
# kubekiln-install does the work. Here stands what it needs only when it is started from an unpacked node.tar.gz: user-data does not carry it.
[ "$(id -u)" = 0 ] || { echo "install: must run as root" >&2; exit 2; }
KUBEKILN_SOURCE=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1

refuse_other_node() {
  installed=$(. "$current/$env"; echo "$KUBEKILN_CLUSTER/$KUBEKILN_NODE $KUBEKILN_GENERATION")
  [ "${installed% *}" = "$node" ] || stop "this machine is ${installed% *}, the payload is of $node" "use the payload of ${installed% *}; a machine changes its name only with an empty disk"
  [ "$generation" -ge "${installed#* }" ] || stop "payload generation $generation is older than the installed ${installed#* }" "build again and use the newest payload; nothing was changed"
}

# Sets payload to a copy of this directory below $state, or to what is installed and equals it.
load_source() {
  case $mode in
    install) ;;
    --apply) mode=apply ;;
    *) trap - EXIT; echo "usage: ./install [--apply]" >&2; exit 2 ;;
  esac
  payload=$KUBEKILN_SOURCE
  check_payload
  if [ -d "$current" ]; then
    [ ! -f "$current/$env" ] || refuse_other_node
    if [ "$mode" != apply ]; then
      [ "$(cat "$current/.complete")" = "$digest" ] || stop "this machine is installed already, with another payload" "to change a running node: ./install --apply"
      # An installed payload that was changed is replaced by this one.
      [ "$(digest_of "$current")" != "$digest" ] || { payload=$current; return; }
    fi
  fi
  rm -rf "$state/incoming"
  mkdir -p "$state/payload" "$state/incoming"
  cp -R "$payload/plan" "$payload/files" "$payload/.complete" "$state/incoming/"
  chown -R root:root "$state/incoming"
  sync -f "$state"
  rm -rf "$state/payload/$generation"
  mv "$state/incoming" "$state/payload/$generation"
  payload=$state/payload/$generation
}

own_etcdctl() {
  pki=${KUBEKILN_PKI}/etcd
  "$KUBEKILN_BINARIES/etcdctl" --endpoints="https://127.0.0.1:2379" --cacert="$pki/ca.crt" --cert="$pki/healthcheck-client.crt" --key="$pki/healthcheck-client.key" \
    --command-timeout=10s "$@" 2>&1
}

# Day 2: one node at a time, and never while another member is down, since restarting this one could then cost the quorum.
refuse_while_unhealthy() {
  [ "$KUBEKILN_ROLE" = control-plane ] && systemctl is-active --quiet etcd.service || return 0
  stage=health
  # A founding member that never ran has no client URL, and --cluster passes it over.
  sick=$({ own_etcdctl member list | grep ', , ' || :; own_etcdctl endpoint health --cluster | grep -v 'is healthy' | grep -v "//$KUBEKILN_ADDRESS:" || :; } | tr '\n' ' ')
  [ -z "$sick" ] || stop "another etcd member is not healthy: $sick" "bring it back first, then run ./install --apply again; nothing was changed"
}

restart_changed() {
  stage=restart
  for unit in $(sed -n 's/^Wants=//p' /etc/systemd/system/kubekiln.target); do
    case ",$(echo "$changed" | tr ' ' ',')," in
      *",$unit,"*)
        say "restart: $unit"
        # One that does not run may be waiting for nodes whose turn comes after this one's.
        wait=''
        systemctl is-active --quiet "$unit" || wait=--no-block
        systemctl restart $wait "$unit" || stop "$unit did not come back" "journalctl -u $unit"
        ;;
    esac
  done
}

. "$KUBEKILN_SOURCE/{{installer}}"

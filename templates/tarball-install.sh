#!/bin/sh
# ./install [--apply] of node.tar.gz: installs the payload beside it. It reads in kubekiln-install of that payload, and brings what only this way in
# needs, which user-data need not carry: taking the payload over, the check of the other members, and the restart of what changed.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
KUBEKILN_SOURCE=$here

load_source() {
  case $mode in
    install | --apply) mode=${mode#--} ;;
    *) trap - EXIT; echo "kubekiln-install: unknown argument $mode" >&2; exit 2 ;;
  esac
  payload=$KUBEKILN_SOURCE
  check
  if [ -d "$current" ] && [ "$mode" != apply ]; then
    [ "$(cat "$current/.complete")" = "$digest" ] || stop "this machine is installed already, with another payload" "to change a running node: ./install --apply"
    # An installed payload that was changed is replaced by this one.
    [ "$(digest_of "$current")" != "$digest" ] || { payload=$current; return; }
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
check_members() {
  [ "$KUBEKILN_ROLE" = control-plane ] && systemctl is-active --quiet etcd.service || return 0
  stage=health
  # A founding member that never ran has no client URL, and --cluster passes it over.
  sick=$({ own_etcdctl member list | grep ', , ' || :; own_etcdctl endpoint health --cluster | grep -v 'is healthy' | grep -v "//$KUBEKILN_ADDRESS:" || :; } | tr '\n' ' ')
  [ -z "$sick" ] || stop "another etcd member is not healthy: $sick" "bring it back first, then run ./install --apply again; nothing was changed"
}

# Files of the payload, each with the units that its change restarts.
restarts() {
  cat <<'RESTARTS'
{{#restarts}}
{{path}} {{units}}
{{/restarts}}
RESTARTS
}

# Units, one a line. Of a program that was downloaded the installer has them.
due_units() {
  restarts | while read -r path units; do
    ! printf '%s\n' "$changed" | grep -qxF "$path" || echo "$units"
  done
  [ ! -f "$state/fetched" ] || cut -d' ' -f2 "$state/fetched"
}

restart_changed() {
  stage=restart
  due=,$(due_units | tr '\n' ,)
  for unit in $(sed -n 's/^Wants=//p' /etc/systemd/system/kubekiln.target); do
    case $due in
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

. "$here/{{installer}}"

#!/bin/sh
# kubekiln-etcd-guard: runs before every start of etcd and decides whether this member may start on the data that it finds. A member that lost its
# data must never found a second cluster, nor come back under its old identity: both lose acknowledged writes.
#
# Without data it asks the other founding members' peer ports. An etcd there knows the truth. A guard that waits there, itself without data, answers
# "blank": when all others are blank, this is a first boot.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
. {{nodeEnv}}
digest=$(cat {{state}}/current/.complete 2>/dev/null) || :
stage=etcd
joined={{state}}/etcd-joined
pki=$KUBEKILN_PKI/etcd

{{> node-functions.sh}}
# systemd tries again at once; a person should be able to read the console.
refuse() {
  unserve
  trap - EXIT
  record refused "$1" "$2"
  announce "STOPPED at $stage: $1"
  announce "  remedy: $2"
  sleep 30
  exit 1
}

# -WWW serves the files of its directory over mutual TLS: the same request that asks an etcd for its members asks a guard whether it is blank.
serve() {
  mkdir -p /run/kubekiln-etcd-guard
  cd /run/kubekiln-etcd-guard
  echo "blank $KUBEKILN_ETCD_TOKEN" >members
  openssl s_server -quiet -accept "${KUBEKILN_ETCD_PEER_URL#https://}" -cert "$pki/peer.crt" -key "$pki/peer.key" -CAfile "$pki/ca.crt" \
    -Verify 1 -verify_return_error -WWW >/dev/null 2>&1 </dev/null &
  server=$!
}

unserve() {
  [ -n "$server" ] || return 0
  kill "$server" 2>/dev/null || :
  wait "$server" 2>/dev/null || :
  server=''
}

# Plain HTTP/1.1: etcd's peer port leaves an HTTP/2 request without an answer.
ask() { # URL, further arguments
  curl -sS --http1.1 --connect-timeout 1 --max-time 3 --noproxy '*' --cacert "$pki/ca.crt" --cert "$pki/peer.crt" --key "$pki/peer.key" "$@" 2>/dev/null
}

# Standard input: a member list. Output: what it says of this member.
mine() { tr '{' '\n' | grep -F "\"$KUBEKILN_ETCD_PEER_URL\""; }

start() { # why
  unserve
  trap - EXIT
  announce "etcd: starting: $1"
  record done "" ""
  exit 0
}

server=''
if [ "$1" = joined ]; then
  # After READY this member has seen a quorum. The mark lies on another path than the data, so that it outlives a lost data disk.
  grep -qs "^$KUBEKILN_ETCD_TOKEN " "$joined" || { echo "$KUBEKILN_ETCD_TOKEN $(date -u +%FT%TZ)" >"$joined.new"; sync "$joined.new"; mv "$joined.new" "$joined"; sync {{state}}; }
  exit 0
fi

# A failed start leaves member/ behind: only a write-ahead log means that this member ran.
for log in "$KUBEKILN_ETCD_DATA"/member/wal/*.wal; do
  [ ! -s "$log" ] || exit 0
done

gone="its data in $KUBEKILN_ETCD_DATA is gone"
replace='replace this node (docs/first-boot.md, "etcd refuses to start")'
# A mark of another token is of a cluster that was founded anew since (kubekiln secrets reopen-bootstrap).
! grep -qs "^$KUBEKILN_ETCD_TOKEN " "$joined" || refuse "this member is in the cluster since $(cut -d' ' -f2 "$joined"), but $gone" "$replace"

trap unserve EXIT
since=$(uptime) turn=0 heard=''
while :; do
  # It handles one client at a time: one that hangs must not silence it for long.
  [ "$((turn % 10))" -ne 0 ] || { unserve; serve; }
  turn=$((turn + 1))
  waited=$(($(uptime) - since))
  pause=1
  [ "$waited" -ge 15 ] || pause=0.2
  blank='' silent='' unsure=''
  for peer in $KUBEKILN_ETCD_PEERS; do
    members=$(ask "$peer/members") || members=''
    case $members in
      # A member that ran has clientURLs. Without any, this is an etcd that is only just starting: its list may still be empty.
      *clientURLs*)
        me=$(printf %s "$members" | mine) || refuse "the etcd at $peer does not know $KUBEKILN_ETCD_PEER_URL as a member" "a running cluster grows by adding a member"
        # A founding member that never ran stands in the list without clientURLs.
        case $me in *clientURLs*) refuse "the etcd at $peer knows this member as one that ran, but $gone" "$replace" ;; esac
        # That list may be older than what this member lost: only one that a quorum confirms now counts.
        me=$(ask "${peer%:*}:2379/v3/cluster/member/list" -d '{"linearizable":true}' | mine) || me=clientURLs
        case $me in *clientURLs*) ;; *) start "the cluster exists, and this founding member never ran: joining it" ;; esac
        unsure="$unsure $peer"
        ;;
      # An etcd that no quorum ever joined knows no more than a blank member.
      "blank $KUBEKILN_ETCD_TOKEN" | *"\"$KUBEKILN_ETCD_PEER_URL\""*) blank="$blank $peer" heard="$heard $peer " ;;
      # Once blank, and quiet now: its etcd is just starting, as this one may.
      *) case $heard in *" $peer "*) blank="$blank $peer" ;; *) silent="$silent $peer" ;; esac ;;
    esac
  done
  if [ -n "$unsure" ]; then
    waiting "no data here yet;$unsure has no quorum to confirm that this member never ran"
    continue
  fi
  if [ "$(date +%s)" -ge "$KUBEKILN_BOOTSTRAP_BEFORE" ]; then
    waiting "no data here yet; the time to found this cluster ended $(date -u -d "@$KUBEKILN_BOOTSTRAP_BEFORE" +%FT%TZ), so a member that has data must come (anew: kubekiln secrets reopen-bootstrap)"
    continue
  fi
  [ -n "$silent" ] || start "no founding member has data: founding the cluster"
  # This member and the blank ones against the silent ones.
  if [ "$waited" -ge "$KUBEKILN_BOOTSTRAP_PATIENCE" ] && [ "$(($(echo "$blank" | wc -w) + 1))" -gt "$(echo "$silent" | wc -w)" ]; then
    start "no answer from$silent for $waited s: a blank majority founds the cluster"
  fi
  waiting "no data here yet; no answer from$silent (blank:${blank:- none})"
done

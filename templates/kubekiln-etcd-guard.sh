#!/bin/sh
# kubekiln-etcd-guard: runs before every start of etcd and decides whether this member may start on the data that it finds. A member that lost its
# data must never found a second cluster, nor rejoin under its old identity: both lose acknowledged writes.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
. {{nodeEnv}}
joined={{state}}/etcd-joined

refuse() { # reason remedy
  echo "kubekiln: etcd: REFUSED: $1"
  echo "kubekiln: etcd:   remedy: $2"
  { echo "kubekiln: etcd: REFUSED: $1"; echo "kubekiln: etcd:   remedy: $2"; } >/dev/console 2>/dev/null || :
  sleep 10
  exit 1
}

case $1 in
  joined)
    # After READY this member has seen a quorum. The mark lies on another path than the data, so that it outlives a lost data disk.
    [ -e "$joined" ] || { date -u +%FT%TZ >"$joined.new"; sync "$joined.new"; mv "$joined.new" "$joined"; sync {{state}}; }
    exit 0
    ;;
esac

# A failed start leaves member/ behind: only a write-ahead log means that this member ran.
for log in "$KUBEKILN_ETCD_DATA"/member/wal/*.wal; do
  [ ! -s "$log" ] || exit 0
done

[ ! -e "$joined" ] || refuse "this member was in the cluster since $(cat "$joined"), but its data in $KUBEKILN_ETCD_DATA is gone" "replace this node (docs/first-boot.md, \"etcd refuses to start\"); the other members keep the data"

for peer in $KUBEKILN_ETCD_PEERS; do
  # Plain HTTP/1.1: etcd's peer port leaves an HTTP/2 request without an answer.
  members=$(curl -sS --http1.1 --max-time 5 --noproxy '*' --cacert "$KUBEKILN_PKI/etcd/ca.crt" --cert "$KUBEKILN_PKI/etcd/peer.crt" --key "$KUBEKILN_PKI/etcd/peer.key" "$peer/members" 2>/dev/null) || continue
  me=$(printf %s "$members" | tr '{' '\n' | grep -F "\"$KUBEKILN_ETCD_PEER_URL\"") || refuse "the etcd cluster at $peer does not know $KUBEKILN_ETCD_PEER_URL" "a running cluster grows by adding a member, not by founding one (docs/first-boot.md)"
  # A founding member that never ran stands in the list without clientURLs.
  case $me in *clientURLs*) refuse "the cluster at $peer knows this member as one that ran, but its data in $KUBEKILN_ETCD_DATA is gone" "replace this node (docs/first-boot.md, \"etcd refuses to start\"); the other members keep the data" ;; esac
  exit 0
done

[ "$(date +%s)" -lt "$KUBEKILN_BOOTSTRAP_BEFORE" ] || refuse "no other member answers, and a new cluster could be founded only until $(date -u -d "@$KUBEKILN_BOOTSTRAP_BEFORE" +%FT%TZ)" "start the other members; to found the whole cluster anew, see docs/first-boot.md"
exit 0

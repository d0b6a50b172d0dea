#!/bin/sh
# kubekiln-etcd-care: keeps this node's own etcd member in order. Timers start it; it can be cut at any line and run again.
#
# usage: kubekiln-etcd-care snapshot KEEP DIRECTORY   saves the store as a file, checks it, and keeps the newest KEEP
#        kubekiln-etcd-care defragment                gives space that is free inside the database back to the disk, when that pays
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
. {{nodeEnv}}
own=${KUBEKILN_ETCD_PEER_URL%:*}:{{etcdClientPort}} pki=$KUBEKILN_PKI/etcd
export ETCDCTL_ENDPOINTS="$own" ETCDCTL_CACERT="$pki/ca.crt" ETCDCTL_CERT="$pki/healthcheck-client.crt" ETCDCTL_KEY="$pki/healthcheck-client.key"
etcdctl=$KUBEKILN_BINARIES/etcdctl etcdutl=$KUBEKILN_BINARIES/etcdutl

say() { echo "kubekiln: etcd $mode: $*"; }

fail() {
  say "FAILED: $*" >&2
  exit 1
}

# Ends when less than 15 % of the disk would be left: there kubelet begins to throw out pods, and etcd needs room for its log.
room() { # directory bytes
  set -- "$1" "$2" $(df -Pk "$1" | tail -n 1)
  [ $(($6 - $2 / 1024)) -ge $(($4 * 15 / 100)) ] || fail "no room: $2 bytes more would leave less than 15 % of the disk of $1. Nothing was written"
}

# A name holds its number, so that order does not depend on the clock.
snapshots() { ls | grep -E "^$name-[0-9]{6}-r[0-9]+-[0-9TZ]+\.db\$" || :; }

snapshot() { # keep directory
  [ -x "$etcdutl" ] || fail "$etcdutl is missing: put it into the image of this machine"
  cd "$2" || fail "$2 is not there"
  exec 9<.
  flock 9
  # Left by a run that was cut.
  rm -rf .new*
  status=$($etcdctl endpoint status -w fields 2>&1) || fail "the member does not answer: $(echo "$status" | tail -n 1)"
  room "$2" "$(echo "$status" | sed -n 's/^"DBSize" : //p')"
  said=$($etcdctl snapshot save .new 2>&1) || { rm -rf .new*; fail "$(echo "$said" | tail -n 1)"; }
  # etcd sends the SHA-256 of the file behind it. What is whole may still be wrong inside: etcdutl walks through its pages.
  sum=$(head -c -32 .new | sha256sum)
  [ "${sum%% *}" = "$(tail -c 32 .new | od -An -v -tx1 | tr -d ' \n')" ] || { rm -f .new; fail "the snapshot is not what etcd sent: its SHA-256 differs. It was thrown away"; }
  status=$($etcdutl snapshot status .new -w fields 2>&1) || { rm -f .new; fail "the snapshot is damaged and was thrown away: $(echo "$status" | head -n 1)"; }
  name=$KUBEKILN_CLUSTER-$KUBEKILN_NODE
  last=$(snapshots | tail -n 1 | sed "s/^$name-0*\([0-9]*\).*/\1/")
  new=$(printf '%s-%06d-r%s-%s.db' "$name" "$((${last:-0} + 1))" "$(echo "$status" | sed -n 's/^"Revision" : //p')" "$(date -u +%Y%m%dT%H%M%SZ)")
  sync .new
  mv .new "$new"
  sync .
  snapshots | head -n "-$1" | xargs -r rm -f
  sync .
  say "$2/$new, $(stat -c %s "$new") bytes, hash ok; $(snapshots | wc -l) kept"
}

# Whether it pays: as much as 45 % of 100 MiB or more are free inside.
pays() { # size used
  [ "$1" -ge 104857600 ] && [ $(($2 * 100)) -le $(($1 * 55)) ]
}

# Decides: 0 now, 1 no, 2 others first, or one of them is at it.
judge() {
  members=$($etcdctl member list 2>&1) || { say "nothing done: no quorum answers"; return 1; }
  # A member that never ran has no client URL, and --cluster passes it over.
  case $members in *", , "*) say "nothing done: a member has never run"; return 1 ;; esac
  # A member whose turn it is answers nobody meanwhile: that is no illness. Its turn may be over when we ask for it: only who is ill twice is ill.
  ill=''
  until sick=$($etcdctl endpoint health --cluster 2>&1) && status=$($etcdctl endpoint status --cluster -w fields 2>&1); do
    [ -z "$($etcdctl get --prefix --keys-only /kubekiln/defragment)" ] || return 2
    [ -z "$ill" ] || { say "nothing done: not every member is healthy: $(echo "$sick" | grep 'is unhealthy')"; return 1; }
    ill=yes
  done
  own_size='' others=no leads=no
  while IFS=' "' read -r _ key _ value; do
    case $key in
      MemberID) id=$value ;;
      DBSize) size=$value ;;
      DBSizeInUse) used=$value ;;
      Leader) leader=$value ;;
      Endpoint)
        if [ "$value" = "$own" ]; then
          own_size=$size own_used=$used
          [ "$id" != "$leader" ] || leads=yes
        elif pays "$size" "$used"; then
          others=yes
        fi
        ;;
    esac
  done <<STATUS
$status
STATUS
  [ -n "$own_size" ] || { say "nothing done: $own is no member's address"; return 1; }
  pays "$own_size" "$own_used" || { say "nothing to gain: $own_used of $own_size bytes are in use"; return 1; }
  [ "$leads" = no ] || [ $others = no ] || return 2
}

# While it lasts, this member answers nobody. The lock is held through the others, so that no two do it at once.
defragment_now() {
  judge || return $(($? & 2))
  room "$KUBEKILN_ETCD_DATA" "$own_used"
  said=$($etcdctl --command-timeout=30m defrag 2>&1) || fail "$(echo "$said" | tail -n 1)"
  until $etcdctl endpoint health >/dev/null 2>&1; do sleep 1; done
  say "$own_size bytes before, $($etcdctl endpoint status -w fields | sed -n 's/^"DBSize" : //p') now"
}

defragment() {
  tries=0
  while :; do
    code=0
    judge || code=$?
    [ $code != 1 ] || return 0
    if [ $code = 0 ]; then
      peers=$(echo "$members" | sed -n 's/.*, \(https[^ ]*\), [a-z]*$/\1/p' | grep -vxF "$own" | paste -sd, -) || :
      if [ -z "$peers" ]; then
        defragment_now || code=$?
      else
        ETCDCTL_ENDPOINTS=$peers $etcdctl lock --ttl=60 /kubekiln/defragment "$0" defragment-now || code=$?
      fi
      [ $code = 2 ] || return $code
    fi
    # The leader comes last, and nobody while another is at it. The timers of the others fire within two hours of its own.
    [ $tries -lt 240 ] || { say "nothing done: other members have not been defragmented"; return 0; }
    tries=$((tries + 1))
    sleep 30
  done
}

mode=${1:-}
case $mode in
  snapshot) snapshot "$2" "$3" ;;
  defragment) defragment ;;
  defragment-now)
    mode=defragment
    defragment_now
    ;;
  *) fail "snapshot KEEP DIRECTORY, or defragment" ;;
esac

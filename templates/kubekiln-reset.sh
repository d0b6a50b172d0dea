#!/bin/sh
# ./reset of node.tar.gz: returns this machine to what it was before kubekiln, as far as that can be done, and names the rest. Cut at any line it is run again,
# and goes on: nothing starts by itself any more from its first change on, and {{state}}, which tells it what to undo, goes last and at once.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
state={{state}}
current=$state/current

say() { echo "kubekiln: reset: $*"; }

stop() { # reason remedy
  trap - EXIT
  say "STOPPED: $1" >&2
  say "  remedy: $2" >&2
  exit 1
}

usage() { # exit code
  cat <<'TEXT'
usage: ./reset [--even-if-member] [CLUSTER]
Ends the services and pods of this node, and removes what was installed and its data. Run it again when it was interrupted.
CLUSTER: the name of its cluster; it is asked for.
--even-if-member: though a living cluster, or one that cannot be asked, counts on the etcd data here. It is lost.
Snapshots of etcd and container images stay.
TEXT
  exit "$1"
}

kill_all() { for pid; do kill -9 "$pid" 2>/dev/null || :; done; }

# This node's etcd is asked first, then the others'. Only a quorum answers.
members() {
  pki=${KUBEKILN_PKI}/etcd
  for url in $KUBEKILN_ETCD_PEER_URL $KUBEKILN_ETCD_PEERS; do
    "$KUBEKILN_BINARIES/etcdctl" --endpoints="${url%:*}:2379" --cacert="$pki/ca.crt" --cert="$pki/healthcheck-client.crt" --key="$pki/healthcheck-client.key" \
    member list 2>/dev/null && return
  done
}

check_member() {
  [ -n "$(ls "$KUBEKILN_ETCD_DATA"/member/wal 2>/dev/null)" ] || return 0
  [ $force = no ] || { say "etcd data is given up"; return; }
  list=$(members) || stop "nobody can say whether a cluster counts on the etcd data here: no quorum answers" "bring one back, or give the data up: --even-if-member"
  own=$(echo "$list" | grep -F ", $KUBEKILN_ETCD_PEER_URL, ") || return 0
  stop "this node's etcd is a member of the living cluster $KUBEKILN_CLUSTER, which would count on data that is gone" \
    "on another control-plane node: etcdctl member remove ${own%%,*}. To give up the data, and with one such node the cluster: --even-if-member"
}

# From here on nothing of kubekiln starts by itself, not even at the next boot.
disarm() {
  echo >"$state/resetting"
  sync "$state/resetting" "$state"
  wants={{units}}/multi-user.target.wants
  sed -n "s#^e #$wants/#p" $plans | xargs -r rm -f
  sync "$wants"
  # It may hold the lock while it waits for an address or the clock.
  systemctl stop kubekiln-first-boot.service 2>/dev/null || :
  exec 9>"$state/lock"
  flock 9
  units=$(sed -n 's#^f .* {{units}}/\([^/ ]*\)$#\1#p' $plans | sort -u)
  say "stopping" $units
  systemctl stop $(echo "$units" | grep -vx containerd.service) 2>/dev/null || :
}

# ctr knows containers; their processes are known by their cgroups, whatever containerd says.
stop_pods() {
  if systemctl is-active --quiet containerd.service && command -v ctr >/dev/null; then
    ctr='timeout 60 ctr --namespace k8s.io'
    each="xargs -r -n 1 $ctr"
    $ctr tasks list -q | $each tasks kill -s SIGTERM 2>/dev/null || :
    tries=0
    while $ctr tasks list | grep -q RUNNING && [ $tries -lt 10 ]; do
      sleep 1
      tries=$((tries + 1))
    done
    $ctr tasks list -q | $each tasks delete --force >/dev/null 2>&1 || :
    $ctr containers list -q | $each containers delete >/dev/null 2>&1 || :
  fi
  [ ! -f {{units}}/containerd.service ] || systemctl stop containerd.service
  kill_all $(grep -ls kubepods /proc/[0-9]*/cgroup | cut -d/ -f3)
  kill_all $(grep -lsz containerd-shim /proc/[0-9]*/cmdline | xargs -r grep -lszx 'k8s\.io' | cut -d/ -f3)
  systemctl stop kubepods.slice 2>/dev/null || :
}

mounted() { sed -n 's#^[^ ]* \('"$1"'[^ ]*\) .*#\1#p' /proc/self/mounts | sort -r; }

# What is mounted below /var/lib/kubelet is the operator's data: nothing is deleted there before it is gone.
unmount_all() {
  for root in /var/lib/kubelet/ /run/netns/cni- /run/containerd/; do
    mounted $root | while read -r path; do umount "$(printf %b "$path")" || :; done
  done
  left=$(mounted /var/lib/kubelet/ | tr '\n' ' ')
  [ -z "$left" ] || stop "still mounted: $left" "end what uses it (fuser -m), umount it, and run this again"
  rm -f /run/netns/cni-*
}

remove_network() {
  if [ -f {{units}}/flanneld.service ]; then
    FLANNEL_NETWORK='' FLANNEL_IPV6_NETWORK=''
    [ ! -f /run/flannel/subnet.env ] || . /run/flannel/subnet.env
    [ -z "$FLANNEL_NETWORK" ] || ip route flush root "$FLANNEL_NETWORK" || :
    [ -z "$FLANNEL_IPV6_NETWORK" ] || ip -6 route flush root "$FLANNEL_IPV6_NETWORK" || :
    for link in cni0 flannel.1 flannel-v6.1; do ip link delete $link 2>/dev/null || :; done
    rm -rf /run/flannel /run/cni /var/lib/cni /etc/cni/net.d/*10-flannel.conflist
    rmdir -p /etc/cni/net.d 2>/dev/null || :
  fi
  nft list tables 2>/dev/null | grep -E ' (kube-proxy|flannel-ipv[46]|kubekiln.*)$' | while read -r _ table; do nft delete table $table; done
  for family in ip ip6; do
    save=${family}tables-save
    command -v $save >/dev/null || continue
    rules=$($save 2>/dev/null) || continue
    case $rules in *KUBE-* | *FLANNEL-* | *CNI-*) echo "$rules" | grep -v 'KUBE-\|FLANNEL-\|CNI-' | ${family}tables-restore ;; esac
    # Tables that iptables made over nftables, and that nobody uses any more.
    for table in filter nat mangle raw security; do
      nft list table $family $table >/dev/null 2>&1 || continue
      $save -t $table 2>/dev/null | grep -qv '^[#*]\|^COMMIT\|^:[A-Z]* ACCEPT ' || nft delete table $family $table
    done
  done
}

# What was there before comes back. Of a payload that was never installed only what equals it is ours.
remove_files() {
  for plan in $plans; do
    payload=${plan%/plan}
    sed -n 's/^f .* //p' "$plan" | while read -r path; do
      rm -f "$path.kubekiln-new"
      [ -e "$state/before$path" ] || { [ "$payload" != $current ] && ! cmp -s "$payload/files$path" "$path"; } || rm -f "$path"
    done
  done
  [ ! -d $state/before ] || find $state/before -type f ! -name '*.new' | while read -r original; do
    path=${original#"$state/before"}
    cp -p "$original" "$path.kubekiln-new"
    mv -f "$path.kubekiln-new" "$path"
  done
  # Programs that were downloaded: digest of the download, of the program, path.
  [ ! -f $state/binaries ] || while read -r _ sum path; do
    case $(sha256sum "$path" 2>/dev/null) in "$sum "*) rm -f "$path" ;; esac
    rm -f "$path.kubekiln-new"
  done <$state/binaries
  # What daemons and kubelet wrote where no plan says.
  rm -rf /run/kubekiln* /run/systemd/timesyncd.conf.d/kubekiln.conf /run/chrony-dhcp/kubekiln.sources /run/containerd /var/log/pods /var/log/containers /var/lib/systemd/timers/stamp-kubekiln-* /etc/systemd/logind.conf.d/99-kubelet.conf
  rmdir -p /usr/libexec/kubernetes/kubelet-plugins/volume/exec /etc/systemd/logind.conf.d /opt/containerd/bin /opt/containerd/lib 2>/dev/null || :
}

# Directories of daemons lose what is in them; those that the installer made go. A disk of its own stays, empty.
remove_directories() {
  for path in /var/lib/kubelet $(sed -n '/^d [^ ]* root /d; s/^d [^ ]* [^ ]* //p' $plans); do
    [ ! -d "$path" ] || find "$path" -xdev -mindepth 1 -delete || :
  done
  [ ! -f $state/made ] || sort -ru $state/made | grep -vx $state | while read -r path; do
    rmdir "$path" 2>/dev/null || [ ! -d "$path" ] || say "left: $path, with what is in it"
  done
}

remove_users() {
  sed -n 's/^u \([^ ]*\) \([^ ]*\) .*/\1 \2/p' $plans | sort -u | while read -r uid user; do
    case $(getent passwd "$user") in *":$uid:$uid:kubekiln:"*) userdel "$user" ;; esac
  done
}

say_what_stays() {
  [ ! -d /var/lib/containerd ] || say "left: images in /var/lib/containerd"
  say "left: time zone and ports opened in a firewall; until the next boot kernel modules and settings, and swap that is off"
  ! grep -qs kubekiln /var/lib/cloud/instance/user-data.txt ||
    say "left: cloud-init's user-data, with keys of this node. It installs it again at the next boot, unless the seed is taken away (cloud-init clean)"
  say "left in the cluster, if it lives on: kubectl delete node $KUBEKILN_NODE"
}

force=no name=''
for word; do
  case $word in
    -h | --help) usage 0 ;;
    --even-if-member) force=yes ;;
    -*) usage 2 >&2 ;;
    *) [ -z "$name" ] || usage 2 >&2; name=$word ;;
  esac
done
[ "$(id -u)" = 0 ] || { say "must run as root" >&2; exit 2; }

# What a run that was cut at its end left.
rm -rf $state.reset
plans=''
for payload in $current $state/previous $state/incoming $state/payload/*; do
  [ ! -s "$payload/files{{nodeEnv}}" ] || [ ! -s "$payload/plan" ] || plans="$plans $payload/plan"
done
if [ -n "$plans" ]; then
  first=${plans# }
  . "${first%%/plan*}/files{{nodeEnv}}"
  node="$KUBEKILN_NODE of the cluster $KUBEKILN_CLUSTER"
  if [ -z "$name" ]; then
    printf %s "This machine is $node. Its pods end, and its data goes. The name of the cluster: "
    read -r name || :
  fi
  [ "$name" = "$KUBEKILN_CLUSTER" ] || stop "this machine is $node, not of \"$name\"" "name that cluster, or go to the right machine; nothing was changed"
  trap '[ $? = 0 ] || say "FAILED: see above; run it again, and it goes on" >&2' EXIT
  [ "$KUBEKILN_ROLE" != control-plane ] || [ -f $state/resetting ] || check_member
  disarm
  stop_pods
  unmount_all
  remove_network
  remove_files
  remove_directories
  remove_users
  [ ! -f $state/before/etc/hostname ] || hostname "$(cat /etc/hostname)"
  systemctl daemon-reload
  systemctl reset-failed $units 2>/dev/null || :
  say_what_stays
fi
[ ! -d $state ] || { mv $state $state.reset; sync ${state%/*}; rm -rf $state.reset; }
say "done: nothing of kubekiln is installed here"

#!/bin/sh
# kubekiln-host: prepares the operating system and says what it lacks. kubekiln-install reads it in when files, modules and kernel settings are in place.
# Nothing here stops an install: what is not right is one line, "system: warning: …". docs/requirements.md has the reasons.
warn() { say "$stage: warning: $*"; }
# Clock and swap of a container are those of the machine below it.
container() { systemd-detect-virt -cq; }
swap={{swap}} firewall={{firewall}} pods='{{pods}}' ports='{{ports}}' listeners='{{listeners}}' cpus=1 memory=900
[ "$KUBEKILN_ROLE" = worker ] || ports='{{controlPlanePorts}} '$ports listeners='{{controlPlaneListeners}} '$listeners cpus=2 memory=1700

[ ! -e /etc/localtime ] || cmp -s /etc/localtime /usr/share/zoneinfo/UTC || timedatectl set-timezone UTC || warn 'the time zone is not UTC'
# RHEL's chrony reads no directory of ours by itself.
[ ! -f /etc/chrony.conf ] || grep -q /etc/chrony/conf.d /etc/chrony.conf || echo confdir /etc/chrony/conf.d >>/etc/chrony.conf
# They read their configuration before ours was there.
for unit in chrony chronyd systemd-journald NetworkManager; do systemctl -q try-reload-or-restart $unit; done 2>/dev/null
container || systemctl -q is-active systemd-timesyncd chrony chronyd ntpsec ntp openntpd || warn 'no time service runs'
container || [ $swap = keep ] || swapoff -a
container || [ "$(wc -l </proc/swaps)" = 1 ] || warn "swap is on (node.swap: $swap)"

open_ufw() {
  for port in $ports; do ufw allow "$(echo "$port" | tr - :)" || return; done
  for net in $pods; do ufw allow from "$net" && ufw route allow from "$net" && ufw route allow to "$net" || return; done
}
open_firewalld() {
  firewall-cmd --permanent $(printf ' --add-port=%s' $ports) && firewall-cmd --permanent --zone=trusted $(printf ' --add-source=%s' $pods) && firewall-cmd --reload
}
# Debian's nftables.conf, or whatever else drops by default, has no command for rules of others.
if ufw status | grep -q '^Status: active'; then active=ufw
elif firewall-cmd -q --state; then active=firewalld
elif nft list chains | grep -q 'input.*policy drop'; then active=nftables firewall=keep
else active=''; fi 2>/dev/null
if [ -n "$active" ]; then
  asked="let in $ports, and from and to $pods"
  if [ $firewall = open ] && open_$active >/dev/null; then say "$stage: $active is told to $asked"
  else warn "$active is active (node.firewall: $firewall): it has to $asked"; fi
fi

# The rest looks at a machine on which nothing of ours runs yet.
systemctl -q is-active kubekiln.target && return
least() { # least what-is-there what
  printf '%s\n' $1 "$2" | sort -VC || warn "$3 $2, at least $1 expected"
}
least $cpus "$(nproc)" CPUs:
least $memory $(($(sed -n 's/^MemTotal://p' /proc/meminfo | tr -dc 0-9) / 1024)) 'MiB of memory:'
least {{kernel}} "$(uname -r)" kernel
[ -f /sys/fs/cgroup/cgroup.controllers ] || warn 'control groups v1: kubelet refuses them from v1.35 on'
for port in $listeners; do
  holder=$(ss -Hltnp "sport = :$port" | sed 's/.*users:(("//; s/".*//; q')
  [ -z "$holder" ] || warn "port $port is taken by $holder"
done
# 50 writes as large as an entry of etcd's log, each waits for the disk. Of hundredths of a second, a fifth is the mean in ms.
[ "$KUBEKILN_ROLE" = worker ] || {
  hundredths() { cut -d' ' -f1 /proc/uptime | tr -d .; }
  since=$(hundredths) probe=$KUBEKILN_ETCD_DATA/.kubekiln-probe
  dd if=/dev/zero of="$probe" bs=2300 count=50 oflag=dsync 2>/dev/null
  took=$((($(hundredths) - since) / 5))
  rm -f "$probe"
  [ $took -lt 10 ] || warn "a write to the disk below $KUBEKILN_ETCD_DATA takes $took ms, less than 10 expected"
}

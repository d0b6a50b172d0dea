#!/bin/sh
# kubekiln-host: prepares the operating system and says what it lacks. kubekiln-install reads it in when files, modules and kernel settings are in place.
# Nothing here stops an install: what is not right is one line, "system: warning: …". docs/requirements.md has the reasons.
warn() { say "$stage: warning: $*"; }
pods='{{pods}}' ports='{{ports}}' listeners='{{listeners}}' cpus=1 memory=900
[ "$KUBEKILN_ROLE" = worker ] || ports="{{controlPlanePorts}} $ports" listeners="{{controlPlaneListeners}}|$listeners" cpus=2 memory=1700

[ "$(date +%Z)" = UTC ] || timedatectl set-timezone UTC || warn 'the time zone is not UTC'
# RHEL's chrony reads no directory of ours by itself.
[ ! -f /etc/chrony.conf ] || grep -q /etc/chrony/conf.d /etc/chrony.conf || echo confdir /etc/chrony/conf.d >>/etc/chrony.conf
# They read their configuration before ours was there.
for unit in chrony chronyd systemd-journald NetworkManager; do systemctl -q try-reload-or-restart $unit; done 2>/dev/null
# Clock and swap of a container are those of the machine below it.
systemd-detect-virt -cq || {
  systemctl -q is-active systemd-timesyncd chrony chronyd ntpsec ntp openntpd || warn 'no time service runs'
  [ {{swap}} = keep ] || swapoff -a
  [ "$(wc -l </proc/swaps)" = 1 ] || warn 'swap is on'
}

open_ufw() {
  for port in $ports; do ufw allow "$(echo "$port" | tr - :)" || return; done
  for net in $pods; do ufw allow from "$net" && ufw route allow from "$net" && ufw route allow to "$net" || return; done
}
open_firewalld() {
  firewall-cmd --permanent $(printf ' --add-port=%s' $ports) && firewall-cmd --permanent --zone=trusted $(printf ' --add-source=%s' $pods) && firewall-cmd --reload
}
{ if ufw status | grep -q '^Status: active'; then firewall=ufw; elif firewall-cmd -q --state; then firewall=firewalld; else firewall=''; fi; } 2>/dev/null
[ -z "$firewall" ] || if [ {{firewall}} = open ] && open_$firewall >/dev/null; then say "$stage: $firewall lets in $ports, and all from and to $pods"
else warn "$firewall is active: it has to let in $ports, and all from and to $pods"; fi

# The rest looks at a machine on which nothing of ours runs yet.
systemctl -q is-active kubekiln.target && return
least() { # least what-is-there what
  printf '%s\n' $1 "$2" | sort -VC || warn "$3 $2, at least $1 expected"
}
least $cpus "$(nproc)" CPUs:
least $memory $(($(getconf _PHYS_PAGES) * $(getconf PAGESIZE) >> 20)) 'MiB of memory:'
least {{kernel}} "$(uname -r)" kernel
[ -f /sys/fs/cgroup/cgroup.controllers ] || warn 'control groups v1, v2 expected'
ss -Hltnp | grep -E ":($listeners) " | while read -r _ _ _ port _ user; do warn "$port is taken: $user"; done
# 50 writes as large as an entry of etcd's log, each waits for the disk. Of hundredths of a second, a fifth is the mean in ms.
[ "$KUBEKILN_ROLE" = worker ] || {
  hundredths() { cut -d' ' -f1 /proc/uptime | tr -d .; }
  since=$(hundredths) probe=$KUBEKILN_ETCD_DATA/.kubekiln-probe
  dd if=/dev/zero of="$probe" bs=2300 count=50 oflag=dsync 2>/dev/null
  took=$((($(hundredths) - since) / 5))
  rm -f "$probe"
  [ $took -lt 10 ] || warn "a write to $KUBEKILN_ETCD_DATA takes $took ms, less than 10 expected"
}

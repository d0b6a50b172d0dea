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
tell() { # firewall
  if [ {{firewall}} = open ] && open_$1 >/dev/null; then say "$stage: $1 lets in $ports, and all from and to $pods"
  else warn "$1 is active: it has to let in $ports, and all from and to $pods"; fi
}
ufw status 2>/dev/null | grep -q '^Status: active' && tell ufw
firewall-cmd -q --state 2>/dev/null && tell firewalld

# The rest looks at a machine on which nothing of ours runs yet.
systemctl -q is-active kubekiln.target && return
least() { # least what-is-there what
  printf '%s\n' $1 "$2" | sort -VC || warn "$3 $2, at least $1 expected"
}
least $cpus "$(nproc)" CPUs:
set -- $(free -m)
least $memory $8 'MiB of memory:'
set -- $(df -Pm /var/lib)
least 6000 "$9" 'MB for /var/lib:'
least {{kernel}} "$(uname -r)" kernel
[ -f /sys/fs/cgroup/cgroup.controllers ] || warn 'control groups v1, v2 expected'
ss -Hltnp | grep -E ":($listeners) " | while read -r _ _ _ port _ user; do warn "$port is taken: $user"; done
# 50 writes as large as an entry of etcd's log, each of which waits for the disk.
[ "$KUBEKILN_ROLE" = worker ] || {
  probe=$KUBEKILN_ETCD_DATA/.kubekiln-probe
  took=$(dd if=/dev/zero of="$probe" bs=2300 count=50 oflag=dsync 2>&1 | sed -n 's/.*, \(.*\) s, .*/\1/p')
  rm -f "$probe"
  case $took in
    0.[0-4]* | *e-*) ;;
    *) warn "50 writes to $KUBEKILN_ETCD_DATA take $took s, less than 0.5 expected" ;;
  esac
}

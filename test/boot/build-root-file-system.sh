#!/bin/sh
# Makes the Debian root file system that test hosts boot: what a cloud image of Debian has, and the packages that cluster hosts need. Hosts are overlays of it.
# usage: build-root-file-system.sh DEST SUITE [PACKAGE,…]        (as root; DEST appears only when it is complete)
set -eu
dest=$1 suite=$2 more=${3:-}
[ ! -e "$dest/etc/kubekiln-boot" ] || exit 0
system=systemd,systemd-sysv,dbus,udev,cloud-init,locales,iproute2,netbase,ca-certificates,procps,kmod
cluster=openssl,curl,iptables,nftables,ethtool,socat,conntrack,ipset,runc,haproxy
# Not for the hosts: pods' images are made of it.
images=busybox-static
partial=$dest.partial
rm -rf --one-file-system "$partial"
mkdir -p "$(dirname "$dest")"
echo "making a root file system of Debian $suite"
mmdebstrap --quiet --mode=root --variant=minbase --include="$system,$cluster,$images${more:+,$more}" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*/LC_MESSAGES/*' \
  "$suite" "$partial"

# Cloud images bring the locale that cloud-init would otherwise compile on each host.
echo 'en_US.UTF-8 UTF-8' > "$partial/etc/locale.gen"
chroot "$partial" locale-gen > /dev/null
echo 'LANG=en_US.UTF-8' > "$partial/etc/default/locale"
# Each host gets an identity of its own at first boot.
: > "$partial/etc/machine-id"
rm -rf "$partial/var/lib/cloud" "$partial/etc/hostname" "$partial/var/lib/dbus/machine-id"
# Without it cloud-init has no renderer, and the interface stays down without an error.
mkdir -p "$partial/etc/systemd/system/multi-user.target.wants"
ln -sf /usr/lib/systemd/system/systemd-networkd.service "$partial/etc/systemd/system/multi-user.target.wants/"
# The image brings programs; which of them run is the cluster's matter.
for service in haproxy chrony firewalld ufw; do rm -f "$partial/etc/systemd/system/multi-user.target.wants/$service.service"; done
# Journals are read from outside the hosts.
mkdir -p "$partial/var/log/journal"
echo "$suite" > "$partial/etc/kubekiln-boot"
rm -rf --one-file-system "$dest"
mv "$partial" "$dest"

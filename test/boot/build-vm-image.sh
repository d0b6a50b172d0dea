#!/bin/sh
# Makes what test VMs boot: a Debian as its cloud images are (cloud kernel, systemd's own time synchronisation), with the programs that a node runs.
# usage: build-vm-image.sh DEST SUITE [+PACKAGE… | PATH=PROGRAM…]        (as root; DEST appears only when it is complete: disk.raw, vmlinuz, initrd.img)
set -eu
dest=$1 suite=$2
shift 2
[ ! -e "$dest/etc/kubekiln-boot" ] || exit 0
system=systemd,systemd-sysv,systemd-timesyncd,dbus,udev,cloud-init,locales,iproute2,netbase,ca-certificates,procps,kmod,linux-image-cloud-amd64,initramfs-tools
cluster=openssl,curl,iptables,nftables,ethtool,socat,conntrack,ipset,runc,haproxy
for word do case $word in +*) cluster=$cluster,${word#+} ;; esac; done
partial=$dest.partial
root=$partial/root
rm -rf --one-file-system "$partial"
mkdir -p "$partial"
echo "making an image of Debian $suite for virtual machines"
mmdebstrap --quiet --mode=root --variant=minbase --include="$system,$cluster" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*/LC_MESSAGES/*' \
  "$suite" "$root"

# Cloud images bring the locale that cloud-init would otherwise compile on each host.
echo 'en_US.UTF-8 UTF-8' > "$root/etc/locale.gen"
chroot "$root" locale-gen > /dev/null
echo 'LANG=en_US.UTF-8' > "$root/etc/default/locale"
: > "$root/etc/machine-id"
rm -rf "$root/var/lib/cloud" "$root/etc/hostname" "$root/var/lib/dbus/machine-id" "$root/var/lib/apt/lists" "$root/var/cache/apt"
mkdir -p "$root/var/log/journal"
# As cloud images have it: without it cloud-init has no renderer.
chroot "$root" systemctl --quiet enable systemd-networkd.service
chroot "$root" systemctl --quiet disable haproxy.service
for program do case $program in /*) install -D -m 0755 "${program#*=}" "$root${program%%=*}" ;; esac; done

# The test's way in, on the second serial line: a shell that nothing of the product knows of.
cat > "$root/etc/systemd/system/test-shell.service" <<'UNIT'
[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
[Service]
ExecStart=/bin/sh
StandardInput=tty
StandardOutput=tty
StandardError=null
TTYPath=/dev/ttyS1
ExecStartPre=/bin/stty -F /dev/ttyS1 raw -echo
Restart=always
RestartSec=0
[Install]
WantedBy=sysinit.target
UNIT
chroot "$root" systemctl --quiet enable test-shell.service

cp -L "$root/vmlinuz" "$partial/vmlinuz"
cp -L "$root/initrd.img" "$partial/initrd.img"
mke2fs -q -t ext4 -L root -d "$root" "$partial/disk.raw" 4G
rm -rf --one-file-system "$root"
mkdir "$partial/etc"
echo "$suite" > "$partial/etc/kubekiln-boot"
rm -rf "$dest"
mv "$partial" "$dest"

#!/bin/sh
# Makes what stands around agnhost in the image of that name: the tools and users that upstream's specs expect there (test/images/agnhost/Dockerfile of
# Kubernetes), from Debian's packages in place of Alpine's.
# usage: build-agnhost-root.sh DEST        (as root; DEST appears only when it is complete)
set -eu
dest=$1
[ ! -e "$dest/etc/kubekiln-boot" ] || exit 0
partial=$dest.partial
rm -rf --one-file-system "$partial"
mmdebstrap --quiet --mode=root --variant=essential --include=bind9-dnsutils,curl,netcat-openbsd,iproute2,iperf,bash,socat,procps,busybox-static \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm "$partial"
echo user-defined-in-image:x:1000:1000::/home/user-defined-in-image:/bin/sh >> "$partial/etc/passwd"
printf '%s\n' user-defined-in-image:x:1000: group-defined-in-image:x:50000:user-defined-in-image >> "$partial/etc/group"
mkdir "$partial/uploads"
ln -s agnhost "$partial/agnhost-2"
rm -rf "$partial/var/cache/apt" "$partial/var/lib/apt/lists" "$partial/var/log"
mkdir "$partial/var/log"
echo agnhost > "$partial/etc/kubekiln-boot"
rm -rf --one-file-system "$dest"
mv "$partial" "$dest"

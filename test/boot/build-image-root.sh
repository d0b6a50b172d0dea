#!/bin/sh
# Unpacks Debian packages, with what they depend on, for an image; nothing of them is run.
# usage: build-image-root.sh DEST PACKAGE…        (as root; DEST appears only when it is complete)
set -eu
dest=$1
shift
[ ! -e "$dest/etc/kubekiln-boot" ] || exit 0
partial=$dest.partial
rm -rf --one-file-system "$partial"
mmdebstrap --quiet --mode=root --variant=extract --include="$(echo "$*" | tr ' ' ,)" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm "$partial"
rm -rf "$partial/var/cache/apt" "$partial/var/lib/apt" "$partial/var/lib/dpkg"
echo root:x:0:0:root:/root:/bin/sh > "$partial/etc/passwd"
echo root:x:0: > "$partial/etc/group"
echo "$*" > "$partial/etc/kubekiln-boot"
rm -rf --one-file-system "$dest"
mv "$partial" "$dest"

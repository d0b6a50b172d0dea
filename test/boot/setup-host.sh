#!/bin/sh
# Installs what the tests need on a fresh Debian 12 or 13, as root. Quick when all is there. Node and Go are prerequisites that it only checks.
# usage: setup-host.sh
set -eu
tools='zsh fish strace systemd-analyze script git systemd-nspawn mmdebstrap ip nsenter setpriv flock xorriso genisoimage isoinfo cloud-init openssl curl qemu-system-x86_64 mke2fs haproxy gcc docker-registry skopeo qemu-img pigz zstd age ssh-keygen blkid'
packages='zsh fish strace systemd bsdutils git procps systemd-container mmdebstrap iproute2 util-linux xorriso genisoimage cloud-init openssl curl qemu-system-x86 e2fsprogs ca-certificates debian-archive-keyring python3-yaml haproxy gcc libc6-dev docker-registry skopeo qemu-utils pigz zstd age openssh-client'

missing=
for tool in $tools; do
  command -v "$tool" > /dev/null || missing="$missing $tool"
done
/usr/bin/python3 -c 'import yaml' 2> /dev/null || missing="$missing python3-yaml"
if [ -n "$missing" ]; then
  echo "setup-host: missing:$missing"
  if ! command -v apt-get > /dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "setup-host: install as root on Debian: $packages" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # cloud-init is here for its schema and its parser: it must never configure this machine at the next boot.
  if ! command -v cloud-init > /dev/null; then
    mkdir -p /etc/cloud
    [ -e /etc/cloud/cloud.cfg ] || touch /etc/cloud/cloud-init.disabled
  fi
  # haproxy is here to read our configuration, docker-registry to be started by tests: their packages would start them.
  for service in haproxy docker-registry; do
    command -v "$service" > /dev/null || ln -sf /dev/null "/etc/systemd/system/$service.service"
  done
  # shellcheck disable=SC2086 # a list of packages
  apt-get install -y -qq --no-install-recommends $packages > /dev/null
fi

# The judge of software bills of materials is a Python package.
command -v pyspdxtools > /dev/null || {
  command -v pip3 > /dev/null || apt-get install -y -qq --no-install-recommends python3-pip > /dev/null
  pip3 install --quiet --root-user-action=ignore spdx-tools || pip3 install --quiet --root-user-action=ignore --break-system-packages spdx-tools
}

# Debian 13 has no package of it: its tests say so there.
command -v packer > /dev/null || apt-get install -y -qq --no-install-recommends packer > /dev/null 2>&1 || echo "setup-host: no package packer here; tests that need it are skipped, or fail in CI" >&2

node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
  { echo "setup-host: Node >= 20.19 is needed, this is $(node --version)" >&2; exit 1; }

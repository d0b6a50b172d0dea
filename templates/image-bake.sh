#!/bin/sh
# bake: makes this machine the image that nodes are cloned from. It brings programs and container images, settings of the operating system and the runtime
# archive, checks all of it, and leaves nothing by which one clone would be taken for another. It can be cut at any line and run again.
#
# usage: bake --this-machine [--bundle DIR | --mirror URL] [--netrc FILE] [--without-images] [--patience SECONDS]
#   --this-machine     the machine on which it runs becomes the image, and loses what makes it itself: names, keys, logs
#   --bundle DIR       from the offline bundle in DIR; without it, a volume with the label KUBEKILN is looked for
#   --mirror URL       from that mirror; without it, from binaries.urls of cluster.yaml, else from where upstream publishes each file
#   --netrc FILE       passwords of mirrors (curl); the file is not part of the image
#   --without-images   nodes pull container images themselves
#   --patience SECONDS how long mirrors may be out of reach or slow: 3600
set -eu
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{{binaries}}
LC_ALL=C
export PATH LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
state={{state}} image={{image}} work={{state}}/bake baking={{image}}/baking
run=/run/kubekiln-bake
stage=start mirror='' bundle='' netrc='' images=yes patience=3600 meant=no

say() { echo "kubekiln: bake: $*"; }

stop() { # reason remedy
  trap - EXIT
  end_containerd
  say "STOPPED at $stage: $1"
  say "  remedy: $2"
  exit 1
}

usage() {
  sed -n '/^# usage: bake/,/^#   --patience/s/^# //p' "$0" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --this-machine) meant=yes; shift; continue ;;
    --without-images) images=no; shift; continue ;;
    --bundle | --mirror | --netrc | --patience) [ $# -gt 1 ] || usage ;;
    *) usage ;;
  esac
  case $1 in
    --bundle) bundle=$2 ;;
    --mirror) mirror=${2%/} ;;
    --netrc) netrc=$(cd "$(dirname "$2")" && pwd)/${2##*/} ;;
    --patience) patience=$2 ;;
  esac
  shift 2
done

[ $meant = yes ] || usage
[ "$(id -u)" = 0 ] || stop "it does not run as root" "run it as root: sudo sh bake"
trap 'code=$?; [ "$code" = 0 ] || stop "a command failed with exit code $code" "see the lines above; df shows a full disk"' EXIT

check_source() {
  stage=source
  [ ! -e "$state/current" ] && [ ! -e {{nodeEnv}} ] || stop "this machine is a node already" "bake a machine that was never one; ./reset of node.tar.gz is not enough for an image"
  said=$(cd "$here" && sha256sum --check --quiet --ignore-missing SHA256SUMS 2>&1) || stop "$(echo "$said" | head -n 1)" "copy out/<cluster>/image as a whole, in binary mode"
  case $(uname -m) in
    x86_64) arch=amd64 ;;
    aarch64) arch=arm64 ;;
    *) arch=$(uname -m) ;;
  esac
  table=$here/programs-$arch list=$here/check-list-$arch
  [ -f "$table" ] || stop "cluster.yaml has no node of the architecture $arch" "set architecture of a node in cluster.yaml, and build again"
  runtime=$(sed -n 's/^runtime //p' "$list")
  unpinned=$(sed -n 's/^file - [^ ]* - [^ ]* //p' "$table" | sort -u | tr '\n' ' ')
  [ -z "$unpinned" ] || stop "cluster.lock.yaml pins no SHA-256 of $unpinned" "kubekiln fetch or kubekiln images pin fills it; then kubekiln build"
  [ $images = no ] || unpinned=$(sed -n 's/^image [^ ]* - //p' "$table" | tr '\n' ' ')
  [ -z "$unpinned" ] || stop "cluster.lock.yaml pins no digest of $unpinned" "kubekiln fetch or kubekiln images pin --image IMAGE=sha256:… fills it; then kubekiln build; or leave images to the nodes: --without-images"
  say "source: $(sha256sum <"$here/SHA256SUMS" | cut -c1-64) for $arch"
}

# While it is there, the image is not finished. The runtime archive comes last: a node that needs it says so, instead of starting on half an image.
begin() {
  mkdir -p "$image"
  : >"$baking"
  rm -f "$runtime"
  sync "$image"
}

check_packages() {
  stage=packages
  missing=$(sed -n 's/^package //p' "$list" | while read -r path what; do command -v "$path" >/dev/null || echo "$path ($what)"; done | paste -sd, -)
  [ -z "$missing" ] || stop "missing: $missing" "install them from the distribution before: apt-get install openssl curl iptables nftables runc haproxy, or what your distribution calls them"
  say "packages: $(grep -c '^package ' "$list") in place"
}

find_source() {
  stage=bundle
  if [ -z "$bundle$mirror" ] && [ -n "$(blkid -c /dev/null -t LABEL=KUBEKILN -o device 2>/dev/null)" ]; then bundle=/srv/kubekiln; fi
  if [ -z "$bundle" ]; then
    from=mirrors
    return
  fi
  from=bundle
  find_bundles
  set -- "$bundle"/*-bundle.tar /run/kubekiln/bundle/*/*-bundle.tar
  for file; do [ ! -s "$file" ] || return 0; done
  stop "no file *-bundle.tar in $bundle, nor on a volume with the label KUBEKILN" "kubekiln bundle create makes one"
}

# What kubekiln-fetch takes for the payload of a node: the same program brings everything on nodes.
lay_request() {
  rm -rf "$work"
  mkdir -p "$work/files/etc/kubekiln"
  printf 'KUBEKILN_CLUSTER=image\nKUBEKILN_NODE=image\nKUBEKILN_GENERATION=0\nKUBEKILN_BINARIES=%s\n' {{binaries}} >"$work/files{{nodeEnv}}"
  sha256sum <"$here/SHA256SUMS" | cut -c1-64 >"$work/.complete"
  cp "$here"/downloads* "$work/files/etc/kubekiln/"
  case $mirror in http:*) sed -i 's/^proto = .*/proto = "=https,http"/' "$work/files{{settings}}" ;; esac
  [ -z "$netrc" ] || echo "netrc-file = \"$netrc\"" >>"$work/files{{settings}}"
  {
    grep '^machine ' "$table"
    if [ $from = bundle ]; then echo "bundle $bundle"; elif [ -n "$mirror" ]; then echo "mirror $mirror"; else grep '^mirror ' "$table"; fi
    grep '^file ' "$table"
    [ $from = mirrors ] || [ $images = no ] || grep '^image ' "$table" || :
  } >"$work/files{{binariesFile}}"
}

bring_programs() {
  stage=programs code=0
  lay_request
  # A finished image knows what each artifact became.
  [ ! -f "$image/laid" ] || [ -f "$state/binaries" ] || cp "$image/laid" "$state/binaries"
  timeout "$patience" sh "$here/kubekiln-fetch" "$work" || code=$?
  [ $code != 124 ] || stop "not everything came within $patience s: $(sed -n 's/.*"reason":"\(.*\)","remedy.*/\1/p' "$state/status.json" 2>/dev/null)" "bring the mirror back, or give it more time: --patience"
  [ $code = 0 ] || { trap - EXIT; exit 1; }
  while read -r path _; do
    sync "$path.kubekiln-new"
    mv -f "$path.kubekiln-new" "$path"
  done <"$state/fetched"
  cp "$state/binaries" "$image/laid"
  say "programs: $(grep -c '^file ' "$table") in place, $(wc -l <"$state/fetched") of them new, from $([ $from = bundle ] && echo the bundle || sed -n 's/^mirror //p' "$work/files{{binariesFile}}" | paste -sd' ' -)"
}

place_files() {
  stage=files
  rm -rf "$work/runtime"
  mkdir -p "$work/runtime"
  tar -xzf "$here/runtime.tar.gz" -C "$work/runtime"
  sed -n 's/^file //p' "$list" | while read -r mode sum path; do
    [ "$path" != "$runtime" ] || continue
    mkdir -p "${path%/*}"
    install -m "$mode" "$work/runtime/files$path" "$path.kubekiln-new"
    mv -f "$path.kubekiln-new" "$path"
  done
  say "files: $(($(grep -c '^file ' "$list") - 1)) settings of the operating system in place"
}

# Also one that a run left behind which was cut.
end_containerd() {
  old=$(cat $run/pid 2>/dev/null) || return 0
  if tr '\0' ' ' <"/proc/$old/cmdline" 2>/dev/null | grep -qF "$run/config.toml"; then
    kill "$old"
    while [ -d "/proc/$old/fd" ] && kill -0 "$old" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$old/status"; do sleep 0.1; done
  fi
  rm -rf $run
}

start_containerd() {
  ! systemctl is-active --quiet containerd.service 2>/dev/null || systemctl stop containerd.service
  end_containerd
  mkdir -p $run
  # Neither of the two halves of CRI is needed to keep images.
  cat >$run/config.toml <<TOML
version = 2
root = "/var/lib/containerd"
state = "$run/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
[grpc]
address = "$run/containerd.sock"
TOML
  {{binaries}}/containerd --config $run/config.toml >$run/log 2>&1 &
  containerd=$!
  echo $containerd >$run/pid
  CONTAINERD_ADDRESS=$run/containerd.sock
  export CONTAINERD_ADDRESS
  tries=0
  until images version >/dev/null 2>&1; do
    [ $tries -lt 120 ] && kill -0 $containerd 2>/dev/null || stop "containerd does not start: $(tail -n 1 $run/log)" "run {{binaries}}/containerd by hand on this machine"
    tries=$((tries + 1))
    sleep 1
  done
}

import_image() { # name digest
  archive=$(archive_of "$1")
  if [ -s "$archive" ]; then
    said=$(images images import "$archive" 2>&1) || stop "$1 cannot be imported: $(echo "$said" | tail -n 1)" "make the bundle anew: kubekiln bundle create"
    rm -f "$archive"
  else
    # Registries of cluster.yaml count where their hosts.toml is there; a tag may be another image tomorrow.
    name=${1%@*}
    case ${name##*/} in *:*) name=${name%:*} ;; esac
    said=$(images images pull --hosts-dir /etc/containerd/certs.d "$name@$2" 2>&1) || stop "$1 cannot be pulled: $(echo "$said" | tail -n 1)" "let the machine reach the registry, use a bundle, or leave images to the nodes: --without-images"
    images images tag --force "$name@$2" "$1" >/dev/null
  fi
  has_image "$1" "$2" || stop "$1 came with another digest than $2" "compare cluster.lock.yaml with the registry or the bundle"
}

bring_images() {
  stage=images
  rm -f "$image/without-images"
  if [ $images = no ]; then
    : >"$image/without-images"
    say "images: left to the nodes"
    return
  fi
  start_containerd
  count=0
  while read -r kind _ digest name; do
    [ "$kind" = image ] || continue
    has_image "$name" "$digest" || import_image "$name" "$digest"
    case $name in *@*) images images tag --force "$name" "$(echo "${name%@*}" | sed 's/:[^/:]*$//')@$digest" >/dev/null ;; esac
    # kubelet's garbage collection passes it over.
    images images label "$name" io.cri-containerd.pinned=pinned >/dev/null
    count=$((count + 1))
  done <"$table"
  end_containerd
  rm -rf "$state/images"
  # containerd's name for itself
  rm -rf /var/lib/containerd/io.containerd.*.introspection /var/lib/containerd/tmpmounts
  say "images: $count in containerd's store"
}

place_lists() {
  stage=lists
  install -m 0644 "$table" "$image/programs"
  install -m 0644 "$list" "$image/check-list"
  install -m 0644 "$here/SHA256SUMS" "$image/SHA256SUMS"
  install -D -m 0755 "$here/check" {{check}}
}

# What makes this machine itself. Services that would write it again at power-off are ended first.
clean() {
  stage=clean
  leave_bundles
  if [ -d /run/systemd/system ]; then
    systemctl stop systemd-random-seed.service chrony.service chronyd.service systemd-timesyncd.service 2>/dev/null || :
    # From here on the journal stands in memory; the image keeps the directory, by which it is kept on clones.
    mkdir -p /run/systemd/journald.conf.d
    printf '[Journal]\nStorage=volatile\n' >/run/systemd/journald.conf.d/99-kubekiln-bake.conf
    systemctl restart systemd-journald.service
    systemctl stop rsyslog.service syslog.socket 2>/dev/null || :
  fi
  find /var/log/journal /var/lib/cloud /var/lib/dhcp /var/lib/NetworkManager /var/lib/systemd/timesync -mindepth 1 -xdev -delete 2>/dev/null || :
  find /var/lib/dhclient /var/lib/dhcpcd -name '*lease*' -delete 2>/dev/null || :
  find /var/log -xdev -type f ! -size 0 -exec truncate -s 0 {} +
  : >/etc/machine-id
  [ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
  rm -f /etc/hostname /var/lib/systemd/random-seed /var/lib/systemd/credential.secret /var/lib/urandom/random-seed /etc/iscsi/initiatorname.iscsi /etc/nvme/hostid /etc/nvme/hostnqn
  rm -f /etc/ssh/ssh_host_*
  # What cloud-init made of this machine's own seed.
  rm -f /etc/netplan/50-cloud-init.yaml /etc/network/interfaces.d/50-cloud-init* /etc/systemd/network/10-cloud-init-* /etc/NetworkManager/system-connections/cloud-init-* /etc/udev/rules.d/70-persistent-net.rules /etc/sudoers.d/90-cloud-init-users
  for home in /root /home/*; do rm -rf "$home"/.ssh/authorized_keys "$home"/.*_history "$home"/.cache; done
  find /tmp /var/tmp -mindepth 1 -maxdepth 1 -xdev ! -name 'systemd-private-*' ! -path "$here" -exec rm -rf {} + 2>/dev/null || :
  # A distribution's etcd leaves a member behind: clones of it would be clusters of their own.
  rm -rf /var/lib/etcd/* {{etcd}}/*
  rm -rf "$state" /run/kubekiln
  say "clean: machine-id, host keys, state of cloud-init, leases, logs and histories are gone"
}

finish() {
  stage=check
  install -m 0644 "$here/runtime.tar.gz" "$runtime.kubekiln-new"
  mv -f "$runtime.kubekiln-new" "$runtime"
  rm -f "$baking"
  sync
  trap - EXIT
  sh {{check}} || {
    : >"$baking"
    say "STOPPED at check: the image is not what it should be"
    exit 1
  }
  say "done: this machine can be powered off and cloned"
}

{{> bundle-functions.sh}}
{{> image-functions.sh}}
check_source
# A machine that cloud-init still sets up writes over what is cleaned here.
! command -v cloud-init >/dev/null || [ ! -d /run/cloud-init ] || timeout 600 cloud-init status --wait >/dev/null 2>&1 || :
begin
check_packages
find_source
bring_programs
place_files
bring_images
place_lists
clean
finish

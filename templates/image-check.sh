#!/bin/sh
# check: compares a machine image with the plan that it was baked from, and names each deviation. bake ends with it, and on machines made of the image it is
# the command {{check}}.
#
# usage: check [--root DIR | --booted] [-o json]
#   --root DIR   an image that is mounted there; programs are run in it (chroot)
#   --booted     a node: it has an identity, and its own payload counts where that says more
# Exit code: 0 as planned, 1 deviations, 2 wrong use.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:{{binaries}}
LC_ALL=C
export PATH LC_ALL
root='' booted=no output=text found=0 json='' payload=/var/lib/kubekiln/current

usage() {
  sed -n '/^# usage: check/,/^#   --booted/s/^# //p' "$0" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --root) [ $# -gt 1 ] && [ -d "$2" ] || usage; root=$(cd "$2" && pwd); root=${root%/}; shift ;;
    --booted) booted=yes ;;
    -o) [ "${2:-}" = json ] || usage; output=json; shift ;;
    *) usage ;;
  esac
  shift
done
[ -z "$root" ] || [ $booted = no ] || usage
[ "$(id -u)" = 0 ] || { echo "kubekiln: check: it must run as root" >&2; exit 2; }
lists=$root{{image}}

wrong() { # path what
  found=$((found + 1))
  if [ $output = json ]; then
    json=$json${json:+,}$(printf '{"path":"%s","deviation":"%s"}' "$1" "$(printf %s "$2" | sed 's/[\\"]/\\&/g' | tr '\n\t' '  ')")
  else
    echo "kubekiln: check: $1: $2"
  fi
}

sum_of() { sha256sum "$1" 2>/dev/null | cut -d' ' -f1; }
mode_of() { stat -c %a:%u:%g "$1"; }
inside() { if [ -z "$root" ]; then "$@"; else chroot "$root" "$@"; fi; }

check_files() {
  while read -r kind mode sum path; do
    [ "$kind" = file ] || continue
    # A node's payload may be newer than its image.
    if [ $booted = yes ] && grep -q " $path\$" "$payload/plan" 2>/dev/null; then continue; fi
    if [ ! -f "$root$path" ] || [ -L "$root$path" ]; then
      wrong "$path" "no file is there"
      continue
    fi
    have=$(sum_of "$root$path") seen=$(mode_of "$root$path")
    [ "$have" = "$sum" ] || wrong "$path" "its SHA-256 is $have, planned $sum"
    [ "$seen" = "${mode#0}:0:0" ] || wrong "$path" "mode and owner are $seen, planned ${mode#0}:0:0"
  done <"$lists/check-list"
}

check_programs() {
  while read -r kind version path words; do
    [ "$kind" = program ] || continue
    if [ ! -f "$root$path" ] || [ -L "$root$path" ]; then
      wrong "$path" "the program is not there"
      continue
    fi
    seen=$(mode_of "$root$path") have=$(sum_of "$root$path")
    [ "$seen" = 755:0:0 ] || wrong "$path" "mode and owner are $seen, planned 755:0:0"
    set -- $(grep "^file [^ ]* $path " "$lists/programs")
    if [ "${5:--}" = - ]; then
      [ "$have" = "${2:-}" ] || wrong "$path" "its SHA-256 is $have, cluster.lock.yaml says ${2:-nothing}"
    else
      grep -qxF "$2 $have $path" "$lists/laid" || wrong "$path" "its SHA-256 is $have: not what came out of ${6:-its archive}"
    fi
    # A CNI plugin introduces itself when nobody tells it what to do.
    said=$(inside env -u CNI_COMMAND timeout 120 "$path" $words 2>&1 </dev/null) || { wrong "$path" "it does not run: $(echo "$said" | tail -n 1)"; continue; }
    echo "$said" | grep -qE "(^|[^0-9.])$(echo "$version" | sed 's/\./\\./g')([^0-9.]|\$)" || wrong "$path" "it calls itself $(echo "$said" | head -n 1 | cut -c1-80), planned $version"
  done <"$lists/check-list"
}

check_packages() {
  while read -r kind path what; do
    [ "$kind" = package ] || continue
    inside sh -c 'command -v "$0" >/dev/null' "$path" || wrong "$path" "missing: $what"
  done <"$lists/check-list"
}

blob() { echo "$root/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/${1#sha256:}"; }

# The store as it lies on the disk, whether containerd runs or not: from the digest that is pinned down to every layer, each by its own.
check_image() { # name digest
  [ -f "$(blob "$2")" ] || { wrong "$1" "the image is not in containerd's store ($2)"; return; }
  grep -qsaF "$1" "$root/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db" || wrong "$1" "containerd does not know this name"
  manifests=$2
  if grep -q '"manifests"' "$(blob "$2")"; then
    [ "$(sum_of "$(blob "$2")")" = "${2#sha256:}" ] || wrong "$1" "its index is damaged"
    manifests=$(grep -o 'sha256:[0-9a-f]\{64\}' "$(blob "$2")" | while read -r one; do [ ! -f "$(blob "$one")" ] || echo "$one"; done)
    [ -n "$manifests" ] || wrong "$1" "none of its manifests is in containerd's store"
  fi
  for part in $manifests $(for one in $manifests; do grep -o 'sha256:[0-9a-f]\{64\}' "$(blob "$one")"; done | sort -u); do
    have=$(sum_of "$(blob "$part")")
    [ "$have" = "${part#sha256:}" ] || wrong "$1" "its part $part is ${have:-not there}"
  done
}

check_images() {
  [ ! -f "$lists/without-images" ] || return 0
  while read -r kind _ digest name; do
    [ "$kind" != image ] || check_image "$name" "$digest"
  done <"$lists/programs"
}

# Nothing of ours starts by itself on what is no node yet.
check_units() {
  for unit in "$root"{{units}}/*.wants/kubekiln* "$root"{{units}}/kubekiln* "$root"/etc/cron*/kubekiln*; do
    [ ! -e "$unit" ] && [ ! -L "$unit" ] || wrong "${unit#"$root"}" "a unit of kubekiln in an image: first boot would start by itself"
  done
}

absent() { # what path…
  what=$1
  shift
  for path; do
    [ ! -e "$path" ] && [ ! -L "$path" ] || wrong "${path#"$root"}" "$what"
  done
}

check_identity() {
  [ ! -s "$root/etc/machine-id" ] || wrong /etc/machine-id "it is not empty: all clones would be one machine"
  [ -f "$root/etc/machine-id" ] || wrong /etc/machine-id "it is missing: a clone would keep none"
  [ -L "$root/var/lib/dbus/machine-id" ] || absent "a second machine-id" "$root/var/lib/dbus/machine-id"
  absent "a host key: clones would share it" "$root"/etc/ssh/ssh_host_*
  absent "state of cloud-init: a clone would not be set up" "$root"/var/lib/cloud/* "$root"/var/lib/cloud/.[!.]*
  absent "network settings of the machine that was baked" "$root"/etc/netplan/50-cloud-init.yaml "$root"/etc/network/interfaces.d/50-cloud-init* "$root"/etc/systemd/network/10-cloud-init-* "$root"/etc/NetworkManager/system-connections/cloud-init-* "$root"/etc/udev/rules.d/70-persistent-net.rules
  absent "a seed of random numbers: clones would share it" "$root/var/lib/systemd/random-seed" "$root/var/lib/systemd/credential.secret" "$root/var/lib/urandom/random-seed"
  absent "a DHCP lease" "$root"/var/lib/dhcp/*.lease* "$root"/var/lib/dhcp/*.leases "$root"/var/lib/NetworkManager/*
  absent "the name of the machine that was baked" "$root/etc/hostname" "$root/etc/iscsi/initiatorname.iscsi" "$root/etc/nvme/hostid" "$root/etc/nvme/hostnqn"
  absent "containerd's name for itself" "$root"/var/lib/containerd/io.containerd.*.introspection
  absent "data of etcd: every clone would be a cluster of its own" "$root"/var/lib/etcd/* "$root"{{etcd}}/*
  absent "part of a node" "$root"{{nodeEnv}} "$root"{{state}} "$root/var/lib/kubelet" "$root"{{configuration}} "$root"{{pki}}
  absent "the bake is not finished" "$lists/baking"
}

check_leftovers() {
  absent "a shell's history" "$root"/root/.*_history "$root"/home/*/.*_history
  absent "a key that opens this machine" "$root"/root/.ssh/authorized_keys "$root"/home/*/.ssh/authorized_keys
  absent "a journal of the machine that was baked" "$root"/var/log/journal/*
  for path in $(find "$root/var/log" -xdev -type f ! -size 0 ! -name wtmp ! -name btmp ! -name lastlog 2>/dev/null); do wrong "${path#"$root"}" "a log of the machine that was baked"; done
  for path in $(find "$root/tmp" "$root/var/tmp" -xdev -mindepth 1 -maxdepth 1 ! -name 'systemd-private-*' 2>/dev/null); do wrong "${path#"$root"}" "left behind"; done
}

# Of clusters and of anybody else: programs hold the words of a key as well, so only texts are looked at.
check_secrets() {
  set --
  for directory in etc root home opt srv usr/local var; do [ ! -d "$root/$directory" ] || set -- "$@" "$root/$directory"; done
  hits=$(grep -rIlsE --exclude-dir=containerd --exclude-dir=dpkg -e '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----|^ *client-key-data: |AGE-SECRET-[K]EY-' "$@")
  while read -r path; do [ -z "$path" ] || wrong "${path#"$root"}" "it holds a private key"; done <<HITS
$hits
HITS
}

# What the installer made of the payload, and that it starts again.
check_node() {
  [ "$(wc -c </etc/machine-id)" = 33 ] || wrong /etc/machine-id "the node has none"
  [ -f $payload/.complete ] || { wrong $payload "no payload is installed"; return; }
  have=$(cd $payload && { cat plan; sed -n 's/^f .* /files/p' plan | xargs cat; } | sha256sum | cut -d' ' -f1)
  [ "$have" = "$(cat $payload/.complete)" ] || wrong $payload "its digest is $have, its .complete says $(cat $payload/.complete)"
  while read -r kind mode owner path; do
    case $kind in
      f)
        cmp -s "$payload/files$path" "$path" || wrong "$path" "it is not what the payload says"
        seen=$(stat -c %a:%U "$path" 2>/dev/null)
        [ "$seen" = "${mode#0}:$owner" ] || wrong "$path" "mode and owner are ${seen:-none}, planned ${mode#0}:$owner"
        ;;
      e) systemctl is-enabled --quiet "$mode" || wrong "$mode" "the unit is not enabled" ;;
    esac
  done <$payload/plan
  for unit in kubekiln.target $(sed -n 's/^Wants=//p' {{units}}/kubekiln.target); do
    case $unit in *.timer | *.target | *.service) systemctl is-active --quiet "$unit" || wrong "$unit" "the unit is $(systemctl is-active "$unit")" ;; esac
  done
}

if [ ! -f "$lists/check-list" ] || [ ! -f "$lists/programs" ]; then
  wrong {{image}}/check-list "this is no image of kubekiln, or its bake never came this far"
else
  check_files
  check_programs
  check_packages
  check_images
  if [ $booted = yes ]; then
    check_node
  else
    check_units
    check_identity
    check_leftovers
    check_secrets
  fi
fi
digest=$(sha256sum "$lists/SHA256SUMS" 2>/dev/null | cut -c1-64)
[ $found = 0 ] && result=ok || result=deviates
if [ $output = json ]; then
  printf '{"result":"%s","image":"%s","deviations":[%s]}\n' "$result" "$digest" "$json"
elif [ $found = 0 ]; then
  echo "kubekiln: check: ok: image $digest, $(grep -c '^file ' "$lists/check-list") files, $(grep -c '^program ' "$lists/check-list") programs, $(grep -c '^image ' "$lists/programs") container images"
else
  echo "kubekiln: check: $found deviations"
fi
[ $found = 0 ]

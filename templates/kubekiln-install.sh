#!/bin/sh
# kubekiln-install: takes a payload (plan, files/, .complete) to its final places and starts the node. The same program serves the first boot
# (started by cloud-init's bootcmd), every later boot (kubekiln-install.service), ./install of node.tar.gz, and --apply on a running node.
# It can be cut at any line and run again: files are compared, written beside their place, synced and renamed; the payload becomes {{state}}/current last.
#
# usage: kubekiln-install first-boot DIR   a payload that cloud-init staged
#        kubekiln-install boot             every later boot
# ./install of node.tar.gz (tarball-install.sh) reads it in, and brings the rest: load_source, check_members, restart_changed.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
state={{state}}
current=$state/current
# Until the payload says who this node is.
KUBEKILN_CLUSTER='' KUBEKILN_NODE='' KUBEKILN_GENERATION=0
digest='' stage=payload replaced='' on_console=yes

{{> node-functions.sh}}
[ "$(id -u)" = 0 ] || { echo "kubekiln-install: must run as root" >&2; exit 2; }
mkdir -p "$state"
chmod 0700 "$state"

# A command that fails where no stop foresees it (a full disk, a missing tool) is named too.
trap 'code=$?; [ "$code" = 0 ] || stop "a command failed with exit code $code$(full)" "journalctl -t kubekiln-install"' EXIT

full() {
  sed -n 's/^[dp] .* //p' "$payload/plan" | xargs df -P 2>/dev/null | sed -n 's#.* 0 *100% #; no space is left on #p' | sort -u | tr -d '\n'
}

paths_of() { # payload directory: the final places of its files
  sed -n 's/^f .* //p' "$1/plan"
}

digest_of() { # payload directory: one hash over the plan and, in its order, every file
  (cd "$1" && { cat plan; paths_of . | sed 's/^/files/' | xargs cat; }) 2>/dev/null | sha256sum | cut -d' ' -f1
}

check() {
  stage=payload
  digest=$(cat "$payload/.complete" 2>/dev/null) || digest=none
  have=$(digest_of "$payload") || have=
  if [ "$have" != "$digest" ]; then
    # cloud-init writes a payload once per instance: without .complete, the next boot makes it write again.
    [ "$payload" = "$current" ] || rm -f "$payload/.complete"
    stop "payload digest is ${have:-unreadable}, expected $digest: a file is changed or half-written" "start the machine again, or run ./install from a fresh node.tar.gz"
  fi
  . "$payload/files{{nodeEnv}}"
  node=$KUBEKILN_CLUSTER/$KUBEKILN_NODE generation=$KUBEKILN_GENERATION
  if [ "$payload" != "$current" ] && [ -f "$current/files{{nodeEnv}}" ]; then
    installed=$(. "$current/files{{nodeEnv}}"; echo "$KUBEKILN_CLUSTER/$KUBEKILN_NODE $KUBEKILN_GENERATION")
    [ "${installed% *}" = "$node" ] || stop "this machine is ${installed% *}, the payload is of $node" "use its own payload, or ./reset it first"
    [ "$generation" -ge "${installed#* }" ] || stop "payload generation $generation is older than the installed ${installed#* }" "build again and use the newest payload; nothing was changed"
  fi
  say "payload: $node generation $generation, digest ok"
}

# A later boot neither waits for its address and the clock nor stops: what runs there may go on without.
waited_for() { # seconds
  [ "$mode" = boot ] || [ "$(($(uptime) - since))" -ge "$1" ]
}

or_warn() { # reason remedy
  [ "$mode" = boot ] || stop "$1" "$2"
  say "$stage: warning: $1"
}

check_identity() {
  stage=identity since=$(uptime)
  while :; do
    seen=$(ip -brief addr 2>/dev/null | tr -s '\n ' ' ')
    for address in $KUBEKILN_ADDRESSES; do
      case $seen in *" $address"[/\ ]*) return ;; esac
    done
    reason="none of this node's addresses ($KUBEKILN_ADDRESSES) is on an interface; seen: $seen"
    if waited_for "$KUBEKILN_ADDRESS_WAIT"; then
      or_warn "$reason" "give this machine the seed of the node that it is, or correct address or networkConfig in cluster.yaml"
      return
    fi
    waiting "$reason"
  done
}

check_clock() {
  stage=clock since=$(uptime) reason="the clock says $(date -u +%FT%TZ), before this payload was made"
  [ ! -f "$payload/files{{library}}/kubekiln-time-servers" ] || . "$payload/files{{library}}/kubekiln-time-servers"
  while [ "$(date +%s)" -lt "$KUBEKILN_NOT_BEFORE" ]; do
    if waited_for "$KUBEKILN_CLOCK_WAIT"; then
      if [ "$mode" != boot ] && [ -z "$KUBEKILN_TIME_SERVERS" ] && date -s "@$KUBEKILN_NOT_BEFORE" >/dev/null; then
        say "$stage: $reason, and there are no time servers: set to $(date -u +%FT%TZ)"
      else
        or_warn "$reason, and no time server (${KUBEKILN_TIME_SERVERS:-none}) corrected it" "repair time synchronisation or set the clock; it is tried again by itself"
      fi
      return
    fi
    waiting "$reason"
  done
  [ "$(date +%s)" -lt "$KUBEKILN_NOT_AFTER" ] ||
    or_warn "the clock says $(date -u +%FT%TZ), after the first certificate of this payload ended" "if the clock is right: take the leaves of this node out of secrets.yaml and build again"
}

check_binaries() {
  stage=binaries
  missing='' PATH=$PATH:$KUBEKILN_BINARIES
  rm -f "$state/fetched"
  [ ! -f "$payload/files{{binariesFile}}" ] || sh "$payload/files{{library}}/kubekiln-fetch" "$payload" || { trap - EXIT; exit 1; }
  while read -r kind path description; do
    [ "$kind" != b ] || command -v "$path" >/dev/null || [ -x "$path.kubekiln-new" ] || missing="$missing${missing:+, }$path ($description)"
  done <"$payload/plan"
  [ -z "$missing" ] || stop "missing: $missing" "put them into the image of this machine (kubekiln explain binaries)"
}

# What stood there before comes back with ./reset.
keep() { # path
  [ ! -e "$state/before$1" ] && [ -e "$1" ] || return 0
  mkdir -p "$state/before${1%/*}"
  cp -p "$1" "$state/before$1.new"
  sync "$state/before$1.new"
  mv "$state/before$1.new" "$state/before$1"
}

# No unit may start between the first rename and the last: a cut there is finished at the next boot, before the target.
place() {
  stage=files
  sed -n 's/^u \([^ ]*\) \([^ ]*\) \(.*\)/u \2 \1 "kubekiln" \3/p' "$payload/plan" | systemd-sysusers -
  pending=$state/pending
  : >"$pending"
  while read -r kind a b c; do
    case $kind in
      [dp]) [ -d "$c" ] || echo "$c" >>"$state/made" ;;
    esac
    case $kind in
      u) [ "$(id -u "$b")" = "$a" ] || stop "user $b has uid $(id -u "$b"), the payload wants $a" "remove that user, or set users in cluster.yaml to its uid" ;;
      d) install -d -m "$a" -o "$b" -g "$b" "$c" ;;
      p) [ -d "$c" ] || install -d -m "$a" -o "$b" -g "$b" "$c" ;;
      f)
        if [ -e "$c" ]; then
          cmp -s "$payload/files$c" "$c" && [ "$(stat -c %a:%U "$c")" = "${a#0}:$b" ] && continue
          replaced=yes
          [ -d "$current" ] || keep "$c"
        fi
        install -m "$a" -o "$b" -g "$b" "$payload/files$c" "$c.kubekiln-new"
        echo "$c" >>"$pending"
        ;;
    esac
  done <"$payload/plan"
  [ ! -f "$state/fetched" ] || cut -d' ' -f1 "$state/fetched" >>"$pending"
  if [ -s "$pending" ]; then
    sed 's/$/.kubekiln-new/' "$pending" | xargs sync
    echo "$payload" >"$state/applying"
    sync "$state/applying" "$state"
    while read -r path; do mv -f "$path.kubekiln-new" "$path"; done <"$pending"
    sed 's#/[^/]*$##' "$pending" | sort -u | xargs sync
  fi
  if [ "$payload" != "$current" ] && [ -d "$current" ]; then
    paths_of "$payload" >"$pending.paths"
    paths_of "$current" | { grep -vxFf "$pending.paths" || :; } | while read -r path; do rm -f "$path"; done
  fi
  say "files: $(wc -l <"$pending") placed"
  changed=$(cat "$pending")
  rm -f "$pending" "$pending.paths"
}

prepare() {
  stage=system
  sed -n 's/^k //p' "$payload/plan" | while read -r module; do
    modprobe -q "$module" 2>/dev/null || [ -d "/sys/module/$module" ] || say "system: no kernel module $module"
  done
  sysctl -q -p /etc/sysctl.d/9?-kubekiln*.conf || say "system: warning: the kernel refused settings"
  # What it finds out is never a reason to stop.
  (set +e; . {{library}}/kubekiln-host) || :
  # What systemctl enable does, without its questions to a busy systemd.
  wants=/etc/systemd/system/multi-user.target.wants
  (umask 022; mkdir -p "$wants")
  sed -n 's/^e //p' "$payload/plan" | while read -r unit; do ln -sf "/etc/systemd/system/$unit" "$wants/$unit"; done
  sync "$wants"
  # A unit that systemd never saw is read when it starts.
  [ -z "$replaced" ] || systemctl daemon-reload
}

# The rename is what makes an install done: before it the next boot starts over, after it this payload is the node's.
adopt() {
  if [ "$payload" != "$current" ]; then
    rm -rf "$state/previous"
    # cloud-init makes parents with its own umask.
    find "$payload" -type d -exec chmod 0700 {} +
    echo "$payload" >"$state/applying"
    sync "$state/applying" "$state"
    [ ! -d "$current" ] || mv "$current" "$state/previous"
    mv "$payload" "$current"
    sync "$state"
    payload=$current
    rm -rf "$state/previous"
  fi
  rm -f "$state/applying" "$state"/payload/runtime-*.tar.gz
}

begin() {
  stage=start
  systemctl start --no-block kubekiln.target
  record done "" ""
  say "done: $node generation $generation is installed"
}

exec 9>"$state/lock"
flock 9

# Cut while files were being moved, or between the renames that adopt a payload: finish that one first, whatever the seed says.
half=$(cat "$state/applying" 2>/dev/null) || :
[ -d "$half" ] || { half=''; rm -f "$state/applying"; }

[ ! -f "$state/resetting" ] || stop "a reset of this machine was begun and is not finished" "run ./reset again"

mode=${1:-install}
case $mode in
  first-boot)
    # Installed by another entrance while this one waited for the lock.
    [ ! -d "$current" ] || exit 0
    payload=${half:-$2}
    check
    ;;
  boot)
    payload=${half:-$current}
    [ -z "$half" ] || mode=install
    check
    for other in "$state"/payload/*/; do
      [ ! -d "$other" ] || [ "${other%/}" = "$payload" ] || announce "payload: ${other%/} is ignored: a seed does not change an installed node; ./install --apply does"
    done
    ;;
  *)
    [ -n "${KUBEKILN_SOURCE:-}" ] || { trap - EXIT; echo "usage: ./install [--apply], from an unpacked node.tar.gz" >&2; exit 2; }
    load_source
    ;;
esac

check_identity
check_clock
if [ "$mode" != boot ]; then
  check_binaries
  [ "$mode" != apply ] || check_members
  place
  prepare
  adopt
fi
# At every boot: cloud-init takes the name of whatever seed it is given.
[ "$(cat /proc/sys/kernel/hostname)" = "$KUBEKILN_NODE" ] || {
  [ "$mode" = boot ] || keep /etc/hostname
  echo "$KUBEKILN_NODE" >/etc/hostname
  hostname "$KUBEKILN_NODE"
}
[ "$mode" != apply ] || restart_changed
begin

#!/bin/sh
# Becomes one nspawn host, in a control group and a network namespace of its own, under the process id that it was started with.
# A process namespace around it makes power cuts atomic: when its first process is killed, or the starter dies, everything in the host is gone at once.
# (Hosts in one control group would share their services' groups.)
# usage: start-host.sh NAMESPACE CONTROL-GROUP systemd-nspawn's arguments…
set -eu
namespace=$1 group=$2
shift 2
if [ -d /run/systemd/system ]; then
  exec setpriv --pdeathsig KILL systemd-run --quiet --scope --collect --property=Delegate=yes \
    unshare --pid --fork --kill-child=KILL --mount-proc nsenter --net="/run/netns/$namespace" systemd-nspawn "$@"
fi
hierarchies=/sys/fs/cgroup
[ -e /sys/fs/cgroup/cgroup.procs ] || hierarchies=$(echo /sys/fs/cgroup/*)
for hierarchy in $hierarchies; do
  [ -e "$hierarchy/cgroup.procs" ] || continue
  mkdir -p "$hierarchy/$group"
  # A new group of version 1's cpuset has no processors and takes no process.
  echo $$ 2> /dev/null > "$hierarchy/$group/cgroup.procs" || true
done
exec setpriv --pdeathsig KILL unshare --pid --fork --kill-child=KILL --mount-proc nsenter --net="/run/netns/$namespace" systemd-nspawn "$@"

#!/bin/sh
# kubekiln-time-servers: part of kubekiln-install where the cluster has time servers. Their file comes to its place only after the guard that waits for
# what they say: until then the daemons read it from /run.
ntp=/systemd/timesyncd.conf.d/kubekiln.conf
install -Dm 0644 "$payload/files/etc$ntp" "/run$ntp"
install -Dm 0644 "$payload/files/etc/chrony/conf.d/kubekiln.conf" /run/chrony-dhcp/kubekiln.sources
{ systemctl try-restart systemd-timesyncd; chronyc reload sources; } >/dev/null 2>&1 || :

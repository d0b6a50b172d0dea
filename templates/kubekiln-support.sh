#!/bin/sh
# ./support of node.tar.gz: collects what somebody who helps with this node needs to know, and no key: no file that holds one is opened but to be hashed, and
# what looks like one in a log is masked. It works on a node whose install failed, from the staged payload; the archive names what a node lacks.
#
# usage: ./support [FILE]   default: {{state}}/support-HOST-TIME.tar.gz
set -u
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
[ "$(id -u)" = 0 ] || { echo "kubekiln: support: must run as root" >&2; exit 2; }
name=support-$(uname -n)-$(date -u +%Y%m%dT%H%M%SZ)
archive=${1:-{{state}}/$name.tar.gz}
[ ! -e "$archive" ] || { echo "kubekiln: support: $archive exists already" >&2; exit 2; }
payload=$(ls -d {{state}}/current {{state}}/payload/* 2>/dev/null | head -n 1)
export payload="${payload:-{{state}}/current}"

# Masks a PEM key on one line, the words of one on several, and runs of base64, from half a line of it: all long ones, and short ones with a digit.
# Paths, names in words and digests are runs too: they have no capitals, or no digits.
mask() {
  sed -E 's|-BEGIN .*PRIVATE KEY-.*-END .*KEY-|[masked]|
/-BEGIN .*PRIVATE KEY-/,/-END .*KEY-/s|[A-Za-z0-9+/]{12,}=*|[masked]|g
s|\x01||g
s|[A-Za-z0-9+/]{24,}|\x01&\x01|g
s@\x01([a-z0-9/]+|[A-Za-z/]{1,39})\x01@\1@g
s|\x01[^\x01]*\x01=*|[masked]|g'
}

# In memory: a full disk is what some nodes need help with.
cd /run && mkdir "$name" || exit 1
trap 'rm -rf "/run/$name"' EXIT
while read -r file command; do
  timeout 30 sh -c "$command" </dev/null 2>&1 | mask | tail -c 1000000 >"$name/$file"
done <<'LIST'
status cat {{state}}/status.json
plan cat $payload/plan; sed -n 's/^f .* //p' $payload/plan | xargs sha256sum; cd $payload/files && find . -type f -exec sha256sum {} +
directories sed -n 's/^[dp] .* //p' $payload/plan | xargs ls -lanR {{state}}
certificates find $payload/files -name '*.crt' -print -exec openssl x509 -noout -subject -issuer -dates -ext subjectAltName -in {} \;
versions sed -n 's/^b \([^ ]*\) .*/\1/p' $payload/plan | while read -r b; do echo $b; timeout 3 $b --version || timeout 3 $b version; done
system uname -a; cat /etc/os-release; systemctl --version; cloud-init --version; uptime; free; df -P; df -Pi; timedatectl
network ip address; ip route; ip -6 route; ss -lntup
units systemctl --no-pager list-units --all; systemctl --no-pager list-jobs
cloud-init cloud-init status --long; tail -n 4000 /var/log/cloud-init.log /var/log/cloud-init-output.log
kubekiln.log journalctl --no-pager -n 4000 -u 'kubekiln*'
etcd.log journalctl --no-pager -n 4000 -u etcd
kubernetes.log journalctl --no-pager -n 9000 -u 'kube-*'
kernel.log journalctl --no-pager -n 4000 -k
LIST
tar -czf - "$name" >"$archive" || {
  rm -f "$archive"
  echo "kubekiln: support: cannot write $archive: $(df -P "${archive%/*}" | tail -n 1). Name another place: ./support /run/support.tar.gz" >&2
  exit 1
}
echo "$archive: keys are left out; look through it before you pass it on"

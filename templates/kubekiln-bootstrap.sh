#!/bin/sh
# kubekiln-bootstrap: waits until this node's own API server is ready and applies the objects that a new cluster needs, then the operator's manifests.
# Every control-plane node runs it; server-side apply makes that the same as once. The identity is in system:masters for one hour and dies with the runtime directory.
set -eu
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
. {{nodeEnv}}
run=/run/kubekiln-bootstrap
cd "$run"

say() { echo "kubekiln: bootstrap: $*"; }

# openssl req -x509 counts in days; openssl ca takes times, so the certificate can live one hour.
identify() {
  now=$(date +%s)
  cat >ca.conf <<CONF
[ca]
database=index
rand_serial=yes
policy=p
preserve=yes
[p]
[x]
extendedKeyUsage=clientAuth
CONF
  : >index
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client.key -out client.csr -subj "/O=system:masters/CN=kubekiln-bootstrap" 2>/dev/null
  openssl ca -batch -notext -config ca.conf -name ca -extensions x -md sha256 -outdir . -cert "$KUBEKILN_PKI/ca.crt" -keyfile "$KUBEKILN_PKI/ca.key" -in client.csr -out client.crt \
    -startdate "$(date -u -d "@$((now - 300))" +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d "@$((now + 3600))" +%Y%m%d%H%M%SZ)" 2>openssl.log || {
    say "no bootstrap identity: $(tail -n 1 openssl.log)"
    exit 1
  }
  made=$now
}

kube() {
  "$KUBEKILN_BINARIES/kubectl" --kubeconfig=/dev/null --cache-dir="$run/cache" --server="$KUBEKILN_API_SERVER" --certificate-authority="$KUBEKILN_PKI/ca.crt" \
    --client-certificate=client.crt --client-key=client.key --request-timeout=30s "$@"
}

identify
waited=0
until kube get --raw /readyz >/dev/null 2>error; do
  [ "$((waited % 60))" -ne 30 ] || say "waiting for $KUBEKILN_API_SERVER/readyz: $(head -n 1 error | cut -c1-200)"
  waited=$((waited + 1))
  sleep 1
  [ "$(($(date +%s) - made))" -lt 3000 ] || identify
done

# An operator's edit stays: objects of a generation that the cluster has seen are only created where they are missing.
seen() {
  kube --namespace kube-system get configmap "$1" --ignore-not-found -o 'jsonpath={.data.generation}'
}

put() {
  if [ "${seen:-0}" -lt "$KUBEKILN_GENERATION" ]; then
    kube apply --server-side --force-conflicts --field-manager=kubekiln -f "$1" >applied 2>error
  else
    # Not every object that is there says AlreadyExists: a Service says that its address is taken.
    kube create -f "$1" >applied 2>error || kube get -f "$1" -o name >/dev/null 2>&1
  fi
}

# $1 holds the generation only when all objects before it are in place.
remember() {
  [ "${seen:-0}" -ge "$KUBEKILN_GENERATION" ] || kube create configmap "$1" --namespace kube-system "--from-literal=generation=$KUBEKILN_GENERATION" \
    --dry-run=client -o yaml | kube apply --server-side --force-conflicts --field-manager=kubekiln -f - >/dev/null
}

seen=$(seen kubekiln)
put {{library}}/bootstrap-objects.yaml || {
  grep -v AlreadyExists error || cat error
  exit 1
}
remember kubekiln
say "objects in place ($(wc -l <applied) applied, generation $KUBEKILN_GENERATION)"
systemd-notify --ready

addons=
[ ! -e {{library}}/kubekiln-addons ] || . {{library}}/kubekiln-addons
# A node may not claim a role for itself: a control-plane node is one by this payload, a worker by the label that its kubelet brought.
pause=5
while :; do
  [ -z "$addons" ] || put_addons
  kube label --overwrite node "$KUBEKILN_NODE" node-role.kubernetes.io/control-plane= node.kubernetes.io/exclude-from-external-load-balancers= >/dev/null 2>&1 || pause=5
  kube label node -l 'kubekiln/role=worker,!node-role.kubernetes.io/worker' node-role.kubernetes.io/worker= >/dev/null 2>&1 || :
  sleep $pause
  [ $pause -ge 60 ] || pause=$((pause + 5))
  [ "$(($(date +%s) - made))" -lt 3000 ] || identify
done

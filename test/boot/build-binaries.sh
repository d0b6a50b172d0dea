#!/bin/sh
# Builds the real binaries that the boot tests run, from their upstream sources through the Go module proxy, into the cache; what is there stays.
# usage: build-binaries.sh CACHE etcd|kubernetes VERSION
# Result: CACHE/etcd-v3.6.16/{etcd,etcdctl,etcdutl} or CACHE/kubernetes-v1.37.1/{kube-apiserver,…}. The compiler's own caches stand in CACHE/go: several
# GB, the caller's to delete.
set -eu
cache=$1 what=$2 version=$3
dest=$cache/$what-$version
[ ! -e "$dest/.complete" ] || exit 0
export GOCACHE="$cache/go/build" GOMODCACHE="$cache/go/mod" CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false -modcacherw" GOWORK=off
work=$cache/go/work-$what-$version
rm -rf "$work" "$dest.partial"
mkdir -p "$work" "$dest.partial" "$GOCACHE" "$GOMODCACHE"
cd "$work"

case $what in
  kubernetes)
    minor=${version#v1.}
    patch=$minor minor=${minor%%.*}
    printf 'module boot\ngo 1.26\nrequire k8s.io/kubernetes %s\n' "$version" > go.mod
    dir=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    # Kubernetes' go.mod replaces its staging modules with folders, which a proxy cannot serve: point them at their published twins.
    sed -n "s#^[[:space:]]*\(k8s.io/[a-z0-9-]*\) v0.0.0\$#replace \1 => \1 v0.$patch#p" "$dir/go.mod" | sort -u >> go.mod
    v=k8s.io/component-base/version
    ldflags="-s -w -X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=$minor"
    for name in kube-apiserver kube-controller-manager kube-scheduler kubectl kubeadm; do
      echo "building $name $version"
      go build -trimpath -ldflags "$ldflags" -o "$dest.partial/$name" "k8s.io/kubernetes/cmd/$name"
    done
    ;;
  etcd)
    printf 'module boot\ngo 1.26\n' > go.mod
    for name in server etcdctl etcdutl; do
      echo "building $name $version"
      go get "go.etcd.io/etcd/$name/v3@$version"
      out=$name
      [ "$name" != server ] || out=etcd
      go build -trimpath -ldflags "-s -w -X go.etcd.io/etcd/api/v3/version.GitSHA=from-source" -o "$dest.partial/$out" "go.etcd.io/etcd/$name/v3"
    done
    ;;
  *) echo "unknown: $what" >&2; exit 2 ;;
esac
touch "$dest.partial/.complete"
rm -rf "$dest"
mv "$dest.partial" "$dest"
rm -rf "$work"

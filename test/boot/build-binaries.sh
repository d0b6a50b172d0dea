#!/bin/sh
# Builds the real binaries that the boot tests run, from their upstream sources through the Go module proxy, into the cache; what is there stays.
# usage: build-binaries.sh CACHE WHAT VERSION         WHAT is one of the names of the case below
# Result: CACHE/etcd-v3.6.16/{etcd,etcdctl,etcdutl}, CACHE/kubernetes-v1.37.1/{kube-apiserver,…} and so on. The compiler's own caches stand in CACHE/go:
# several GB, the caller's to delete.
set -eu
cache=$1 what=$2 version=$3
here=$(cd "$(dirname "$0")" && pwd)
dest=$cache/$what-$version
[ ! -e "$dest/.complete" ] || exit 0
export GOCACHE="$cache/go/build" GOMODCACHE="$cache/go/mod" CGO_ENABLED=0 GOFLAGS="-mod=mod -buildvcs=false -modcacherw" GOWORK=off
work=$cache/go/work-$what-$version
rm -rf "$work" "$dest.partial"
mkdir -p "$work" "$dest.partial" "$GOCACHE" "$GOMODCACHE"
cd "$work"

require() { # module
  printf 'module boot\ngo 1.26\nrequire %s %s\n' "$1" "$version" > go.mod
}

require_kubernetes() {
  minor=${version#v1.}
  patch=$minor minor=${minor%%.*}
  require k8s.io/kubernetes
  dir=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  # Kubernetes' go.mod replaces its staging modules with folders, which a proxy cannot serve: point them at their published twins.
  sed -n "s#^[[:space:]]*\(k8s.io/[a-z0-9-]*\) v0.0.0\$#replace \1 => \1 v0.$patch#p" "$dir/go.mod" | sort -u >> go.mod
  v=k8s.io/component-base/version
  ldflags="-X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=$minor"
}

build() { # name package ldflags build's other flags…
  echo "building $1 $version"
  name=$1 package=$2 flags=$3
  shift 3
  go build -trimpath -ldflags "-s -w $flags" "$@" -o "$dest.partial/$name" "$package"
}

case $what in
  kubernetes)
    require_kubernetes
    for name in kube-apiserver kube-controller-manager kube-scheduler kubectl kubeadm; do build $name "k8s.io/kubernetes/cmd/$name" "$ldflags"; done
    ;;
  kubernetes-node)
    require_kubernetes
    for name in kubelet kube-proxy; do build $name "k8s.io/kubernetes/cmd/$name" "$ldflags"; done
    ;;
  agnhost)
    require_kubernetes
    build agnhost k8s.io/kubernetes/test/images/agnhost ''
    # The version that this release's own specs ask for.
    sed -n 's/.*configs\[Agnhost\] = Config{list.PromoterE2eRegistry, "agnhost", "\(.*\)"}.*/\1/p' "$dir/test/utils/image/manifest.go" > "$dest.partial/version"
    [ -s "$dest.partial/version" ]
    ;;
  e2e)
    require_kubernetes
    echo "building e2e.test $version"
    go test -c -trimpath -ldflags "-s -w $ldflags" -o "$dest.partial/e2e.test" k8s.io/kubernetes/test/e2e
    build ginkgo github.com/onsi/ginkgo/v2/ginkgo ''
    mkdir "$dest.partial/conformance"
    cp "$dir/test/conformance/testdata/conformance.yaml" "$dest.partial/conformance/"
    ;;
  e2e-images)
    require_kubernetes
    build nnp k8s.io/kubernetes/test/images/nonewprivs ''
    build sample-apiserver k8s.io/sample-apiserver ''
    mkdir "$dest.partial/nautilus" "$dest.partial/agnhost"
    cp "$dir"/test/images/nautilus/html/* "$dest.partial/nautilus/"
    cp "$dir"/test/images/agnhost/porter/localhost.* "$dest.partial/agnhost/"
    ;;
  etcd)
    printf 'module boot\ngo 1.26\n' > go.mod
    for name in server etcdctl etcdutl; do
      go get "go.etcd.io/etcd/$name/v3@$version"
      out=$name
      [ "$name" != server ] || out=etcd
      build "$out" "go.etcd.io/etcd/$name/v3" '-X go.etcd.io/etcd/api/v3/version.GitSHA=from-source'
    done
    ;;
  containerd)
    module=github.com/containerd/containerd/v2
    case $version in v1.*) module=${module%/v2} ;; esac
    require $module
    for name in containerd containerd-shim-runc-v2 ctr; do
      build $name $module/cmd/$name "-X $module/version.Version=$version" -tags no_btrfs,no_zfs,no_devmapper,no_aufs
    done
    ;;
  cni-plugins)
    module=github.com/containernetworking/plugins
    require $module
    for plugin in main/bridge ipam/host-local main/loopback meta/portmap; do
      build "${plugin#*/}" $module/plugins/$plugin "-X $module/pkg/utils/buildversion.BuildVersion=$version"
    done
    ;;
  coredns)
    require github.com/coredns/coredns
    build coredns github.com/coredns/coredns '-X github.com/coredns/coredns/coremain.GitCommit=from-source'
    ;;
  flannel)
    require github.com/flannel-io/flannel
    # Newer ones are not served by the proxy.
    tencent=github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud
    for part in common vpc; do printf 'replace %s => %s v1.0.1000\n' $tencent/$part $tencent/$part >> go.mod; done
    CGO_ENABLED=1 build flanneld github.com/flannel-io/flannel "-X github.com/flannel-io/flannel/pkg/version.Version=$version"
    ;;
  opentofu)
    module=github.com/opentofu/opentofu
    require $module
    dir=$(go mod download -json "$module@$version" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
    # Its fork of HCL, which a replacement in its own go.mod names: those of a dependency do not count.
    grep '^replace github.com/hashicorp/hcl/v2 ' "$dir/go.mod" >> go.mod
    build tofu $module/cmd/tofu "-X $module/version.dev=no"
    ;;
  pause)
    printf 'module boot\ngo 1.26\n' > go.mod
    cp "$here/images/pause.go" .
    build pause ./pause.go ''
    ;;
  *) echo "unknown: $what" >&2; exit 2 ;;
esac
touch "$dest.partial/.complete"
rm -rf "$dest"
mv "$dest.partial" "$dest"
rm -rf "$work"

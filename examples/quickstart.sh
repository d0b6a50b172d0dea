#!/usr/bin/env bash
# The main job on a fresh clone: builds kubekiln, then makes the boot artifacts of a real three-node control plane, and checks them.
# usage: examples/quickstart.sh [DIRECTORY]     (default: out/demo in the repository, which git ignores)
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
directory=${1:-$repository/out/demo}

bold='' plain=''
[ ! -t 1 ] || bold=$'\033[1m' plain=$'\033[0m'
step() { printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"; "$@"; }
kubekiln() { node "$repository/dist/kubekiln.js" "$@"; }

node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null || {
  echo "quickstart: Node.js 20.19 or newer is needed (found: $(node --version 2>/dev/null || echo none)): https://nodejs.org" >&2
  exit 1
}

cd "$repository"
[ node_modules/.package-lock.json -nt package-lock.json ] || step npm ci
step npm run --silent build

mkdir -p "$directory"
cd "$directory"
# a second run keeps the keys of the first: init never overwrites
[ -e cluster.yaml ] || step kubekiln init demo --control-plane 10.0.1.11,10.0.1.12,10.0.1.13
step kubekiln build
step kubekiln verify

cat <<END

Made in $directory:
  cluster.yaml                   the cluster in one file: names, versions, addresses (kubekiln explain spec)
  secrets.yaml                   its keys: the one thing to back up, and never to commit
  cluster.lock.yaml              what must not drift silently: commit it
  out/demo/nodes/cp-1/           what the machine cp-1 boots from: seed.iso (a NoCloud disk), user-data (a cloud), node.tar.gz (./install)
  out/demo/admin.conf            kubectl's way in, once the nodes run
  out/demo/manifest.json         every artifact with its digest, for Terraform and scripts

What to do next:
  look inside one        node $repository/dist/kubekiln.js inspect $directory/out/demo/nodes/cp-1/seed.iso
  make it your cluster   edit the addresses in $directory/cluster.yaml, then run build and verify again
  boot it                attach each node's seed.iso to a machine with cloud-init and the binaries, all three in any order
  see it boot here       npm run demo
END

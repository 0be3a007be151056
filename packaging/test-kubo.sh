#!/usr/bin/env bash
# What an idle node is held against by `make bench`: kubo, the IPFS daemon, of the exact
# version that packaging/kubo/go.mod names, built once into FOLDER/bin/ipfs. It takes two
# minutes of a core.
set -euo pipefail
tools=${1:?usage: test-kubo.sh FOLDER}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
[ "$tools/bin/ipfs" -nt "$here/kubo/go.sum" ] && exit 0
echo "building kubo (once) ..."
(cd "$here/kubo" && GOFLAGS=-mod=readonly go build -o "$tools/bin/ipfs.new" github.com/ipfs/kubo/cmd/ipfs)
mv "$tools/bin/ipfs.new" "$tools/bin/ipfs"

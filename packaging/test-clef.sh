#!/usr/bin/env bash
# Builds clef, the signer that keeps keys and asks a person, into FOLDER/bin: our signing
# through it is tested with the real one. It is a module of its own, so none of its
# dependencies is ours; the first build needs the network.
set -euo pipefail
tools=${1:?usage: test-clef.sh FOLDER}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
cd "$(dirname "$0")/../attest/chain/testdata/clef"
program=$tools/bin/clef
if [ "$program" -nt go.mod ] && [ "$program" -nt go.sum ]; then
  exit 0
fi
echo "building clef (a minute or two, once) ..."
go build -o "$program.new" github.com/ethereum/go-ethereum/cmd/clef
mv "$program.new" "$program"

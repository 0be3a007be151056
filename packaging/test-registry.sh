#!/usr/bin/env bash
# Builds the OCI registry (CNCF distribution) that the tests of models/fetch push to and
# fetch from into FOLDER/bin. It is a module of its own, so its sources come by its own
# go.sum; the first build needs the network.
set -euo pipefail
tools=${1:?usage: test-registry.sh FOLDER}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
cd "$(dirname "$0")/../models/fetch/testdata/registry"
program=$tools/bin/medhive-test-registry
for source in go.mod go.sum main.go; do
  if [ ! "$program" -nt "$source" ]; then
    stale=yes
  fi
done
if [ -z "${stale:-}" ]; then
  exit 0
fi
echo "building the registry of the tests (a few minutes, once) ..."
go build -o "$program.new" .
mv "$program.new" "$program" # also where what stood there is running

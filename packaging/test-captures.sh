#!/usr/bin/env bash
# Unpacks captures of real machines, which two Go libraries carry for their own tests, into
# FOLDER/captures: a folder per machine with its sys and proc. Versions and checksums are
# those of packaging/captures.
set -euo pipefail
tools=${1:?usage: test-captures.sh FOLDER}
mkdir -p "$tools"
captures=$(cd "$tools" && pwd)/captures
cd "$(dirname "$0")/captures"
if [ "$captures/.complete" -nt go.sum ]; then
  exit 0
fi
echo "unpacking captures of real machines ..."
go mod download
rm -rf "$captures"
mkdir -p "$captures"
for archive in "$(go list -m -f '{{.Dir}}' github.com/jaypipes/ghw)"/testdata/snapshots/*.tar.gz; do
  machine=$captures/$(basename "$archive" .tar.gz)
  mkdir "$machine"
  tar -xzf "$archive" -C "$machine" --no-same-owner --no-same-permissions
done
cp "$(go list -m -f '{{.Dir}}' github.com/prometheus/procfs)/testdata/fixtures.ttar" "$captures/fixtures.ttar"
chmod -R u+rwX "$captures"
touch "$captures/.complete"

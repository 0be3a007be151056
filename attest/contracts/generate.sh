#!/bin/sh
# Makes the Go bindings of the contracts, bytecode included, and the table of their
# storage from src/*.sol:
#
#   generate.sh          npm ci, compile, abigen, then the stamp
#   generate.sh --check  does the same beside them and fails on any difference
#
# Needs node with npm, and go; everything else comes by lockfile. Building
# MedHive needs none of this, because what comes out is committed.
set -eu
export LC_ALL=C # the order of files in the stamp
cd "$(dirname "$0")"

artifacts=$(mktemp -d)
fresh=$(mktemp -d)
trap 'rm -rf "$artifacts" "$fresh"' EXIT
case "${1:-}" in
"") out=bindings ;;
--check) out=$fresh ;;
*) echo "usage: generate.sh [--check]" >&2; exit 2 ;;
esac

if ! command -v npm >/dev/null; then
	echo "generate contracts: npm not found; install Node.js 18 or newer (Debian: apt install nodejs npm)" >&2
	exit 1
fi
# The lockfile of the last install tells whether anything has to be fetched.
if ! cmp -s package-lock.json node_modules/.medhive-lock; then
	npm ci --no-audit --no-fund --loglevel=error
	cp package-lock.json node_modules/.medhive-lock
fi

node compile.js "$artifacts"
for name in HiveToken NodeRegistry RewardDistributor Disputes JobEscrow Timelock; do
	package=$(echo "$name" | tr '[:upper:]' '[:lower:]')
	mkdir -p "$out/$package"
	go tool abigen --v2 --combined-json "$artifacts/$name.json" --pkg "$package" --out "$out/$package/$package.go"
	# staticcheck wants error texts in lower case in generated code too.
	sed -i 's/"Unknown error"/"unknown error"/' "$out/$package/$package.go"
	gofmt -w "$out/$package/$package.go"
done

cp "$artifacts/storage.txt" "$out/storage.txt"

# The stamp: what went in and what came out. fresh_test.go reads it.
{
	sha256sum src/*.sol compile.js generate.sh package.json package-lock.json
	(cd "$out" && sha256sum ./*/*.go storage.txt | sed 's|  \(\./\)\{0,1\}|  bindings/|')
	echo "abigen $(go list -m -f '{{.Version}}' github.com/ethereum/go-ethereum)"
} >"$out/SOURCES.sha256"

if [ "$out" != bindings ]; then
	if ! diff -r bindings "$out" >/dev/null; then
		diff -rq bindings "$out" >&2 || true
		echo "generate contracts: bindings are stale; run attest/contracts/generate.sh and commit what it changes" >&2
		exit 1
	fi
	echo "contract bindings are fresh"
fi

#!/usr/bin/env bash
# Tests the contracts with the forge and solhint of tools/package-lock.json:
#
#   check.sh        bindings and storage fresh, solhint, every test at full length on
#                   what is deployed, coverage whole, every mutant killed: an hour
#   check.sh short  every test with short campaigns, compiled plainly: a minute
#   check.sh tools  brings forge, anvil and solhint, and nothing else
#
# Needs node with npm; everything else comes by lockfile.
set -euo pipefail
cd "$(dirname "$0")"

if ! command -v npm >/dev/null; then
	echo "check contracts: npm not found; install Node.js 18 or newer (Debian: apt install nodejs npm)" >&2
	exit 1
fi
for folder in . tools; do
	# The lockfile of the last install tells whether anything has to be fetched.
	if ! cmp -s $folder/package-lock.json $folder/node_modules/.medhive-lock; then
		(cd $folder && npm ci --no-audit --no-fund --loglevel=error)
		cp $folder/package-lock.json $folder/node_modules/.medhive-lock
	fi
done

case "${1:-}" in
short)
	FOUNDRY_PROFILE=short tools/forge test
	exit
	;;
tools) exit ;;
"") ;;
*)
	echo "usage: check.sh [short|tools]" >&2
	exit 2
	;;
esac

./generate.sh --check
tools/node_modules/.bin/solhint --disc --max-warnings 0 'src/*.sol'
echo "solhint is clean"
tools/forge test

mkdir -p artifacts
FOUNDRY_PROFILE=plain tools/forge coverage --no-match-coverage '^(test|node_modules)/' --report summary | tee artifacts/coverage.txt
# Every source's row, and the total's, is whole in lines, statements, branches and functions.
if [ "$(grep -cE '^\| (src/|Total)' artifacts/coverage.txt)" -lt 2 ] ||
	grep -E '^\| (src/|Total)' artifacts/coverage.txt | grep -vqE '(100\.00%[^|]*\|[^|]*){4}$'; then
	echo "check contracts: something in src is not covered; see the table above" >&2
	exit 1
fi
tools/mutants.js

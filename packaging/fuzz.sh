#!/usr/bin/env bash
# Runs every fuzz target below the given folders for TIME each, JOBS at a time with one
# worker each, and prints what was executed. Findings lie in the package's testdata/fuzz.
set -euo pipefail
usage="usage: fuzz.sh TIME JOBS FOLDER...   (fuzz.sh 10m 2 inference models)"
time=${1:?$usage} jobs=${2:?$usage}
shift 2
[ $# -gt 0 ] || { echo "$usage" >&2; exit 2; }
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# By default Go minimises each new input for up to 60 s and counts no execution meanwhile:
# a target whose inputs have kilobytes would do little else. A finding needs no more than this.
minimise=100x

# one FOLDER TARGET: fuzzes it, and leaves its last words in a file of its own.
one() {
  local folder=$1 target=$2 log
  log=$logs/${folder//\//_}.$target
  if go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime "$minimise" -parallel 1 "./$folder" >"$log" 2>&1; then
    verdict=held
  else
    verdict=FOUND
  fi
  executions=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
  printf '%-6s %12s executions  %s %s\n' "$verdict" "${executions:-0}" "$folder" "$target"
  if [ $verdict = FOUND ]; then
    tail -n 20 "$log" >&2
    return 1
  fi
}
export -f one
export logs time minimise

grep -r --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' "$@" |
  sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | sort |
  xargs -P "$jobs" -L 1 bash -c 'one "$@"' fuzz

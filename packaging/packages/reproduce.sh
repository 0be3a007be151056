#!/usr/bin/env bash
# Builds the packages again from another folder, with an empty build cache and another umask,
# and holds the bytes against DIST's: reproduce.sh TOOLS DIST ARCHITECTURE... Takes as long as
# the first build of all, which is ten minutes and more.
set -euo pipefail
tools=$(cd "${1:?usage: reproduce.sh TOOLS DIST ARCHITECTURE...}" && pwd)
dist=$(cd "${2:?usage: reproduce.sh TOOLS DIST ARCHITECTURE...}" && pwd)
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
again=$(mktemp -d "$tools/again.XXXXXX")
trap 'rm -rf "$again"' EXIT
mkdir -p "$again/elsewhere" "$again/dist" "$again/cache"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
# The files of the work tree, whether they are committed yet or not.
git -C "$source" ls-files -z --cached --others --exclude-standard |
  (cd "$source" && while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done | tar -c --null -T -) | tar -x -C "$again/elsewhere"
ln -s "$source/packaging/runtime/node_modules" "$again/elsewhere/packaging/runtime/node_modules"
(umask 077 && GOCACHE=$again/cache "$again/elsewhere/packaging/packages/build.sh" "$tools" "$again/dist" "$@" >/dev/null)
if ! diff "$dist/SHA256SUMS" "$again/dist/SHA256SUMS"; then
  echo "two builds of one source differ: compare them with diffoscope." >&2
  exit 1
fi
echo "two builds, one hash: $(wc -l <"$dist/SHA256SUMS") files"

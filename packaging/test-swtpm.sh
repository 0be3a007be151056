#!/usr/bin/env bash
# A TPM in software, so that device identity is tested with real TPM commands and not with a
# fake of ours: swtpm and swtpm_setup, which makes its endorsement certificate. Debian's
# packages are unpacked below FOLDER; no root needed.
#   FOLDER/bin/swtpm, FOLDER/bin/swtpm_setup, FOLDER/bin/swtpm_localca
set -euo pipefail
tools=${1:?usage: test-swtpm.sh FOLDER}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

if command -v swtpm >/dev/null && command -v swtpm_setup >/dev/null && command -v swtpm_localca >/dev/null; then
  exit 0
fi
[ -x "$tools/bin/swtpm_localca" ] && exit 0
# shellcheck source=packaging/closure.sh
. "$here/closure.sh"
root=$tools/swtpm/root
[ -d "$root" ] || unpack_closure "$tools/swtpm" "$root" swtpm swtpm-tools
rm -rf "$tools/swtpm/apt" "$tools/swtpm/fetched"
libraries=$(closure_libraries "$root")$(printf '%s:' "$root"/usr/lib/*-linux-gnu/swtpm)
for program in swtpm swtpm_setup swtpm_localca; do
  wants_libraries "$root/usr/bin/$program" "$libraries" swtpm-tools
  # Each of them starts others of this list and of GnuTLS by name.
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" PATH="%s:$PATH" exec "%s" "$@"\n' "$libraries" "$root/usr/bin" "$root/usr/bin/$program" >"$tools/bin/$program.new"
  chmod +x "$tools/bin/$program.new"
  mv "$tools/bin/$program.new" "$tools/bin/$program"
done

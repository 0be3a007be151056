#!/usr/bin/env bash
# Brings libonnxruntime by lockfile and checksum, unless the user has one.
set -euo pipefail
cd "$(dirname "$0")"
if [ -n "${MEDHIVE_ORT_LIB:-}" ]; then
  exit 0 # check.sh judges it
fi
if ! command -v npm >/dev/null; then
  echo "libonnxruntime is fetched with npm, which is not here." >&2
  echo "Install it (Debian: apt-get install nodejs npm), or set MEDHIVE_ORT_LIB to a libonnxruntime.so of version 1.24 or later." >&2
  exit 1
fi
echo "fetching ONNX Runtime (113 MB, once) ..."
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch node_modules/.package-lock.json

#!/usr/bin/env bash
# Says which libonnxruntime will be used, or what to install.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) arch=x64 ;;
  Linux-aarch64) arch=arm64 ;;
  *) arch=none ;;
esac
lib="${MEDHIVE_ORT_LIB:-$here/node_modules/onnxruntime-node/bin/napi-v6/linux/$arch/libonnxruntime.so.1}"
if [ -r "$lib" ]; then
  exit 0
fi
if [ -n "${MEDHIVE_ORT_LIB:-}" ]; then
  echo "MEDHIVE_ORT_LIB names $lib, which cannot be read: correct it, or unset it and run make deps again." >&2
elif [ "$arch" = none ]; then
  echo "There is no bundled libonnxruntime for $(uname -s) on $(uname -m): install one and set MEDHIVE_ORT_LIB to it." >&2
else
  echo "libonnxruntime is missing: remove packaging/runtime/node_modules and run make deps again, or set MEDHIVE_ORT_LIB." >&2
fi
exit 1

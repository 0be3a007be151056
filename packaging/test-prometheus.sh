#!/usr/bin/env bash
# Brings Prometheus and promtool for the tests of metrics, rules and dashboard into
# FOLDER/bin: installed ones are used, else Debian's are unpacked (about 100 MB, once).
set -euo pipefail
tools=${1:?usage: test-prometheus.sh FOLDER}
mkdir -p "$tools/bin" "$tools/prometheus"
tools=$(cd "$tools" && pwd)
. "$(dirname "$0")/closure.sh"
if command -v prometheus >/dev/null && command -v promtool >/dev/null || [ -x "$tools/bin/promtool" ]; then
  exit 0
fi
root=$tools/prometheus/root
unpack_closure "$tools/prometheus" "$root" prometheus
rm -rf "$root/usr/share" # its own pages and manuals
libraries=$(closure_libraries "$root")
for tool in prometheus promtool; do # promtool last: it says that both are here
  wants_libraries "$root/usr/bin/$tool" "$libraries" prometheus
  printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$root/usr/bin/$tool" >"$tools/bin/$tool.new"
  chmod +x "$tools/bin/$tool.new"
  mv "$tools/bin/$tool.new" "$tools/bin/$tool"
done

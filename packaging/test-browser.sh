#!/usr/bin/env bash
# Brings a Chromium for the tests of the dashboards into FOLDER/bin: an installed one is
# used, else Debian's is unpacked with a font (about 100 MB, once).
set -euo pipefail
tools=${1:?usage: test-browser.sh FOLDER}
mkdir -p "$tools/bin" "$tools/browser"
tools=$(cd "$tools" && pwd)
. "$(dirname "$0")/closure.sh"
if command -v chromium >/dev/null || [ -x "$tools/bin/chromium" ]; then
  exit 0
fi
root=$tools/browser/root
unpack_closure "$tools/browser" "$root" chromium fonts-dejavu-core
libraries=$(closure_libraries "$root")$(printf "%s:" "$root"/usr/lib/*-linux-gnu/pulseaudio)
program=$root/usr/lib/chromium/chromium
wants_libraries "$program" "$libraries" chromium
cat >"$tools/browser/fonts.conf" <<CONF
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>$root/usr/share/fonts</dir><dir>/usr/share/fonts</dir><cachedir>$tools/browser/fonts</cachedir></fontconfig>
CONF
printf '#!/bin/sh\nFONTCONFIG_FILE="%s" LD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$tools/browser/fonts.conf" "$libraries" "$program" >"$tools/bin/chromium.new"
chmod +x "$tools/bin/chromium.new"
mv "$tools/bin/chromium.new" "$tools/bin/chromium"

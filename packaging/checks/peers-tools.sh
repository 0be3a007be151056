#!/usr/bin/env bash
# The archives and validators that our results are handed to. What is installed is used;
# the rest is unpacked from Debian's packages below the folder named here, no root needed,
# with all that they depend on and this machine lacks, once.
#   Orthanc with its DICOMweb plugin         the tests (with archive as second word, only this)
#   dcmsend, storescp, PixelMed's validator, a JRE       make check-peers
set -euo pipefail
tools=${1:?usage: peers-tools.sh FOLDER [archive]}
mkdir -p "$tools/peers/bin"
tools=$(cd "$tools/peers" && pwd)
root=$tools/root
# shellcheck source=../closure.sh
. "$(dirname "$0")/../closure.sh"
plugin=usr/share/orthanc/plugins/libOrthancDicomWeb.so
jar=usr/share/java/pixelmed.jar

# Orthanc's folder is not in everybody's path.
has() { PATH=$tools/bin:$PATH:/usr/sbin command -v "$1" >/dev/null; }

missing=()
has Orthanc || missing+=(orthanc)
[ -e "/$plugin" ] || [ -e "$root/$plugin" ] || missing+=(orthanc-dicomweb)
if [ "${2:-}" != archive ]; then
  has dcmsend && has storescp || missing+=(dcmtk)
  [ -e "/$jar" ] || [ -e "$root/$jar" ] || missing+=(libpixelmed-java)
  has java || missing+=(openjdk-17-jre-headless)
fi

if [ ${#missing[@]} -gt 0 ]; then
  unpack_closure "$tools" "$root" "${missing[@]}"
  libraries=$(closure_libraries "$root")
  for program in "$root"/usr/sbin/Orthanc "$root"/usr/bin/dcmsend "$root"/usr/bin/storescp "$root"/usr/lib/jvm/java-17-openjdk-*/bin/java; do
    [ -x "$program" ] || continue
    wants_libraries "$program" "$libraries" "${missing[*]}"
    wrapper=$tools/bin/$(basename "$program")
    printf '#!/bin/sh\nDCMDICTPATH="%s" LD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$root/usr/share/libdcmtk17/dicom.dic" "$libraries" "$program" >"$wrapper.new"
    chmod +x "$wrapper.new"
    mv "$wrapper.new" "$wrapper"
  done
fi

# Where things lie, for peers.sh.
{
  printf 'plugin=%q\n' "$([ -e "/$plugin" ] && echo "/$plugin" || echo "$root/$plugin")"
  printf 'jar=%q\n' "$([ -e "/$jar" ] && echo "/$jar" || echo "$root/$jar")"
} >"$tools/places"

# Orthanc and storescp listen on every address of a machine. What they are given here is
# nobody's patient, but a test opens no door: with this loaded they listen on loopback.
if [ ! -e "$tools/loopback.so" ] || [ "$(dirname "$0")/loopback.c" -nt "$tools/loopback.so" ]; then
  "${CC:-cc}" -shared -fPIC -O1 -Wall -o "$tools/loopback.so" "$(dirname "$0")/loopback.c" -ldl
fi

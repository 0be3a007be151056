#!/usr/bin/env bash
# What `make check-peers` hands our results to. What is installed is used; the rest is
# unpacked from Debian's packages below the folder named here, no root needed, with all
# that they depend on and this machine lacks (60 to 120 MB, once).
#   Orthanc with its DICOMweb plugin, dcmsend and storescp, PixelMed's validator, a JRE
set -euo pipefail
tools=${1:?usage: peers-tools.sh FOLDER}
mkdir -p "$tools/peers/bin"
tools=$(cd "$tools/peers" && pwd)
root=$tools/root
plugin=usr/share/orthanc/plugins/libOrthancDicomWeb.so
jar=usr/share/java/pixelmed.jar

# Orthanc's folder is not in everybody's path.
has() { PATH=$tools/bin:$PATH:/usr/sbin command -v "$1" >/dev/null; }

missing=()
has Orthanc || missing+=(orthanc)
[ -e "/$plugin" ] || [ -e "$root/$plugin" ] || missing+=(orthanc-dicomweb)
has dcmsend && has storescp || missing+=(dcmtk)
[ -e "/$jar" ] || [ -e "$root/$jar" ] || missing+=(libpixelmed-java)
has java || missing+=(openjdk-17-jre-headless)

if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "check-peers needs Debian's ${missing[*]}: install them, or run on Debian 12, and try again." >&2
    exit 1
  fi
  echo "fetching ${missing[*]} and what they depend on (once) ..."
  mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial" "$tools/fetched"
  apt=(apt-get -qq -o "Dir::State::Lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt" -o APT::Sandbox::User= -o Debug::NoLocking=1)
  "${apt[@]}" update
  # As if nothing were installed, apt names everything; what is installed is then left out.
  : >"$tools/apt/nothing"
  closure=$("${apt[@]}" -o "Dir::State::status=$tools/apt/nothing" --no-install-recommends --print-uris -y install "${missing[@]}" |
    sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | sort -u)
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii //p' | sort -u)
  wanted=$(comm -23 <(echo "$closure") <(echo "$installed"))
  rm -f "$tools/fetched/"*.deb
  # shellcheck disable=SC2086 # one word per package
  (cd "$tools/fetched" && "${apt[@]}" download $wanted)
  for deb in "$tools/fetched/"*.deb; do
    dpkg -x "$deb" "$root"
  done
  rm -f "$tools/fetched/"*.deb
  # Links to places of an installed system, such as Java's settings, lead into the root.
  find "$root" -type l -lname '/*' | while read -r link; do
    target=$(readlink "$link")
    if [ -e "$root$target" ]; then
      ln -sfn "$root$target" "$link"
    fi
  done
  libraries=$(printf '%s:' "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu)
  for program in "$root"/usr/sbin/Orthanc "$root"/usr/bin/dcmsend "$root"/usr/bin/storescp "$root"/usr/lib/jvm/java-17-openjdk-*/bin/java; do
    [ -x "$program" ] || continue
    if LD_LIBRARY_PATH=$libraries ldd "$program" | grep 'not found'; then
      echo "$(basename "$program") lacks the libraries above: install Debian's ${missing[*]} and try again." >&2
      exit 1
    fi
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

#!/usr/bin/env bash
# The tests hold our DICOM objects against dciodvfy (Debian's dicom3tools). Where
# it is not installed, it is unpacked below the folder named here; no root needed.
set -euo pipefail
tools=${1:?usage: test-tools.sh FOLDER}
if command -v dciodvfy >/dev/null; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "the tests need dciodvfy: install dicom3tools and run again." >&2
  exit 1
fi
echo "fetching dicom3tools (once) ..."
mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial" "$tools/bin" "$tools/deb"
apt=(apt-get -qq -o "Dir::State::Lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt" -o APT::Sandbox::User=)
"${apt[@]}" update
(cd "$tools/deb" && rm -f dicom3tools_*.deb && "${apt[@]}" download dicom3tools && dpkg -x dicom3tools_*.deb root)
if ldd "$tools/deb/root/usr/bin/dciodvfy" | grep 'not found'; then
  echo "dciodvfy lacks the libraries above: apt-get install dicom3tools" >&2
  exit 1
fi
for tool in dciodvfy dcentvfy; do
  ln -sf "../deb/root/usr/bin/$tool" "$tools/bin/$tool"
done

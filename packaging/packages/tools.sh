#!/usr/bin/env bash
# Brings what `make packages` works with into FOLDER: nfpm, the writer of the parts list
# (both modules of their own, built once) and, where arm64 is built on another machine, its
# C compiler, which is unpacked and not installed.
set -euo pipefail
tools=${1:?usage: tools.sh FOLDER ARCHITECTURE...}
shift
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../closure.sh"

# build MODULE PROGRAM PACKAGE
build() {
  if [ "$tools/bin/$2" -nt "$1/go.sum" ] && [ -z "$(find "$1" -newer "$tools/bin/$2" -name '*.go')" ]; then
    return
  fi
  echo "building $2 (once) ..."
  (cd "$1" && GOFLAGS=-mod=readonly go build -o "$tools/bin/$2.new" "$3")
  mv "$tools/bin/$2.new" "$tools/bin/$2"
}
build "$here/nfpm" nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
build "$here/sbom" medhive-sbom .

native=$(go env GOHOSTARCH)
for arch in "$@"; do
  if [ "$arch" = "$native" ] || [ -x "$tools/bin/$arch-cc" ]; then
    continue
  fi
  case $arch in
    arm64) triple=aarch64-linux-gnu ;;
    amd64) triple=x86_64-linux-gnu ;;
    *) echo "packages are made for amd64 and arm64, not for $arch." >&2; exit 1 ;;
  esac
  root=$tools/cross-$arch/root
  unpack_closure "$tools/cross-$arch" "$root" "gcc-${triple/_/-}" "libc6-dev-$arch-cross"
  # The C library's linker script names places of an installed system.
  sed -i "s|/usr/$triple/lib/||g" "$root/usr/$triple/lib/libc.so"
  libraries=$(closure_libraries "$root")
  for program in gcc objdump strip; do
    name=$arch-${program/gcc/cc}
    file=$(find "$root/usr/bin" -name "$triple-$program" -o -name "$triple-$program-[0-9]*" | sort | head -1)
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" PATH="%s:$PATH" exec "%s" "$@"\n' "$libraries" "$root/usr/bin" "$file" >"$tools/bin/$name.new"
    if [ "$program" = gcc ]; then
      sed -i "s|\"\$@\"|--sysroot=\"$root\" -B\"$root/usr/$triple/bin\" -B\"$root/usr/$triple/lib\" -isystem \"$root/usr/$triple/include\" -L\"$root/usr/$triple/lib\" &|" "$tools/bin/$name.new"
    fi
    chmod +x "$tools/bin/$name.new"
    mv "$tools/bin/$name.new" "$tools/bin/$name"
  done
done

#!/usr/bin/env bash
# Brings what builds and boots the box image into FOLDER/image/root, unpacked from Debian's
# packages, not installed (100 MB on disk, once): mmdebstrap, squashfs and FAT tools,
# systemd-boot, and for the test QEMU and OVMF, and minisign.
set -euo pipefail
tools=${1:?usage: tools.sh FOLDER}
mkdir -p "$tools/image"
tools=$(cd "$tools" && pwd)/image
. "$(dirname "$0")/../closure.sh"
if [ -e "$tools/complete" ]; then
  exit 0
fi
rm -rf "$tools/root"
unpack_closure "$tools" "$tools/root" \
  mmdebstrap squashfs-tools-ng dosfstools mtools fdisk binutils systemd-boot-efi \
  qemu-system-x86 ovmf minisign
libraries=$(closure_libraries "$tools/root")
for program in bin/tar2sqfs bin/mcopy bin/qemu-system-x86_64 bin/minisign; do
  wants_libraries "$tools/root/usr/$program" "$libraries" "$(basename "$program")"
done
touch "$tools/complete"

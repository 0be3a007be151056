# A kernel that starts its own version, and a disk of a boot partition and one slot; the rest
# of the disk a box divides itself. Sourced by build.sh.

readonly esp_mib=512

# build_system FOLDER BOOT VERSION EFI joins kernel, initial system and command line in one
# program of the firmware. The command line names the slot by version, so kernel and slot
# can't be mixed.
build_system() {
  local folder=$1 boot=$2 version=$3 efi=$4 stub=$root/usr/lib/systemd/boot/efi/linuxx64.efi.stub
  [ -e "$stub" ] || stub=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
  echo "root=PARTLABEL=medhive_$version rootfstype=squashfs ro panic=30 loglevel=5 console=tty0 console=ttyS0,115200" >"$folder/cmdline"
  # .osrel comes first and .initrd last: the stub's sections end far below 128 KiB, a kernel
  # is smaller than 64 MiB.
  tool objcopy \
    --add-section .osrel="$folder/added/usr/lib/os-release" --change-section-vma .osrel=0x20000 \
    --add-section .cmdline="$folder/cmdline" --change-section-vma .cmdline=0x30000 \
    --add-section .linux="$(echo "$boot"/vmlinuz-*)" --change-section-vma .linux=0x2000000 \
    --add-section .initrd="$(echo "$boot"/initrd.img-*)" --change-section-vma .initrd=0x6000000 \
    "$stub" "$efi"
}

# write_disk OUT VERSION SLOT_MIB GIVEN
write_disk() {
  local out=$1 version=$2 slot_mib=$3 given=$4 image=$1/medhive-box_$2.img esp=$work/esp boot
  if [ "$(stat -c %s "$out/medhive-box_$version.root")" -gt $((slot_mib << 20)) ]; then
    echo "the system takes more than a slot's $slot_mib MiB: give a larger IMAGE_SLOT_MIB." >&2
    return 1
  fi
  boot=$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi
  [ -e "$boot" ] || boot=/usr/lib/systemd/boot/efi/systemd-bootx64.efi
  rm -f "$esp" "$image"
  truncate -s "${esp_mib}M" "$esp"
  tool mkfs.vfat -F 32 -n MEDHIVE --invariant "$esp" >/dev/null
  tool mmd -i "$esp" ::EFI ::EFI/BOOT ::EFI/systemd ::EFI/Linux ::loader ::medhive
  printf 'timeout 0\neditor no\n' >"$work/loader.conf"
  tool mcopy -i "$esp" "$work/loader.conf" ::loader/loader.conf
  tool mcopy -i "$esp" "$boot" ::EFI/BOOT/BOOTX64.EFI
  tool mcopy -i "$esp" "$boot" ::EFI/systemd/systemd-bootx64.efi
  # The version that a box is born with is on no trial: there is no other to go back to.
  tool mcopy -i "$esp" "$out/medhive-box_$version.efi" "::EFI/Linux/medhive_$version.efi"
  if [ -n "$given" ]; then
    tool mcopy -s -i "$esp" "$given"/* ::medhive/
  fi
  # One MiB before the first partition, one behind the last for the second table.
  truncate -s "$((1 + esp_mib + slot_mib + 1))M" "$image"
  tool sfdisk --quiet --no-reread --no-tell-kernel "$image" <<TABLE
label: gpt
start=1MiB, size=${esp_mib}MiB, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=medhive-esp
size=${slot_mib}MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=medhive_$version
TABLE
  dd if="$esp" of="$image" bs=1M seek=1 conv=notrunc,sparse status=none
  dd if="$out/medhive-box_$version.root" of="$image" bs=1M seek=$((1 + esp_mib)) conv=notrunc,sparse status=none
}

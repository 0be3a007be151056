#!/bin/sh
# After all packages: customize.sh TREE. Says what starts, takes out what only an installer
# needs, and refuses a tree that would make boxes alike or change owners of their files.
set -eu
tree=$1
chroot "$tree" systemctl --quiet preset-all
chroot "$tree" systemctl --quiet mask systemd-firstboot.service
# Nobody has a password; a vendor who wants a way in brings it as a package.
chroot "$tree" usermod -p '!' root 2>/dev/null || sed -i 's/^root:[^:]*:/root:!:/' "$tree/etc/shadow"
mv "$tree/usr/lib/os-release" "$tree/usr/lib/medhive/box/os-release"
# An empty file would be no first boot, and a full one the same machine everywhere.
echo uninitialized >"$tree/etc/machine-id"
echo medhive >"$tree/etc/hostname"
ln -sfn ../run/systemd/resolve/stub-resolv.conf "$tree/etc/resolv.conf"
rm -rf "$tree/boot/"* "$tree/vmlinuz"* "$tree/initrd.img"* "$tree/etc/apt/sources.list.d/medhive.list" "$tree/var/cache/debconf" "$tree/var/cache/apt/"* \
  "$tree/var/lib/apt/lists/"* \
  "$tree/var/log/"* "$tree/var/lib/systemd/random-seed" "$tree/var/lib/initramfs-tools" "$tree/etc/initramfs-tools" \
  "$tree/var/lib/dbus/machine-id" "$tree/var/cache/ldconfig" "$tree/run/"* "$tree/tmp/"* "$tree/usr/share/bash-completion" "$tree/usr/share/zsh"
mkdir -p "$tree/var/log/journal" "$tree/var/lib/medhive-box"

fault=
found=$(awk -F: '$3 >= 100 && $3 < 65000 && ($3 < 880 || $3 > 899) { print $1 }' "$tree/etc/passwd" "$tree/etc/group")
for name in $found; do
  [ "$name" = users ] && continue # Debian's own, always 100
  echo "user or group $name has no fixed number: add it to prepare.sh, or its files change hands with the next version." >&2
  fault=1
done
for path in $(find "$tree/etc" "$tree/var" "$tree/root" "$tree/home" "$tree/usr/share" -xdev \
  \( -name '*.key' -o -name 'ssh_host_*' -o -name random-seed -o -name 'authorized_keys*' -o -name '*.sealed' \) -type f); do
  echo "$path is a key or a seed: every box of this image would have the same." >&2
  fault=1
done
for path in $(grep -rIl -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' "$tree/etc" "$tree/var" "$tree/root" "$tree/home" "$tree/usr/share" || true); do
  echo "$path holds a private key." >&2
  fault=1
done
[ -z "$fault" ]

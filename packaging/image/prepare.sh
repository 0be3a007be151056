#!/bin/sh
# Between the essential packages and the rest: prepare.sh TREE SLOT_BYTES. A box's /var
# outlives its system, so whoever owns files there has the same number in every version.
set -eu
tree=$1
# name and number of the user and of its group; customize.sh refuses a tree with others.
while read -r name number home; do
  echo "$name:x:$number:$number::$home:/usr/sbin/nologin" >>"$tree/etc/passwd"
  echo "$name:!*:19000::::::" >>"$tree/etc/shadow"
  echo "$name:x:$number:" >>"$tree/etc/group"
  if [ -e "$tree/etc/gshadow" ]; then echo "$name:!*::" >>"$tree/etc/gshadow"; fi
done <<'USERS'
medhive 880 /var/lib/medhive
medhive-clinic 881 /var/lib/medhive-clinic
tss 882 /
systemd-network 883 /
systemd-resolve 884 /
systemd-timesync 885 /
messagebus 886 /nonexistent
USERS
while read -r name number; do
  echo "$name:x:$number:" >>"$tree/etc/group"
  if [ -e "$tree/etc/gshadow" ]; then echo "$name:!*::" >>"$tree/etc/gshadow"; fi
done <<'GROUPS'
systemd-journal 890
render 891
medhive-power 892
kvm 893
input 894
sgx 895
GROUPS
sed -i "s/@slot@/$2/" "$tree/usr/lib/medhive/box/repart.d/"2?-slot.conf

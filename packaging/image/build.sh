#!/usr/bin/env bash
# Builds the image of a box: build.sh TOOLS DEB OUT writes into OUT
#   medhive-box_VERSION.img   a GPT disk for `dd`, sparse: boot partition and one slot
#   medhive-box_VERSION.root  the same system, for the other slot of a box that has an older one
#   medhive-box_VERSION.efi   its kernel, likewise
#   medhive-box.sums          what the vendor signs (medhive vendor sign-image) and boxes ask for
# build.sh plant TOOLS DEB only makes the tree, in $IMAGE_TREE; with IMAGE_TREE set the former
# takes that one, so that versions which differ little are made in seconds.
# No loop device and no mount of the disk: root's own mmdebstrap, or with uidmap installed
# anybody's, makes the tree; the rest writes files.
#
# IMAGE_VERSION   version (default: that of the deb); a box takes none that sorts before its own
# IMAGE_KEYS      folder of minisign public keys (*.pub) whose updates boxes take (default: none)
# IMAGE_PACKAGES  further packages of Debian, separated by commas: drivers, firmware
# IMAGE_ADDED     folder of further files for the system, such as a vendor's own units
# IMAGE_SLOT_MIB  size of a slot (default 1536)
# IMAGE_LEVEL     zstd level of a slot (default 12)
# IMAGE_MIRROR    where Debian is fetched from (default: mmdebstrap's)
# IMAGE_GIVEN     folder of what every box shall be given: network.json, node.toml, image.conf
set -euo pipefail
umask 022
usage="usage: build.sh [plant] TOOLS DEB [OUT]"
only=
if [ "${1:-}" = plant ]; then
  only=plant
  shift
fi
tools=$(realpath "${1:?$usage}")
deb=$(realpath "${2:?$usage}")
here=$(cd "$(dirname "$0")" && pwd)
. "$here/with-tools.sh"
. "$here/tree.sh"
. "$here/disk.sh"
export LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}
slot_mib=${IMAGE_SLOT_MIB:-1536}
work=$(mktemp -d "$tools/image/build.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ -n "$only" ]; then
  mkdir -p "${IMAGE_TREE:?names the folder of the tree}"
  plant_tree "$deb" "$IMAGE_TREE"
  exit
fi
mkdir -p "${3:?$usage}"
out=$(cd "$3" && pwd)
version=${IMAGE_VERSION:-$(dpkg-deb -f "$deb" Version | sed 's/-[^-]*$//')}
if ! [[ $version =~ ^[A-Za-z0-9.~-]{1,28}$ ]]; then
  # A partition's label holds 36 characters, of which the name takes some.
  echo "version $version does not fit a partition's label: give IMAGE_VERSION of at most 28 letters, digits, dots, tildes and hyphens." >&2
  exit 1
fi
tree=${IMAGE_TREE:-}
if [ -z "$tree" ]; then
  tree=$work/tree
  mkdir "$tree"
  plant_tree "$deb" "$tree"
fi
cp --reflink=auto "$tree/tree.tar" "$work/sealed.tar"
seal_tree "$work/sealed.tar" "$version" "$work" "$out/medhive-box_$version.root"
build_system "$work" "$tree/boot" "$version" "$out/medhive-box_$version.efi"
write_disk "$out" "$version" "$slot_mib" "${IMAGE_GIVEN:-}"
{
  echo "# medhive-box $version"
  echo "# system of $(stat -c %s "$out/medhive-box_$version.root") bytes"
  (cd "$out" && sha256sum "medhive-box_$version.root" "medhive-box_$version.efi")
} >"$out/medhive-box.sums"
ls -s --block-size=M "$out/medhive-box_$version".*

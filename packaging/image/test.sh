#!/usr/bin/env bash
# Boots a box in QEMU and follows it through its first boot, a job, updates good and bad, and
# a disk written anew: test.sh TOOLS DEB MEDHIVE. Takes about half an hour on two cores.
set -euo pipefail
tools=$(realpath "${1:?usage: test.sh TOOLS DEB MEDHIVE}")
deb=$(realpath "${2:?usage: test.sh TOOLS DEB MEDHIVE}")
medhive=$(realpath "${3:?usage: test.sh TOOLS DEB MEDHIVE}")
here=$(cd "$(dirname "$0")" && pwd)
work=$tools/image/test
"$here/tools.sh" "$tools"
"$here/../test-swtpm.sh" "$tools"
. "$here/with-tools.sh"

rm -rf "$work"
mkdir -p "$work/keys" "$work/broken/usr/lib/systemd/system/medhive-node.service.d"
# The vendor, whose key boxes of this image obey.
vendor() { "$medhive" vendor "$@" --home "$work/vendor"; }
printf 'untrusted comment: the vendor of the test\n%s\n' "$(vendor init --json | sed -n 's/^ *"image_key": *"\(.*\)".*/\1/p')" >"$work/keys/vendor.pub"
printf '[Service]\nExecStart=\nExecStart=/bin/false\nRestartSec=1s\n' >"$work/broken/usr/lib/systemd/system/medhive-node.service.d/broken.conf"

# version FOLDER VERSION makes a version of the box as a vendor does, of one tree.
version() {
  IMAGE_VERSION=$2 IMAGE_KEYS=$work/keys IMAGE_LEVEL=3 IMAGE_TREE=$tree "$here/build.sh" "$tools" "$deb" "$work/images/$1"
  vendor sign-image "$work/images/$1/medhive-box.sums" >/dev/null
}
SECONDS=0
# IMAGE_TREE may name a tree that build.sh planted before.
tree=${IMAGE_TREE:-$work/tree}
[ -e "$tree/tree.tar" ] || IMAGE_TREE=$tree "$here/build.sh" plant "$tools" "$deb"
echo "tree planted in $SECONDS s"
version v0 0.9
rm "$work/images/v0"/*.img
version v1 1.0
version v2 1.1
rm "$work/images/v0/"*.root "$work/images/v0/"*.efi
IMAGE_ADDED=$work/broken version broken 1.2
rm -f "$work/images/broken"/*.img
echo "four versions of it made in $SECONDS s"
rm -rf "$work/tree"
go run "$here/boottest" -tools "$tools" -medhive "$medhive" -vendor "$work/vendor" -images "$work/images" -work "$work/box"
rm -rf "$work"

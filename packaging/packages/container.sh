#!/usr/bin/env bash
# Builds a container image of DIST's apk, whose program needs no system, and runs it as its
# owner would: container.sh TOOLS DIST writes medhive_VERSION_amd64.oci.tar into DIST. The
# image is built by Debian's buildah, without a daemon; crun runs it with a read-only root,
# as an ordinary user, without capabilities, and there the whole demo must pass. Wants root.
set -euo pipefail
tools=${1:?usage: container.sh TOOLS DIST}
dist=$(cd "${2:?usage: container.sh TOOLS DIST}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$tools/container"
tools=$(cd "$tools" && pwd)
. "$here/../closure.sh"
apks=("$dist"/medhive_*_x86_64.apk)
[ "${#apks[@]}" = 1 ] && [ -e "${apks[0]}" ] || { echo "$dist must hold one version of the packages: make packages." >&2; exit 1; }
programs=$tools/container/root
if ! [ -x "$programs/usr/bin/buildah" ] || ! [ -x "$programs/usr/bin/crun" ]; then
  unpack_closure "$tools/container" "$programs" buildah crun
fi
libraries=$(closure_libraries "$programs")
work=$(mktemp -d "$tools/container/work.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT

mkdir -p "$work/image/tree/etc/ssl/certs" "$work/image/state"
tar -xzf "${apks[0]}" -C "$work/image/tree" --warning=no-unknown-keyword --exclude=.PKGINFO --exclude='.post-*' --exclude=etc/init.d --exclude='usr/lib/udev'
cp /etc/ssl/certs/ca-certificates.crt "$work/image/tree/etc/ssl/certs/"
echo 'medhive:x:65532:65532::/var/lib/medhive:/nonexistent' >"$work/image/tree/etc/passwd"
mkdir -m 1777 "$work/image/tree/tmp"
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json" # it builds on no other image
buildah() {
  LD_LIBRARY_PATH=$libraries "$programs/usr/bin/buildah" --root "$work/storage" --runroot "$work/run" --storage-driver vfs --signature-policy "$work/policy.json" "$@"
}
name=$(basename "${apks[0]}" .apk)
name=${name/x86_64/amd64}
buildah bud -q --isolation chroot --timestamp "$(stat -c %Y "$work/image/tree/usr/bin/medhive")" -t medhive -f "$here/Containerfile" "$work/image" >/dev/null
rm -f "$dist/$name.oci.tar"
buildah push -q medhive "oci-archive:$dist/$name.oci.tar"

# What was pushed is what runs: unpacked from the archive.
mkdir -p "$work/pushed" "$work/bundle/rootfs"
tar -xf "$dist/$name.oci.tar" -C "$work/pushed"
for layer in "$work/pushed/blobs/sha256/"*; do
  if gzip -t "$layer" 2>/dev/null; then
    tar -xzf "$layer" -C "$work/bundle/rootfs"
  fi
done
mkdir -p "$work/bundle/rootfs"/{proc,dev,sys}
# crun wants version 2 of cgroups alone, also where it makes none.
crun() {
  LD_LIBRARY_PATH=$libraries unshare --mount sh -c 'if [ -d /sys/fs/cgroup/unified ]; then mount -t cgroup2 none /sys/fs/cgroup; fi; exec "$@"' sh \
    "$programs/usr/bin/crun" --root "$work/crun" --cgroup-manager=disabled "$@"
}
cd "$work/bundle"
crun spec
node=$(command -v node) || { echo "node is needed to write the container's configuration." >&2; exit 1; }
"$node" - <<'SCRIPT'
const fs = require('fs');
const c = JSON.parse(fs.readFileSync('config.json'));
c.process.terminal = false;
c.process.user = {uid: 65532, gid: 65532};
c.process.args = ['/usr/bin/medhive', 'demo', '--home', '/var/lib/medhive/demo', '--out', '/var/lib/medhive/out'];
c.process.env = ['MEDHIVE_HOME=/var/lib/medhive'];
c.process.noNewPrivileges = true;
c.process.capabilities = {};
c.root = {path: 'rootfs', readonly: true};
c.mounts.push({destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777']});
c.mounts.push({destination: '/var/lib/medhive', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=0700', 'uid=65532', 'gid=65532']});
fs.writeFileSync('config.json', JSON.stringify(c));
SCRIPT
crun run "medhive-$$" | tail -4
sha256sum "$dist/$name.oci.tar"

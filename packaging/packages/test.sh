#!/usr/bin/env bash
# Tests the packages of DIST as a machine's owner meets them: test.sh TOOLS DIST makes a
# Debian 12 below TOOLS, has apt install the deb with what it depends on, boots the root under
# its own systemd in a container without a network, and there runs scenario.sh: set up, start,
# bid, a job, upgrade, remove, purge. The rpm and the apk are looked through, and the apk's
# program runs in a root that holds nothing else. Wants root, and ten minutes.
set -euo pipefail
tools=${1:?usage: test.sh TOOLS DIST}
dist=$(cd "${2:?usage: test.sh TOOLS DIST}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$tools/debian"
tools=$(cd "$tools" && pwd)
. "$here/../closure.sh"
if [ "$(id -u)" != 0 ]; then
  echo "a container with its own systemd wants root: run it as root." >&2
  exit 1
fi
[ "$(dpkg --print-architecture)" = amd64 ] || { echo "the packages are run on amd64 only: run it there." >&2; exit 1; }

debs=("$dist"/medhive_*_amd64.deb)
rpms=("$dist"/medhive-*.x86_64.rpm)
apks=("$dist"/medhive_*_x86_64.apk)
for found in "${#debs[@]}" "${#rpms[@]}" "${#apks[@]}"; do
  [ "$found" = 1 ] || { echo "$dist must hold one version of the packages: remove the others, or make packages." >&2; exit 1; }
done

# The programs that make and boot a Debian, unpacked; and the Debian, made once.
bare=$tools/debian/bare
programs=$tools/debian/root
if ! [ -x "$programs/usr/bin/mmdebstrap" ] || ! [ -x "$programs/usr/bin/systemd-nspawn" ]; then
  unpack_closure "$tools/debian" "$programs" mmdebstrap systemd-container
fi
if ! [ -e "$tools/debian/complete" ]; then
  echo "making a Debian 12 (once) ..."
  rm -rf "$bare"
  PERL5LIB="$programs/usr/share/perl5" perl "$programs/usr/bin/mmdebstrap" --quiet --mode=root --variant=apt --include=systemd,systemd-sysv bookworm "$bare"
  touch "$tools/debian/complete"
fi
root=$tools/debian/machine
checks=$tools/debian/checks
alone=$tools/debian/alone
clean() {
  for place in "$root/proc" "$checks/proc" "$alone/proc"; do
    if mountpoint -q "$place"; then umount "$place"; fi
  done
  rm -rf "$root" "$checks" "$alone"
}
clean
trap clean EXIT

echo "== lintian, and what rpm and apk hold"
cp -a "$bare" "$checks"
cp /etc/resolv.conf "$checks/etc/resolv.conf"
mount -t proc proc "$checks/proc"
chroot "$checks" apt-get -qq update
DEBIAN_FRONTEND=noninteractive chroot "$checks" apt-get -qq install -y --no-install-recommends lintian rpm >"$tools/debian/apt.log" 2>&1 || { tail -20 "$tools/debian/apt.log" >&2; exit 1; }
cp "${debs[0]}" "${rpms[0]}" "$checks/root/"
chroot "$checks" sh -c 'lintian --allow-root --fail-on error --tag-display-limit 0 /root/*.deb'
chroot "$checks" sh -c 'rpm --nosignature -Kv /root/*.rpm && rpm --nosignature -qp --requires /root/*.rpm'
contents=$(chroot "$checks" sh -c 'rpm --nosignature -qpl /root/*.rpm')
for file in /usr/bin/medhive /usr/lib/medhive/libonnxruntime.so.1 /usr/lib/systemd/system/medhive-{node,clinic,coordinator}.service \
  /usr/lib/sysusers.d/medhive.conf /usr/lib/tmpfiles.d/medhive.conf /usr/lib/udev/rules.d/60-medhive.rules /usr/share/man/man1/medhive-node-run.1.gz \
  /usr/share/medhive/{node,clinic,coordinator}.toml /usr/share/doc/medhive/{sbom.cdx.json,licences}.gz; do
  grep -qx "$file" <<<"$contents" || { echo "the rpm lacks $file" >&2; exit 1; }
done

echo "== the apk's program, in a root that holds nothing else"
mkdir -p "$alone"/{proc,dev,tmp}
tar -xzf "${apks[0]}" -C "$alone" --warning=no-unknown-keyword
mount -t proc proc "$alone/proc"
mknod -m 666 "$alone/dev/null" c 1 3
mknod -m 666 "$alone/dev/urandom" c 1 9
for role in node clinic coordinator; do
  sh -n "$alone/etc/init.d/medhive-$role"
done
sh -n "$alone/.post-install"
chroot "$alone" /usr/bin/medhive version
chroot "$alone" /usr/bin/medhive demo --home /tmp/home --out /tmp/out | tail -4
[ -s "$alone/tmp/out/seg.dcm" ]

echo "== apt install, with what it depends on"
cp -a "$bare" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
chroot "$root" apt-get -qq update
cp "${debs[0]}" "$root/root/medhive.deb"
# What the deb needs comes first, so that what a purge leaves can be told from it.
needs=$(dpkg-deb -f "${debs[0]}" Depends Recommends | sed 's/^[A-Z][a-z]*: //' | tr ',' '\n' | sed 's/ *([^)]*)//; s/ |.*//; s/ //g')
# shellcheck disable=SC2086 # one word per package
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq install -y --no-install-recommends $needs >"$tools/debian/apt.log" 2>&1 || { tail -20 "$tools/debian/apt.log" >&2; exit 1; }
# The next version: the same files under a later number.
unpacked=$root/root/next
dpkg-deb -R "${debs[0]}" "$unpacked"
sed -i 's/^Version: \(.*\)-1$/Version: \1+next-1/' "$unpacked/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$unpacked" "$root/root/next.deb" >/dev/null
rm -rf "$unpacked"
cp "$here/scenario.sh" "$root/root/"
cp "$here/../../testdata/t1-study.zip" "$root/root/study.zip"
cat >"$root/etc/systemd/system/scenario.service" <<'UNIT'
[Unit]
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force
[Service]
Type=oneshot
ExecStart=/bin/bash /root/scenario.sh
StandardOutput=file:/root/scenario.log
StandardError=file:/root/scenario.log
TimeoutStartSec=20min
[Install]
WantedBy=multi-user.target
UNIT
sed -i 's/^After=.*/After=network.target/' "$root/etc/systemd/system/scenario.service"
ln -s /etc/systemd/system/scenario.service "$root/etc/systemd/system/multi-user.target.wants/scenario.service"

echo "== its systemd boots, and runs scenario.sh"
SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 LD_LIBRARY_PATH=$(closure_libraries "$programs")$(printf '%s:' "$programs"/usr/lib/*-linux-gnu/systemd) \
  timeout 25m "$programs/usr/bin/systemd-nspawn" -q -D "$root" --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" --register=no --keep-unit --private-network -b >"$tools/debian/boot.log" 2>&1 || true
cat "$root/root/scenario.log"
if [ "$(tail -1 "$root/root/scenario.log")" != "the packages do what they should" ]; then
  echo "the scenario failed; the boot's log is $tools/debian/boot.log" >&2
  exit 1
fi

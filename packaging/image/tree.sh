# The files of a box's system: Debian's packages, medhive's deb and the folder root/ beside
# this file, as a tar, and that as a slot. Sourced by build.sh.

packages=systemd-sysv,udev,kmod,dbus,busybox,initramfs-tools,zstd,linux-image-amd64,e2fsprogs,dosfstools,systemd-boot,fdisk,systemd-resolved,systemd-timesyncd,iproute2,ca-certificates,curl,minisign

# plant_tree DEB FOLDER installs the packages into a fresh tree, FOLDER/tree.tar; kernel and
# initial system are put beside it, into FOLDER/boot.
plant_tree() {
  local deb=$1 folder=$2 feed
  feed=$(mktemp -d "$work/feed.XXXXXX")
  # A repository of one package, so that apt brings what it depends on.
  cp "$deb" "$feed/medhive.deb"
  {
    dpkg-deb -f "$deb"
    printf 'Filename: ./medhive.deb\nSize: %s\nSHA256: %s\n\n' "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
  } >"$feed/Packages"
  tar -C "$here/root" --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w,a+rX --mtime="@$SOURCE_DATE_EPOCH" -cf "$work/overlay.tar" .
  chmod 0755 "$work" "$feed"
  perl "$(command -v mmdebstrap)" --quiet --skip=cleanup/reproducible --variant=essential --format=tar \
    --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --include="$packages,medhive${IMAGE_PACKAGES:+,$IMAGE_PACKAGES}" \
    --setup-hook="echo 'deb [trusted=yes] copy:$feed ./' >\"\$1\"/etc/apt/sources.list.d/medhive.list" \
    --essential-hook="tar-in $work/overlay.tar /" \
    --essential-hook="$here/prepare.sh \"\$1\" $((slot_mib << 20))" \
    --customize-hook="copy-out /boot $folder" \
    --customize-hook="$here/customize.sh \"\$1\"" \
    bookworm "$folder/tree.tar" ${IMAGE_MIRROR:+"$IMAGE_MIRROR"}
}

# seal_tree TAR VERSION FOLDER SLOT gives the tree its version and its vendor's keys, makes
# sure that it holds nothing that must differ from box to box, and writes it as a slot.
seal_tree() {
  local tar=$1 version=$2 folder=$3 slot=$4 added=$3/added key
  rm -rf "$added"
  mkdir -p "$added/usr/lib" "$added/usr/share/medhive/image-keys"
  if [ -n "${IMAGE_ADDED:-}" ]; then
    cp -R "$IMAGE_ADDED/." "$added/"
  fi
  {
    tar -xOf "$tar" ./usr/lib/medhive/box/os-release
    printf 'IMAGE_ID=medhive-box\nIMAGE_VERSION=%s\n' "$version"
  } >"$added/usr/lib/os-release"
  for key in ${IMAGE_KEYS:+"$IMAGE_KEYS"/*.pub}; do
    cp "$key" "$added/usr/share/medhive/image-keys/"
  done
  (cd "$added" && find . ! -type d -print0 | LC_ALL=C sort -z) |
    tar -C "$added" --null --no-recursion --files-from=- --owner=0 --group=0 --numeric-owner --mode=go-w,a+rX --mtime="@$SOURCE_DATE_EPOCH" -rf "$tar"
  tool tar2sqfs --quiet --force --compressor zstd --comp-extra "level=${IMAGE_LEVEL:-12}" --block-size 262144 \
    --defaults "mtime=$SOURCE_DATE_EPOCH" "$slot" <"$tar"
}

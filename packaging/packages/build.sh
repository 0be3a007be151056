#!/usr/bin/env bash
# Builds the packages: build.sh TOOLS OUT ARCHITECTURE... writes medhive's deb, rpm and apk
# into OUT, with the parts list and SHA256SUMS. The same commit and the same compilers give
# the same bytes, wherever the source lies. VERSION (such as 1.2.0) is the version of a
# release; else it is the next one's, before which every commit sorts by its time.
set -euo pipefail
tools=${1:?usage: build.sh TOOLS OUT ARCHITECTURE...}
mkdir -p "${2:?usage: build.sh TOOLS OUT ARCHITECTURE...}"
tools=$(cd "$tools" && pwd)
out=$(cd "$2" && pwd)
shift 2
source=$(cd "$(dirname "$0")/../.." && pwd)
here=$source/packaging/packages
runtime=$source/packaging/runtime
work=$(mktemp -d "$tools/packages.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$source"
export LC_ALL=C TZ=UTC
umask 022

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
next=$(sed -n 's/^var version = "\([0-9.]*\)-dev"$/\1/p' cmd/medhive/version.go)
version=${VERSION:-$next}
prerelease=
shown=$version
if [ -z "${VERSION:-}" ]; then
  # Every format sorts 0.1.0 with this behind it before 0.1.0 itself.
  prerelease=git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)
  shown=$version-$prerelease
fi
[ -n "$version" ] || { echo "cmd/medhive/version.go names no version that ends in -dev: give VERSION." >&2; exit 1; }
ort=$(sed -n 's/.*"onnxruntime-node": "\([0-9.]*\)".*/\1/p' "$runtime/package.json")

# compile ARCHITECTURE DIRECTORY [LINKER FLAGS] builds the program for it.
compile() {
  local cc=cc
  [ "$1" = "$(go env GOHOSTARCH)" ] || cc=$tools/bin/$1-cc
  # -buildid= and -buildvcs=false: neither is what was compiled.
  CC=$cc CGO_ENABLED=1 GOOS=linux GOARCH=$1 GOAMD64=v1 GOARM64=v8.0 GOFLAGS=-mod=readonly CGO_CFLAGS="-O2 -g0" \
    go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$shown${3:+ -extldflags \"$3\"}" -o "$2/medhive" ./cmd/medhive
}

# packed FILE... compresses as the packages want it, without name and time.
packed() { gzip -9n "$@"; }

# OUT holds one version.
rm -f "$out"/medhive[-_]*.{deb,rpm,apk,cdx.json}

# What every architecture and format holds.
shared=$work/shared
mkdir -p "$shared/config"
native=$(go env GOHOSTARCH)
mkdir -p "$work/$native"
echo "building medhive $shown for $native ..."
compile "$native" "$work/$native"
"$work/$native/medhive" manual "$shared"
packed "$shared/man/"*.1
for role in node clinic coordinator; do
  "$work/$native/medhive" config default "$role" >"$shared/config/$role.toml"
done
cp "$here/copyright" "$here/lintian-overrides" "$shared/"
cp -r "$here/scripts" "$shared/scripts"
touch -d "@$SOURCE_DATE_EPOCH" "$shared/scripts/"* # the apk keeps their times
cp README.md CHANGELOG.md "$shared/"
mv "$shared/CHANGELOG.md" "$shared/changelog"
cat >"$shared/changelog.Debian" <<CHANGES
medhive (${version}${prerelease:+~$prerelease}-1) stable; urgency=medium

  * What changed stands in changelog.gz.

 -- MedHive maintainers <maintainers@medhive.example>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
mkdir "$shared/docs"
cp packaging/docs/*.md "$shared/docs/"
packed "$shared/changelog" "$shared/changelog.Debian" "$shared/README.md" "$shared/docs/"*

# part ARCHITECTURE FOLDER writes the parts list and licences of the program there.
part() {
  "$tools/bin/medhive-sbom" -program "$2/medhive" -library "$2/lib/libonnxruntime.so.1" -library-version "$ort" -arch "$1" -version "$shown" \
    -epoch "$SOURCE_DATE_EPOCH" -modcache "$(go env GOMODCACHE)" -list "$2/sbom.cdx.json" -licences "$2/licences"
  cp "$2/sbom.cdx.json" "$out/medhive_${shown}_$1.cdx.json"
  packed "$2/sbom.cdx.json" "$2/licences"
}

# pack FORMAT ARCHITECTURE FOLDER GLIBC writes one package.
pack() {
  local units=/usr/lib/systemd/system rules=/usr/lib/udev/rules.d
  if [ "$1" = deb ]; then
    units=/lib/systemd/system rules=/lib/udev/rules.d
  fi
  local system=systemd
  if [ "$1" = apk ]; then
    system=openrc
  fi
  # apk knows descriptions of one line only.
  sed -e "/^@SYSTEM@/{r $here/$system.yaml" -e "d}" "$here/nfpm.yaml" |
    if [ "$1" = apk ]; then sed '/^  Joins clinics/,/^  Not a medical/d'; else cat; fi | sed -e "s|@ARCH@|$2|; s|@VERSION@|$version|; s|@PRERELEASE@|$prerelease|; s|@DATE@|$date|" \
    -e "s|@BUILD@|$3|; s|@SHARED@|$shared|; s|@SOURCE@|$source|; s|@GLIBC@|$4|; s|@UNITS@|$units|; s|@RULES@|$rules|" >"$3/nfpm-$1.yaml"
  "$tools/bin/nfpm" package --config "$3/nfpm-$1.yaml" --packager "$1" --target "$out/" >/dev/null
}

# whole ARCHITECTURE FOLDER makes the program run where the C library is not glibc (Alpine's
# is musl, for which there is no ONNX Runtime): it brings its own loader and C library, and
# is linked to find them.
whole() {
  local cc=cc loader library
  [ "$1" = "$native" ] || cc=$tools/bin/$1-cc
  case $1 in
    amd64) loader=ld-linux-x86-64.so.2 ;;
    arm64) loader=ld-linux-aarch64.so.1 ;;
  esac
  compile "$1" "$2" "-Wl,--dynamic-linker=/usr/lib/medhive/$loader -Wl,--disable-new-dtags -Wl,-rpath,/usr/lib/medhive"
  for library in $loader libc.so.6 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libresolv.so.2 libstdc++.so.6 libgcc_s.so.1; do
    cp -L "$("$cc" -print-file-name="$library")" "$2/lib/$library"
    chmod 644 "$2/lib/$library"
  done
  chmod 755 "$2/lib/$loader"
}

for arch in "$@"; do
  folder=$work/$arch
  mkdir -p "$folder/lib"
  if [ "$arch" != "$native" ]; then
    echo "building medhive $shown for $arch ..."
    compile "$arch" "$folder"
  fi
  cp "$runtime/node_modules/onnxruntime-node/bin/napi-v6/linux/${arch/amd/x}/libonnxruntime.so.1" "$folder/lib/"
  chmod 644 "$folder/lib/"*
  # The newest glibc symbol that program and library ask for.
  objdump=objdump
  [ "$arch" = "$native" ] || objdump=$tools/bin/$arch-objdump
  glibc=$(for file in "$folder/medhive" "$folder/lib/libonnxruntime.so.1"; do "$objdump" -p "$file"; done | sed -n 's/.* GLIBC_\([0-9.]*\)$/\1/p' | sort -V | tail -1)
  part "$arch" "$folder"
  pack deb "$arch" "$folder" "$glibc"
  pack rpm "$arch" "$folder" "$glibc"
  whole "$arch" "$folder"
  pack apk "$arch" "$folder" ""
done
(cd "$out" && sha256sum -- medhive[-_]*.{deb,rpm,apk,cdx.json} >SHA256SUMS)
echo "packages in $out:"
cat "$out/SHA256SUMS"

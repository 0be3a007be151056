#!/usr/bin/env bash
# A graphics processor in software, so that WebGPU is a second real provider where there is
# no GPU: SwiftShader and the Vulkan loader. They come out of one npm package (70 MB are
# fetched once, 7 MB stay), pinned by version and checksum; no root needed.
#   .tools/vulkan/libvulkan.so.1, libvk_swiftshader.so, vk_swiftshader_icd.json
# SwiftShader is Apache-2.0, the Vulkan loader Apache-2.0; both are built by Chromium.
# A machine for which the package holds nothing, or that lacks npm, goes without: the tests
# that would use it say so.
set -euo pipefail
tools=${1:?usage: test-vulkan.sh FOLDER}
mkdir -p "$tools"
folder=$(cd "$tools" && pwd)/vulkan

package=@sparticuz/chromium
version=153.0.0
archive=sparticuz-chromium-$version.tgz
archive_sha256=20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0
inside=package/bin/swiftshader.tar.br

[ -f "$folder/vk_swiftshader_icd.json" ] && exit 0
if [ "$(uname -sm)" != "Linux x86_64" ]; then
  echo "no SwiftShader for $(uname -sm): the tests on WebGPU will say so and go without." >&2
  exit 0
fi
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
  echo "no npm here: the tests on WebGPU will say so and go without." >&2
  exit 0
fi

echo "fetching SwiftShader out of $package@$version (once) ..."
work=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! npm pack --silent "$package@$version" >/dev/null; then
  echo "$package@$version could not be fetched: the tests on WebGPU will say so and go without." >&2
  exit 0
fi
echo "$archive_sha256  $archive" | sha256sum --check --quiet
tar -xzf "$archive" "$inside"
node -e 'const fs = require("fs"); process.stdout.write(require("zlib").brotliDecompressSync(fs.readFileSync(process.argv[1])))' "$inside" |
  tar -x libvulkan.so.1 libvk_swiftshader.so vk_swiftshader_icd.json
sha256sum --check --quiet <<'SUMS'
8ee5ac00fd7968e863b05e0f6808057db16a00ad322777e5a05bed51d4f84085  libvulkan.so.1
2f3ceffaaca7d031bc3943f8eacf398a5d9c42c5fe0d15d8840b9acfa630b58e  libvk_swiftshader.so
c9eef28b6b984fec220ef0abfecc40b502d46946706e47bfe97707027cb818bd  vk_swiftshader_icd.json
SUMS
rm -rf "$archive" package
chmod 755 "$work"
rm -rf "$folder"
mv "$work" "$folder"
trap - EXIT

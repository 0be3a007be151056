# Brings Debian packages with all that they depend on and this machine lacks, unpacked below
# a folder; no root needed. Sourced by the scripts that bring what the tests compare with.

# unpack_closure FOLDER ROOT PACKAGE... fetches through FOLDER and unpacks into ROOT.
unpack_closure() {
  local folder=$1 root=$2
  shift 2
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "the tests need Debian's $*: install them, or run on Debian 12, and try again." >&2
    exit 1
  fi
  echo "fetching $* and what they depend on (once) ..."
  mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/fetched"
  local apt=(apt-get -qq -o "Dir::State::Lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt" -o APT::Sandbox::User= -o Debug::NoLocking=1)
  "${apt[@]}" update
  # As if nothing were installed, apt names everything; what is installed is then left out.
  : >"$folder/apt/nothing"
  local closure installed wanted deb link target
  closure=$("${apt[@]}" -o "Dir::State::status=$folder/apt/nothing" --no-install-recommends --print-uris -y install "$@" |
    sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | sort -u)
  installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii //p' | sort -u)
  wanted=$(comm -23 <(echo "$closure") <(echo "$installed"))
  rm -f "$folder/fetched/"*.deb
  # shellcheck disable=SC2086 # one word per package
  (cd "$folder/fetched" && "${apt[@]}" download $wanted)
  for deb in "$folder/fetched/"*.deb; do
    dpkg -x "$deb" "$root"
  done
  rm -f "$folder/fetched/"*.deb
  # Links to places of an installed system, such as Java's settings, lead into the root.
  find "$root" -type l -lname '/*' | while read -r link; do
    target=$(readlink "$link")
    if [ -e "$root$target" ]; then
      ln -sfn "$root$target" "$link"
    fi
  done
}

# closure_libraries ROOT prints the folders where programs below ROOT find their libraries.
closure_libraries() { printf '%s:' "$1"/usr/lib/*-linux-gnu "$1"/lib/*-linux-gnu; }

# wants_libraries PROGRAM LIBRARIES PACKAGE ends the script where a library is missing.
wants_libraries() {
  if LD_LIBRARY_PATH=$2 ldd "$1" | grep 'not found'; then
    echo "$(basename "$1") lacks the libraries above: install Debian's $3 and try again." >&2
    exit 1
  fi
}

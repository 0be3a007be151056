# Puts what tools.sh unpacked before the programs and libraries of this machine, for one
# script. Sourced; expects the folder in $tools.

root=$tools/image/root
export PATH=$root/usr/bin:$root/usr/sbin:$root/sbin:$root/bin:$PATH:/usr/sbin:/sbin

# tool PROGRAM ARGUMENT... runs an unpacked program with the libraries unpacked beside it;
# programs of this machine never see those.
tool() {
  local program=$1 path
  shift
  path=$(command -v "$program") || {
    echo "$program is missing: remove $tools/image and run again." >&2
    return 1
  }
  case $path in
    "$root"/*) LD_LIBRARY_PATH=$(printf '%s:' "$root"/usr/lib/*-linux-gnu "$root"/lib/*-linux-gnu) "$path" "$@" ;;
    *) "$path" "$@" ;;
  esac
}

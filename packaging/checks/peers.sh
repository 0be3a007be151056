#!/usr/bin/env bash
# Hands what we write to the programs that clinics have: each report to PixelMed's
# validator of structured reports, each object to an Orthanc and back. Prints counts;
# ends with 1 where a peer finds an error or gives back something else.
set -euo pipefail
usage="usage: peers.sh TOOLS RESULT...   (a folder that make demo or the report tests filled)"
tools=${1:?$usage}/peers
shift
[ $# -gt 0 ] || { echo "$usage" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
plugin= jar= # set by places
# shellcheck source=/dev/null
. "$tools/places"
export PATH=$tools/bin:$PATH:/usr/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

objects=()
for folder in "$@"; do
  while IFS= read -r -d '' file; do
    objects+=("$file")
  done < <(find "$folder" -name '*.dcm' -print0 | sort -z)
done
[ ${#objects[@]} -gt 0 ] || { echo "no .dcm file in $*: run make demo, and try again." >&2; exit 1; }

# validate prints what PixelMed says of one report. Java's limits on XPath are below what
# the validator's own stylesheets need.
validate() {
  java -XX:TieredStopAtLevel=1 -Djdk.xml.xpathExprGrpLimit=0 -Djdk.xml.xpathExprOpLimit=0 -Djdk.xml.xpathTotalOpLimit=0 \
    -cp "$jar" com.pixelmed.validate.DicomSRValidator "$1" 2>&1
}
# faults keeps the lines that find something; sound wants the validator to have got to the
# end with the right template, since it says nothing else where it understood nothing.
faults() { grep -E '^(Error|Warning|Exception|Caused)|Exception|^[[:space:]]+at ' "$1" || true; }
sound() { grep -q 'Found Root Template TID_1500' "$1" && grep -q 'IOD validation complete' "$1"; }

status=0 reports=0 bad=0
for file in "${objects[@]}"; do
  case $(basename "$file") in sr*.dcm) ;; *) continue ;; esac
  reports=$((reports + 1))
  validate "$file" >"$work/said" || true
  if [ -n "$(faults "$work/said")" ] || ! sound "$work/said"; then
    bad=$((bad + 1)) status=1
    echo "PixelMed on $(basename "$file"):" >&2
    cat "$work/said" >&2
  fi
done
echo "PixelMed: $reports reports, $bad with errors or warnings"
if [ "$reports" -eq 0 ]; then
  echo "no report was checked" >&2
  status=1
fi
# A report with another concept in place of a measurement group's must be noticed.
for file in "${objects[@]}"; do
  if [ "$(basename "$file")" = sr.dcm ]; then
    LC_ALL=C sed 's/125007/125009/g' "$file" >"$work/spoilt.dcm"
    validate "$work/spoilt.dcm" >"$work/said" || true
    if [ -z "$(faults "$work/said")" ]; then
      echo "PixelMed did not notice a report that was spoilt on purpose" >&2
      status=1
    fi
    break
  fi
done

node "$here/orthanc.js" "$plugin" "$tools/loopback.so" "$work" "${objects[@]}" || status=1
exit $status

#!/usr/bin/env bash
# Brings the readers that the tests hold our results against (dcmjs and fhir), by
# lockfile with checksums.
set -euo pipefail
cd "$(dirname "$0")"
if [ node_modules/.package-lock.json -nt package-lock.json ]; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  echo "the tests read our results back with npm's dcmjs and fhir: install nodejs and npm (Debian: apt-get install nodejs npm) and run again." >&2
  exit 1
fi
echo "fetching dcmjs and fhir (45 MB, once) ..."
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch node_modules/.package-lock.json

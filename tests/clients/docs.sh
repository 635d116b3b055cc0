#!/usr/bin/env bash
# What README.md and docs/ say holds: their examples run and print what the pages say, their links lead somewhere, and the tests that they name
# are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=tests/clients/lib/python.sh
. tests/clients/lib/python.sh
python=$python python3 tests/docs.py

# The reference is what the comments say now.
reference=${CARGO_TARGET_DIR:-$PWD/target}/test/docs/docs/reference.md
mkdir -p "$(dirname "$reference")"
psql -X -q -A -t -f scripts/reference.sql >"$reference"
if cmp -s "$reference" docs/reference.md; then
    echo "ok - docs/reference.md is current"
    rm -f "$reference"
else
    echo "not ok - docs/reference.md is current: make accept takes the new one"
fi

missing=()
for name in $(grep -oE '\(tests?: [^)]*\)' docs/security.md | sed -E 's/\(tests?: //; s/[),]//g' | tr ' ' '\n' | sort -u); do
    found=(tests/pg_regress/sql/"$name".sql tests/isolation/specs/"$name".spec tests/clients/"$name".[ps]* fuzz/src/"$name".rs)
    for file in "${found[@]}"; do [[ ! -e $file ]] || continue 2; done
    missing+=("$name")
done
if [[ ${#missing[@]} == 0 ]]; then
    echo "ok - the tests that docs/security.md names are there"
else
    echo "not ok - docs/security.md names tests that are not there: ${missing[*]}"
fi

if (($(wc -l <README.md) <= 200)); then echo "ok - README.md is short"; else echo "not ok - README.md has $(wc -l <README.md) lines"; fi

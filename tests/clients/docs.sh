#!/usr/bin/env bash
# What docs/ says holds: its SQL runs, statement by statement in the order of the page, and the tests that it names are there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

for page in docs/*.md; do
    if awk '/^```sql$/ { block = 1; next } /^```$/ { block = 0 } block' "$page" | psql -X -q -v ON_ERROR_STOP=1 >/dev/null; then
        echo "ok - the SQL of $page runs"
    else
        echo "not ok - the SQL of $page runs"
    fi
done

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

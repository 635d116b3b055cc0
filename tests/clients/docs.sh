#!/usr/bin/env bash
# What README.md and docs/ say holds: their examples run and print what the pages say, their links lead somewhere, and the tests that they name
# are there.
# Long: 150 s, as it fetches a small model.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# shellcheck source=tests/clients/lib/python.sh
. tests/clients/lib/python.sh
# Answers on the pages are those of a small model, at the address that SMALL_MODEL_URL has; where they would hang on the marks of each call, those of a program
# that gives the sentence which has most words of the question, at EXTRACT_URL.
. tests/clients/lib/small_model.sh
exec {extract}< <(exec python3 tests/clients/endpoint_server.py)
extract_pid=$!
finish() {
    kill "$extract_pid" 2>/dev/null || true
    stop_small_model
}
trap finish EXIT
read -r -t 60 -u "$extract" port
export EXTRACT_URL=http://127.0.0.1:$port/extract
start_small_model
export SMALL_MODEL_URL=$small_model_url
python=$python python3 tests/docs.py

# The reference is what the comments say now.
reference=${RESULTS:-$PWD/target/test}/docs/docs/reference.md
mkdir -p "$(dirname "$reference")"
psql -X -q -A -t -f scripts/reference.sql >"$reference"
if cmp -s "$reference" docs/reference.md; then
    echo "ok - docs/reference.md is current"
    rm -f "$reference"
else
    echo "not ok - docs/reference.md is current: make accept takes the new one"
fi

kinds=$(psql -X -A -t -c "SELECT substring(message FROM 'The kinds are: (.*)\.') FROM assay.validate('SELECT 1 AS x', '[{\"kind\": \"none such\"}]')" | tr -d ,)
shown=0 without=()
for kind in $kinds; do
    if grep -q "\"kind\": \"$kind\"" docs/check_kinds.md && grep -q "^| .*\`$kind\`" docs/check_kinds.md; then shown=$((shown + 1)); else without+=("$kind"); fi
done
if ((shown > 30 && ${#without[@]} == 0)); then
    echo "ok - docs/check_kinds.md has an example of every kind, $shown"
else
    echo "not ok - docs/check_kinds.md has an example of every kind: none of ${without[*]-}"
fi

missing=()
while read -r code; do
    grep -q "^| \`$code\` |" docs/errors.md || missing+=("$code")
done < <(grep -oE 'SqlState\(b"[0-9A-Z]{5}"\)' src/pg/error.rs | cut -d '"' -f 2)
if [[ ${#missing[@]} == 0 ]]; then
    echo "ok - docs/errors.md has every SQLSTATE"
else
    echo "not ok - docs/errors.md has every SQLSTATE: not ${missing[*]}"
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

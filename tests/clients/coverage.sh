#!/usr/bin/env bash
# Every function and aggregate that people call is called by a SQL test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../pg_regress/sql"

names=$(psql -X -q -A -t -c "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'assay'::regnamespace AND proname !~ '_step\$|^(state|role)_'
    AND prorettype <> 'trigger'::regtype AND 'internal'::regtype <> ALL (proargtypes) ORDER BY 1")
[[ -n $names ]] || { echo "not ok - the schema has no functions"; exit 1; }
missing=()
for name in $names; do
    grep -qE "assay\.\"?$name\"?\(" ./*.sql || missing+=("$name")
done
if [[ ${#missing[@]} == 0 ]]; then
    echo "ok - each of $(wc -w <<<"$names") functions is called by a SQL test"
else
    echo "not ok - no SQL test calls ${missing[*]}"
fi

#!/usr/bin/env bash
# The dbt package in sql/dbt, used by a small project on the German credit data with real dbt: it builds and tests what is sound, warns, fails a
# test, and rolls a model back whose checks fail.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
[[ $target == /* ]] || target=$PWD/target
venv=$target/dbt/$(cksum <tests/clients/dbt/requirements.txt | tr ' ' -)
if [[ ! -e $venv/ready ]]; then
    rm -rf -- "$target/dbt"
    mkdir -p "$target/dbt"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/clients/dbt/requirements.txt
    touch "$venv/ready"
fi

project=$(mktemp -d)
trap 'rm -rf -- "$project"' EXIT
cp -R tests/clients/dbt/. "$project"
mkdir -p "$project/seeds"
cp tests/data/german_credit.csv "$project/seeds/"
printf 'packages:\n  - local: %s\n' "$PWD/sql/dbt" >"$project/packages.yml"
export DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1 DBT_PROFILES_DIR=$project DBT_PROJECT_DIR=$project DBT_LOG_PATH=$project/logs

# dbt COMMAND...: answers 1 when a model or test fails, and more when it cannot run.
dbt() {
    local status=0
    "$venv/bin/dbt" --no-use-colors --no-version-check "$@" >"$project/output" 2>&1 || status=$?
    if ((status > 1)); then cat "$project/output"; echo "not ok - dbt $1 ended with $status"; exit 1; fi
}
# The statuses of the last run's nodes, by name.
statuses() {
    "$venv/bin/python" - "$project/target/run_results.json" <<'PY'
import json, sys
results = json.load(open(sys.argv[1]))["results"]
# A test's identity ends with a hash of it.
names = {r["unique_id"].split(".")[2]: r for r in results}
print(" ".join(f"{name}={r['status']}{'/' + str(r['failures']) if r.get('failures') else ''}" for name, r in sorted(names.items())))
PY
}
check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; tail -n 30 "$project/output"; fi
}
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }

dbt deps
dbt build --exclude tag:faulty
check "a project builds, and its tests pass or warn" \
    "customer_drift=success customer_profile=success customers=success customers_are_as_loaded=pass customers_are_sound=pass customers_warn=warn/1 customers_who_own_are_sound=pass german_credit=success" \
    "$(statuses)"
check "the model is there" "1000|f" "$(sql 'SELECT count(*), bool_or(is_broken) FROM customers')"
check "a profile is a model" "8|1000" "$(sql 'SELECT count(*), min(rows) FROM customer_profile')"
check "drift is a model: of two queries, and from a baseline that the build has saved" "baseline||halves|age" \
    "$(sql "SELECT string_agg(line, '|' ORDER BY line) FROM (SELECT compared || '|' || coalesce(string_agg(column_name, ',') FILTER (WHERE drifted), '') AS line FROM customer_drift GROUP BY compared) AS found")"
dbt test --select tag:faulty
check "a test fails by checks that fail and by one that cannot run, and warns where dbt is told so" "customers_fail=fail/3 customers_fail_mildly=warn/1" "$(statuses)"
dbt run --select customers --vars '{fault: true}'
check "a model whose checks fail does not build" "customers=error" "$(statuses)"
check "it says why" 1 "$(grep -c '"accepted_range_age": 1 of 1000 rows fail' "$project/output" | sed 's/[1-9][0-9]*/1/')"
check "and what was there before stays" "1000|f|19" "$(sql 'SELECT count(*), bool_or(is_broken), min(age) FROM customers')"

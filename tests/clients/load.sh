#!/usr/bin/env bash
# Many sessions at once: each scores with little memory, and a deployment under load gives no failed and no mixed score.
# Alone: it measures how long calls take.
set -euo pipefail

connections=100
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

verdict() { if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: $2, not $3"; fi; }
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }

allowed=$(sql "SELECT setting::int - 10 FROM pg_settings WHERE name = 'max_connections'")
if (( connections > allowed )); then connections=$allowed; fi

psql -X -q -v ON_ERROR_STOP=1 >/dev/null <<'SQL'
CREATE TABLE pairs AS
    SELECT x::float8 AS x, (x % 7)::float8 AS z, 2.0 * x AS low, 2.0 * x + 1000000 AS high FROM generate_series(1, 2000) x;
ANALYZE pairs;
SELECT assay.train('load', 'SELECT x, z, low AS y FROM pairs', 'y', 'linear_regression', split => 'none');
SELECT assay.train('load', 'SELECT x, z, high AS y FROM pairs', 'y', 'linear_regression', split => 'none', deploy => 'never');
SELECT assay.train('trees', 'SELECT x, z, x + z > 900 AS y FROM pairs', 'y', split => 'none', params => '{"n_estimators": 500}');
SQL

# A statement sees one version: all its scores are low, or all are high.
cat >"$work/score.sql" <<'SQL'
SELECT 1 / (CASE WHEN count(*) FILTER (WHERE s < 500000) IN (0, count(*)) THEN 1 ELSE 0 END)
FROM (SELECT assay.predict('load', p) AS s FROM pairs p) scored;
SQL
cat >"$work/trees.sql" <<'SQL'
SELECT avg(assay.predict('trees', x, z)) FROM pairs;
SQL

pgbench=$("${PG_CONFIG:-pg_config}" --bindir)/pgbench
[[ -x $pgbench ]] || pgbench=$(command -v pgbench || true)
if [[ -z $pgbench ]]; then echo "skipped - scores under load: there is no pgbench"; exit 0; fi

"$pgbench" -n -c 8 -j 2 -T 5 -f "$work/score.sql" >"$work/score.log" 2>&1 &
load=$!
while kill -0 "$load" 2>/dev/null; do
    sql "SELECT assay.deploy('load', 2)" >/dev/null
    sql "SELECT assay.deploy('load', 1)" >/dev/null
done
wait "$load" || true
verdict "no score fails or mixes versions while versions are deployed" \
    "$(sed -nE 's/^number of failed transactions: ([0-9]+).*/\1/p' "$work/score.log") $(grep -c ERROR "$work/score.log" || true)" "0 0"

# All sessions stay connected between two transactions, and are looked at before they end.
"$pgbench" -n -c "$connections" -j 2 -t 2 -R "$connections" -f "$work/trees.sql" >"$work/trees.log" 2>&1 &
load=$!
most=0
while kill -0 "$load" 2>/dev/null; do
    for pid in $(sql "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench'"); do
        # Private memory: what a backend shares with all others is not its own.
        kilobytes=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
        if [[ -n $kilobytes ]] && (( kilobytes > most )); then most=$kilobytes; fi
    done
done
wait "$load" || true
verdict "$connections sessions score at once" \
    "$(sed -nE 's/^number of transactions actually processed: ([0-9]+)\/.*/\1/p' "$work/trees.log")" "$((2 * connections))"
if (( most > 0 && most < 65536 )); then
    echo "ok - each of them holds less than 64 MB of its own"
else
    echo "not ok - a session holds $most kB of its own"
fi

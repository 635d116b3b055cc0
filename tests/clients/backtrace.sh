#!/usr/bin/env bash
# A server that was started with RUST_BACKTRACE shows no client a backtrace. Works on a cluster of its own, for its environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

finish() { scripts/cluster.sh remove backtrace; }
trap finish EXIT
scripts/cluster.sh remove backtrace
RUST_BACKTRACE=full scripts/cluster.sh start backtrace
environment=$(scripts/cluster.sh env backtrace)
eval "$environment"
export PGDATABASE=postgres

# Everything that psql shows of an error.
shown() { psql -X -q -A -t -v VERBOSITY=verbose -c "$1" 2>&1 || true; }

check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}

shown "CREATE EXTENSION assay"
server=$(shown "SELECT pg_read_file('postmaster.pid')" | head -n 1)
check "the server has the variable" 1 "$(tr '\0' '\n' <"/proc/$server/environ" | grep -c '^RUST_BACKTRACE=full$')"
for statement in \
    "SELECT * FROM assay.profile('SELECT 1 / 0')" \
    "SELECT * FROM assay.profile('SELECT 1 FROM nowhere')" \
    "SELECT * FROM assay.profile('DELETE FROM nowhere')" \
    "SELECT assay.predict('no such model', 1)" \
    "SELECT * FROM assay.train('m', 'SELECT i AS a, 1 / (i - 5) AS y FROM generate_series(1, 10) AS i', 'y')" \
    "SET statement_timeout = 50; SELECT * FROM assay.profile('SELECT pg_sleep(5)')" \
    "SELECT * FROM assay.validate('SELECT 1 AS a', '[{\"kind\": \"expression_is_true\", \"expression\": \"1 / 0 = 1\"}]')" \
    "SELECT assay.save_baseline('b', 'SELECT 1 AS a', '{\"bins\": \"x\"}')"; do
    check "no backtrace: $statement" 0 "$(shown "$statement" | grep -cE '\.rs:[0-9]+:[0-9]+|^ +[0-9]+: |backtrace::' || true)"
done
check "its errors are whole" "ERROR:  22012: division by zero" "$(shown "SELECT * FROM assay.profile('SELECT 1 / 0')" | head -n 1)"

#!/usr/bin/env bash
# Questions that become SQL, by an endpoint that answers what the test wrote down, and by a small model that is asked for real: what a model is told and what never, what becomes of what it writes, and how often it is right.
# Works on a cluster of its own, for its settings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
. tests/clients/lib/small_model.sh

finish() {
    stop_small_model
    scripts/cluster.sh remove text_to_sql
}
trap finish EXIT
scripts/cluster.sh remove text_to_sql
scripts/cluster.sh start text_to_sql
environment=$(scripts/cluster.sh env text_to_sql)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'ALTER SYSTEM SET max_worker_processes = 24'
scripts/cluster.sh stop text_to_sql
scripts/cluster.sh start text_to_sql
"$python" tests/clients/text_to_sql.py || echo "not ok - what text_to_sql.py tries"
if ! has_small_model; then
    echo "not ok - the small model: it cannot be had without npm, and but on Linux on x86_64"
    exit 1
fi
start_small_model
"$python" tests/clients/text_to_sql_small.py "$small_model_url" || echo "not ok - what text_to_sql_small.py tries"

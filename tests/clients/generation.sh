#!/usr/bin/env bash
# Answers of models: of an endpoint that does what the test wrote down, and of a small model that is asked for real. Works on a cluster of its own, for its settings and its log.
# Alone: it measures how soon something happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
. tests/clients/lib/small_model.sh

finish() {
    stop_small_model
    scripts/cluster.sh remove generation
}
trap finish EXIT
scripts/cluster.sh remove generation
scripts/cluster.sh start generation
environment=$(scripts/cluster.sh env generation)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'ALTER SYSTEM SET max_worker_processes = 24'
scripts/cluster.sh stop generation
scripts/cluster.sh start generation
status=0
"$python" tests/clients/generation.py "$(scripts/cluster.sh home generation)/log" || status=$?
if ! has_small_model; then
    echo "not ok - the small model: it cannot be had without npm, and but on Linux on x86_64"
    exit 1
fi
start_small_model
"$python" tests/clients/small_model.py "$small_model_url" || status=$?
stop_small_model
if curl --silent --max-time 2 "$small_model_url" >/dev/null 2>&1; then
    echo "not ok - the small model ends with the test"
    status=1
fi
exit "$status"

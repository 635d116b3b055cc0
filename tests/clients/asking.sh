#!/usr/bin/env bash
# Answers with citations: of an endpoint that says what the test wrote down, and of a small model that is asked for real; asking.py says what must hold. Works on a cluster of its own, for its settings.
# Alone: it measures time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
. tests/clients/lib/small_model.sh

finish() {
    stop_small_model
    scripts/cluster.sh remove asking
}
trap finish EXIT
scripts/cluster.sh remove asking
scripts/cluster.sh start asking
environment=$(scripts/cluster.sh env asking)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'ALTER SYSTEM SET max_worker_processes = 24'
scripts/cluster.sh stop asking
scripts/cluster.sh start asking
if has_small_model; then start_small_model; fi
"$python" tests/clients/asking.py "${small_model_url:-}"

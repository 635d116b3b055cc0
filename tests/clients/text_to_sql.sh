#!/usr/bin/env bash
# Questions that become SQL, by an endpoint that answers what the test wrote down: what a model is told and what never, what becomes of what it writes, and how often it is right.
# Works on a cluster of its own, for its settings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
scripts/cluster.sh remove text_to_sql
scripts/cluster.sh start text_to_sql
trap 'scripts/cluster.sh remove text_to_sql' EXIT
environment=$(scripts/cluster.sh env text_to_sql)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'ALTER SYSTEM SET max_worker_processes = 24'
scripts/cluster.sh stop text_to_sql
scripts/cluster.sh start text_to_sql
"$python" tests/clients/text_to_sql.py || echo "not ok - what text_to_sql.py tries"

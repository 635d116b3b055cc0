#!/usr/bin/env bash
# Vectorizers under workers that are killed, many at once, dumps and replication; vectorizers.py says what must hold.
# Works on a cluster of its own, for a kill ends every session of a server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh

finish() { scripts/cluster.sh remove vectorizers; }
trap finish EXIT
scripts/cluster.sh remove vectorizers
scripts/cluster.sh start vectorizers
environment=$(scripts/cluster.sh env vectorizers)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'ALTER SYSTEM SET wal_level = logical' -c 'ALTER SYSTEM SET max_connections = 60'
scripts/cluster.sh stop vectorizers
scripts/cluster.sh start vectorizers
"$python" tests/clients/vectorizers.py

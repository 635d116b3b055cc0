#!/usr/bin/env bash
# Backends that lack memory, in a cluster of its own: one that ended by a crash would restart the server.
# Long: 120 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

finish() { scripts/cluster.sh remove scarce; }
trap finish EXIT
scripts/cluster.sh remove scarce
scripts/cluster.sh start scarce
environment=$(scripts/cluster.sh env scarce)
eval "$environment"
export PGDATABASE=postgres
"$python" tests/clients/scarce.py

#!/usr/bin/env bash
# Backends without memory, in a cluster of its own: what ends one of them as PostgreSQL's own way of crashing would restart every session.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

finish() { tests/cluster.sh remove scarce; }
trap finish EXIT
tests/cluster.sh remove scarce
tests/cluster.sh start scarce
environment=$(tests/cluster.sh env scarce)
eval "$environment"
export PGDATABASE=postgres PYTHONDONTWRITEBYTECODE=1
"$(tests/clients/python.sh)" tests/clients/scarce.py

#!/usr/bin/env bash
# Whatever asking waits for or works at, it ends when it is cancelled; and whatever it is given and told, it holds what assay.max_memory allows. Works on a cluster of its own, for its settings.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh

# shellcheck disable=SC2317 # called at the end
finish() { scripts/cluster.sh remove asking_limits; }
trap finish EXIT
scripts/cluster.sh remove asking_limits
scripts/cluster.sh start asking_limits
environment=$(scripts/cluster.sh env asking_limits)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
psql -X -q -c 'CREATE EXTENSION assay' -c 'ALTER SYSTEM SET max_worker_processes = 24' -c "ALTER SYSTEM SET assay.endpoints = '127.0.0.1'"
scripts/cluster.sh stop asking_limits
scripts/cluster.sh start asking_limits
"$python" tests/clients/asking_limits.py

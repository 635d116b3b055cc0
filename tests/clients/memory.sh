#!/usr/bin/env bash
# Memory in a cluster of its own: what backends hold stays near assay.max_memory; under a hard limit of address space statements end, and the
# server goes on.
# Long: 300 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

# shellcheck disable=SC2317 # called at the end
finish() { scripts/cluster.sh remove memory; }
trap finish EXIT
scripts/cluster.sh remove memory

status=0
# Kilobytes: hardly more than the server takes itself, and more.
limits=(0 700000 1000000)
if [[ -n ${EXHAUSTIVE:-} ]]; then limits+=(1500000); fi
for limit in "${limits[@]}"; do
    scripts/cluster.sh stop memory 2>/dev/null || true
    (
        [[ $limit == 0 ]] || ulimit -v "$limit"
        scripts/cluster.sh start memory
    )
    environment=$(scripts/cluster.sh env memory)
    eval "$environment"
    export PGDATABASE=postgres
    LIMIT=$limit PYTHONDONTWRITEBYTECODE=1 "$python" tests/clients/memory.py || status=$?
done
exit "$status"

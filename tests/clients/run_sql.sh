#!/usr/bin/env bash
# Statements that run_sql must not run, must end, or must run without leaving anything behind. Works on a cluster of its own, for roles and settings.
# Alone: it measures how soon something ends.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
scripts/cluster.sh remove run_sql
scripts/cluster.sh start run_sql
trap 'scripts/cluster.sh remove run_sql' EXIT
eval "$(scripts/cluster.sh env run_sql)"
export PGDATABASE=postgres
"$python" tests/clients/run_sql.py || echo "not ok - what run_sql.py tries"

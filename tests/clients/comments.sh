#!/usr/bin/env bash
# Every function, aggregate, view and type that people use has an example in its comment, and each example runs in the sample database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PGDATABASE=${PGDATABASE:?}_sample
createdb "$PGDATABASE"
psql -X -q -v ON_ERROR_STOP=1 -f scripts/sample.sql
psql -X -q -A -t -v ON_ERROR_STOP=1 -f tests/clients/comments.sql
dropdb --force "$PGDATABASE"

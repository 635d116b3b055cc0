#!/usr/bin/env bash
# Every function, aggregate, view and type that people use has an example in its comment, and each example runs in the sample database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export PGDATABASE=${PGDATABASE:?}_sample
createdb "$PGDATABASE"
psql -X -q -v ON_ERROR_STOP=1 -f scripts/sample.sql
# The examples of endpoints need one that answers.
answer=$(mktemp)
python3 tests/clients/endpoint_server.py >"$answer" &
endpoint=$!
trap 'kill "$endpoint"; rm -f -- "$answer"' EXIT
for _ in {1..100}; do [[ -s $answer ]] && break; sleep 0.1; done
psql -X -q -v ON_ERROR_STOP=1 -v url="http://127.0.0.1:$(<"$answer")/v1" >/dev/null <<'SQL'
SELECT format('ALTER DATABASE %I SET assay.endpoints = ''127.0.0.1''', current_database()) \gexec
CREATE SERVER llm FOREIGN DATA WRAPPER assay_http OPTIONS (base_url :'url');
SELECT assay.register_remote('small', 'llm', 'text-embedding-3-small', dimensions => 1536), assay.register_remote('ranker', 'llm', 'rerank', 'reranking'),
       assay.register_remote('writer', 'llm', 'chat', 'generation');
SQL
psql -X -q -A -t -v ON_ERROR_STOP=1 -f tests/clients/comments.sql
dropdb --force "$PGDATABASE"

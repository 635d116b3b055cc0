#!/usr/bin/env bash
# The demo: a private cluster, a fresh database, and the story of scripts/demo.sql in it. `make demo` builds first.
#
#   scripts/demo.sh [STARTED]   STARTED: when the whole thing began, in seconds since 1970
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
started=${1:-$(date +%s)}

echo "==> starting a private PostgreSQL"
scripts/cluster.sh start demo
environment=$(scripts/cluster.sh env demo)
psql_of_path=$(command -v psql || true)
eval "$environment"

PGOPTIONS='-c client_min_messages=warning' dropdb --if-exists --force demo
createdb demo
pages=${CARGO_TARGET_DIR:-$PWD/target}/demo/pages
mkdir -p "$pages"
psql -X -q -v ON_ERROR_STOP=1 -v pages="$pages" -d demo <scripts/demo.sql

# The shortest command that works in the caller's own shell.
psql=psql
[[ -n $psql_of_path ]] || psql=$(command -v psql)
elapsed=$(($(date +%s) - started))
cat <<END

Go on in psql:     $psql -h $PGHOST -U $PGUSER demo
End the server:    make stop

demo finished $((elapsed / 60)) min $((elapsed % 60)) s after it was started
END

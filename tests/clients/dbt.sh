#!/usr/bin/env bash
# The dbt package with real dbt, in a virtual environment under the target folder: a project on German credit is built and tested, warns, and fails.
# Long: 150 s.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
requirements=tests/clients/dbt/requirements.txt
venv=$target/dbt-$(cksum <"$requirements" | tr ' ' -)
if [[ ! -e $venv/ready ]]; then
    rm -rf -- "$venv"
    mkdir -p "$target"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
    touch "$venv/ready"
fi

# dbt writes into its project, so it gets a copy.
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT
mkdir -p "$folder/sql" "$folder/tests/clients"
cp -R sql/dbt "$folder/sql/"
cp -R tests/clients/dbt "$folder/tests/clients/"
cp assay.control "$folder/"
cd "$folder/tests/clients/dbt"

# Without its key, so that a customer can be there twice.
(cd "${ASSAY_DATA:?}" && psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE SCHEMA bank' -c 'SET search_path = bank' -f german_credit.sql \
    -c 'ALTER TABLE german_credit DROP CONSTRAINT german_credit_pkey')

export DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1 DBT_PARTIAL_PARSE=true DBT_USE_COLORS=false PYTHONDONTWRITEBYTECODE=1
"$venv/bin/dbt" deps
"$venv/bin/python" drive.py
# A project with groups, owners, exposures and unit tests.
cd shop
"$venv/bin/dbt" deps
"$venv/bin/python" drive.py

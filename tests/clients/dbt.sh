#!/usr/bin/env bash
# The dbt package with real dbt, in a virtual environment under the target folder: a project on German credit is built and tested, warns, and fails.
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

psql -X -q -v ON_ERROR_STOP=1 -v data="${ASSAY_DATA:?}/german_credit.csv" <<'SQL'
CREATE SCHEMA bank;
CREATE TABLE bank.german_credit (
    customer_id int, checking_status text, duration_months int, credit_history text, purpose text, credit_amount int, savings text,
    employment text, installment_rate int, personal_status text, other_debtors text, residence_since int, property text, age int,
    other_installment_plans text, housing text, existing_credits int, job text, dependents int, telephone boolean, foreign_worker boolean,
    is_risky boolean);
COPY bank.german_credit FROM :'data' WITH (FORMAT csv, HEADER);
SQL

export DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1 DBT_PARTIAL_PARSE=true DBT_USE_COLORS=false PYTHONDONTWRITEBYTECODE=1
"$venv/bin/dbt" deps
"$venv/bin/python" drive.py

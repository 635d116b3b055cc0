#!/usr/bin/env bash
# False alarms on the tables and series that scikit-learn, statsmodels and vega_datasets carry, which `make test-all` fetches (PUBLIC_DATA=1).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [[ -z ${PUBLIC_DATA:-} ]]; then
    echo "skipped - public data: left to make test-all, which fetches it"
    exit
fi
packages=("psycopg[binary]==3.2.13" numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 scikit-learn==1.9.1 statsmodels==0.14.6 vega_datasets==0.9.0)
source tests/clients/lib/python.sh

(cd "${ASSAY_DATA:?}" && psql -X -q -v ON_ERROR_STOP=1 -f adult.sql -f german_credit.sql)
"$python" tests/clients/public_data.py

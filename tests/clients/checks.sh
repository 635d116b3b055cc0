#!/usr/bin/env bash
# assay.validate beside dbt and Great Expectations: the checks of tests/oracle/checks.json on the tables that they judged, all in one call.
# Where the two differ from each other, checks.sql says whom we follow; where we differ from both, it says so and why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../oracle"

psql -X -q -v ON_ERROR_STOP=1 -f checks.sql
psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -f ../clients/checks.sql

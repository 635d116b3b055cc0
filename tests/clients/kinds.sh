#!/usr/bin/env bash
# Every kind of check does all that a check does: its examples on docs/check_kinds.md are stored, run, explained, and their failing rows found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

psql -X -q -v ON_ERROR_STOP=1 -c 'DROP EXTENSION IF EXISTS assay CASCADE' -f scripts/sample.sql >/dev/null
psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -f tests/clients/kinds.sql

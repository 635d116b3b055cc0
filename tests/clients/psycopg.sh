#!/usr/bin/env bash
# What Python programs do through psycopg.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

status=0
for program in client judging cancel quality; do
    "$python" "tests/clients/$program.py" || status=$?
done
exit "$status"

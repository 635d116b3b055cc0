#!/usr/bin/env bash
# What Python programs do through psycopg, in a virtual environment of its own under the target folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

version=3.2.13
place=${CARGO_TARGET_DIR:-$PWD/target}/psycopg-$version
if [[ ! -e $place/ready ]]; then
    rm -rf -- "$place"
    mkdir -p "$(dirname "$place")"
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check "psycopg[binary]==$version"
    touch "$place/ready"
fi
status=0
for program in client cancel quality; do
    PYTHONDONTWRITEBYTECODE=1 "$place/bin/python" "tests/clients/$program.py" || status=$?
done
exit "$status"

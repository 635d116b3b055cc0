#!/usr/bin/env bash
# An application behind pgbouncer in transaction mode: see pgbouncer.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

program=$(scripts/pgbouncer.sh)
place=$(mktemp -d "${TMPDIR:-/tmp}/assay-pgbouncer.XXXXXX")
# It refuses to run as root, and must reach the server's socket: it is run as the server's user.
as_server() { "$@"; }
if [[ $(id -u) == 0 ]]; then
    user=$(stat -c %U "${PGHOST:?}")
    as_server() { runuser -u "$user" -- "$@"; }
fi

# Two servers for any number of clients; `one` is the same database with a single server, which all clients take turns on.
cp "$program" "$place/pgbouncer"
cat >"$place/ini" <<END
[databases]
many = host=$PGHOST port=$PGPORT dbname=${PGDATABASE:?} pool_size=2
one = host=$PGHOST port=$PGPORT dbname=$PGDATABASE pool_size=1
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $place
unix_socket_mode = 0700
auth_type = trust
auth_file = $place/users
pool_mode = transaction
max_prepared_statements = 100
logfile = $place/log
pidfile = $place/pid
END
printf '"%s" ""\n' "${PGUSER:?}" assay_pool_shop >"$place/users"
chmod 755 "$place"
if [[ $(id -u) == 0 ]]; then chown -R "$user" "$place"; fi

finish() {
    if [[ -e $place/pid ]]; then kill -TERM "$(<"$place/pid")" 2>/dev/null || true; fi
    psql -X -q -c 'DROP OWNED BY assay_pool_shop, assay_pool_guest' -c "SELECT FROM assay.drop_owned('assay_pool_shop')" \
        -c 'DROP ROLE assay_pool_shop, assay_pool_guest' >/dev/null 2>&1 || true
    rm -rf -- "$place"
}
trap finish EXIT
as_server "$place/pgbouncer" -q -d "$place/ini" </dev/null >/dev/null

POOL=$place "$python" tests/clients/pgbouncer.py

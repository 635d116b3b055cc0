#!/usr/bin/env bash
# A private, throw-away PostgreSQL cluster: a unix socket in a folder of its own, no port, never as root.
#
#   scripts/cluster.sh start NAME    create it when it is not there, and start it
#   scripts/cluster.sh stop NAME     stop it; its data stay
#   scripts/cluster.sh remove NAME   stop it and delete its data
#   scripts/cluster.sh env NAME      print what a client's shell needs: eval "$(scripts/cluster.sh env NAME)"
#   scripts/cluster.sh home NAME     print the folder that holds data, socket and log
#   scripts/cluster.sh share NAME FILE...   copy files to where the server and the caller can both read them (.gz unpacked)
#
# The cluster lives in <target>/NAME/cluster, or in a folder under /tmp when the server's user cannot get there or the
# path is too long for a socket; <target>/NAME/dir says which. PG_CONFIG names the PostgreSQL.
set -euo pipefail
export LC_ALL=C
umask 022

die() { printf 'assay: %s\n' "$*" >&2; exit 1; }

[[ $# -ge 2 ]] || die "usage: scripts/cluster.sh start|stop|remove|env|home|share NAME"
command=$1 name=$2
shift 2
[[ $name =~ ^[a-z0-9_-]+$ ]] || die "a cluster's name is made of letters, digits, - and _"

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${CARGO_TARGET_DIR:-$repository/target}/$name
[[ $place == /* ]] || place=$repository/$place
PG_CONFIG=$("$repository/scripts/deps.sh" pick)
[[ -n $PG_CONFIG ]] || die "no PostgreSQL found: name one with PG_CONFIG=/path/to/pg_config"
bin=$("$PG_CONFIG" --bindir)
superuser=postgres
longest_socket_path=107

# PostgreSQL refuses to run as root; root lends the server to another user.
server_user=
if [[ $(id -u) == 0 ]]; then
    server_user=postgres
    id -u "$server_user" >/dev/null 2>&1 || server_user=nobody
fi

# Runs a command as the server's user, with none of the caller's settings (but that one) and in a folder that everybody can enter.
as_server() (
    clean=(env -i "PATH=$PATH" LC_ALL=C TZ=UTC ${RUST_BACKTRACE:+"RUST_BACKTRACE=$RUST_BACKTRACE"} "$@")
    cd /
    if [[ -z $server_user ]]; then
        "${clean[@]}"
    elif command -v runuser >/dev/null; then
        runuser -u "$server_user" -- "${clean[@]}"
    elif command -v setpriv >/dev/null; then
        setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --init-groups -- "${clean[@]}"
    else
        su -s /bin/bash "$server_user" -c "$(printf '%q ' "${clean[@]}")"
    fi
)

home=
[[ -r $place/dir ]] && home=$(<"$place/dir")

exists() { [[ -n $home && -f $home/data/PG_VERSION ]]; }
running() { exists && as_server "$bin/pg_ctl" -D "$home/data" status >/dev/null 2>&1; }

give_to_server() {
    if [[ -n $server_user ]]; then chown "$server_user" "$@"; fi
}

stop() {
    if running; then
        as_server "$bin/pg_ctl" -D "$home/data" -m fast -w -t 60 stop >/dev/null
    fi
}

remove() {
    stop
    # Only folders that this script made are deleted.
    if [[ -n $home && ($home == "$place/cluster" || $home == /tmp/assay-"$name".*) ]]; then
        rm -rf -- "$home"
    fi
    rm -f -- "$place/dir"
    home=
}

make_home() {
    mkdir -p "$place"
    home=$place/cluster
    rm -rf -- "$home"
    mkdir -m 700 "$home"
    give_to_server "$home"
    local socket=$home/.s.PGSQL.5432
    if ((${#socket} > longest_socket_path)) || ! as_server test -w "$home"; then
        rmdir "$home"
        home=$(mktemp -d "/tmp/assay-$name.XXXXXX")
        give_to_server "$home"
    fi
    printf '%s\n' "$home" >"$place/dir"
}

create() {
    make_home
    as_server "$bin/initdb" -D "$home/data" -U "$superuser" -A trust --locale=C.UTF-8 --encoding=UTF8 --no-sync \
        >"$place/initdb.log" 2>&1 || { cat "$place/initdb.log" >&2; die "initdb failed"; }
    # Nobody keeps anything here, so nothing waits for the disk; and parallel plans find workers enough.
    cat >>"$home/data/postgresql.conf" <<CONF

listen_addresses = ''
unix_socket_directories = '$home'
unix_socket_permissions = 0700
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 150
max_worker_processes = 16
max_parallel_workers = 8
shared_buffers = 256MB
max_wal_size = 4GB
log_line_prefix = '%m [%p] %u@%d '
CONF
}

launch() {
    # The server must not hold on to the caller's pipes, or whoever reads them waits for ever.
    as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 start \
        </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
}

start() {
    if exists && [[ $(<"$home/data/PG_VERSION") == "$("$bin/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')" ]]; then
        if running || launch; then return; fi
    fi
    remove
    create
    launch || { tail -n 30 "$home/log" >&2; die "the server did not start"; }
}

share() {
    local file copy
    mkdir -p "$home/input"
    for file; do
        copy=$home/input/$(basename "$file" .gz)
        if [[ $file == *.gz ]]; then gzip -dc "$file" >"$copy"; else cp -f "$file" "$copy"; fi
        chmod 644 "$copy"
    done
    give_to_server -R "$home/input"
    printf '%s\n' "$home/input"
}

environment() {
    exists || die "there is no cluster $name"
    echo "unset PGDATABASE PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGOPTIONS PGHOSTADDR PGSSLMODE PGTZ PGDATESTYLE"
    printf 'export PGHOST=%q PGPORT=5432 PGUSER=%q PATH=%q\n' "$home" "$superuser" "$bin:$PATH"
}

case $command in
    start) start ;;
    stop) stop ;;
    remove) remove ;;
    env) environment ;;
    home) printf '%s\n' "$home" ;;
    share) share "$@" ;;
    *) die "unknown command $command" ;;
esac

#!/usr/bin/env bash
# Endpoints, most of which misbehave: who may call what, what may be reached, what is booked, and how soon a call ends. Works on a cluster of its own, for
# its settings, its environment, and a resolver that knows names which lead astray.
# Alone: it measures how soon something happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/assay-endpoints.XXXXXX")
standby=$work/standby
finish() {
    as_server "$bin/pg_ctl" -D "$standby" -m immediate -w stop >/dev/null 2>&1 || true
    scripts/cluster.sh remove endpoints
    rm -rf -- "$work"
}
scripts/cluster.sh remove endpoints
scripts/cluster.sh start endpoints
environment=$(scripts/cluster.sh env endpoints)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
home=$(scripts/cluster.sh home endpoints)
bin=$("$PG_CONFIG" --bindir)
# A proxy that the environment names is nobody's business.
clean=(env -i "PATH=$PATH" LC_ALL=C TZ=UTC "LD_PRELOAD=$work/names.so" "LOOKUPS=$work/lookups" ASSAY_TEST_KEY=sk-variable-key
    http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9)
as_server() { (cd / && "${clean[@]}" "$@"); }
if [[ $(id -u) == 0 ]]; then
    user=$(stat -c %U "$home/data")
    chown "$user" "$work"
    as_server() { (cd / && runuser -u "$user" -- "${clean[@]}" "$@"); }
fi
trap finish EXIT
chmod 755 "$work"

# Names that lead astray, one that leads nowhere for long, and a list of all that were asked for.
cat >"$work/names.c" <<'C'
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    const char *log = getenv("LOOKUPS");
    FILE *file = node && log ? fopen(log, "a") : NULL;
    if (file) {
        fprintf(file, "%s\n", node);
        fclose(file);
    }
    if (!node)
        return next(node, service, hints, result);
    if (!strcmp(node, "slow.test")) {
        sleep(20);
        return EAI_AGAIN;
    }
    if (!strcmp(node, "meta.test"))
        return next("169.254.169.254", service, hints, result);
    if (!strcmp(node, "public.test"))
        return next("192.0.2.1", service, hints, result);
    if (!strcmp(node, "mixed.test")) {
        int failed = next("127.0.0.1", service, hints, result);
        return failed ? failed : next("169.254.169.254", service, hints, &(*result)->ai_next);
    }
    return next(node, service, hints, result);
}
C
cc -shared -fPIC -o "$work/names.so" "$work/names.c" -ldl
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=an authority' -keyout "$work/authority.key.pem" -out "$work/authority.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
printf 'basicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n' >"$work/extensions"
openssl x509 -req -days 2 -in "$work/request.pem" -CA "$work/authority.pem" -CAkey "$work/authority.key.pem" -CAcreateserial -extfile "$work/extensions" \
    -out "$work/certificate.pem" 2>/dev/null
cp "$work/authority.pem" "$work/other.pem"
echo sk-file-key-in-a-file >"$work/allowed.key"
echo sk-secret-of-the-system >"$work/secret.key"
mkfifo "$work/pipe"
: >"$work/lookups"
chmod 666 "$work/lookups"
chmod 644 "$work"/*.key "$work"/*.pem "$work/names.so"

started() {
    as_server "$bin/pg_ctl" -D "$1" -m fast -w stop >/dev/null 2>&1 || true
    as_server "$bin/pg_ctl" -D "$1" -l "$2/log" -w -o "-c unix_socket_directories='$2' -c listen_addresses='' -p $PGPORT ${*:3}" start >/dev/null </dev/null
}
check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}
state() { printf '%s;\n\\echo :LAST_ERROR_SQLSTATE\n' "$1" | psql -X -q -A -t "${@:2}" 2>/dev/null | tail -n 1; }

started "$home/data" "$PGHOST" -c max_worker_processes=24
"$python" tests/clients/endpoints.py "$work" "$PGHOST/log" || echo "not ok - what endpoints.py tries"

# Where nobody can book, nobody calls. This server answers, so that only the booking can be what fails.
"$python" tests/clients/endpoint_server.py >"$work/port" &
server=$!
trap 'kill "$server" 2>/dev/null || true; finish' EXIT
for _ in {1..100}; do [[ -s $work/port ]] && break; sleep 0.1; done
psql -X -q -v ON_ERROR_STOP=1 -c "ALTER SERVER good OPTIONS (SET base_url 'http://127.0.0.1:$(<"$work/port")/v1')"
call="SELECT assay.embed_remote('good', 'a')"
check "the endpoint answers" 00000 "$(state "$call")"
as_server "$bin/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -D "$standby" -R -X stream -c fast --no-sync
mkdir "$work/socket" && chmod 777 "$work/socket"
started "$standby" "$work/socket" -c max_worker_processes=24
check "it is a standby" t "$(psql -X -A -t -h "$work/socket" -c 'SELECT pg_is_in_recovery()')"
check "a standby calls nobody" 55000 "$(state "$call" -h "$work/socket")"
as_server "$bin/pg_ctl" -D "$standby" -m immediate -w stop >/dev/null
calls=$(psql -X -A -t -c "SELECT sum(calls) FROM assay.endpoint_usage")
started "$home/data" "$PGHOST" -c max_worker_processes=0
check "without a worker nobody is called" 55000 "$(state "$call")"
check "and nothing is booked" "$calls" "$(psql -X -A -t -c "SELECT sum(calls) FROM assay.endpoint_usage")"
started "$home/data" "$PGHOST" -c max_worker_processes=24

# Who creates a trusted extension owns it, and creates servers; what is booked is dumped.
psql -X -q -v ON_ERROR_STOP=1 -c "CREATE ROLE landlord LOGIN" -c "CREATE DATABASE house OWNER landlord"
check "the owner of a database creates the extension and a server" 00000 \
    "$(state "CREATE EXTENSION assay; CREATE SERVER llm FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'http://127.0.0.1:$(<"$work/port")/v1')" -d house -U landlord)"
psql -X -q -d house -U landlord -c "SELECT assay.register_remote('own', 'llm', 'm', dimensions => 4)" -c "SELECT assay.embed_remote('own', 'a text')" >/dev/null
psql -X -q -c "CREATE DATABASE copy OWNER landlord"
"$bin/pg_dump" -U landlord house | psql -X -q -d copy -U landlord >/dev/null 2>&1
rows="SELECT server, called_by, calls, tokens FROM assay.endpoint_usage"
check "a dump carries what was booked" "llm|landlord|1|3" "$(psql -X -A -t -d copy -U landlord -c "$rows")"
check "and models that answer elsewhere, which answer" "{14.375,8.125,18.5,29.625}" "$(psql -X -A -t -d copy -U landlord -c "SELECT assay.embed_remote('own', 'a text')")"

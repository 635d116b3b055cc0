#!/usr/bin/env bash
# Two-phase commit: PostgreSQL prepares no transaction that has notified somebody, so one whose checks tell an owner of something is refused, and leaves
# nothing behind. Works on a cluster of its own, as prepared transactions are a setting of the server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

finish() { scripts/cluster.sh remove two_phase; }
trap finish EXIT
scripts/cluster.sh remove two_phase
scripts/cluster.sh start two_phase
echo "max_prepared_transactions = 2" >>"$(scripts/cluster.sh home two_phase)/data/postgresql.conf"
scripts/cluster.sh stop two_phase
scripts/cluster.sh start two_phase
environment=$(scripts/cluster.sh env two_phase)
eval "$environment"
export PGDATABASE=postgres
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@" 2>&1; }

check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}

# prepared STATEMENT: what a transaction says that runs a statement and is to be prepared. It ends in either way.
prepared() {
    ask -c 'BEGIN' -c "DO \$\$ BEGIN PERFORM $1; END \$\$" -c "PREPARE TRANSACTION 'loaded'" -c "COMMIT PREPARED 'loaded'" || true
}
left() { ask -c "SELECT (SELECT count(*) FROM assay.issue), (SELECT count(*) FROM assay.notification), (SELECT count(*) FROM pg_prepared_xacts)"; }

refused="ERROR:  cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY"
ask -c 'CREATE EXTENSION assay' -c 'CREATE TABLE loaded AS SELECT 1 AS x, NULL::int AS y' \
    -c "DO \$\$ BEGIN PERFORM assay.add_check('loaded', 'not_null', column_name, name => column_name) FROM unnest('{x,y}'::text[]) AS column_name; END \$\$"

check "a run of checks that tells nobody is prepared" "" "$(prepared "assay.run_checks('loaded')")"
check "and its issue is there once it is committed" "1|0|0" "$(left)"
ask -c "DO \$\$ BEGIN PERFORM assay.add_owner('ann', 'person'); PERFORM assay.own('ann', 'loaded'); END \$\$" -c 'UPDATE loaded SET x = NULL'
check "one that tells an owner is refused" "$refused" "$(prepared "assay.run_checks('loaded')")"
check "and leaves nothing behind" "1|0|0" "$(left)"
check "so is an incident that has an owner" "$refused" "$(prepared "assay.declare_incident('Broken', 'sev2', owner => 'ann')")"
check "without issues the run is prepared" "" "$(ask -c 'SET assay.issues = off' -c 'BEGIN' -c "DO \$\$ BEGIN PERFORM assay.run_checks('loaded'); END \$\$" \
    -c "PREPARE TRANSACTION 'loaded'" -c "COMMIT PREPARED 'loaded'")"
check "in a transaction of its own the run tells the owner" "2|1|0" "$(ask -c "DO \$\$ BEGIN PERFORM assay.run_checks('loaded'); END \$\$"; left)"

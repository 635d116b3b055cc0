#!/usr/bin/env bash
# What an assertion found survives the rollback that its own error brings: within a second, whoever asserts, and without holding anybody up.
# Works on a cluster of its own, for it is restarted, killed, and left without background workers.
# Alone: it measures how soon something happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

standby=
finish() {
    if [[ -n $standby ]]; then as_server "$bin/pg_ctl" -D "$standby/data" -m immediate -w stop >/dev/null 2>&1 || true; rm -rf -- "$standby"; fi
    scripts/cluster.sh remove survives
}
trap finish EXIT
scripts/cluster.sh remove survives
scripts/cluster.sh start survives
environment=$(scripts/cluster.sh env survives)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
home=$(scripts/cluster.sh home survives)
bin=$("$PG_CONFIG" --bindir)
clean=(env -i "PATH=$PATH" LC_ALL=C TZ=UTC)
as_server() { (cd / && "${clean[@]}" "$@"); }
if [[ $(id -u) == 0 ]]; then
    user=$(stat -c %U "$home/data")
    as_server() { (cd / && runuser -u "$user" -- "${clean[@]}" "$@"); }
fi
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
try() { psql -X -q -A -t "$@" 2>&1 || true; }
check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}
# within MILLISECONDS QUERY: t once the query says t, f if it does not in time.
within() {
    ask -v most="$1" -v query="$2" <<'SQL'
CREATE FUNCTION pg_temp.within(most integer, query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE found boolean; began timestamptz := clock_timestamp();
BEGIN
    LOOP
        EXECUTE query INTO found;
        IF found OR clock_timestamp() > began + most * interval '1 millisecond' THEN RETURN found; END IF;
        PERFORM pg_sleep(0.005);
    END LOOP;
END $$;
SELECT pg_temp.within(:'most', :'query');
SQL
}
# restarted [SETTING...]: the server with settings on its command line.
restarted() {
    as_server "$bin/pg_ctl" -D "$home/data" -m fast -w stop >/dev/null
    as_server "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -o "-c unix_socket_directories='$PGHOST' -c listen_addresses='' -p $PGPORT $*" start >/dev/null </dev/null
}

ask >/dev/null <<'SQL'
CREATE EXTENSION assay;
CREATE ROLE store NOLOGIN;
CREATE ROLE loader LOGIN IN ROLE store;
GRANT CREATE ON SCHEMA public TO store;
SET ROLE store;
CREATE TABLE sale AS SELECT i AS id, i AS amount FROM generate_series(1, 10) AS i;
SELECT assay.add_check('sale', 'accepted_range', 'amount', '{"min_value": 0}', name => 'it''s "positive"; DROP TABLE sale'), assay.add_check('sale', 'not_null', 'id', name => 'there');
SQL
load="INSERT INTO sale VALUES (99, -1); SELECT assay.assert_checks('sale')"
one="SELECT count(*) = 1 FROM assay.issue WHERE survived AND subject = 'it''s \"positive\"; DROP TABLE sale' AND status = 'open'"

# A psql that has ended: the time is that from the error to the issue.
began=$(date +%s%N)
error=$(try --single-transaction -c "$load")
check "an assertion fails" t "$(grep -q '1 of 2 checks on public.sale failed' <<<"$error" && echo t)"
check "its issue is there" t "$(within 1000 "$one")"
took=$((($(date +%s%N) - began) / 1000000))
check "the load, the error and the issue took less than a second in all ($took ms)" t "$( ((took < 1000)) && echo t)"
check "the load is not there" 10 "$(ask -c "SELECT count(*) FROM sale")"
check "nor is what the assertion wrote in it" 0 "$(ask -c "SELECT count(*) FROM assay.quality_history")"
check "what passed is no issue" 1 "$(ask -c "SELECT count(*) FROM assay.issue")"
check "it is of the check and the relation, ran as its owner, and added by who did" "t|t|store|store" \
    "$(ask -c "SELECT i.check_id = (SELECT min(check_id) FROM assay.checks), a.relation = 'sale'::regclass, i.ran_as::text, i.added_by::text FROM assay.issue i JOIN assay.asset a ON a.id = i.asset_id")"
check "the asset is recorded by the role that the check ran as, not by the worker" store "$(ask -c "SELECT added_by FROM assay.asset")"

# A role that may not log in asserts; another issue, of its own table.
ask >/dev/null <<'SQL'
SET ROLE store;
CREATE TABLE article AS SELECT 1 AS id, 1 AS price;
SELECT assay.add_check('article', 'accepted_range', 'price', '{"min_value": 0}', name => 'price');
SQL
try -U loader -c "SET ROLE store" -c "BEGIN" -c "UPDATE article SET price = -1" -c "SELECT assay.assert_checks('article')" >/dev/null
check "a role without login, whose member has no rights of a superuser, has its issue" t \
    "$(within 5000 "SELECT count(*) = 1 FROM assay.issue i JOIN assay.asset a ON a.id = i.asset_id WHERE subject = 'price' AND survived AND a.added_by::text = 'store'")"
check "its members see it" 1 "$(ask -U loader -c "SELECT count(*) FROM assay.issues WHERE asset = 'public.article'")"

# Caught by an exception block, and by a savepoint, in transactions that go on.
check "an assertion that is caught leaves its issue while the transaction goes on" t "$(ask <<'SQL'
CREATE TEMP TABLE answer (seen boolean);
DO $$
DECLARE began timestamptz := clock_timestamp(); seen boolean := false;
BEGIN
    BEGIN
        UPDATE article SET price = -2;
        PERFORM assay.assert_checks('article');
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    WHILE NOT seen AND clock_timestamp() < began + interval '5 s' LOOP
        SELECT occurrences = 2 INTO seen FROM assay.issue WHERE subject = 'price';
        PERFORM pg_sleep(0.005);
    END LOOP;
    INSERT INTO answer VALUES (seen);
END $$;
SELECT seen FROM answer;
SQL
)"
printf '%s\n' "BEGIN;" "SAVEPOINT before;" "UPDATE article SET price = -3;" "SELECT assay.assert_checks('article');" "ROLLBACK TO before;" \
    "UPDATE article SET price = 7;" "COMMIT;" | psql -X -q -A -t >/dev/null 2>&1 || true
check "so does one after which a savepoint is gone back to" t "$(within 5000 "SELECT occurrences = 3 FROM assay.issue WHERE subject = 'price'")"
check "what came after is there" 7 "$(ask -c "SELECT price FROM article")"

# What the transaction made is gone with it: kept by name, and found again.
made="CREATE TABLE staged AS SELECT -1 AS n; SELECT assay.add_check('staged', 'accepted_range', 'n', '{\"min_value\": 0}', name => 'staged'); SELECT assay.assert_checks('staged')"
try --single-transaction -c "$made" >/dev/null
check "a table that is gone is kept by its name, and so is its check" t \
    "$(within 5000 "SELECT i.asset_name = 'public.staged' AND a.relation IS NULL AND i.check_id IS NULL FROM assay.issue i JOIN assay.asset a ON a.id = i.asset_id WHERE subject = 'staged'")"
try --single-transaction -c "$made" >/dev/null
check "the next load that fails so finds the same issue again" t "$(within 5000 "SELECT count(*) = 1 AND min(occurrences) = 2 FROM assay.issue WHERE subject = 'staged'")"
# dbt's way: the table is rebuilt in the transaction, and the old one is there again afterwards.
try --single-transaction -c "ALTER TABLE article RENAME TO old; CREATE TABLE article AS SELECT 1 AS id, -9 AS price; ALTER TABLE article OWNER TO store;
    DROP TABLE old; SELECT assay.assert_checks('article')" >/dev/null
check "a table that was rebuilt in vain is the one that is there" t \
    "$(within 5000 "SELECT i.occurrences = 4 AND a.relation = 'article'::regclass FROM assay.issue i JOIN assay.asset a ON a.id = i.asset_id WHERE subject = 'price'")"

# Many in a row: one worker at a time, nothing of them stays.
# Segments of shared memory that no process has any more: what is left of a worker that never came, or of one whose session went first.
unmapped() {
    local file
    for file in /dev/shm/PostgreSQL.*; do
        if [[ -e $file ]] && ! grep -qsF "$file" /proc/[0-9]*/maps; then echo "$file"; fi
    done | sort
}
unmapped >"$home/unmapped"
{
    printf 'SELECT %s;\n' "assay.assert_checks('sale')"
    echo "SELECT 'at first', (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'RssAnon:\s+(\d+)'))[1];"
    for ((i = 0; i < 1000; i++)); do
        echo "BEGIN; UPDATE sale SET amount = -1; SELECT assay.assert_checks('sale'); ROLLBACK;"
        if ((i == 100)); then echo "SELECT 'early', (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'RssAnon:\s+(\d+)'))[1];"; fi
        if ((i % 100 == 50)); then echo "SELECT 'workers', count(*) FROM pg_stat_activity WHERE backend_type = 'assay';"; fi
    done
    echo "SELECT 'late', (regexp_match(pg_read_file('/proc/' || pg_backend_pid() || '/status'), 'RssAnon:\s+(\d+)'))[1];"
} >"$home/many.sql"
began=$(date +%s%N)
psql -X -q -A -t -f "$home/many.sql" >"$home/many.out" 2>"$home/many.err" || true
took=$((($(date +%s%N) - began) / 1000000))
early=$(sed -n 's/^early|//p' "$home/many.out") late=$(sed -n 's/^late|//p' "$home/many.out")
check "a thousand assertions fail, each with its error ($took ms)" 1000 "$(grep -c 'ERROR:  .*checks on public.sale failed' "$home/many.err")"
check "none says that nothing was kept" 0 "$(grep -c 'not kept' "$home/many.err" || true)"
check "all of them are counted" t "$(within 10000 "SELECT occurrences = 1001 FROM assay.issue WHERE subject LIKE 'it''s%'")"
check "a session has one worker at most" 1 "$(sed -n 's/^workers|//p' "$home/many.out" | sort -n | tail -n 1 | sed 's/^0$/1/')"
check "its memory does not grow ($early kB after 100, $late kB after 1,000)" t "$( ((late - early < 2048)) && echo t)"
check "no worker stays" t "$(within 3000 "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'assay'")"
unmapped >"$home/unmapped_after"
check "no shared memory stays" "" "$(comm -13 "$home/unmapped" "$home/unmapped_after" | head -n 3)"
check "none of them failed" 0 "$(grep -c 'could not be kept' "$home/log" || true)"

# A worker that waits for a row that somebody else changes holds up neither the error nor, for long, those who come after.
mkfifo "$home/locker"
psql -X -q -A -t <"$home/locker" >/dev/null 2>&1 &
locker=$!
exec 3>"$home/locker"
echo "BEGIN; UPDATE assay.issue SET severity = severity;" >&3
within 3000 "SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()" >/dev/null
began=$(date +%s%N)
try --single-transaction -c "$load" >/dev/null
took=$((($(date +%s%N) - began) / 1000000))
check "the error does not wait for the worker ($took ms)" t "$( ((took < 1000)) && echo t)"
check "the worker waits" t "$(within 2000 "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'assay' AND wait_event_type = 'Lock'")"
# It is ended as any other backend is.
ask -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'assay'" >/dev/null
check "it can be ended" t "$(within 2000 "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'assay'")"
try --single-transaction -c "$load" >/dev/null
echo "COMMIT;" >&3
exec 3>&-
wait "$locker" || true
check "what waited is kept once the row is free" t "$(within 5000 "SELECT occurrences = 1002 FROM assay.issue WHERE subject LIKE 'it''s%'")"

# A database is dropped and the server stopped while workers are at work.
ask -c "CREATE DATABASE doomed"
ask -d doomed -c "CREATE EXTENSION assay" -c "CREATE TABLE t AS SELECT -1 AS n" -c "SELECT assay.add_check('t', 'accepted_range', 'n', '{\"min_value\": 0}')" >/dev/null
try -d doomed -c "SELECT assay.assert_checks('t')" >/dev/null
began=$(date +%s%N)
ask -c "DROP DATABASE doomed"
took=$((($(date +%s%N) - began) / 1000000))
check "DROP DATABASE is not held up more than a moment ($took ms)" t "$( ((took < 3000)) && echo t)"
try -c "SELECT assay.assert_checks('sale')" --single-transaction -c "$load" >/dev/null
began=$(date +%s%N)
restarted
took=$((($(date +%s%N) - began) / 1000000))
check "the server stops and starts at once ($took ms)" t "$( ((took < 15000)) && echo t)"

# A worker that is killed takes the server with it, as any of its processes would; it comes back, and so do issues.
ask -c "SELECT occurrences FROM assay.issue WHERE subject LIKE 'it''s%'" >"$home/count"
psql -X -q -A -t -c "BEGIN" -c "UPDATE assay.issue SET severity = severity" -c "SELECT pg_sleep(30)" >/dev/null 2>&1 &
locker=$!
within 3000 "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()" >/dev/null
try --single-transaction -c "$load" >/dev/null
within 2000 "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'assay' AND wait_event_type = 'Lock'" >/dev/null
victim=$(ask -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'assay'")
server=$(ask -c "SELECT pg_read_file('postmaster.pid')" | head -n 1)
if [[ -n $victim && $(ps -o ppid= -p "$victim" | tr -d ' ') == "$server" ]]; then kill -KILL "$victim"; fi
wait "$locker" || true
answer=
for ((i = 0; i < 300; i++)); do
    if answer=$(ask -c 'SELECT 1' 2>/dev/null); then break; fi
    sleep 0.1
done
check "after a worker was killed the server recovers" 1 "$answer"
try --single-transaction -c "$load" >/dev/null
check "and keeps what is found" t "$(within 2000 "SELECT occurrences = $(<"$home/count") + 1 FROM assay.issue WHERE subject LIKE 'it''s%'")"

# Where nothing can be kept, that is said.
check "a read-only transaction says that nothing is kept" t \
    "$(try -c "BEGIN READ ONLY" -c "SELECT assay.assert_checks('staged')" -c "ROLLBACK" -c "BEGIN READ ONLY" -c "CREATE TEMP TABLE no ()" | grep -q . && try -c "UPDATE sale SET amount = -5 WHERE id = 1" -c "BEGIN READ ONLY" -c "SELECT assay.assert_checks('sale')" | grep -q 'NOTICE:  the failures are not kept as issues: the transaction is read-only' && echo t)"
standby=$(mktemp -d "${TMPDIR:-/tmp}/assay-survives.XXXXXX")
chown "$(stat -c %U "$home/data")" "$standby"
as_server "$bin/pg_basebackup" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -D "$standby/data" -R -X stream -c fast --no-sync
as_server "$bin/pg_ctl" -D "$standby/data" -l "$standby/log" -w -o "-c unix_socket_directories='$standby' -c listen_addresses='' -p $PGPORT" start </dev/null >/dev/null
check "so does a standby" t \
    "$(try -h "$standby" -c "SELECT assay.assert_checks('sale')" | grep -q 'NOTICE:  the failures are not kept as issues: the server is a standby' && echo t)"
restarted -c max_worker_processes=0
answer=$(try -c "SELECT assay.assert_checks('sale')")
check "so does a server without a free background worker" t "$(grep -q 'NOTICE:  the failures are not kept as issues: no background worker is free' <<<"$answer" && echo t)"
check "and the assertion fails as ever" t "$(grep -q 'ERROR:  1 of 2 checks on public.sale failed' <<<"$answer" && echo t)"
# The launcher of logical replication has one.
restarted -c max_worker_processes=2
answer=$(for ((i = 0; i < 5; i++)); do echo "SELECT assay.assert_checks('sale');"; done | try)
check "one place is enough for a session" "5|0" "$(grep -c 'ERROR' <<<"$answer")|$(grep -c 'NOTICE' <<<"$answer" || true)"

"""What run_sql refuses, ends, and lets through: attacks with the SQLSTATE that each fails with, as a superuser and as nobody in particular. Prints
'ok - NAME' or 'not ok - NAME' for each."""

import os
import time

import psycopg

from promises import check

REFUSED, DENIED, SYNTAX, LATE, LARGE, MEMORY = "ML039", "42501", "42601", "57014", "54000", "53400"
root = psycopg.connect("", autocommit=True)
root.execute("CREATE EXTENSION assay")
for contrib in ("dblink", "citext", "file_fdw"):
    try:
        root.execute(f"CREATE EXTENSION {contrib}")
    except psycopg.Error:
        print(f"# {contrib} is not installed: what needs it is left out")
has = {name for (name,) in root.execute("SELECT extname FROM pg_extension").fetchall()}
root.execute("""
CREATE ROLE mallory LOGIN; CREATE ROLE analyst LOGIN; CREATE ROLE reader; GRANT reader TO analyst; CREATE ROLE stranger;
GRANT CREATE ON SCHEMA public TO mallory;
CREATE TABLE public.sale (id int PRIMARY KEY, region text, eur numeric); INSERT INTO sale SELECT i, 'r' || i % 3, i FROM generate_series(1, 1000) i;
GRANT SELECT ON sale TO PUBLIC;
CREATE TABLE public.salary (name text, eur int); INSERT INTO salary VALUES ('boss', 1);
CREATE TABLE public.touched (what text); GRANT ALL ON touched TO PUBLIC;
CREATE SEQUENCE public.numbers; GRANT ALL ON SEQUENCE numbers TO PUBLIC;
CREATE TABLE public.mine (who text, note text); INSERT INTO mine VALUES ('analyst', 'a'), ('root', 'b'), ('mallory', 'c');
ALTER TABLE mine ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON mine USING (who = current_user); GRANT SELECT ON mine TO PUBLIC;
CREATE TABLE public.tenant (who text, note text); INSERT INTO tenant VALUES ('x', 'a'), ('y', 'b');
ALTER TABLE tenant ENABLE ROW LEVEL SECURITY; CREATE POLICY t ON tenant USING (who = current_setting('app.tenant', true)); GRANT SELECT ON tenant TO PUBLIC;
ANALYZE;
""")
mallory = psycopg.connect("", autocommit=True, user="mallory")
# Traps: each says that it ran, in a way that no rollback takes back.
mallory.execute(r"""
CREATE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN true; END$$;
CREATE FUNCTION public.trap_immutable(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN true; END$$;
CREATE FUNCTION public.trap_definer() RETURNS int LANGUAGE plpgsql SECURITY DEFINER IMMUTABLE AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN 1; END$$;
CREATE FUNCTION public.trap_sql() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_advisory_lock(4242) IS NULL; SELECT 1';
CREATE FUNCTION public.inlined() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION public.rows_trap() RETURNS SETOF int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN NEXT 1; END$$;
CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN 'x'; END$$;
CREATE FUNCTION public.step(int, int) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN 1; END$$;
CREATE AGGREGATE public.trap_sum(int) (SFUNC = step, STYPE = int, INITCOND = 0);
CREATE AGGREGATE public.trap_moving(int) (SFUNC = step, STYPE = int, INITCOND = 0);
CREATE FUNCTION public.plus(int, text) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN 1; END$$;
CREATE OPERATOR public.+ (LEFTARG = int, RIGHTARG = text, FUNCTION = public.plus);
CREATE FUNCTION public.equal(text, int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN true; END$$;
CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = int, FUNCTION = public.equal);
CREATE DOMAIN public.trapped AS text CHECK (public.trap_immutable(VALUE));
CREATE DOMAIN public.sleepy AS text CHECK (pg_sleep(10) IS NOT NULL);
CREATE TYPE public.pair AS (a public.trapped, b int);
CREATE TYPE public.sleeping AS (a public.sleepy);
CREATE TYPE public.mood AS ENUM ('good', 'bad');
CREATE FUNCTION public.to_json_trap(public.mood) RETURNS json LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN '1'; END$$;
CREATE CAST (public.mood AS json) WITH FUNCTION public.to_json_trap(public.mood);
CREATE FUNCTION public.mood_text(public.mood) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM pg_advisory_lock(4242); RETURN 1; END$$;
CREATE CAST (public.mood AS int) WITH FUNCTION public.mood_text(public.mood) AS IMPLICIT;
CREATE VIEW public.trap_view AS SELECT public.trap() AS x;
CREATE VIEW public.sleep_view AS SELECT pg_sleep(20) IS NULL AS x;
CREATE VIEW public.definer_view AS SELECT public.trap_definer() AS x;
CREATE VIEW public.nested_view AS SELECT x FROM public.trap_view;
CREATE VIEW public.lock_view AS SELECT what FROM public.touched FOR UPDATE;
CREATE TABLE public.policed (x int); INSERT INTO public.policed VALUES (1);
ALTER TABLE public.policed ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON public.policed USING (public.trap());
CREATE TABLE public.typed (x public.trapped, m public.mood); INSERT INTO public.typed (m) VALUES ('good');
CREATE TABLE public.indexed (x int); CREATE INDEX ON public.indexed ((public.trap_immutable(x)));
GRANT SELECT ON public.trap_view, public.sleep_view, public.definer_view, public.nested_view, public.lock_view, public.policed, public.typed, public.indexed TO PUBLIC;
SELECT pg_advisory_unlock_all();
""")
if "file_fdw" in has:
    root.execute("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE public.passwd (line text) SERVER files OPTIONS (filename '/etc/passwd', delimiter E'\\x01')")
    root.execute("CREATE TABLE public.parted (line text) PARTITION BY LIST (line); CREATE FOREIGN TABLE public.parted_1 PARTITION OF public.parted DEFAULT SERVER files OPTIONS (filename '/etc/passwd', delimiter E'\\x01')")
root.execute("SELECT pg_advisory_unlock_all()")
session = psycopg.connect("", autocommit=True)
session.execute("SET client_min_messages = warning")
user = psycopg.connect("", autocommit=True, user="analyst")
user.execute("SET client_min_messages = warning")
for connection in (session, user):
    connection.execute("PREPARE prepared AS SELECT 1")
    connection.execute("CREATE TEMP TABLE here (x int); INSERT INTO here VALUES (1)")


def refused(connection, sql, **limits):
    """The SQLSTATE of a statement, all that its error says, and how long it took."""
    extra = "".join(f", {name} => {value!r}" for name, value in limits.items())
    started = time.monotonic()
    try:
        connection.execute(f"SELECT assay.run_sql(%s{extra})", (sql,))
        return "accepted", "", time.monotonic() - started
    except psycopg.Error as error:
        diag = error.diag
        return diag.sqlstate, " | ".join(filter(None, (diag.message_primary, diag.message_detail, diag.message_hint))), time.monotonic() - started


deep = "SELECT " + "(" * 20000 + "1" + ")" * 20000
nested = "SELECT 1 FROM " + "(SELECT 1 FROM " * 3000 + "sale" + ") q" * 3000
attacks = [
    # Other statements.
    (REFUSED, "INSERT INTO touched VALUES ('x')"), (REFUSED, "UPDATE sale SET eur = 0"), (REFUSED, "DELETE FROM sale"), (REFUSED, "TRUNCATE sale"),
    (REFUSED, "MERGE INTO touched t USING sale s ON t.what = s.region WHEN NOT MATCHED THEN INSERT VALUES (s.region)"),
    (REFUSED, "DROP TABLE sale"), (REFUSED, "CREATE TABLE x AS SELECT 1"), (REFUSED, "CREATE TEMP TABLE x (y int)"), (REFUSED, "ALTER TABLE sale ADD x int"),
    (REFUSED, "COPY sale TO '/tmp/assay_run_sql'"), (REFUSED, "COPY sale TO PROGRAM 'cat > /tmp/assay_run_sql'"), (REFUSED, "COPY (SELECT 1) TO STDOUT"), (REFUSED, "COPY touched FROM '/etc/passwd'"),
    (REFUSED, "DO $$BEGIN PERFORM pg_advisory_lock(4242); END$$"), (REFUSED, "CALL assay.run_queue()"), (REFUSED, "EXPLAIN ANALYZE SELECT public.trap()"), (REFUSED, "EXPLAIN SELECT 1"),
    (REFUSED, "PREPARE p AS SELECT 1"), (REFUSED, "EXECUTE prepared"), (REFUSED, "DEALLOCATE ALL"), (REFUSED, "DECLARE c CURSOR FOR SELECT 1"), (REFUSED, "FETCH ALL FROM c"),
    (REFUSED, "SET ROLE mallory"), (REFUSED, "RESET ROLE"), (REFUSED, "SET SESSION AUTHORIZATION mallory"), (REFUSED, "SET statement_timeout = 0"), (REFUSED, "BEGIN"), (REFUSED, "COMMIT"), (REFUSED, "SAVEPOINT s"),
    (REFUSED, "LOCK TABLE sale"), (REFUSED, "NOTIFY x"), (REFUSED, "LISTEN x"), (REFUSED, "VACUUM"), (REFUSED, "ANALYZE sale"), (REFUSED, "CHECKPOINT"), (REFUSED, "REFRESH MATERIALIZED VIEW m"), (REFUSED, "LOAD 'auto_explain'"),
    (REFUSED, "GRANT ALL ON sale TO mallory"), (REFUSED, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"), (REFUSED, "ALTER SYSTEM SET work_mem = '1GB'"), (REFUSED, "SHOW all"), (SYNTAX, "sale"),
    # More than one, none, and what hides them.
    (REFUSED, "SELECT 1; SELECT 2"), (REFUSED, "SELECT 1; DROP TABLE sale"), (REFUSED, "SELECT 1;;DELETE FROM sale"), (REFUSED, ""), (REFUSED, ";"), (REFUSED, "-- SELECT 1"), (REFUSED, "/* SELECT 1 */"),
    (REFUSED, "SELECT 1 /* ; */ ; /* */ DELETE FROM sale --"), (REFUSED, "SELECT 1 -- x\n; DELETE FROM sale"), (REFUSED, "SELECT '\\'; DELETE FROM sale; --'"), (REFUSED, "SELECT $a$;$b$$a$; DELETE FROM sale"),
    (SYNTAX, "SELECT 1 /* never closed"), (SYNTAX, "SELEC 1"), (SYNTAX, "SELECT 1 UNION DELETE FROM sale RETURNING 1"), (SYNTAX, "ＳＥＬＥＣＴ 1"),
    # Writing within one.
    (REFUSED, "WITH x AS (DELETE FROM sale RETURNING *) SELECT * FROM x"), (REFUSED, "WITH x AS (INSERT INTO touched VALUES ('x') RETURNING 1) SELECT 1"), (REFUSED, "WITH a AS (WITH b AS (UPDATE sale SET eur = 0 RETURNING 1) SELECT * FROM b) SELECT * FROM a"),
    (REFUSED, "SELECT * FROM (WITH x AS (DELETE FROM sale RETURNING *) SELECT * FROM x) q"), (REFUSED, "SELECT 1 INTO x"), (REFUSED, "SELECT 1 INTO TEMP x UNION SELECT 2"), (REFUSED, "SELECT * INTO UNLOGGED x FROM sale"), (REFUSED, "SELECT * FROM (SELECT 1 INTO x) q"),
    # Locks.
    (REFUSED, "SELECT * FROM sale FOR UPDATE"), (REFUSED, "SELECT * FROM sale FOR KEY SHARE SKIP LOCKED"), (REFUSED, "SELECT * FROM (SELECT * FROM sale FOR SHARE) q"), (REFUSED, "SELECT * FROM lock_view"), (REFUSED, "SELECT pg_advisory_lock(4242)"), (REFUSED, "SELECT pg_try_advisory_xact_lock(4242)"),
    # Functions that act, wait, or look where they should not.
    (REFUSED, "SELECT pg_sleep(10)"), (REFUSED, "SELECT 1 FROM sale ORDER BY pg_sleep(1)::text"), (REFUSED, "SELECT 1 WHERE pg_sleep_for('1 s') IS NULL"), (REFUSED, "SELECT count(*) FILTER (WHERE pg_sleep(1) IS NULL) FROM sale"), (REFUSED, "SELECT sum(1) OVER (ORDER BY pg_sleep(1)::text) FROM sale"),
    (REFUSED, "SELECT set_config('role', 'mallory', false)"), (REFUSED, "SELECT set_config('assay.sql_functions', 'pg_catalog.pg_sleep(double precision)', false)"), (REFUSED, "SELECT nextval('numbers')"), (REFUSED, "SELECT setval('numbers', 9)"), (REFUSED, "SELECT currval('numbers')"), (REFUSED, "SELECT lastval()"), (REFUSED, "SELECT setseed(0)"),
    (REFUSED, "SELECT lo_export(1, '/tmp/assay_run_sql')"), (REFUSED, "SELECT lo_import('/etc/passwd')"), (REFUSED, "SELECT lo_creat(-1)"), (REFUSED, "SELECT lo_from_bytea(0, 'x')"), (REFUSED, "SELECT lo_get(1)"), (REFUSED, "SELECT lo_unlink(1)"),
    (REFUSED, "SELECT pg_read_file('/etc/passwd')"), (REFUSED, "SELECT pg_read_binary_file('/etc/passwd')"), (REFUSED, "SELECT pg_ls_dir('/')"), (REFUSED, "SELECT * FROM pg_ls_dir('.') f"), (REFUSED, "SELECT pg_stat_file('PG_VERSION')"), (REFUSED, "SELECT pg_current_logfile()"), (REFUSED, "SELECT * FROM pg_hba_file_rules"), (REFUSED, "SELECT * FROM pg_file_settings"),
    (REFUSED, "SELECT pg_terminate_backend(pg_backend_pid())"), (REFUSED, "SELECT pg_cancel_backend(1)"), (REFUSED, "SELECT pg_reload_conf()"), (REFUSED, "SELECT pg_rotate_logfile()"), (REFUSED, "SELECT pg_switch_wal()"), (REFUSED, "SELECT pg_create_restore_point('x')"), (REFUSED, "SELECT pg_promote()"), (REFUSED, "SELECT pg_notify('x', 'y')"), (REFUSED, "SELECT pg_logical_emit_message(false, 'a', 'b')"), (REFUSED, "SELECT pg_export_snapshot()"),
    (REFUSED, "SELECT pg_stat_reset()"), (REFUSED, "SELECT pg_stat_reset_shared('bgwriter')"), (REFUSED, "SELECT * FROM pg_stat_activity"), (REFUSED, "SELECT * FROM pg_settings"), (REFUSED, "SELECT * FROM pg_locks"), (REFUSED, "SELECT txid_current()"), (REFUSED, "SELECT pg_current_xact_id()"), (REFUSED, "SELECT * FROM pg_cursors"), (REFUSED, "SELECT * FROM pg_prepared_statements"),
    (REFUSED, "SELECT query_to_xml('SELECT public.trap()', true, true, '')"), (REFUSED, "SELECT table_to_xml('sale', true, true, '')"), (REFUSED, "SELECT database_to_xml(true, true, '')"), (REFUSED, "SELECT cursor_to_xml('c', 1, true, true, '')"), (REFUSED, "SELECT ts_stat('SELECT public.trap()')"), (REFUSED, "SELECT * FROM ts_stat('SELECT to_tsvector(region) FROM sale')"), (REFUSED, "SELECT ts_rewrite('a', 'SELECT public.trap()')"), (REFUSED, "SELECT binary_upgrade_set_next_pg_type_oid('1')"), (REFUSED, "SELECT pg_import_system_collations('public')"),
    # assay's own.
    (REFUSED, "SELECT assay.run_sql('SELECT 1')"), (REFUSED, "SELECT * FROM assay.train('m', 'SELECT 1 AS x, 1 AS y', 'y')"), (REFUSED, "SELECT assay.add_check('sale', 'not_null', 'id')"), (REFUSED, "SELECT * FROM assay.run_checks()"), (REFUSED, "SELECT assay.drop_owned('analyst')"), (REFUSED, "SELECT assay.embed_remote('m', 'x')"),
    (REFUSED, "SELECT * FROM assay.profile('SELECT pg_sleep(5) IS NULL AS x')"),
    # What others have put there, called by name, by operator, by type, by view, by policy.
    (REFUSED, "SELECT public.trap()"), (REFUSED, "SELECT public.trap_immutable(1)"), (REFUSED, "SELECT public.trap_definer()"), (REFUSED, "SELECT public.trap_sql()"), (REFUSED, "SELECT public.inlined()"), (REFUSED, "SELECT * FROM public.rows_trap()"), (REFUSED, "SELECT * FROM ROWS FROM (rows_trap(), generate_series(1, 2)) r"), (REFUSED, "SELECT * FROM sale, LATERAL rows_trap() r"),
    (REFUSED, "SELECT lower(1)"), (REFUSED, "SELECT 1 + 'x'::text"), (REFUSED, "SELECT 'x'::text = 1"), (REFUSED, "SELECT region = id FROM sale"), (REFUSED, "SELECT id OPERATOR(public.+) region FROM sale"), (REFUSED, "SELECT region = ANY (ARRAY[1]) FROM sale"), (REFUSED, "SELECT public.trap_sum(id) FROM sale"), (REFUSED, "SELECT public.trap_moving(id) OVER () FROM sale"),
    (REFUSED, "SELECT 'x'::trapped"), (REFUSED, "SELECT CAST(region AS trapped) FROM sale"), (REFUSED, "SELECT '(x,1)'::pair"), (REFUSED, "SELECT '{\"(x,1)\"}'::pair[]"), (REFUSED, "SELECT ROW('x', 1)::pair"), (REFUSED, "SELECT '(x)'::sleeping"), (REFUSED, "SELECT 'x'::sleepy"), (REFUSED, "SELECT * FROM json_populate_record(NULL::pair, '{\"a\": \"x\"}')"), (REFUSED, "SELECT * FROM json_to_record('{\"a\": \"x\"}') AS r(a trapped)"), (REFUSED, "SELECT * FROM typed WHERE x = 'y'::trapped"), (REFUSED, "SELECT x FROM typed UNION SELECT 'y'::trapped"),
    (REFUSED, "SELECT m FROM typed"), (REFUSED, "SELECT 'good'::mood"), (REFUSED, "SELECT 'good'::mood + 1"), (REFUSED, "SELECT to_json('good'::mood)"), (REFUSED, "SELECT json_agg(m) FROM typed"), (REFUSED, "SELECT to_jsonb(t) FROM typed t"), (REFUSED, "SELECT t FROM typed t"),
    (REFUSED, "SELECT * FROM trap_view"), (REFUSED, "SELECT * FROM nested_view"), (REFUSED, "SELECT count(*) FROM nested_view"), (REFUSED, "SELECT * FROM sleep_view"), (REFUSED, "SELECT * FROM definer_view"), (REFUSED, "TABLE trap_view"), (REFUSED, "WITH x AS (TABLE nested_view) SELECT 1 FROM x"), (REFUSED, "SELECT (SELECT x FROM trap_view)"),
    (REFUSED, "SELECT E'\\x41', public.trap()"), (REFUSED, "SELECT U&\"tr\\0061p\"()"), (REFUSED, "SELECT \"pg_catalog\".\"pg_sleep\"(1)"), (REFUSED, "SELECT pg_catalog . /* */ pg_sleep -- x\n (1)"), (REFUSED, "SELECT PG_SLEEP(1)"), (REFUSED, "SELECT U&'\\0041' || U&\"!0070g_sleep\" UESCAPE '!' (1)"),
    # Secrets.
    (REFUSED, "SELECT rolpassword FROM pg_authid"), (REFUSED, "SELECT * FROM pg_authid"), (REFUSED, "SELECT a FROM pg_authid a"), (REFUSED, "SELECT passwd FROM pg_shadow"), (REFUSED, "SELECT count(*) FROM pg_authid WHERE rolpassword LIKE 'SCRAM%'"), (REFUSED, "SELECT umoptions FROM pg_user_mapping"), (REFUSED, "SELECT * FROM pg_user_mappings"), (REFUSED, "SELECT subconninfo FROM pg_subscription"), (REFUSED, "SELECT data FROM pg_largeobject"),
    (REFUSED, "SELECT * FROM pg_toast.pg_toast_1255"),
    # Too much of something.
    (REFUSED, "SELECT * FROM generate_series(1, 1000000000000)"), (REFUSED, "SELECT count(*) FROM sale a, sale b, sale c, sale d"), (REFUSED, deep + " " * 100000), (REFUSED, "SELECT '" + "x" * 200000 + "'"), (SYNTAX, deep), (SYNTAX, nested),
]
if "dblink" in has:
    attacks += [(REFUSED, "SELECT dblink_connect('dbname=postgres')"), (REFUSED, "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(x int)"), (REFUSED, "SELECT dblink_exec('dbname=postgres', 'DROP TABLE sale')")]
if "citext" in has:
    attacks += [(REFUSED, "SELECT 'a'::citext"), (REFUSED, "SELECT region::citext FROM sale")]
if "file_fdw" in has:
    attacks += [(REFUSED, "SELECT * FROM passwd"), (REFUSED, "SELECT count(*) FROM parted")]
# What a superuser may read at all, others may not: both are errors.
of_rights = {"pg_authid", "pg_shadow", "pg_user_mapping", "pg_subscription", "pg_largeobject", "pg_toast", "passwd", "parted"}
for expected, sql in attacks:
    for who, connection in (("superuser", session), ("analyst", user)):
        found, said, took = refused(connection, sql)
        allowed = {expected, DENIED} if who == "analyst" and any(name in sql for name in of_rights) else {expected}
        shown = sql if len(sql) < 90 else sql[:80] + "..."
        check(f"{expected} as {who}: {shown}".replace("\n", " "), found in allowed and took < 3 and "hint" not in said.lower(), (found, said, took))
check("a policy of somebody else's is not run by its reader", refused(user, "SELECT * FROM policed")[0] == REFUSED, refused(user, "SELECT * FROM policed"))

# What runs into a limit ends by it, soon.
limits = [
    (LARGE, "SELECT * FROM generate_series(1, 100000)", {"max_rows": 10}), (LARGE, "SELECT repeat('x', 1000) FROM generate_series(1, 1000)", {"max_bytes": 10000}), (LARGE, "SELECT repeat('x', 100000000)", {"max_bytes": 1000}),
    (LARGE, "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t) SELECT * FROM t", {"max_rows": 100}),
    (LATE, "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT 1 FROM t) SELECT count(*) FROM t LIMIT 1", {"timeout": "300 ms"}),
    (LATE, "SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 10) b", {"timeout": "300 ms", "max_cost": 1e15}),
    (LATE, "SELECT (repeat('a', 30) || '!') ~ '^((a+)+)+$' FROM generate_series(1, 10000000)", {"timeout": "300 ms"}),
    (LATE, "SELECT count(*) FROM sale a, sale b, sale c WHERE a.eur + b.eur = c.eur * 7", {"timeout": "300 ms", "max_cost": 1e15}),
    (LATE, "SELECT repeat('x', 3000) ~ '^(x+)(x+)(x+)(x+)\\1\\2\\3\\4y?$'", {"timeout": "300 ms"}),
    (LATE, "SELECT max(md5(x::text)) FROM generate_series(1, 100000000) x", {"timeout": "300 ms", "max_cost": 1e15}),
    (LATE, "SELECT count(*) FROM (SELECT DISTINCT a.id + b.id * 1000 + c FROM sale a, sale b, generate_series(1, 1000) c) q", {"timeout": "300 ms", "max_cost": 1e15}),
]
for expected, sql, given in limits:
    found, said, took = refused(session, sql, **given)
    check(f"{expected} within its limit: {sql[:90]}", found == expected and took < (0.45 if expected == LATE else 3), (found, said, took))
memory = [
    "SELECT length(repeat('x', 1000000000)) + length(repeat('y', 1000000000))", "SELECT length(string_agg(repeat(x::text, 1000), ',')) FROM generate_series(1, 1000000) x",
    "SELECT count(*) FROM (SELECT array_agg(x) AS a FROM generate_series(1, 200000000) x) q", "SELECT length(lpad('x', 1000000000, 'y'))", "SELECT array_fill(1::bigint, ARRAY[120000000])",
    "WITH RECURSIVE t AS (SELECT 'x' AS x UNION ALL SELECT x || x FROM t) SELECT length(max(x)) FROM t", "SELECT jsonb_object_agg(x::text, repeat('x', 100)) FROM generate_series(1, 100000000) x",
]
for sql in memory:
    started = time.monotonic()
    found, said, took = refused(session, sql, max_cost=1e15)
    check(f"it ends before it has all memory: {sql[:90]}", found in (MEMORY, LARGE, "54000") and took < 10, (found, said, took))
with open(f"/proc/{session.info.backend_pid}/status") as status:
    peak = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) // 1024
print(f"# At most {peak} MB were resident.")
check("and has never had more than 256 MB, with 64 MB at once, beside what a session has", peak < 450, f"{peak} MB")
session.execute("SET assay.max_memory = '64MB'")
found, said, took = refused(session, "SELECT length(repeat('x', 150000000))")
session.execute("RESET assay.max_memory")
check("assay.max_memory is the limit where it is less", found == MEMORY and "64.0 MB" in said, (found, said))
check("the ceiling is gone with the query", session.execute("SELECT length(repeat('x', 600000000))").fetchone()[0] == 600000000)

# What compares each part with each part, and looks for no cancel meanwhile.
endless = [
    "SELECT ARRAY(SELECT generate_series(1, 300000)) && ARRAY(SELECT generate_series(400000, 700000))", "SELECT ARRAY(SELECT generate_series(1, 300000)) @> ARRAY(SELECT generate_series(1, 300000))",
    "SELECT ARRAY(SELECT generate_series(1, 300000)) <@ ARRAY(SELECT generate_series(1, 300000))", "SELECT strpos(repeat('a', 20000000), 'b' || repeat('a', 20000))", "SELECT position('b' || repeat('a', 20000) IN repeat('a', 20000000))",
    "SELECT repeat('a', 20000000) LIKE '%' || repeat('a', 20000) || 'b'", "SELECT NOT (repeat('a', 20000000) LIKE '%' || repeat('a', 20000) || 'b' OR false)", "SELECT repeat('a', 20000000) NOT ILIKE '%' || repeat('a', 20000) || 'b'",
    "SELECT length(replace(repeat('a', 20000000), 'b' || repeat('a', 20000), 'x'))", "SELECT split_part(repeat('a', 20000000), 'b' || repeat('a', 20000), 1)", "SELECT translate(repeat('x', 50000000), 'abcdefghijklmnopqrstuvwxyz0123456789', '')",
    "WITH t AS (SELECT string_agg(md5(x::text), '') AS a FROM generate_series(1, 100000) x) SELECT t.a LIKE '%' || u.a || 'b' FROM t, t u",
]
for sql in endless:
    found, said, took = refused(session, sql, timeout="300 ms")
    check(f"it is refused before it takes long: {sql[:90]}", (found == LARGE and "too long" in said or found == LATE) and took < 1.5, (found, said, took))
for sql in ("SELECT path '[(0,0),(1,1)]' <-> path '[(2,2),(3,3)]'", "SELECT path '[(0,0),(1,1)]' ?# path '[(2,2),(3,3)]'", "SELECT polygon '((0,0),(1,1),(1,0))' && polygon '((2,2),(3,3),(2,3))'", "SELECT polygon '((0,0),(1,1),(1,0))' @> polygon '((2,2),(3,3),(2,3))'"):
    found, said, took = refused(session, sql)
    check(f"shapes are not compared with each other: {sql}", found == REFUSED, (found, said))
usual = [
    ("SELECT ARRAY(SELECT generate_series(1, 1000)) && ARRAY(SELECT generate_series(900, 2000)) AS x", True), ("SELECT ARRAY['a', region] @> ARRAY[region] AS x FROM sale LIMIT 1", True), ("SELECT strpos(region || 'abc', 'b' || region) AS x FROM sale LIMIT 1", 0),
    ("SELECT region LIKE region || '%' AS x FROM sale LIMIT 1", True), ("SELECT NOT (region LIKE region || '%') AS x FROM sale LIMIT 1", False), ("SELECT region ILIKE upper(region) AS x FROM sale LIMIT 1", True), ("SELECT replace(region, left(region, 1), 'x') AS x FROM sale WHERE id = 1", "x1"),
    ("SELECT split_part(region || ',b', region, 2) AS x FROM sale LIMIT 1", ",b"), ("SELECT translate(region, left(region, 1), 'x') AS x FROM sale WHERE id = 1", "x1"), ("SELECT position(left(region, 1) IN region) AS x FROM sale LIMIT 1", 1), ("SELECT count(*) AS x FROM sale a JOIN sale b ON a.region NOT LIKE b.region || '%' WHERE a.id = 1 AND b.id < 4", 2),
    ("SELECT NULL::text LIKE region AS x FROM sale LIMIT 1", None), ("SELECT array_agg(id) <@ array_agg(id) AS x FROM sale", True),
]
for sql, expected in usual:
    found = user.execute("SELECT assay.run_sql(%s) -> 'x'", (sql,)).fetchone()
    check(f"the usual is as ever: {sql[:90]}", found == (expected,), found)

# Search, which reads as the caller.
root.execute("""
CREATE TABLE public.doc (id int PRIMARY KEY, body text); INSERT INTO doc VALUES (1, 'tea is green'), (2, 'coffee is black');
SELECT assay.load_word_vectors('words', $$VALUES ('tea', '{1,0}'::real[]), ('coffee', '{0,1}')$$);
SELECT assay.create_vectorizer('public.doc', '{"column": "body"}', 'words@1', consistency => 'transaction');
""")
search = "SELECT key ->> 'id' AS x FROM assay.search('public.doc', 'green tea', k => 1%s)"
check("search may be called", session.execute("SELECT assay.run_sql(%s) ->> 'x'", (search % "",)).fetchall() == [("1",)])
found, said, took = refused(user, search % "")
check("by who may read what is searched", found == DENIED, (found, said))
root.execute("GRANT SELECT ON doc TO analyst")
check("and by nobody else", user.execute("SELECT assay.run_sql(%s) ->> 'x'", (search % "",)).fetchall() == [("1",)])
for condition in ("public.trap()", "pg_sleep(1) IS NULL"):
    found, said, took = refused(session, search % f", filter => '{condition}'")
    check(f"its condition calls no more than the query may: {condition}", found == REFUSED, (found, said))
root.execute("CREATE SERVER nowhere FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'http://127.0.0.1:1/x', timeout '5')")
root.execute("SELECT assay.register_remote('ranks', 'nowhere', 'm', 'reranking')")
session.execute("SET assay.endpoints = '127.0.0.1:1'")
found, said, took = refused(session, search % ", rerank => 'ranks'")
check("nor does it ask an endpoint", found == DENIED and "within assay.run_sql" in said, (found, said))

# A lock that somebody else has.
root.execute("BEGIN; LOCK TABLE sale")
found, said, took = refused(session, "SELECT * FROM sale", timeout="300 ms")
root.execute("COMMIT")
check("what waits for a lock ends in time", found == LATE and took < 0.45, (found, said, took))
session.execute("SET statement_timeout = '200 ms'")
found, said, took = refused(session, "SELECT count(*) FROM generate_series(1, 1000000000)", max_cost=1e15)
session.execute("RESET statement_timeout")
check("statement_timeout ends it, too, in its own words", found == LATE and "statement timeout" in said and took < 0.35, (found, said, took))
check("and the session goes on", session.execute("SELECT count(*) FROM assay.run_sql('SELECT 1')").fetchone()[0] == 1)

# A function that catches the cancel.
root.execute("""CREATE FUNCTION public.stubborn() RETURNS int LANGUAGE plpgsql AS $$BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END$$""")
session.execute("SET assay.sql_functions = 'public.stubborn(), pg_catalog.pg_sleep(double precision)'")
found, said, took = refused(session, "SELECT public.stubborn()", timeout="300 ms")
check("a function that was allowed and catches the cancel ends", found == LATE and took < 0.5, (found, said, took))
found, said, took = refused(session, "SELECT pg_sleep(5)", timeout="300 ms")
check("so does one that sleeps", found == LATE and took < 0.45, (found, said, took))
session.execute("RESET assay.sql_functions")
check("only superusers list functions", user.execute("SELECT context FROM pg_settings WHERE name = 'assay.sql_functions'").fetchone()[0] == "superuser")
try:
    user.execute("SET assay.sql_functions = 'pg_catalog.pg_sleep(double precision)'")
    check("an analyst cannot", False)
except psycopg.Error as error:
    check("an analyst cannot", error.sqlstate == DENIED, error)

# Nothing ran of all that: no lock is held, nothing was written, the session is as it was.
held = root.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()[0]
check("no trap has sprung", held == 0, held)
check("nothing was written", root.execute("SELECT (SELECT count(*) FROM touched), (SELECT count(*) FROM sale), (SELECT is_called FROM numbers)").fetchone() == (0, 1000, False))
check("no file was written", not os.path.exists("/tmp/assay_run_sql"))
for connection, name in ((session, "postgres"), (user, "analyst")):
    found = connection.execute("SELECT current_user, current_setting('transaction_read_only'), current_setting('work_mem'), current_setting('temp_file_limit'), current_setting('jit')").fetchone()
    check(f"the session is as it was: {name}", found[1:4] == ("off", "4MB", "-1") and connection.execute("EXECUTE prepared").fetchone() == (1,), found)

# What is allowed.
fine = [
    ("SELECT region, sum(eur) AS total FROM sale GROUP BY region ORDER BY total DESC LIMIT 2", [{"region": "r1", "total": 167167}, {"region": "r0", "total": 166833}]),
    ("WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 3) SELECT * FROM t", [{"x": 1}, {"x": 2}, {"x": 3}]),
    ("VALUES (1, 'a')", [{"column1": 1, "column2": "a"}]), ("TABLE here", [{"x": 1}]), ("SELECT 1 AS a, 2 AS a", [{"a": 1, "a_2": 2}]), ("SELECT -- a comment; DROP TABLE sale\n 'a;b' AS t;", [{"t": "a;b"}]),
    ("SELECT count(*) FROM pg_roles WHERE rolname = 'mallory'", [{"count": 1}]), ("SELECT table_name FROM information_schema.tables WHERE table_name = 'sale'", [{"table_name": "sale"}]),
    ("SELECT rank() OVER (ORDER BY eur DESC) AS r FROM sale LIMIT 1", [{"r": 1}]), ("SELECT to_char(date_trunc('month', timestamp '2024-05-06'), 'YYYY-MM') AS m, now() IS NOT NULL AS n, random() < 2 AS r", [{"m": "2024-05", "n": True, "r": True}]),
    ("SELECT 12345678901234567890.123 AS n, 'NaN'::float8 AS f, NULL AS x, ARRAY[1, 2] AS a", [{"n": 12345678901234567890.123, "f": "NaN", "x": None, "a": [1, 2]}]),
    ("SELECT jsonb_path_query('{\"a\": [1, 2]}', '$.a[*]') AS x", [{"x": 1}, {"x": 2}]), ("SELECT round(assay.rmse(p, a)::numeric, 1) AS e FROM (VALUES (1.0::float8, 2.0::float8)) v(p, a)", [{"e": 1.0}]),
    ("SELECT FROM sale LIMIT 1", [{}]), ("SELECT count(*) FROM indexed", [{"count": 0}]),
]
for sql, expected in fine:
    for who, connection in (("superuser", session), ("analyst", user)):
        try:
            found = [row for (row,) in connection.execute("SELECT assay.run_sql(%s)", (sql,)).fetchall()]
        except psycopg.Error as error:
            found = str(error)
        check(f"it runs as {who}: {sql[:90]}".replace("\n", " "), found == expected, found)

# Who runs it as whom.
check("row-level security holds", user.execute("SELECT assay.run_sql('SELECT note FROM mine') ->> 'note'").fetchall() == [("a",)])
user.execute("SET app.tenant = 'x'")
check("policies that read a setting do", user.execute("SELECT assay.run_sql('SELECT note FROM tenant') ->> 'note'").fetchall() == [("a",)])
check("what a role may not read, it does not", refused(user, "SELECT * FROM salary")[0] == DENIED)
check("a role that the caller is a member of", user.execute("SELECT assay.run_sql('SELECT current_user AS u', role => 'reader') ->> 'u'").fetchone() == ("reader",))
check("has no more than its own rights", refused(session, "SELECT * FROM salary", role="reader")[0] == DENIED)
check("nobody becomes a stranger", refused(user, "SELECT 1", role="stranger")[0] == DENIED)
check("nor one who is not there", refused(user, "SELECT 1", role="nobody")[0] == "42704")
check("the role is the caller's again", user.execute("SELECT current_user").fetchone() == ("analyst",))

# The statement is shown before its rows.
notices = []
user.add_notice_handler(lambda diag: notices.append((diag.severity, diag.message_primary)))
user.execute("SET client_min_messages = notice")
user.execute("SELECT assay.run_sql('SELECT 1 AS shown')")
check("a notice shows the statement", notices == [("NOTICE", "run_sql runs: SELECT 1 AS shown")], notices)
for name, value in (("max_cost", 0), ("max_rows", 0), ("max_rows", -1), ("timeout", "0 s"), ("timeout", "-1 s"), ("timeout", "2 days"), ("max_bytes", 0)):
    check(f"{name} => {value} is refused", refused(user, "SELECT 1", **{name: value})[0] == "22023")

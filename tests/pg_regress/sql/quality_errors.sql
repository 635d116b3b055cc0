-- An error that one check has is that check's own, whatever its class; the others have their results. Only a cancel ends the statement.
CREATE FUNCTION raises(code text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'raised %', code USING ERRCODE = code, DETAIL = 'why'; END $$;
CREATE FUNCTION overflows() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN overflows(); END $$;
CREATE FUNCTION exhausts() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN length(repeat(repeat('a', 100000000), 20)); END $$;
CREATE TABLE errors AS SELECT i AS id, i % 3 AS a FROM generate_series(1, 30) AS i;
SELECT name, status, rows_failed AS failed, message FROM assay.validate('errors', '[
    {"kind": "not_null", "column_name": "id", "name": "first"},
    {"kind": "expression_is_true", "expression": "raises(''53200'') = 1", "name": "out of memory"},
    {"kind": "expression_is_true", "expression": "raises(''53400'') = 1", "name": "limit"},
    {"kind": "not_null", "column_name": "id", "where": "raises(''57014'') = 1", "name": "cancel"},
    {"kind": "expression_is_true", "expression": "raises(''57P01'') = 1", "name": "shutdown"},
    {"kind": "expression_is_true", "expression": "raises(''58030'') = 1", "name": "disk"},
    {"kind": "expression_is_true", "expression": "raises(''XX000'') = 1", "name": "internal"},
    {"kind": "expression_is_true", "expression": "raises(''XX001'') = 1", "name": "corrupted"},
    {"kind": "expression_is_true", "expression": "raises(''40P01'') = 1", "name": "deadlock"},
    {"kind": "expression_is_true", "expression": "exhausts() > 0", "name": "too long"},
    {"kind": "unique", "column_name": "a", "where": "raises(''58000'') = 1", "name": "statement"},
    {"kind": "equality", "compare_model": "SELECT raises(''57014'') AS id, 1 AS a", "name": "other"},
    {"kind": "accepted_values", "column_name": "a", "values": [0, 1], "name": "last but one"},
    {"kind": "unique", "column_name": "id", "name": "last"}]');
SELECT name, status, message LIKE 'stack depth limit exceeded%' AS stack FROM assay.validate('errors', '[{"kind": "expression_is_true", "expression": "overflows() = 1", "name": "endless"}, {"kind": "unique", "column_name": "id", "name": "last"}]');

-- A check that is none is an error in its place.
SELECT name, kind, column_name, status, regexp_replace(message, 'kinds are: .*', 'kinds are: ...') AS message FROM assay.validate('errors', '[
    {"kind": "not_null", "column_name": "id"},
    5, null, "not_null", [], {},
    {"kind": 7, "name": "number"},
    {"kind": "no such kind", "column": "id"},
    {"kind": "no such kind", "column_name": "id", "name": "named"},
    {"kind": "not_null", "column_name": 7},
    {"kind": "not_null", "column_name": "id", "group_by": {"a": 1}},
    {"kind": "not_null", "column_name": "id", "where": "id >"},
    {"kind": "matches_regex", "column_name": "id", "regex": "("},
    {"kind": "unique", "column_name": "id"}]');

-- What a check's function sets, locks or leaves open is undone when its check has ended, be it answered by a statement of its own or by the scan.
CREATE FUNCTION leaves() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    left_open refcursor;
BEGIN
    SET search_path = nowhere;
    SET datestyle = German;
    PERFORM set_config('standard_conforming_strings', 'off', false), set_config('check.own', 'left', false);
    SET LOCAL work_mem = '1MB';
    SET CONSTRAINTS ALL DEFERRED;
    LOCK TABLE public.errors IN ROW SHARE MODE;
    PERFORM pg_advisory_xact_lock(4711);
    OPEN left_open FOR SELECT 1;
    RETURN 1;
END $$;
CREATE FUNCTION date_style() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN current_setting('datestyle'); END $$;
CREATE VIEW leftover AS
SELECT 'setting' AS what, name || ' = ' || setting AS value FROM pg_settings WHERE name IN ('search_path', 'DateStyle', 'standard_conforming_strings') OR name LIKE 'check.%'
UNION ALL SELECT 'work_mem as before', (current_setting('work_mem') <> '1MB')::text
UNION ALL SELECT 'cursor', name FROM pg_cursors WHERE name LIKE '<unnamed portal%'
UNION ALL SELECT 'lock', concat_ws(' ', locktype, mode) FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR mode = 'RowShareLock');
SET datestyle = ISO;
BEGIN;
SELECT name, status, value, message FROM assay.validate('errors', '[
    {"kind": "unique", "column_name": "id", "where": "public.leaves() = 1", "name": "in a statement"},
    {"kind": "equal_rowcount", "compare_model": "SELECT FROM errors WHERE current_setting(''datestyle'') LIKE ''ISO%''", "name": "behind it"}]');
SELECT * FROM leftover;
SELECT name, status, message FROM assay.validate('errors', '[{"kind": "expression_is_true", "expression": "public.leaves() = 1", "name": "in the scan"},
    {"kind": "expression_is_true", "expression": "public.date_style() LIKE ''ISO%''", "name": "in the same scan"}, {"kind": "unique", "column_name": "id", "name": "alone"}]');
SELECT * FROM leftover;
COMMIT;
RESET datestyle;

-- A function that catches a cancel does not keep the statement from ending, nor does one that catches it again and again. No check behind it
-- has run by then.
CREATE FUNCTION swallows(times int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. times LOOP
        BEGIN
            PERFORM pg_sleep(10);
        EXCEPTION WHEN query_canceled THEN
            NULL;
        END;
    END LOOP;
    RETURN 1;
END $$;
CREATE FUNCTION reports() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'a check behind it has run'; RETURN 1; END $$;
SET statement_timeout = '200ms';
SELECT * FROM assay.validate('SELECT 1 AS a', '[{"kind": "unique", "column_name": "a", "where": "swallows(1) = 1"}, {"kind": "unique", "column_name": "a", "where": "reports() = 1"}]');
SELECT * FROM assay.validate('SELECT 1 AS a', '[{"kind": "expression_is_true", "expression": "swallows(1000) = 1"}, {"kind": "unique", "column_name": "a", "where": "reports() = 1"}]');
SELECT * FROM assay.validate('SELECT 1 AS a', '[{"kind": "expression_is_true", "expression": "(SELECT count(*) FROM assay.validate(''SELECT 1 AS b'', ''[{\"kind\": \"expression_is_true\", \"expression\": \"swallows(1000) = 1\"}]'')) = 1"}, {"kind": "unique", "column_name": "a", "where": "reports() = 1"}]');
-- Whoever calls assay may catch the cancel, and go on.
DO $$
BEGIN
    PERFORM * FROM assay.validate('SELECT 1 AS a', '[{"kind": "expression_is_true", "expression": "swallows(1000) = 1"}]');
EXCEPTION WHEN query_canceled THEN
    RAISE NOTICE 'caught: %', SQLERRM;
    PERFORM pg_sleep(0.01);
END $$;
RESET statement_timeout;
SELECT status FROM assay.validate('SELECT 1 AS a', '[{"kind": "expression_is_true", "expression": "pg_sleep(0.01) IS NOT NULL"}]');

DROP VIEW leftover;
DROP FUNCTION raises, overflows, exhausts, leaves, date_style, swallows, reports;
DROP TABLE errors;

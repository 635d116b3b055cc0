-- SQL that somebody else wrote: what runs, as whom, within which limits, and what is refused.

SET client_min_messages = warning;
CREATE SCHEMA foreign_sql;
SET search_path = foreign_sql, public;
CREATE TABLE item (id int PRIMARY KEY, kind text, price numeric(10, 2));
INSERT INTO item SELECT i, (ARRAY['book', 'pen', 'lamp'])[1 + i % 3], i * 1.5 FROM generate_series(1, 30) i;
ANALYZE item;

-- Rows become JSON, with all digits; columns of one name are numbered.
SELECT assay.run_sql('SELECT kind, sum(price) AS total FROM item GROUP BY kind ORDER BY kind');
SELECT assay.run_sql('WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 3) SELECT * FROM t');
SELECT * FROM assay.run_sql('VALUES (1, NULL, 12345678901234567890.5, ''a"b''), (2, true::text, 0, ''c'')');
SELECT assay.run_sql('SELECT 1 AS a, 2 AS a, 3 AS a;');
SELECT assay.run_sql('TABLE item', max_rows => 30) ->> 'id' AS id ORDER BY 1 LIMIT 2;
SELECT count(*) FROM assay.run_sql('SELECT FROM item');

-- The statement is shown before its rows.
SET client_min_messages = notice;
SELECT assay.run_sql('SELECT 1 AS one');
SET client_min_messages = warning;

-- What is no single SELECT.
SELECT assay.run_sql('DELETE FROM item');
SELECT assay.run_sql('SELECT 1; SELECT 2');
SELECT assay.run_sql('');
SELECT assay.run_sql('WITH gone AS (DELETE FROM item RETURNING *) SELECT * FROM gone');
SELECT assay.run_sql('SELECT * FROM item FOR UPDATE');
SELECT assay.run_sql('SELECT 1 AS x INTO copy');
SELECT assay.run_sql('item');
SELECT assay.run_sql('EXPLAIN ANALYZE SELECT 1');
SELECT assay.run_sql('SELECT nothing FROM item');
SELECT assay.run_sql('SELECT ' || repeat('1 + ', 30000) || '1');

-- What calls something that does more than compute, in whatever way.
CREATE FUNCTION act() RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM foreign_sql.item; RETURN 1; END$$;
CREATE FUNCTION lower(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''x''::text';
CREATE FUNCTION is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'it ran'; RETURN true; END$$;
CREATE DOMAIN fine AS text CHECK (foreign_sql.is_fine(VALUE));
CREATE TYPE row_of_fine AS (a fine);
CREATE VIEW acting AS SELECT act();
SELECT assay.run_sql('SELECT pg_sleep(10)');
SELECT assay.run_sql('SELECT set_config(''work_mem'', ''1GB'', false)');
SELECT assay.run_sql('SELECT act()');
SELECT assay.run_sql('SELECT lower(id) FROM item');
SELECT assay.run_sql('SELECT * FROM acting');
SELECT assay.run_sql('SELECT ''x''::fine');
SELECT assay.run_sql('SELECT ''(x)''::row_of_fine');
SELECT assay.run_sql('SELECT assay.run_sql(''SELECT 1'')');
SELECT assay.run_sql('SELECT rolpassword FROM pg_authid');

-- A superuser lists more: functions with their arguments, found by their schema alone.
SET assay.sql_functions = 'foreign_sql.lower(integer), foreign_sql.none(), lower(text)';
SELECT assay.run_sql('SELECT DISTINCT lower(id) AS x FROM item');
RESET assay.sql_functions;

-- Limits.
SELECT assay.run_sql('SELECT * FROM item', max_rows => 29);
SELECT assay.run_sql('SELECT repeat(''x'', 1000) AS x', max_bytes => 1000);
\set VERBOSITY terse
SELECT assay.run_sql('SELECT count(*) FROM item a, item b, item c, item d, item e', max_cost => 1000);
\set VERBOSITY default
SELECT assay.run_sql('SELECT count(*) FROM generate_series(1, 100000000) a', max_cost => 1e15, timeout => '100 ms');
SELECT assay.run_sql('SELECT 1', max_rows => 0);
SELECT assay.run_sql('SELECT 1', max_cost => -1);
SELECT assay.run_sql('SELECT 1', timeout => '0 s');
SELECT assay.run_sql(NULL);

-- What compares each part with each part is bounded.
SELECT assay.run_sql('SELECT ARRAY(SELECT generate_series(1, 300000)) && ARRAY(SELECT generate_series(1, 300000))');
SELECT assay.run_sql('SELECT repeat(''a'', 20000000) LIKE ''%'' || repeat(''a'', 20000) || ''b''');
SELECT assay.run_sql('SELECT path ''[(0,0),(1,1)]'' <-> path ''[(2,2),(3,3)]''');
SELECT assay.run_sql('SELECT NOT (kind LIKE kind || ''%'') AS no, strpos(kind, left(kind, 2)) AS place, ARRAY[kind] <@ array_agg(kind) AS within FROM item GROUP BY kind ORDER BY kind LIMIT 1');
SELECT assay_internal.bounded_textlike('abc', 'a%') AS textlike, assay_internal.bounded_textnlike('abc', 'a%') AS textnlike, assay_internal.bounded_texticlike('abc', 'A%') AS texticlike,
    assay_internal.bounded_texticnlike('abc', 'A%') AS texticnlike, assay_internal.bounded_strpos('abc', 'c') AS strpos, assay_internal.bounded_position('abc', 'c') AS position,
    assay_internal.bounded_replace('abc', 'b', 'x') AS replace, assay_internal.bounded_split_part('a,b', ',', 2) AS split_part, assay_internal.bounded_translate('abc', 'ab', 'xy') AS translate,
    assay_internal.bounded_arrayoverlap(ARRAY[1, 2], ARRAY[2]) AS arrayoverlap, assay_internal.bounded_arraycontains(ARRAY['a'], ARRAY['b']) AS arraycontains, assay_internal.bounded_arraycontained(ARRAY[2], ARRAY[1, 2]) AS arraycontained,
    assay_internal.bounded_strpos(NULL, 'c') AS none;

-- As whom.
CREATE ROLE foreign_sql_reader;
CREATE ROLE foreign_sql_caller;
CREATE ROLE foreign_sql_other;
GRANT foreign_sql_reader TO foreign_sql_caller;
GRANT USAGE ON SCHEMA foreign_sql TO foreign_sql_caller, foreign_sql_reader;
GRANT SELECT ON item TO foreign_sql_caller;
GRANT SELECT (id) ON item TO foreign_sql_reader;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON item USING (id < 3 AND current_user = current_setting('role'));
SET ROLE foreign_sql_caller;
SELECT assay.run_sql('SELECT id, current_user FROM item ORDER BY id');
SELECT assay.run_sql('SELECT current_user', role => 'foreign_sql_reader');
SELECT assay.run_sql('SELECT kind FROM item', role => 'foreign_sql_reader');
SELECT assay.run_sql('SELECT 1', role => 'foreign_sql_other');
SELECT assay.run_sql('SELECT 1', role => 'foreign_sql_nobody');
SET assay.sql_functions = 'pg_catalog.pg_sleep(double precision)';
RESET ROLE;

-- Nothing of it stays.
SELECT current_user = session_user AS self, current_setting('transaction_read_only') AS read_only, current_setting('work_mem') AS work_mem, current_setting('temp_file_limit') AS files;
SELECT count(*) FROM item;
DROP SCHEMA foreign_sql CASCADE;
DROP ROLE foreign_sql_reader, foreign_sql_caller, foreign_sql_other;

-- What counts as a query: one statement that only reads, or the name of a relation.

CREATE FUNCTION rows_of(query text) RETURNS bigint LANGUAGE sql
RETURN (SELECT rows FROM assay.train('q', query, 'y', 'linear_regression', deploy => 'never'));

CREATE TABLE point AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 5) AS i;
CREATE VIEW first_point AS SELECT * FROM point WHERE x <= 3;
CREATE MATERIALIZED VIEW last_point AS SELECT * FROM point WHERE x > 3;
CREATE SCHEMA "Odd schema";
CREATE TABLE "Odd schema"."Points ""all""; --" AS TABLE point;
CREATE TABLE größe AS TABLE point;
CREATE TEMP TABLE passing AS TABLE point;

-- Statements.
SELECT rows_of('SELECT * FROM point'), rows_of('select x, y from point limit 4'), rows_of('(SELECT * FROM point)'), rows_of('SELECT * FROM point;'),
       rows_of('TABLE point'), rows_of(E'-- the points\n/* all of them */ SELECT * FROM point -- here'),
       rows_of('WITH p AS MATERIALIZED (SELECT * FROM point) SELECT * FROM p'), rows_of('SELECT * FROM point UNION ALL TABLE point');
SELECT rows_of('/* comments /* nest */ in PostgreSQL */ SELECT * FROM point');
SELECT rows FROM assay.train('q', 'VALUES (1, 2), (2, 4), (3, 6)', 'column2', 'linear_regression', deploy => 'never');
-- A column that only sorts is no column of the result.
SELECT features FROM assay.train('q', 'SELECT x AS a, y FROM point ORDER BY x * y', 'y', 'linear_regression', deploy => 'never');

-- Names: plain, qualified, quoted, of views, as the search path finds them.
SELECT rows_of('point'), rows_of('public.point'), rows_of(' point '), rows_of('POINT'), rows_of('"point"'), rows_of('first_point'), rows_of('last_point'),
       rows_of('passing'), rows_of('pg_temp.passing'), rows_of('größe');
SELECT rows_of('"Odd schema"."Points ""all""; --"');
SET search_path = "Odd schema", public;
SELECT rows_of('"Points ""all""; --"');
RESET search_path;
SELECT rows_of(current_database() || '.public.point');
-- A name may begin like a statement.
CREATE TABLE table_1 AS TABLE point;
CREATE TABLE values2020 AS TABLE point;
CREATE TABLE selected AS TABLE point;
SELECT rows_of('table_1');
SELECT rows_of('values2020');
SELECT rows_of('selected');

-- Nothing else is a query.
CALL fails($$SELECT rows_of('')$$);
CALL fails($$SELECT rows_of('   -- nothing')$$);
CALL fails($$SELECT rows_of('INSERT INTO point VALUES (6, 12) RETURNING *')$$);
CALL fails($$SELECT rows_of('UPDATE point SET y = 0 RETURNING *')$$);
CALL fails($$SELECT rows_of('DELETE FROM point RETURNING *')$$);
CALL fails($$SELECT rows_of('WITH gone AS (DELETE FROM point RETURNING *) SELECT * FROM gone')$$);
CALL fails($$SELECT rows_of('WITH p AS (TABLE point) INSERT INTO point TABLE p RETURNING *')$$);
CALL fails($$SELECT rows_of('SELECT * INTO copy FROM point')$$);
CALL fails($$SELECT rows_of('SELECT * FROM point FOR UPDATE')$$);
CALL fails($$SELECT rows_of('SELECT * FROM (SELECT * FROM point FOR SHARE) AS p')$$);
CALL fails($$SELECT rows_of('SELECT * FROM point; DROP TABLE point')$$);
CALL fails($$SELECT rows_of('SELECT * FROM point; SELECT * FROM point')$$);
CALL fails($$SELECT rows_of('point; DROP TABLE point')$$);
CALL fails($$SELECT rows_of('EXPLAIN SELECT * FROM point')$$);
CALL fails($$SELECT rows_of('COPY point TO STDOUT')$$);
CALL fails($$SELECT rows_of('point WHERE x > 1')$$);
CALL fails($$SELECT rows_of('a.b.c.d')$$);
CALL fails($$SELECT rows_of('"point')$$);
-- PostgreSQL's own errors come through.
CALL fails($$SELECT rows_of('SELECT FROM WHERE')$$);
CALL fails($$SELECT rows_of('SELECT z FROM point')$$);
CALL fails($$SELECT rows_of('nowhere')$$);
CALL fails($$SELECT rows_of('nowhere.point')$$);
CALL fails($$SELECT rows_of('SELECT x, y / (x - 3) AS y FROM point')$$);
CALL fails($$SELECT rows_of('SELECT $1 AS x, y FROM point')$$);
CREATE FUNCTION picky(x int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    IF x = 4 THEN
        RAISE EXCEPTION 'four is not liked' USING ERRCODE = 'AA444', DETAIL = 'It is even.', HINT = 'Take five.';
    END IF;
    RETURN x;
END $$;
CALL fails($$SELECT rows_of('SELECT picky(x) AS x, y FROM point')$$);

-- A function that writes is stopped, whatever it is declared to be.
CREATE FUNCTION leave(x int) RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO public.point VALUES ($1, 0) RETURNING x';
CREATE SEQUENCE counter;
CALL fails($$SELECT rows_of('SELECT leave(x) AS x, y FROM point')$$);
CALL fails($$SELECT rows_of('SELECT nextval(''counter'') AS x, y FROM point')$$);
CREATE FUNCTION sneak(x int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    SET TRANSACTION READ WRITE;
    INSERT INTO public.point VALUES (x, 0);
    RETURN x;
END $$;
CALL fails($$SELECT rows_of('SELECT sneak(x) AS x, y FROM point')$$);
SELECT count(*) FROM point;
-- Afterwards the transaction may write again, also when the query failed.
BEGIN;
SELECT rows_of('point');
CALL fails($$SELECT rows_of('SELECT leave(x) AS x, y FROM point')$$);
INSERT INTO point VALUES (6, 12);
SELECT rows_of('point');
ROLLBACK;
-- A transaction that may only read trains nothing, and judges as well as any.
BEGIN READ ONLY;
CALL fails($$SELECT rows_of('point')$$);
ROLLBACK;

-- A query may itself score: the model of another statement, or this very transaction's.
SELECT version FROM assay.train('inner', 'point', 'y', 'linear_regression');
SELECT rows_of($$SELECT x, assay.predict('inner', x) AS y FROM point$$);

SELECT assay.drop_model(model) FROM assay.models;
DROP SCHEMA "Odd schema" CASCADE;
DROP TABLE point, größe, passing, table_1, values2020, selected CASCADE;
DROP FUNCTION rows_of, picky, leave, sneak;
DROP SEQUENCE counter;

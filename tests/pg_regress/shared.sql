-- What the tests share, in the database that each gets a copy of: the German credit data, made-up tables, and a way to show an error whole.

-- Runs a statement that has to fail, and shows its SQLSTATE, message, detail and hint. How much memory was needed is not the same in each run.
CREATE PROCEDURE fails(statement text) LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RAISE INFO '%', concat_ws(E'\n', SQLSTATE || ': ' || message, 'DETAIL:  ' || nullif(regexp_replace(detail, '(?<=rows need )[0-9.]+|[0-9.]+(?= MB (are|would be) needed)', '...', 'g'), ''), 'HINT:  ' || nullif(regexp_replace(hint, '(kinds are: |algorithms are |use one of )[^;]*', '\1...'), ''));
        RETURN;
    END;
    RAISE EXCEPTION 'this statement should have failed: %', statement;
END $$;

-- Each learner with each task that it can learn, by the lists that errors give: what walks them needs no change for a new one.
CREATE FUNCTION learners() RETURNS TABLE (algorithm text, task text) LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    BEGIN
        PERFORM assay.train('learners', 'SELECT 1 AS x, 1 AS y', 'y', 'none');
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    END;
    FOREACH algorithm IN ARRAY string_to_array(substring(hint, 'The algorithms are (.*)\.'), ', ') LOOP
        FOREACH task IN ARRAY '{classification,regression}'::text[] LOOP
            BEGIN
                PERFORM assay.train('learners', 'SELECT 1 AS x, 1 AS y', 'y', algorithm, task => task);
            EXCEPTION WHEN OTHERS THEN
                CONTINUE WHEN SQLERRM ~ 'cannot learn';
            END;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;

\i german_credit.sql

-- Sixty houses. The price is a line in size and garden; whether a house sold depends on its price and its region.
CREATE TYPE speed AS ENUM ('slow', 'medium', 'fast');
CREATE TABLE house AS
SELECT i AS id,
       50 + (i * 37) % 101 AS size,
       CASE WHEN i % 10 <> 0 THEN (i * 13) % 29 END AS garden,
       (ARRAY['north', 'south', 'west'])[i % 3 + 1] AS region,
       (ARRAY['slow', 'medium', 'fast'])[i % 3 + 1]::speed AS trend,
       i % 4 AS rooms,
       2.5::numeric * (50 + (i * 37) % 101) + 10 AS price,
       (i * 37) % 101 < 40 OR i % 3 = 0 AND (i * 37) % 101 < 70 AS sold
FROM generate_series(1, 60) AS i;
ANALYZE house;

-- Every type that PostgreSQL has: three rows, of which one is NULL and two are the same.
SET timezone = 'UTC';
CREATE TYPE profile_mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE profile_pair AS (a int, b text);
CREATE DOMAIN profile_email AS text CHECK (value LIKE '%@%');
CREATE DOMAIN profile_share AS numeric(3, 2) CHECK (value BETWEEN 0 AND 1);
CREATE TABLE typed (
    c_int2 int2, c_int4 int4, c_int8 int8, c_numeric numeric, c_float4 float4, c_float8 float8, c_money money, c_oid oid, c_bool bool,
    c_text text, c_varchar varchar(20), c_char char(5), c_name name, c_domain profile_email, c_share profile_share, c_enum profile_mood, c_quoted "char",
    c_bytea bytea, c_uuid uuid, c_bit bit(3), c_varbit varbit,
    c_date date, c_time time, c_timetz timetz, c_timestamp timestamp, c_timestamptz timestamptz, c_interval interval,
    c_json json, c_jsonb jsonb, c_jsonpath jsonpath, c_int_array int[], c_text_array text[], c_composite profile_pair, c_composites profile_pair[],
    c_int_range int4range, c_ts_range tsrange, c_multirange int4multirange,
    c_inet inet, c_cidr cidr, c_macaddr macaddr, c_point point, c_line line, c_box box, c_path path, c_polygon polygon, c_circle circle, c_lseg lseg,
    c_tsvector tsvector, c_tsquery tsquery, c_regclass regclass, c_lsn pg_lsn, c_tid tid, c_xid xid);
INSERT INTO typed VALUES (
    -7, 40000, 9223372036854775807, 12.50, 1.5, -2.25, 12.34, 4294967295, true,
    'über', 'abc', 'ab', 'a name', 'a@b.example', 0.25, 'sad', 'x',
    '\x00ff', '123e4567-e89b-12d3-a456-426614174000', '101', '1',
    '2024-02-29', '12:34:56.789', '12:34:56+02', '2024-02-29 12:00', '2024-02-29 12:00+00', '1 month 2 days 03:04:05',
    '{"a": 1}', '{"a": 1, "b": [1, 2]}', '$.a[*]', '{1,2,NULL}', '{"a,b",c}', '(1,x)', '{"(1,x)","(2,y)"}',
    '[1,5)', '[2024-01-01,2024-02-01)', '{[1,3),[7,9)}',
    '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03', '(1,2)', '{1,2,3}', '((0,0),(1,1))', '[(0,0),(1,1)]', '((0,0),(1,1),(2,0))', '<(0,0),5>', '[(0,0),(1,1)]',
    'a fat cat', 'fat & cat', 'pg_class', '16/B374D848', '(0,1)', '7');
INSERT INTO typed (c_int4) VALUES (NULL);
INSERT INTO typed SELECT * FROM typed WHERE c_int4 IS NOT NULL;

-- Values that are no finite numbers or times.
CREATE TABLE special (f float8, n numeric, d date, t timestamptz);
INSERT INTO special VALUES ('NaN', 'NaN', 'infinity', 'infinity'), ('Infinity', 'Infinity', '-infinity', '-infinity'), ('-Infinity', '-Infinity', 'infinity', NULL),
    (1, 1, '2024-01-01', '2024-01-01'), (-0.0, 0, '2024-01-05', '2024-01-03 12:00'), (2, 2, '0044-03-15 BC', '2024-01-03 13:00');

-- As wide as a table can be, made only where it is wanted.
CREATE PROCEDURE make_profile_wide() LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CREATE TABLE profile_wide AS SELECT ' || (SELECT string_agg(format('(i * %s) %% 1000 AS c%s', c, c), ', ') FROM generate_series(1, 1600) AS c) || ' FROM generate_series(1, 1000) AS i';
END $$;

-- assay.suggest_checks: what the rows of today say about those of tomorrow.
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';

SELECT kind, column_name, args, mostly, reason FROM assay.suggest_checks('german_credit');
SELECT as_constraint FROM assay.suggest_checks('german_credit') WHERE as_constraint IS NOT NULL;

-- A table with something of everything.
CREATE TABLE suggested AS
SELECT i AS id, i::text AS id_text, md5(i::text)::uuid AS uuid, 'user' || i || '@example.org' AS email, 'AB-' || lpad((i % 100)::text, 3, '0') AS code,
       CASE WHEN i % 97 = 0 THEN 'none' ELSE 'u' || i || '@example.org' END AS dirty_email, CASE WHEN i % 20 > 0 THEN i % 7 END AS sparse, CASE WHEN i = 500 THEN NULL ELSE i END AS nearly,
       (ARRAY['new', 'it''s', 'old'])[i % 3 + 1] AS "Sta'te", 'level ' || i % 400 AS levels, CASE WHEN i = 3 THEN 'rare' ELSE 'often' END AS rare, i % 2 AS flag, i % 2 = 0 AS truth,
       sin(i) AS signed, (i % 101) / 100.0 AS share, -i - 0.5 AS negative, 5 AS constant, NULL::text AS missing, 'the same' AS same,
       '1960-05-01'::date + i * 11 % 9000 AS born, i * interval '1 minute' AS lasted, '2024-01-31'::date + (i % 3) AS day,
       to_char('2024-01-01'::date + i % 300, 'YYYY-MM-DD') AS iso, to_char('2024-01-01'::date + i % 300, 'DD.MM.YYYY') AS german, (i * 1.5)::text AS amount, (i * 7)::text AS count,
       (ARRAY['DE', 'FR', 'US', 'JP'])[i % 4 + 1] AS country, '10.0.0.' || i % 256 AS ip, md5(i::text) AS hash, left(md5(i::text), 6) AS short_hash, 'A remark about number ' || i AS remark,
       jsonb_build_object('a', i) AS doc, ARRAY[i] AS list, point(i, i) AS place, chr(65 + i % 26) AS letter, 'NaN'::float8 AS nan, CASE i % 2 WHEN 0 THEN 'NaN'::float8 ELSE i END AS some_nan
FROM generate_series(1, 1000) AS i;
ALTER TABLE suggested ADD PRIMARY KEY (id), ALTER COLUMN email SET NOT NULL;
SELECT kind, column_name, args - 'values' AS args, jsonb_array_length(args->'values') AS values, mostly, reason FROM assay.suggest_checks('suggested');
SELECT as_constraint FROM assay.suggest_checks('suggested') WHERE as_constraint IS NOT NULL;

-- Each suggestion passes on the rows that it comes from, as validate takes it and as add_check does.
SELECT status, count(*) = (SELECT count(*) FROM assay.suggest_checks('suggested')) AS all
FROM assay.validate('suggested', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('suggested'))) GROUP BY status;
SELECT count(assay.add_check('suggested', kind, column_name, args, mostly => mostly, tags => '{suggested}')) > 20 AS added FROM assay.suggest_checks('suggested');
SELECT status, count(*) > 20 AS some FROM assay.run_checks('suggested') GROUP BY status;
SELECT assay.assert_checks('suggested', '{suggested}');
-- And each constraint can be added.
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT as_constraint FROM assay.suggest_checks('suggested') WHERE as_constraint IS NOT NULL LOOP EXECUTE statement; END LOOP;
    FOR statement IN SELECT as_constraint FROM assay.suggest_checks('german_credit') WHERE as_constraint IS NOT NULL LOOP EXECUTE statement; END LOOP;
    RAISE INFO 'all constraints were added: % on suggested', (SELECT count(*) FROM pg_constraint WHERE conrelid = 'suggested'::regclass AND contype <> 'n');
    ROLLBACK;
END $$;
-- What faults do they find? A load in another unit, without keys, with a new state.
CREATE TABLE faulty AS TABLE suggested;
UPDATE faulty SET signed = signed * 1000, uuid = NULL WHERE id = 7;
UPDATE faulty SET "Sta'te" = 'unknown', email = 'none', born = '0001-01-01', code = 'AB-12', lasted = '-1 minute' WHERE id = 8;
UPDATE faulty SET sparse = NULL;
INSERT INTO faulty SELECT * FROM suggested WHERE id = 9;
SELECT kind, column_name, rows_failed FROM assay.validate('faulty', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('suggested'))) WHERE status <> 'pass' ORDER BY 1, 2;

-- What one part of the census suggests holds on the other, published apart: tomorrow does not break it.
\i adult.sql
SELECT kind, column_name, args, mostly FROM assay.suggest_checks('adult_train') WHERE kind <> 'not_null';
SELECT status, count(*) FROM assay.validate('adult_test', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('adult_train'))) GROUP BY status;
DROP TABLE adult_train, adult_test;

-- Of a query, a view, a partitioned table: what a constraint could say.
SELECT kind, column_name, as_constraint FROM assay.suggest_checks('SELECT id, code, signed FROM suggested');
CREATE VIEW suggested_view AS SELECT id, code FROM suggested;
SELECT kind, column_name, as_constraint FROM assay.suggest_checks('suggested_view');
CREATE TABLE suggested_parts (id int, code text) PARTITION BY RANGE (code);
CREATE TABLE suggested_part PARTITION OF suggested_parts DEFAULT;
INSERT INTO suggested_parts SELECT id, code FROM suggested;
SELECT kind, column_name, as_constraint FROM assay.suggest_checks('public.suggested_parts');
-- Hostile names.
CREATE TABLE "sug""gest; DROP TABLE suggested; --" AS SELECT i AS "a""; drop table suggested; --", (ARRAY['x''); DROP TABLE suggested; --', E'back\\slash'])[i % 2 + 1] AS "va'lue" FROM generate_series(1, 100) AS i;
SELECT kind, column_name, args, as_constraint FROM assay.suggest_checks('"sug""gest; DROP TABLE suggested; --"');
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT as_constraint FROM assay.suggest_checks('"sug""gest; DROP TABLE suggested; --"') WHERE as_constraint IS NOT NULL LOOP EXECUTE statement; END LOOP;
END $$;
-- What has the constraints already needs no such checks.
SELECT kind, column_name FROM assay.suggest_checks('"sug""gest; DROP TABLE suggested; --"');

-- Nothing is said of too few rows, of none, of one value.
SELECT * FROM assay.suggest_checks('SELECT i FROM generate_series(1, 29) AS i');
CREATE TABLE nothing (a int, b text);
SELECT * FROM assay.suggest_checks('nothing');
SELECT kind, column_name, reason FROM assay.suggest_checks('SELECT 1 AS constant, NULL::int AS missing, CASE WHEN i < 10 THEN i END AS few FROM generate_series(1, 1000) AS i');
CALL fails($$SELECT assay.suggest_checks('SELECT 1 AS a, 2 AS a')$$);
CALL fails($$SELECT assay.suggest_checks('DROP TABLE suggested')$$);
CALL fails($$SELECT assay.suggest_checks(NULL)$$);
-- Rows that come day by day are expected to go on coming; those that have stopped are not.
SELECT c.at, kind, column_name, args FROM (VALUES ('now()'), ('now() - interval ''90 days''')) AS c (at),
    assay.suggest_checks(format('SELECT (%s - i * interval ''1 hour'')::timestamptz AS at FROM generate_series(1, 1000) AS i', c.at)) WHERE kind = 'recency';
-- What looks faulty is said, and not learned: stand-ins for no value, rare spellings, misread encodings, a key with duplicates.
CREATE TABLE dirty AS
SELECT CASE WHEN i > 970 THEN i - 970 ELSE i END AS id, CASE WHEN i % 40 = 0 THEN -999 ELSE 15 + i % 20 END AS age,
       CASE WHEN i % 25 = 0 THEN 9999 WHEN i % 24 = 0 THEN -9999 ELSE (i % 300) / 10.0 END AS measure, CASE WHEN i % 50 = 0 THEN -1 ELSE i % 90 END AS visits,
       CASE WHEN i % 100 = 0 THEN 'france' WHEN i % 101 = 0 THEN ' Spain' WHEN i % 33 = 0 THEN 'N/A' ELSE (ARRAY['France', 'Spain', 'Italy'])[i % 3 + 1] END AS country,
       CASE WHEN i % 60 = 0 THEN 'MÃ¼nchen' ELSE (ARRAY['München', 'Köln'])[i % 2 + 1] END AS city,
       CASE WHEN i % 30 = 0 THEN '1900-01-01' WHEN i % 31 = 0 THEN '9999-12-31' ELSE '2020-01-01'::date + i % 700 END AS day,
       CASE WHEN i % 30 = 0 THEN '1970-01-01' ELSE '2020-01-01'::timestamp + i * interval '1 hour' END AS at
FROM generate_series(1, 1000) AS i;
SELECT kind, column_name, args, mostly, as_constraint IS NOT NULL AS as_constraint FROM assay.suggest_checks('dirty') WHERE kind <> 'not_null' AND column_name <> 'at' ORDER BY column_name, kind;
SELECT DISTINCT column_name, looks_faulty FROM assay.suggest_checks('dirty') WHERE looks_faulty IS NOT NULL ORDER BY 1, 2;
SELECT status, count(*) FROM assay.validate('dirty', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('dirty'))) GROUP BY status;
-- Of more values than are counted one by one.
SELECT kind, column_name, args, mostly, looks_faulty FROM assay.suggest_checks($$SELECT CASE WHEN i % 40 = 0 THEN 9999 ELSE i % 5000 / 100.0 END AS a,
    CASE WHEN i % 50 = 0 THEN '9999-12-31' ELSE '2024-01-01'::timestamp + i * interval '1 minute' END AS t, CASE WHEN i % 33 = 0 THEN i - 1 ELSE i END AS id FROM generate_series(1, 20000) AS i$$)
WHERE kind <> 'not_null' AND column_name IS NOT NULL;
DROP TABLE dirty;

-- Keys of two and three columns, be they with duplicates; none that chance explains.
CREATE TABLE keyed AS SELECT 's' || s AS sensor, d AS day, h AS hour, s * 7 % 5 AS grade, random() AS value FROM generate_series(1, 8) AS s, generate_series('2024-01-01'::date, '2024-02-09', '1 day') AS d,
    generate_series(0, 3) AS h;
SELECT args, mostly, looks_faulty FROM assay.suggest_checks('SELECT * FROM keyed') WHERE kind = 'unique_combination';
SELECT args, mostly, looks_faulty FROM assay.suggest_checks('SELECT * FROM keyed WHERE hour = 1 UNION ALL (SELECT * FROM keyed WHERE hour = 1 ORDER BY sensor, day LIMIT 9)') WHERE kind = 'unique_combination';
SELECT args, mostly, looks_faulty FROM assay.suggest_checks('SELECT i % 100 AS a, i * 7919 % 997 AS b, i AS c FROM generate_series(1, 300) AS i') WHERE kind = 'unique_combination';

-- Where a column says where rows are from, these are compared; rows that come day by day are watched.
CREATE TABLE watched AS SELECT (ARRAY['north', 'south'])[i % 2 + 1] AS region, date_trunc('day', now()) - i * interval '1 hour' AS at, 100 + i * 37 % 101 / 10.0 AS level, CASE WHEN i % 20 > 0 THEN 'Remark ' || i % 500 END AS remark,
    10 + i * 53 % 97 / 10.0 AS depth FROM generate_series(1, 960) AS i;
SELECT kind, column_name, args, group_by FROM assay.suggest_checks('watched') WHERE kind IN ('scale_shift', 'mixed_formats', 'anomaly', 'no_gaps', 'recency', 'expression_is_true') ORDER BY 1, 2, 3;
SELECT status, count(*) > 10 FROM assay.validate('watched', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('watched'))) GROUP BY status;
DROP TABLE keyed, watched;

-- Runs of equal values are counted in one read of the rows, as the check counts them: within sensors, NULLs passed over, rows of one time sorted. What hangs is not
-- suggested, and what changes slowly with a longer run.
CREATE TABLE measured AS SELECT (ARRAY['s1', 's2', 's3'])[i % 3 + 1] AS sensor, date_trunc('day', now()) - i / 6 * interval '1 hour' AS at, (i * 37 % 101) / 10.0 AS changing, (i / 30 * 37 % 101) / 10.0::float8 AS slow,
    CASE WHEN i BETWEEN 300 AND 500 THEN 7 ELSE i * 53 % 97 END AS hanging, CASE WHEN i % 5 > 0 THEN (i * 71 % 89) END AS sparse, CASE WHEN i % 9 = 0 THEN 'NaN' ELSE (i * 59 % 83) / 8.0 END AS unsure FROM generate_series(1, 3000) AS i;
SELECT column_name, args FROM assay.suggest_checks('measured') WHERE kind = 'stuck_values' ORDER BY 1;
SELECT status, count(*) > 10 AS some FROM assay.validate('measured', (SELECT jsonb_agg(definition) FROM assay.suggest_checks('measured'))) GROUP BY status;
DROP TABLE measured;

SELECT count(assay.drop_check(check_id)) > 20 AS dropped FROM assay.checks WHERE 'suggested' = ANY (tags);
DROP TABLE suggested CASCADE;

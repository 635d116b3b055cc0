-- Faults that no condition on a row finds: mixed conventions, other units, NULL in one source, near duplicates.
SET datestyle = ISO;

-- Two orders of dates: 03/04 may be either, and counts for the order that its source shows.
CREATE TABLE delivery AS
SELECT i AS id, (ARRAY['berlin', 'boston', 'oslo'])[i % 3 + 1] AS source,
       CASE WHEN i % 3 = 1 THEN to_char(date '2026-01-01' + i, 'MM/DD/YYYY') ELSE to_char(date '2026-01-01' + i, 'DD/MM/YYYY') END AS sent,
       CASE WHEN i % 3 = 0 THEN replace(to_char(i * 1.37, 'FM9990.00'), '.', ',') ELSE to_char(i * 1.37, 'FM9990.00') END AS price,
       (ARRAY['Red', 'Green', 'Blue'])[i % 3 + 1] AS colour,
       CASE WHEN i % 50 = 0 THEN convert_from(convert_to('Zürich', 'UTF8'), 'LATIN1') ELSE 'Zürich' END AS town,
       date '2026-01-01' + i AS day
FROM generate_series(1, 300) AS i;
SELECT column_name, segment, status, metric, value, rows_evaluated AS rows, rows_failed AS failed, message
FROM assay.validate('delivery', '[
    {"kind": "mixed_formats", "column_name": "sent"}, {"kind": "mixed_formats", "column_name": "sent", "group_by": "source"},
    {"kind": "mixed_formats", "column_name": "price", "group_by": "source"}, {"kind": "mixed_formats", "column_name": "colour"},
    {"kind": "mixed_formats", "column_name": "town"}, {"kind": "mixed_formats", "column_name": "town", "tolerance": 0.05},
    {"kind": "mixed_formats", "column_name": "town", "error_if": ">=2.1%", "warn_if": ">0"}, {"kind": "mixed_formats", "column_name": "sent", "where": "source <> ''boston''"}]');
-- The sample says which conventions, how many rows keep to each, and shows some.
SELECT jsonb_pretty(sample) AS sample FROM assay.validate('delivery', '[{"kind": "mixed_formats", "column_name": "sent"}]');
-- The same value in several casings, and blanks around it; in one source, and in all of them together.
UPDATE delivery SET colour = upper(colour) WHERE id % 10 = 3;
UPDATE delivery SET colour = colour || ' ' WHERE id = 7;
SELECT column_name, segment, status, value, rows_evaluated AS rows, rows_failed AS failed, message
FROM assay.validate('delivery', '[{"kind": "mixed_formats", "column_name": "colour"}, {"kind": "mixed_formats", "column_name": "colour", "group_by": "source"}]');
SELECT status, value, rows_evaluated AS rows, message FROM assay.validate('SELECT sent FROM delivery WHERE false', '[{"kind": "mixed_formats", "column_name": "sent"}]');
SELECT status, value, rows_evaluated AS rows, null_rows AS nulls, message FROM assay.validate('VALUES (NULL::text)', '[{"kind": "mixed_formats", "column_name": "column1"}]');

-- One source in grams, one month in cents, some rows in both.
CREATE TABLE parcel AS
SELECT i AS id, (ARRAY['A', 'B', 'C', 'D'])[i % 4 + 1] AS source, date '2026-01-01' + i % 180 AS day,
       round((exp(1 + 0.6 * sin(i * 1.7) + 0.4 * cos(i * 0.31)) * CASE WHEN i % 4 = 2 THEN 1000 ELSE 1 END)::numeric, 3) AS weight,
       round((20 * exp(0.8 * sin(i * 2.3) + 0.3 * cos(i * 0.7)) * CASE WHEN i % 180 BETWEEN 59 AND 89 THEN 100 ELSE 1 END)::numeric, 2) AS price,
       round((150 + 20 * sin(i * 3.1) + 8 * cos(i * 0.9))::numeric, 1) AS height,
       CASE WHEN i % 25 = 0 THEN 100 ELSE 1 END * 30 * exp(0.5 * sin(i * 1.3)) AS cost
FROM generate_series(1, 8000) AS i;
UPDATE parcel SET height = round(height / 2.54, 1) WHERE source = 'D';
SELECT column_name, segment, status, metric, round(value::numeric, 4) AS value, rows_evaluated AS rows, rows_failed AS failed, message
FROM assay.validate('parcel', '[
    {"kind": "scale_shift", "column_name": "weight", "group_by": "source"}, {"kind": "scale_shift", "column_name": "height", "group_by": "source"},
    {"kind": "scale_shift", "column_name": "price", "group_by": "month(day)"}, {"kind": "scale_shift", "column_name": "cost"},
    {"kind": "scale_shift", "column_name": "weight", "group_by": "source", "where": "source <> ''C''"}, {"kind": "scale_shift", "column_name": "id", "where": "id < 20"}]');
SELECT sample - 'explained' - 'factor_low' - 'factor_high' AS sample, (sample->>'factor_low')::float8 < 1000 AND 1000 < (sample->>'factor_high')::float8 AS within, (sample->>'explained')::float8 > 0.9 AS explained
FROM assay.validate('parcel', '[{"kind": "scale_shift", "column_name": "weight", "group_by": "source"}]') WHERE status = 'fail';
SELECT kind, status, message FROM assay.validate('parcel', '[{"kind": "scale_shift", "column_name": "source"}, {"kind": "scale_shift", "column_name": "weight", "group_by": "fortnight(day)"}, {"kind": "scale_shift", "column_name": "weight", "group_by": "month(source)"}, {"kind": "scale_shift", "column_name": "weight", "group_by": ["source", "source"]}, {"kind": "mixed_formats", "column_name": "weight"}]');
-- Periods serve every check, and segments of statements.
SELECT segment, value, rows_evaluated AS rows FROM assay.validate('parcel', '[{"kind": "mean_between", "column_name": "id", "min_value": 0, "group_by": ["quarter(day)", "source"], "where": "id <= 1000"}]');
SELECT segment, status, value FROM assay.validate($$SELECT timestamptz '2026-03-28 12:00Z' + i * interval '12 hours' AS at, i % 3 AS x FROM generate_series(0, 5) AS i$$, '[{"kind": "unique", "column_name": "x", "group_by": "day(at)"}, {"kind": "unique", "column_name": "x", "group_by": "hour(at)", "where": "x > 1"}, {"kind": "unique", "column_name": "x", "group_by": "year(at)"}]');

-- NULL in one source. Few rows are no jump; there must be others to compare with.
CREATE TABLE reading AS SELECT i AS id, CASE WHEN i <= 2000 THEN 'main' WHEN i <= 2600 THEN 'broken' ELSE 'few' END AS sensor, CASE WHEN i % 100 <> 0 AND (i NOT BETWEEN 2001 AND 2600 OR i % 3 > 0) AND i <> 2603 THEN i END AS x FROM generate_series(1, 2605) AS i;
SELECT segment, status, metric, round(value::numeric, 4) AS value, threshold, rows_evaluated AS rows, null_rows AS nulls, round(p_value::numeric, 4) AS p, sample
FROM assay.validate('reading', '[{"kind": "null_share_by_segment", "column_name": "x", "group_by": "sensor"}]');
SELECT segment, status FROM assay.validate('reading', '[{"kind": "null_share_by_segment", "column_name": "x", "group_by": "sensor", "max_difference": 0.4}]');
SELECT segment, status, message FROM assay.validate('SELECT * FROM reading WHERE sensor = ''few''', '[{"kind": "null_share_by_segment", "column_name": "x", "group_by": "sensor"}]');
SELECT name, kind, column_name, status, message FROM assay.validate('reading', '[
    {"kind": "null_share_by_segment", "column_name": "x"}]');

-- Near duplicates: the order of words, casing, accents and marks do not matter, and letters may differ. Equal texts are one.
CREATE TABLE person AS
SELECT i AS id, 'Person ' || md5(i::text) AS name, md5(i::text || 'street') || ' street' AS street, 10000 + i % 900 AS zip FROM generate_series(1, 2000) AS i;
INSERT INTO person VALUES (3001, 'Jörg Müller-Lüdenscheidt', 'Hauptstraße 5', 50667), (3002, 'MUELLER-LUDENSCHEIDT, Jorg', 'Hauptstr. 5', 50667), (3003, 'Muller Ludenscheidt Jorg', 'Hauptstraße 5', 50667),
    (3004, 'Anna Katharina Schneider-Wittgenstein', 'Am Markt 12', 10115), (3005, 'Anna Katharina Schneider Wittgenstien', 'Am Markt 12', 10115), (3006, 'equal', 'x', 1), (3007, 'equal', 'x', 1), (3008, NULL, 'x', 1), (3009, '---', 'y', 2);
SELECT name, status, metric, value, rows_evaluated AS rows, rows_failed AS failed, null_rows AS nulls, sample
FROM assay.validate('person', '[{"kind": "near_duplicates", "column_name": "name"}, {"kind": "near_duplicates", "column_name": "name", "similarity": 0.7}, {"kind": "near_duplicates", "column_name": "name", "similarity": 1},
    {"kind": "near_duplicates", "columns": ["name", "street", "zip"], "similarity": 0.6, "name": "rows"}, {"kind": "near_duplicates", "column_name": "name", "where": "id < 3001", "name": "none"}, {"kind": "near_duplicates", "column_name": "name", "where": "false", "name": "no row"}]');
SELECT kind, status, message FROM assay.validate('person', '[{"kind": "near_duplicates", "column_name": "zip"}, {"kind": "near_duplicates", "columns": ["name", "town"]}]');
SELECT name, kind, column_name, status, message FROM assay.validate('person', '[
    {"kind": "near_duplicates"},
    {"kind": "near_duplicates", "column_name": "name", "columns": ["street"]},
    {"kind": "near_duplicates", "column_name": "name", "similarity": 0.1},
    {"kind": "near_duplicates", "column_name": "name", "group_by": "zip"}]');
-- More than may be held is an error of the check.
SET assay.max_memory = '1MB';
SELECT status, regexp_replace(message, '[0-9.]+ MB are needed', '... MB are needed') AS message FROM assay.validate('SELECT md5(i::text) || md5((-i)::text) AS t FROM generate_series(1, 50000) AS i', '[{"kind": "near_duplicates", "column_name": "t"}, {"kind": "not_null", "column_name": "t"}]');
RESET assay.max_memory;
-- The rows themselves: of a source in another unit, of a part of one, and those that nearly repeat each other.
SELECT assay.add_check('parcel', 'scale_shift', 'weight', group_by => '{source}') AS whole \gset
SELECT assay.add_check('parcel', 'scale_shift', 'cost') AS part \gset
SELECT assay.add_check('parcel', 'scale_shift', 'price', group_by => '{month(day)}', "where" => 'id > 4000') AS period \gset
SELECT assay.add_check('person', 'near_duplicates', 'name', '{"similarity": 0.7}') AS alike \gset
SELECT assay.add_check('person', 'near_duplicates', args => '{"columns": ["street", "zip"]}', "where" => 'id <= 3000') AS "none" \gset
SELECT assay.add_check('delivery', 'mixed_formats', 'sent') AS mixed \gset
SELECT count(*), min("row"->>'source') AS from_source, max("row"->>'source') AS to_source FROM assay.failing_rows(:whole, NULL);
SELECT count(*), bool_and(("row"->>'id')::int % 25 = 0) AS planted FROM assay.failing_rows(:part, NULL);
SELECT count(*), min("row"->>'day') AS from_day, max("row"->>'day') AS to_day FROM assay.failing_rows(:period, NULL);
SELECT "row"->>'name' AS name FROM assay.failing_rows(:alike) ORDER BY ("row"->>'id')::int;
SELECT count(*) AS limited FROM assay.failing_rows(:alike, 2);
SELECT count(*) AS "none" FROM assay.failing_rows(:none);
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :mixed));
SELECT count(assay.drop_check(check_id)) AS dropped FROM assay.checks WHERE relation IN ('parcel'::regclass, 'person'::regclass, 'delivery'::regclass);
RESET datestyle;
DROP TABLE delivery, parcel, reading, person;

-- Kinds about rows among others: duplicates, sequences, ranges, values that stay the same, and other relations.
CREATE FUNCTION judged(query text, VARIADIC checks jsonb[])
RETURNS TABLE (name text, segment text, status text, metric text, value numeric, threshold text, rows bigint, failed bigint, nulls bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT name, (SELECT string_agg(s.value, ', ') FROM jsonb_each_text(segment) AS s), status, metric, trim_scale(round(value::numeric, 6)), threshold,
           rows_evaluated, rows_failed, null_rows, sample, message
    FROM assay.validate(query, to_jsonb(checks))
$$;
-- Which rows fail, by their ids.
CREATE FUNCTION failing(relation text, declared jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
    ids text;
BEGIN
    stored := assay.add_check(relation::regclass, declared->>'kind', column_name => declared->>'column_name', args => declared - '{kind,column_name,group_by}'::text[],
        group_by => CASE WHEN declared ? 'group_by' THEN ARRAY[declared->>'group_by'] END);
    SELECT string_agg(f."row"->>'id', ' ' ORDER BY (f."row"->>'id')::int) INTO ids FROM assay.failing_rows(stored) AS f;
    PERFORM assay.drop_check(stored);
    RETURN ids;
END
$$;
SET timezone = 'UTC'; SET datestyle = ISO;

-- Whole rows that repeat; NULLs are equal, and so are values of types without an equality that are written alike.
CREATE TABLE load (id int, side text, amount numeric, body json, place point, at int);
INSERT INTO load VALUES (1, 'a', 1.0, '{"x": 1}', '(1,2)', 1), (1, 'a', 1.00, '{"x": 1}', '(1,2)', 2), (2, NULL, NULL, NULL, NULL, 3), (2, NULL, NULL, NULL, NULL, 4), (2, NULL, NULL, NULL, NULL, 5), (3, 'a', 1, '{"x":1}', '(1,2)', 6);
SELECT count(*) AS groups, sum(n) AS rows FROM (SELECT count(*) AS n FROM load GROUP BY id, side, amount, body::text, place::text HAVING count(*) > 1) AS g;
SELECT name, status, metric, value, rows, failed, sample, message FROM judged('load', '{"kind": "duplicate_rows"}', '{"kind": "duplicate_rows", "exclude_columns": ["at"]}', '{"kind": "duplicate_rows", "exclude_columns": ["at"], "where": "id = 1"}', '{"kind": "duplicate_rows", "exclude_columns": ["at"], "mostly": 0.1}');
SELECT name, segment, status, value, rows, failed FROM judged('load', '{"kind": "duplicate_rows", "exclude_columns": ["at"], "group_by": "side"}');
SELECT failing('load', '{"kind": "duplicate_rows", "exclude_columns": ["at"]}');
CREATE TABLE keyed (id int PRIMARY KEY, x int);
SELECT name, status, message FROM judged('keyed', '{"kind": "duplicate_rows"}', '{"kind": "duplicate_rows", "exclude_columns": ["id"]}');
-- More columns than a function takes arguments.
SELECT format('SELECT %s FROM generate_series(1, 4) AS i', string_agg(format('i / 3 AS c%s', c), ', ')) AS wide FROM generate_series(1, 130) AS c \gset
SELECT name, status, value, failed, jsonb_array_length(sample->'values'->0->'value') AS values FROM judged(:'wide', '{"kind": "duplicate_rows"}');

-- One step after another.
CREATE TABLE invoice (id int, number int, day date, share float8, shop text);
INSERT INTO invoice VALUES (1, 1, '2026-01-01', 0.1, 'a'), (2, 2, '2026-01-02', 0.2, 'a'), (3, 2, '2026-01-03', 0.3, 'b'), (4, 4, '2026-01-05', 0.4, 'b'), (5, NULL, NULL, NULL, 'b'), (6, 5, '2026-01-06', 0.6, 'a');
SELECT count(*) FROM (SELECT number - lag(number) OVER (ORDER BY number) AS step FROM invoice) AS s WHERE step <> 1;
SELECT name, status, metric, value, rows, failed, nulls, sample FROM judged('invoice', '{"kind": "sequential_values", "column_name": "number"}', '{"kind": "sequential_values", "column_name": "day", "datepart": "day"}', '{"kind": "sequential_values", "column_name": "day", "interval": "1 day", "where": "id < 4"}',
    '{"kind": "sequential_values", "column_name": "share", "interval": 0.1}', '{"kind": "sequential_values", "column_name": "number", "interval": 2, "where": "id > 1"}', '{"kind": "sequential_values", "column_name": "number", "group_by_columns": "shop"}', '{"kind": "sequential_values", "column_name": "number", "where": "false"}');
SELECT name, segment, status, value, rows, failed, sample FROM judged('invoice', '{"kind": "sequential_values", "column_name": "number", "group_by": "shop"}');
SELECT failing('invoice', '{"kind": "sequential_values", "column_name": "day"}'), failing('invoice', '{"kind": "sequential_values", "column_name": "number", "group_by_columns": ["shop"]}'), failing('invoice', '{"kind": "sequential_values", "column_name": "share", "interval": 0.1}');

-- Ranges that must not overlap.
CREATE TABLE rate (id int, product int, valid_from date, valid_to date);
INSERT INTO rate VALUES (1, 1, '2026-01-01', '2026-02-01'), (2, 1, '2026-02-01', '2026-03-01'), (3, 1, '2026-02-15', '2026-04-01'), (4, 1, '2026-05-01', '2026-05-01'),
    (5, 2, '2026-01-01', '2026-01-10'), (6, 2, '2026-01-10', '2026-01-20'), (7, 3, '2026-01-01', NULL);
SELECT name, status, metric, value, rows, failed, sample FROM judged('rate', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "partition_by": "product"}',
    '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "partition_by": ["product"], "zero_length_range_allowed": true, "where": "product < 3"}',
    '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "where": "product = 2", "gaps": "not_allowed"}', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "where": "product = 2", "gaps": "required"}');
SELECT name, segment, status, value, rows, failed FROM judged('rate', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "group_by": "product"}');
SELECT failing('rate', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "partition_by": "product"}'), failing('rate', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "valid_from", "upper_bound_column": "valid_to", "gaps": "not_allowed", "group_by": "product"}');
-- Ranges overlap where PostgreSQL says so.
SELECT DISTINCT a.id FROM rate AS a JOIN rate AS b ON a.product = b.product AND a.valid_from < b.valid_from AND daterange(a.valid_from, a.valid_to) && daterange(b.valid_from, b.valid_to);

-- Values that stay the same. NULLs are passed over.
CREATE TABLE reading AS SELECT i AS id, i AS at, CASE WHEN i BETWEEN 10 AND 15 THEN 7.5 WHEN i = 12 THEN NULL WHEN i BETWEEN 30 AND 33 THEN 1 ELSE i / 2.0 END AS value, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS sensor FROM generate_series(1, 40) AS i;
INSERT INTO reading VALUES (41, 13, NULL, 'odd');
SELECT name, status, metric, value, rows, failed, nulls, sample FROM judged('reading', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 5}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 6}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 3}',
    '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 2, "partition_by": "sensor"}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 3, "mostly": 0.7}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 1, "where": "false"}');
SELECT name, segment, status, value, rows, failed, sample FROM judged('reading', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 2, "group_by": "sensor"}');
SELECT failing('reading', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 3}'), failing('reading', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 2, "group_by": "sensor"}'), failing('reading', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 2, "partition_by": "sensor"}');

-- As many rows as another relation has, times a factor.
SELECT name, status, value, threshold, rows, message FROM judged('reading', '{"kind": "row_count_ratio", "compare_model": "rate", "min_value": 5, "max_value": 6}', '{"kind": "row_count_ratio", "compare_model": "rate", "max_value": 1}', '{"kind": "row_count_ratio", "compare_model": "SELECT 1 WHERE false", "min_value": 0}', '{"kind": "row_count_ratio", "compare_model": "rate", "min_value": 1, "where": "id < 8"}');

-- The same rows, up to rounding, or as near as a tolerance says.
CREATE TABLE copy AS SELECT id, sensor, value + CASE WHEN id = 3 THEN 0.004 WHEN id = 4 THEN 0.2 ELSE 0 END AS value, value::float8 AS double FROM reading WHERE id <> 5 UNION ALL SELECT 99, 'odd', 1, 1;
SELECT name, status, value, failed, sample FROM judged('SELECT id, sensor, value FROM reading', '{"kind": "equality", "compare_model": "copy"}', '{"kind": "equality", "compare_model": "copy", "precision": 1}', '{"kind": "equality", "compare_model": "copy", "key": ["id"]}', '{"kind": "equality", "compare_model": "copy", "key": ["id"], "tolerance": 0.01}',
    '{"kind": "equality", "compare_model": "copy", "key": ["id", "sensor"], "tolerance": 0.2, "where": "id <> 5"}', '{"kind": "equality", "compare_model": "SELECT id, double AS value FROM copy", "exclude_columns": ["sensor"], "key": ["id"], "tolerance": 1e-9}');
-- Rows of one key pair in their order; NULL is equal to NULL, and far from a number.
SELECT name, status, failed, sample FROM judged('SELECT * FROM (VALUES (1, 1.0), (1, 2.0), (1, NULL), (2, 5)) AS v (k, x)', '{"kind": "equality", "compare_model": "SELECT * FROM (VALUES (1, NULL), (1, 2.05), (1, 1.0), (2, NULL)) AS w (k, x)", "key": ["k"], "tolerance": 0.1}', '{"kind": "equality", "compare_model": "SELECT * FROM (VALUES (1, 1.0), (1, 2.0)) AS w (k, x)", "key": ["k"]}');

-- Far from what is usual in a segment, which another may have every day; as SQL finds it.
CREATE TABLE sold AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN 'large' WHEN i % 3 = 1 THEN 'small' END AS size, CASE WHEN i = 7 THEN 3000 WHEN i % 3 = 0 THEN 3000 + i % 10 WHEN i % 11 = 0 THEN NULL ELSE i % 10 END AS price, i % 5 = 0 OR i = 21 AS ok, i % 2 AS rare FROM generate_series(1, 300) AS i;
INSERT INTO sold VALUES (301, 'single', 5, NULL, NULL);
SELECT size, count(*) FILTER (WHERE abs(price - mean) > 3 * dev) AS far FROM (SELECT *, avg(price) OVER w AS mean, stddev_samp(price) OVER w AS dev FROM sold WINDOW w AS (PARTITION BY size)) AS s GROUP BY size ORDER BY size NULLS FIRST;
SELECT sold.size, count(*) FILTER (WHERE price < low - 1.5 * (high - low) OR price > high + 1.5 * (high - low)) AS far FROM sold JOIN (SELECT size, percentile_cont(0.25) WITHIN GROUP (ORDER BY price) AS low, percentile_cont(0.75) WITHIN GROUP (ORDER BY price) AS high FROM sold GROUP BY size) AS q ON sold.size IS NOT DISTINCT FROM q.size GROUP BY sold.size, q.size ORDER BY sold.size NULLS FIRST;
SELECT name, segment, status, value, rows, failed, nulls, sample, message FROM judged('sold', '{"kind": "within_n_stdevs", "column_name": "price", "group_by": "size"}', '{"kind": "outliers", "column_name": "price", "group_by": "size"}');
SELECT name, segment, status, rows, failed, sample FROM judged('sold', '{"kind": "within_n_stdevs", "column_name": "price", "group_by": ["size", "rare"], "where": "id < 100"}', '{"kind": "within_n_stdevs", "column_name": "ok", "sigma_threshold": 1, "group_by": "rare"}', '{"kind": "within_n_stdevs", "column_name": "price", "group_by": "size", "where": "size IS NULL"}');
SELECT failing('sold', '{"kind": "within_n_stdevs", "column_name": "price", "group_by": "size"}'), failing('sold', '{"kind": "outliers", "column_name": "price", "group_by": "size"}');
DROP TABLE sold;

-- What cannot be.
SELECT name, status, message FROM judged('reading',
    '{"kind": "duplicate_rows", "exclude_columns": ["id", "at", "value", "sensor"]}', '{"kind": "duplicate_rows", "exclude_columns": ["nowhere"]}', '{"kind": "duplicate_rows", "columns": ["id"]}', '{"kind": "duplicate_rows", "column_name": "id"}',
    '{"kind": "sequential_values", "column_name": "sensor"}', '{"kind": "sequential_values", "column_name": "at", "datepart": "day"}', '{"kind": "sequential_values", "column_name": "at", "interval": 0}', '{"kind": "sequential_values", "column_name": "at", "group_by_columns": "nowhere"}', '{"kind": "sequential_values"}',
    '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "at"}', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "at", "upper_bound_column": "nowhere"}', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "at", "upper_bound_column": "sensor"}', '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "at", "upper_bound_column": "id", "gaps": "none"}',
    '{"kind": "stuck_values", "column_name": "value", "sort_column": "at"}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "at", "max_run": 0}', '{"kind": "stuck_values", "column_name": "value", "sort_column": "nowhere", "max_run": 3}',
    '{"kind": "row_count_ratio", "compare_model": "rate"}', '{"kind": "row_count_ratio", "compare_model": "nowhere", "max_value": 1}', '{"kind": "row_count_ratio", "compare_model": "rate", "min_value": 2, "max_value": 1}',
    '{"kind": "equality", "compare_model": "reading", "tolerance": 0.1}', '{"kind": "equality", "compare_model": "reading", "key": ["id"], "tolerance": -1}', '{"kind": "equality", "compare_model": "reading", "key": ["nowhere"]}', '{"kind": "equality", "compare_model": "reading", "precision": 31}');
DROP TABLE load, keyed, invoice, rate, reading, copy;
DROP FUNCTION judged(text, jsonb[]), failing(text, jsonb);
RESET timezone; RESET datestyle;

-- Gaps between timestamps are those between all different ones, though only the first and the last of an hour are compared: by segment, with infinities, and over
-- the hour that spring has less.
SET timezone = 'Europe/Berlin';
CREATE TABLE ticks AS SELECT i % 3 AS part, '2024-03-01'::timestamptz + (i * i * 7919 % 5184000) * interval '1 second' AS at, '2024-03-01'::timestamp + (i * i * 104729 % 5184000) * interval '1 microsecond' * 1000000 AS local
FROM generate_series(1::bigint, 700) AS i WHERE i % 300 > 9;
INSERT INTO ticks VALUES (0, '-infinity', 'infinity'), (1, 'infinity', '-infinity'), (2, NULL, NULL), (2, '0044-03-15 BC', '4713-01-01 BC'), (2, '200000-12-31', '200000-12-31 23:59:59.999999');
SELECT bool_and(f.value = CASE col WHEN 'at' THEN g.at ELSE g.local END) AS same, count(*) AS compared, count(DISTINCT f.value) > 10 AS differing
FROM unnest('{hour,day}'::text[], '{1 hour,1 day}'::interval[]) AS unit(datepart, step), generate_series(1, 20) AS n, unnest('{at,local}'::text[]) AS of(col),
    LATERAL assay.validate('ticks', jsonb_build_array(jsonb_build_object('kind', 'no_gaps', 'column_name', col, 'group_by', 'part', 'args', jsonb_build_object('datepart', datepart, 'interval', n)))) AS f,
    LATERAL (SELECT count(*) FILTER (WHERE at > at_before + n * step) AS at, count(*) FILTER (WHERE local > local_before + n * step) AS local
        FROM (SELECT at, lag(at) OVER (ORDER BY at) AS at_before, local, lag(local) OVER (ORDER BY local) AS local_before FROM ticks WHERE part = (f.segment->>'part')::int) AS lagged) AS g;
SET timezone = 'UTC';
DROP TABLE ticks;

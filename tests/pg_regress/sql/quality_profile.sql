-- assay.profile: what each column of a query or relation looks like. Counts beside it are PostgreSQL's own.

SELECT column_name, data_type, nulls, distinct_estimate AS distinct, min, max, round(mean::numeric, 3) AS mean, round(stddev::numeric, 3) AS stddev, meaning
FROM assay.profile('german_credit');
SELECT p01, p05, p25, p50, p75, p95, p99, zeros, negatives, empty, rows, null_fraction FROM assay.profile('SELECT credit_amount FROM german_credit');
SELECT percentile_cont('{0.01,0.05,0.25,0.5,0.75,0.95,0.99}'::float8[]) WITHIN GROUP (ORDER BY credit_amount) FROM german_credit;
SELECT t->>'value' AS value, t->>'rows' AS rows, round((t->>'fraction')::numeric, 4) AS fraction
FROM assay.profile('SELECT savings FROM german_credit'), jsonb_array_elements(top_values) AS t;
SELECT savings, count(*) FROM german_credit WHERE savings IS NOT NULL GROUP BY 1 ORDER BY 2 DESC;
-- Twenty bins from the least to the greatest; width_bucket puts the greatest into one of its own.
SELECT bin - 1 AS bin, b->>'low' AS low, b->>'high' AS high, (b->>'rows')::int AS rows,
       (SELECT count(*) FROM german_credit WHERE least(width_bucket(age, 19, 75, 20), 20) = bin) AS counted
FROM assay.profile('SELECT age FROM german_credit'), jsonb_array_elements(histogram) WITH ORDINALITY AS h (b, bin);

-- Every type that PostgreSQL has.
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET timezone = 'UTC';
SELECT column_name, data_type, rows, nulls, distinct_estimate AS distinct, min, max, meaning FROM assay.profile('typed');
SELECT count(*) AS lines, bool_and(rows = 3 AND nulls = 1 AND distinct_estimate = 1) AS counted FROM assay.profile('typed');
SELECT column_name, details - 'meaning' AS details FROM assay.profile('SELECT c_text, c_char, c_bytea, c_date, c_jsonb, c_json, c_int_array, c_text_array, c_composites FROM typed');

-- Values that are no finite numbers or times stand beside the others: not in mean, quantiles, min and max, but counted.
SELECT column_name, rows, nulls, distinct_estimate AS distinct, min, max, mean, p50, zeros, negatives, top_values, details FROM assay.profile('special');
SELECT min, max, distinct_estimate, mean FROM assay.profile($$SELECT * FROM (VALUES (1e400::numeric), (-1e400), (1e-400), ('1e131071')) AS v (beyond)$$);

-- Nothing, and next to nothing.
CREATE TABLE nothing (a int, b text, c timestamptz, d jsonb, e int[], f bool);
SELECT column_name, rows, nulls, null_fraction, empty, distinct_estimate AS distinct, min, max, mean, stddev, p50, zeros, top_values, histogram, meaning, details FROM assay.profile('nothing');
INSERT INTO nothing VALUES (NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL);
SELECT column_name, rows, nulls, null_fraction, empty, distinct_estimate AS distinct, min, max, mean, stddev, p50, zeros, top_values, histogram, meaning, details FROM assay.profile('nothing');
SELECT column_name, rows, distinct_estimate AS distinct, min, max, mean, stddev, p01, p99, top_values, histogram, meaning FROM assay.profile($$SELECT 3 AS one_row, 'x' AS text, 0.5 AS share$$);
SELECT column_name, rows, distinct_estimate AS distinct, min, max, mean, stddev, p01, p99, histogram, meaning FROM assay.profile('SELECT 3 AS constant, 2.5::float8 AS number FROM generate_series(1, 100)');

-- Texts: lengths in characters, blanks, casing, masks.
SELECT column_name, empty, distinct_estimate AS distinct, min, max, details FROM assay.profile($$
    SELECT * FROM (VALUES ('', ''), ('  ', 'ABC-12'), (' a', 'DEF-34'), ('b ', 'ghi-56'), ('日本語', 'Jkl-78'), (NULL, 'mNo-9a')) AS v (blanks, codes)$$);
SELECT length(max) AS kept_of_max, (details->'length'->>'max')::int AS characters, length(top_values->0->>'value') AS kept_of_top
FROM assay.profile($$SELECT repeat('x', 1000000) AS long FROM generate_series(1, 3)$$);
-- More values than are counted one by one: estimates, with their errors.
SELECT column_name, abs(distinct_estimate / 200000.0 - 1) <= (details->>'distinct_error')::float8 AS distinct_within, min, max, round(mean) AS mean,
       abs(p50 / 200000 - 0.5) <= (details->>'quantile_error')::float8 AS median_within, meaning
FROM assay.profile('SELECT i, md5(i::text) AS hash FROM generate_series(1, 200000) AS i');

-- Names that try to be more than names, and an order of columns that stays.
CREATE TABLE "pro""file; DROP TABLE typed; --" ("a""; drop table typed; --" int, "q" text, "select" int, "A b" int, "ünï'" int, "$1" int, "%s\n" int);
INSERT INTO "pro""file; DROP TABLE typed; --" VALUES (1, 'x', 2, 3, 4, 5, 6);
SELECT column_name, rows, max FROM assay.profile('"pro""file; DROP TABLE typed; --"');
SELECT column_name, max FROM assay.profile('SELECT 1 AS "a
b", 2 AS "--", 3 AS "/*"  -- a comment');
SELECT column_name, max FROM assay.profile('public.house') WHERE column_name = 'size';
-- As wide as a table can be.
CALL make_profile_wide();
SELECT count(*) AS lines, min(rows) AS rows, sum(mean) = (SELECT sum(m) FROM (SELECT avg(i * c % 1000)::float8 AS m FROM generate_series(1, 1600) AS c, generate_series(1, 1000) AS i GROUP BY c) AS s) AS means,
       bool_and(abs(distinct_estimate - 1000 / gcd(1000, number)) <= coalesce((details->>'distinct_error')::float8, 0) * 1000) AS distinct_within
FROM (SELECT *, substr(column_name, 2)::int AS number FROM assay.profile('profile_wide')) AS p;

-- Where rows come from: a view, partitions, parents with children, a query that would write, one that is volatile.
CREATE VIEW profile_view AS SELECT region, sum(price) AS total FROM house GROUP BY region;
SELECT column_name, rows, min, max FROM assay.profile('profile_view');
CREATE TABLE parted (day date, v int) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-01-16');
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT '2024-01-01'::date + i, i FROM generate_series(0, 29) AS i WHERE i NOT IN (10, 11, 20);
SELECT column_name, rows, min, max, details->'days' AS days FROM assay.profile('parted');
SELECT column_name, rows, min, max FROM assay.profile('VALUES (1, 2), (3, 4)');
SELECT column_name, rows, max FROM assay.profile('WITH t AS (SELECT * FROM generate_series(1, 3) AS i) SELECT i, i * i AS square FROM t ORDER BY i LIMIT 2;');
CREATE SEQUENCE profile_calls;
CALL fails($$SELECT rows, min, max FROM assay.profile('SELECT nextval(''profile_calls'') AS n')$$);
SELECT rows, distinct_estimate AS distinct FROM assay.profile('SELECT random() AS r FROM generate_series(1, 5)');

-- Row-level security and privileges are the caller's.
CREATE ROLE profile_reader;
CREATE TABLE profile_private (owner name, secret int);
INSERT INTO profile_private SELECT CASE WHEN i % 2 = 0 THEN 'profile_reader' ELSE 'other' END, i FROM generate_series(1, 100) AS i;
ALTER TABLE profile_private ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON profile_private USING (owner = current_user);
GRANT SELECT ON profile_private TO profile_reader;
SET ROLE profile_reader;
SELECT column_name, rows, min, max FROM assay.profile('profile_private');
CALL fails($$SELECT * FROM assay.profile('typed')$$);
RESET ROLE;
DROP TABLE profile_private;
DROP ROLE profile_reader;

-- Mistakes.
CALL fails($$SELECT * FROM assay.profile('SELECT 1 AS a, 2 AS b, 3 AS a')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT 1 / (i - 3) FROM generate_series(1, 5) AS i')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT no_such FROM house')$$);
CALL fails($$SELECT * FROM assay.profile('no_such_table')$$);
CALL fails($$SELECT * FROM assay.profile('DELETE FROM house')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT 1; SELECT 2')$$);
CALL fails($$SELECT * FROM assay.profile('')$$);
CALL fails($$SELECT * FROM assay.profile(NULL)$$);
CALL fails($$SELECT * FROM assay.profile('SELECT FROM house')$$);
SELECT count(*) AS houses FROM house;

-- In a read-only transaction, and in parallel the same.
BEGIN READ ONLY;
SELECT max FROM assay.profile('SELECT size FROM house');
COMMIT;
CREATE TABLE profile_many AS SELECT i, i % 7 AS seven, 't' || i % 5000 AS text, (i * 0.37)::float8 AS number, CASE WHEN i % 3 > 0 THEN '2024-01-01'::date + i % 500 END AS day FROM generate_series(1, 60000) AS i;
ANALYZE profile_many;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE profile_serial AS SELECT * FROM assay.profile('profile_many');
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT s.column_name, (s.rows, s.nulls, s.min, s.max, s.zeros, s.negatives) IS NOT DISTINCT FROM (p.rows, p.nulls, p.min, p.max, p.zeros, p.negatives) AS counts,
       s.distinct_estimate = p.distinct_estimate AS distinct, coalesce(abs(s.mean - p.mean) <= 1e-12 * abs(s.mean), true) AND coalesce(abs(s.stddev - p.stddev) <= 1e-12 * s.stddev, true) AS moments,
       s.details->'days' IS NOT DISTINCT FROM p.details->'days' AS days, coalesce(abs(s.p50 - p.p50) <= 2 * coalesce((s.details->>'quantile_error')::float8, 0) * (s.p99 - s.p01), true) AS medians
FROM profile_serial AS s JOIN assay.profile('profile_many') AS p USING (column_name) ORDER BY 1;
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

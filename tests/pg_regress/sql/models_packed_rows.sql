-- Many rows are packed while they are read: the same model whatever the plan, the order of rows and the threads, and about as good as from rows as they are.
CREATE TYPE parcel AS ENUM ('small', 'large', 'odd');
CREATE TABLE sent AS
SELECT i AS id, (i * 7919 % 10007) / 10.0 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 9973) END AS z, 's' || i * i % 13 AS shop, 'c' || i * 37 % 450 AS customer,
       timestamp '2026-01-01' + i * interval '37 minutes' AS at, (ARRAY['small', 'large', 'odd'])[1 + i * 13 % 3]::parcel AS parcel, 1 + i % 3 AS w,
       CASE WHEN i % 500 > 0 THEN i * 104729 % 100 < 30 + i * 7919 % 10007 / 250 END AS returned, (ARRAY['a', 'b', 'c'])[1 + (i * 7919 % 10007 + i * 13 % 97) / 4000] AS class,
       1e6 + i * 7919 % 10007 / 100.0 + i * 37 % 101 / 50.0 + CASE WHEN i * 13 % 3 = 2 THEN 40 ELSE 0 END AS amount
FROM generate_series(1, 12000) AS i;
ANALYZE sent;
SET client_min_messages = error;
CREATE FUNCTION train_packed(given text DEFAULT '', ordered text DEFAULT '') RETURNS bigint LANGUAGE sql AS $$
    SELECT count(version) FROM (VALUES ('returned', '{"n_estimators": 20}', 'auto'), ('class', '{"n_estimators": 10, "class_weight": "balanced"}', 'auto'),
            ('amount', '{"n_estimators": 30, "early_stopping_rounds": 5, "subsample": 0.8, "subsample_freq": 1}', 'none')) AS v (target, params, split),
        assay.train(target || given, format('SELECT x, z, shop, customer, at, parcel, %I FROM sent WHERE id > 0 %s', target, ordered), target, 'gradient_boosting', params::jsonb, split => split, deploy => 'never')
$$;
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
SET assay.pack_rows = 0;
SELECT train_packed(' as it is');
SET assay.pack_rows = 5000;
SELECT train_packed();
SELECT train_packed('', 'ORDER BY z DESC, id * 7 % 13, x');
SET assay.threads = 2;
SELECT train_packed('', 'ORDER BY md5(id::text)');
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT x, z, shop, customer, at, parcel, amount FROM sent WHERE id > 0;
SELECT train_packed();
RESET max_parallel_workers_per_gather;
SELECT model, count(*) AS versions, count(DISTINCT hash) AS hashes, min(rows) AS least, max(rows) AS most FROM assay.model_versions WHERE model IN ('returned', 'class', 'amount') GROUP BY model ORDER BY model;

-- What they reached, beside what the same rows teach as they are.
SELECT p.model, abs(p.rows - q.rows) < 100 AS as_many, p.metrics ->> 'evaluated_on' AS evaluated_on,
       CASE WHEN p.metrics ? 'r2' THEN abs((p.metrics ->> 'r2')::float8 - (q.metrics ->> 'r2')::float8) ELSE abs((p.metrics ->> 'accuracy')::float8 - (q.metrics ->> 'accuracy')::float8) END < 0.03 AS as_good,
       coalesce((p.metrics ->> 'r2')::float8, (p.metrics ->> 'accuracy')::float8) > 0.6 AS good, p.hash <> q.hash AS another
FROM assay.model_versions AS p JOIN assay.model_versions AS q ON q.model = p.model || ' as it is' WHERE p.version = 1 ORDER BY p.model;

-- The model scores rows as any other: their values, NULL, and levels that it has not seen.
SELECT count(*) AS rows, count(p) AS scored, round(corr(p, amount)::numeric, 1) AS correlation
FROM (SELECT amount, assay.predict('amount@1', x, z, shop, customer, at, parcel) AS p FROM sent WHERE id <= 2000) AS s;
SELECT assay.predict('amount@1', NULL::float8, NULL::float8, 'nowhere', NULL::text, NULL::timestamp, NULL::parcel) BETWEEN 1e6 AND 1e6 + 200 AS between;
RESET client_min_messages;

-- Rows without a target are left out, and said to be; what stands in the way of packing is said.
SELECT rows FROM assay.train('left out', 'SELECT x, shop, returned FROM sent', 'returned', 'gradient_boosting', '{"n_estimators": 2}', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('weighed', 'SELECT x, shop, amount, w FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 2}', split => 'none', weight => 'w', deploy => 'never');
SELECT rows FROM assay.train('calibrated', 'SELECT x, shop, returned FROM sent WHERE returned IS NOT NULL', 'returned', 'gradient_boosting', '{"n_estimators": 2}', split => 'none', calibrate => 'sigmoid', deploy => 'never');
SELECT rows FROM assay.train('another learner', 'SELECT x, amount FROM sent', 'amount', 'linear_regression', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('another objective', 'SELECT x, amount FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 2, "objective": "huber"}', split => 'none', deploy => 'never');

-- Rows that are read twice must be the same.
SELECT rows FROM assay.train('volatile', 'SELECT x, random() AS r, amount FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 2}');
-- Errors are those of rows as they are.
SELECT rows FROM assay.train('one class', 'SELECT x, true AS yes FROM sent', 'yes', 'gradient_boosting');
SELECT rows FROM assay.train('many classes', 'SELECT x, id FROM sent', 'id', 'gradient_boosting', task => 'classification');
SELECT rows FROM assay.train('nothing', 'SELECT 1 AS x, amount FROM sent', 'amount', 'gradient_boosting');
SET assay.max_memory = '1MB';
\set VERBOSITY terse
SELECT rows FROM assay.train('large', 'SELECT x, z, amount FROM sent', 'amount', 'gradient_boosting');
RESET assay.max_memory;
\set VERBOSITY default
-- A second version beside one that is deployed is judged by what each reached on its own rows.
SELECT version FROM assay.train('packed twice', 'SELECT x, z, shop, amount FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 5}');
SELECT version FROM assay.train('packed twice', 'SELECT x, z, shop, amount FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 30}');
SELECT version, deployed FROM assay.model_versions WHERE model = 'packed twice' ORDER BY version;
-- Few rows are not packed.
SET assay.pack_rows = 100000;
SELECT rows FROM assay.train('few', 'SELECT x, random() AS r, amount FROM sent', 'amount', 'gradient_boosting', '{"n_estimators": 2}', split => 'none', deploy => 'never');
RESET assay.max_memory;
\set VERBOSITY default
-- What reads rows where they are: the values of a row, and what a plan makes of them. Who writes a plan by hand is told.
SELECT assay_internal.row_values(1, NULL::text, 'a'::text, 1.5::numeric, true, date '2000-01-02', 'odd'::parcel) AS row_values;
SELECT assay_internal.row_values(1, 'a'::text) || assay_internal.row_values(2.0) = assay_internal.row_values(1, 'a'::text, 2.0) AS one_behind_the_other;
SELECT assay_internal.read_rows('\xff', NULL) IS NULL AS no_rows FROM sent WHERE id < 3;
CALL fails($$SELECT assay_internal.row_values(ARRAY[1.0::float8])$$);
CALL fails($$SELECT assay_internal.row_values(interval '1 day')$$);
CALL fails($$SELECT assay_internal.read_rows('\xff', assay_internal.row_values(id)) FROM sent$$);
CALL fails($$SELECT assay_internal.read_rows(NULL, assay_internal.row_values(id)) FROM sent$$);

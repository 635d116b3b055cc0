-- The same bytes with one thread and with two, whatever the plan and the order of rows, for each option of training and tuning.
CREATE TABLE bought AS
SELECT i AS id, (i * 7919 % 1009) / 10.0 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 997) END AS z, 's' || i * i % 13 AS shop, 'c' || i * 37 % 450 AS customer,
       timestamp '2026-01-01' + i * interval '37 minutes' AS at, 1 + i % 3 AS w,
       concat_ws(' ', (ARRAY['late', 'broken', 'fine'])[1 + i % 3], 'and', (ARRAY['good', 'bad', 'cheap', 'as shown'])[1 + i * 3 % 4], (ARRAY['again', 'never'])[1 + i % 2]) AS review,
       i * 104729 % 100 < 30 + i * 7919 % 1009 / 25 AS returned, (ARRAY['a', 'b', 'c'])[1 + (i * 7919 % 1009 + i * 13 % 97) / 400] AS class,
       0.5 + i * 7919 % 1009 / 100.0 + i * 37 % 101 / 50.0 AS amount
FROM generate_series(1, 3000) AS i;
ANALYZE bought;
SET client_min_messages = error;
CREATE TABLE trained AS
SELECT name, target, algorithm, coalesce(params, '{}')::jsonb AS params, coalesce(preprocess, '{}')::jsonb AS preprocess, coalesce(split, 'random') AS split, group_by::text[], calibrate, intervals::jsonb,
       weight
FROM (VALUES
    ('steps', 'returned', 'logistic_regression', NULL, '{"impute": "median", "clip": 0.05, "scale": "robust", "polynomial": 2, "columns": {"customer": {"encode": "target"}, "shop": {"encode": "one_hot"},
        "review": {"tf_idf": {"max_features": 15, "ngram_range": [1, 2]}}, "at": {"datetime": {"cyclic": true}}, "z": {"quantile_bucketize": 5}}, "crosses": [["shop", "z"]]}', NULL, NULL, NULL, NULL, NULL),
    ('other steps', 'class', 'gradient_boosting', '{"n_estimators": 3}', '{"impute": {"method": "mean", "indicator": true}, "columns": {"customer": {"encode": "hash"}, "shop": {"encode": "target"},
        "review": {"encode": "frequency"}, "x": {"bucketize": [10, 50], "encode": "ordinal"}}}', NULL, NULL, NULL, NULL, 'w'),
    ('the latest', 'returned', 'random_forest', '{"n_estimators": 3}', NULL, 'latest(at)', NULL, NULL, NULL, NULL),
    ('by group', 'returned', 'decision_tree', NULL, NULL, 'group(customer)', NULL, NULL, NULL, NULL),
    ('isotonic', 'returned', 'gradient_boosting', '{"n_estimators": 3}', NULL, NULL, NULL, 'isotonic', NULL, 'w'),
    ('sigmoid', 'class', 'naive_bayes', NULL, NULL, NULL, NULL, 'sigmoid', NULL, NULL),
    ('groups', 'amount', 'linear_regression', NULL, NULL, NULL, '{shop}', NULL, '{"by": "z"}', NULL),
    ('groups of boosting', 'returned', 'gradient_boosting', '{"n_estimators": 3}', '{"encode": "target"}', NULL, '{shop}', 'sigmoid', NULL, NULL),
    ('one width', 'amount', 'ridge', NULL, NULL, NULL, NULL, NULL, '{"by": "shop"}', 'w'),
    ('between quantiles', 'amount', 'gradient_boosting', '{"n_estimators": 3}', NULL, NULL, NULL, NULL, '{"level": 0.8}', NULL),
    ('quantile', 'amount', 'gradient_boosting', '{"n_estimators": 3, "objective": "quantile"}', NULL, NULL, NULL, NULL, NULL, NULL),
    ('huber', 'amount', 'gradient_boosting', '{"n_estimators": 3, "objective": "huber"}', NULL, NULL, NULL, NULL, NULL, 'w'),
    ('poisson', 'amount', 'gradient_boosting', '{"n_estimators": 3, "objective": "poisson"}', NULL, NULL, NULL, NULL, NULL, NULL),
    ('margins', 'returned', 'linear_svm', '{"loss": "hinge"}', NULL, NULL, NULL, NULL, NULL, 'w'),
    ('margins of classes', 'class', 'linear_svm', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('beyond a margin', 'amount', 'linear_svm', '{"epsilon": 0.3}', NULL, NULL, NULL, NULL, NULL, 'w'),
    ('median', 'amount', 'quantile_regression', NULL, NULL, NULL, NULL, NULL, '{"level": 0.8}', NULL),
    ('outliers', 'amount', 'huber_regression', '{"reference": "most_frequent"}', NULL, NULL, NULL, NULL, NULL, 'w'),
    ('counts', 'amount', 'poisson_regression', '{"standard_errors": "HC0"}', NULL, NULL, NULL, NULL, NULL, NULL),
    ('errors of rows', 'amount', 'linear_regression', '{"standard_errors": "HC3", "reference": "first"}', NULL, NULL, NULL, NULL, NULL, 'w'),
    ('errors of clusters', 'amount', 'ridge', '{"cluster": "customer"}', NULL, NULL, NULL, NULL, NULL, NULL),
    ('gamma', 'amount', 'gradient_boosting', '{"n_estimators": 3, "objective": "gamma"}', NULL, NULL, NULL, NULL, NULL, NULL),
    ('tweedie', 'amount', 'gradient_boosting', '{"n_estimators": 3, "objective": "tweedie"}', NULL, NULL, NULL, NULL, NULL, NULL)
) AS v (name, target, algorithm, params, preprocess, split, group_by, calibrate, intervals, weight);
CREATE FUNCTION train_all(ordered text DEFAULT '') RETURNS TABLE (trained bigint, trials bigint) LANGUAGE sql AS $$
    SELECT (SELECT count(version) FROM trained AS o, assay.train(name, format('SELECT x, z, shop, customer, at, review, %I, w FROM bought WHERE id > 0 %s', target, ordered), target, algorithm, params,
                split => split, preprocess => preprocess, exclude => CASE WHEN weight IS NULL THEN '{w}' ELSE '{}' END::text[], deploy => 'never', weight => weight, group_by => group_by,
                calibrate => calibrate, intervals => intervals)),
           (SELECT count(*) FROM unnest('{random,successive_halving}'::text[]) AS method,
                assay.tune('tuned ' || method, format('SELECT x, z, shop, returned FROM bought WHERE id > 0 %s', ordered), 'returned',
                    search => '{"gradient_boosting": {"n_estimators": 3, "num_leaves": [3, 7]}, "logistic_regression": {}}', trials => 3, folds => 2, method => method, deploy => 'never'))
$$;
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
SELECT * FROM train_all();
SET assay.threads = 2;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT x, z, shop, customer, at, review, amount, w FROM bought WHERE id > 0;
SELECT * FROM train_all();
SELECT * FROM train_all('ORDER BY z DESC, id * 7 % 13, x');
SELECT count(DISTINCT model) AS models, count(*) AS versions, count(DISTINCT (model, hash)) AS hashes, string_agg(DISTINCT model, ', ') FILTER (WHERE hash <> first) AS differ
FROM (SELECT model, hash, first_value(hash) OVER (PARTITION BY model ORDER BY version) AS first FROM assay.model_versions) AS v;
SELECT count(*) FROM (SELECT DISTINCT model, trial, algorithm, params, value, folds, chosen, note FROM assay.model_trials) AS t;

-- Each of them is explained: attributions and base value are the margin of every row, against the training rows and against others, and any plan and any number of threads give the same.
CREATE FUNCTION explain_all() RETURNS TABLE (name text, against text, key jsonb, feature text, attribution text, adds_up bool) LANGUAGE sql AS $$
    SELECT o.name, a.baseline, e.key, e.feature, e.attribution::text, e.error < 1e-9
    FROM trained AS o, unnest('{"SELECT * FROM bought WHERE id % 10 = 1", NULL}'::text[]) AS a (baseline),
         assay.explain_query(o.name || '@1', 'SELECT * FROM bought WHERE id % 3 = 0', '{id}', NULL, a.baseline) AS e
$$;
CREATE TABLE explained_parallel AS SELECT * FROM explain_all();
SELECT count(DISTINCT (name, against)) AS explanations, count(DISTINCT (name, against, key)) AS rows, bool_and(adds_up) AS add_up FROM explained_parallel;
SELECT string_agg(format('SELECT %1$L AS name, id, assay.attributions(%1$L, b)::text AS attributions FROM bought AS b', name || '@1'), ' UNION ALL ' ORDER BY name) AS attributions FROM trained \gset
CREATE TABLE attributed_parallel AS :attributions;
EXPLAIN (COSTS OFF) SELECT assay.attributions('huber@1', b) FROM bought AS b;
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE attributed_serial AS :attributions;
SELECT count(*) FROM attributed_serial;
SELECT count(*) AS differ FROM (TABLE attributed_serial EXCEPT TABLE attributed_parallel) AS other;
SELECT count(*) AS differ FROM (SELECT * FROM explain_all() EXCEPT TABLE explained_parallel) AS other;

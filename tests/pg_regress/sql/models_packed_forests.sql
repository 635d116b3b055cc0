-- Forests and trees of packed rows: the same model whatever the order of rows and the threads, and about as good as from rows as they are.
CREATE TABLE sown AS
SELECT i AS id, v / 10.0 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 4973) END AS z, 's' || i * i % 13 AS field,
       CASE WHEN i % 500 > 0 THEN i * 104729 % 100 < 30 + v / 250 END AS grew, (ARRAY['a', 'b', 'c'])[1 + (v + i * 13 % 97) / 4000] AS class,
       1e6 + v / 100.0 + i * 37 % 101 / 50.0 + CASE WHEN i * i % 13 = 3 THEN 40 ELSE 0 END AS yield
FROM (SELECT i, i * 7919 % 4999 * 2 AS v FROM generate_series(1, 6000) AS i) AS numbered;
ANALYZE sown;
SET client_min_messages = error;
CREATE FUNCTION train_packed(given text DEFAULT '', ordered text DEFAULT '') RETURNS bigint LANGUAGE sql AS $$
    SELECT count(version) FROM (VALUES
            ('grew', 'random_forest', '{"n_estimators": 10, "min_samples_leaf": 20, "oob_score": true}', 'auto'),
            ('class', 'random_forest', '{"n_estimators": 8, "class_weight": "balanced_subsample", "max_leaf_nodes": 30}', 'auto'),
            ('yield', 'random_forest', '{"n_estimators": 8, "max_depth": 8}', 'none'),
            ('grew tree', 'decision_tree', '{"max_depth": 4, "class_weight": "balanced"}', 'auto')) AS v (model, algorithm, params, split),
        assay.train(model || given, format('SELECT x, z, field, %I FROM sown WHERE id > 0 %s', split_part(model, ' ', 1), ordered), split_part(model, ' ', 1), algorithm, params::jsonb,
                    split => split, deploy => 'never')
$$;
SET assay.threads = 1;
SET assay.pack_rows = 0;
SELECT train_packed(' as it is');
SET assay.pack_rows = 1000;
SELECT train_packed();
SELECT train_packed('', 'ORDER BY z DESC, id * 7 % 13, x');
SET assay.threads = 3;
SELECT train_packed('', 'ORDER BY md5(id::text)');
SELECT model, count(*) AS versions, count(DISTINCT hash) AS hashes, min(rows) AS least, max(rows) AS most
FROM assay.model_versions WHERE model IN ('grew', 'class', 'yield', 'grew tree') GROUP BY model ORDER BY model;
SELECT p.model, abs(p.rows - q.rows) < 100 AS as_many, p.metrics ->> 'evaluated_on' AS evaluated_on,
       CASE WHEN p.metrics ? 'r2' THEN abs((p.metrics ->> 'r2')::float8 - (q.metrics ->> 'r2')::float8) ELSE abs((p.metrics ->> 'accuracy')::float8 - (q.metrics ->> 'accuracy')::float8) END < 0.05 AS as_good,
       coalesce((p.metrics ->> 'r2')::float8, (p.metrics ->> 'accuracy')::float8) > 0.55 AS good, p.hash <> q.hash AS another
FROM assay.model_versions AS p JOIN assay.model_versions AS q ON q.model = p.model || ' as it is' WHERE p.version = 1 ORDER BY p.model;

-- The model scores and is judged as any other: values, NULL, and levels that it has not seen.
SELECT count(*) AS rows, count(p) AS scored, round(corr(p, yield)::numeric, 1) AS correlation
FROM (SELECT yield, assay.predict('yield@1', x, z, field) AS p FROM sown WHERE id <= 2000) AS s;
SELECT assay.predict('yield@1', NULL::float8, NULL::float8, 'nowhere') BETWEEN 1e6 AND 1e6 + 200 AS between;
SELECT metric, value > 0.6 AS good FROM assay.evaluate('grew@1', 'SELECT * FROM sown WHERE grew IS NOT NULL') WHERE metric IN ('roc_auc', 'rows') ORDER BY metric;
-- Out of the bag: a tree errs more on the rows that it has not seen.
SELECT count(*) AS trees, bool_and(loss BETWEEN 0.2 AND 0.5) AS likely FROM assay.training_info('grew@1');
SELECT count(*) AS features, bool_and(gain > 0) AS all_split FROM assay.feature_importance('class@1');
RESET client_min_messages;

-- What is said: rows without a target, and what stands in the way of packing.
SELECT rows FROM assay.train('left out', 'SELECT x, field, grew FROM sown', 'grew', 'random_forest', '{"n_estimators": 2}', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('calibrated', 'SELECT x, field, grew FROM sown WHERE grew IS NOT NULL', 'grew', 'random_forest', '{"n_estimators": 2, "max_depth": 3}', split => 'none', calibrate => 'sigmoid', deploy => 'never');
SELECT rows FROM assay.train('weighed', 'SELECT x, field, yield, 1 + id % 3 AS w FROM sown', 'yield', 'decision_tree', '{"max_depth": 3}', split => 'none', weight => 'w', deploy => 'never');
SELECT rows FROM assay.train('volatile', 'SELECT x, random() AS r, yield FROM sown', 'yield', 'random_forest', '{"n_estimators": 2}');
-- Errors are those of rows as they are.
SELECT rows FROM assay.train('one class', 'SELECT x, true AS yes FROM sown', 'yes', 'random_forest');
SELECT rows FROM assay.train('another criterion', 'SELECT x, grew FROM sown WHERE grew IS NOT NULL', 'grew', 'random_forest', '{"criterion": "squared_error"}');
SET assay.max_memory = '1MB';
\set VERBOSITY terse
SELECT rows FROM assay.train('large', 'SELECT x, z, yield FROM sown', 'yield', 'random_forest');

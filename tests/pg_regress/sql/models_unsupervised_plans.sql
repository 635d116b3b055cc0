-- Models without a target: the same bytes with one thread and with two, whatever the plan and the order of rows; and
-- in a parallel plan they say the same of rows.
CREATE TABLE seen AS
SELECT i AS id, (i * 7919 % 1009) / 10.0::float8 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 997) + 40 * (i % 3) END AS z, 's' || i * i % 13 AS shop,
       timestamp '2026-01-01' + i * interval '37 minutes' AS at, 1 + i % 3 AS w,
       concat_ws(' ', (ARRAY['late', 'broken', 'fine'])[1 + i % 3], 'and', (ARRAY['good', 'bad', 'cheap', 'as shown'])[1 + i * 3 % 4]) AS review
FROM generate_series(1, 500) AS i;
ANALYZE seen;
SET client_min_messages = error;
CREATE TABLE learner AS
SELECT name, algorithm, params::jsonb FROM (VALUES
    ('k-means', 'k_means', '{"num_clusters": 5, "seed": 3}'),
    ('suggested', 'k_means', '{}'),
    ('mixture', 'gaussian_mixture', '{"num_components": 3, "reg_covariance": 0.001}'),
    ('tied', 'gaussian_mixture', '{"num_components": 3, "covariance": "tied", "reg_covariance": 0.001}'),
    ('diagonal', 'gaussian_mixture', '{"covariance": "diagonal", "reg_covariance": 0.001}'),
    ('dense', 'dbscan', '{"epsilon": 2.5, "min_samples": 3}'),
    ('components', 'pca', '{"num_components": 2}'),
    ('forest', 'isolation_forest', '{"seed": 5}')
) AS v (name, algorithm, params);

-- Bytes.
CREATE FUNCTION train_all(ordered text DEFAULT '') RETURNS bigint LANGUAGE sql AS $$
    SELECT count(version)
    FROM learner, unnest('{"x, z, shop","x, z, shop, w","x, z, shop, at, review"}'::text[]) AS columns,
         assay.train(name || ': ' || columns, format('SELECT %s FROM seen WHERE id > 0 %s', columns, ordered), NULL, algorithm, params, deploy => 'never',
            weight => CASE WHEN columns ~ 'w' AND columns !~ 'review' THEN 'w' END,
            preprocess => CASE WHEN columns ~ 'review' THEN '{"impute": "median", "scale": "robust", "columns": {"shop": {"encode": "frequency"}, "at": {"datetime": {"cyclic": true}},
                "review": {"tf_idf": {"max_features": 4}}, "x": {"quantile_bucketize": 5, "encode": "ordinal"}}}' ELSE '{}' END::jsonb)
$$;
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
SELECT train_all();
SET assay.threads = 2;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT train_all();
SELECT train_all('ORDER BY z DESC, id * 7 % 13, x');
SELECT count(DISTINCT model) AS models, count(*) AS versions, count(DISTINCT (model, hash)) AS hashes, string_agg(DISTINCT model, ', ') FILTER (WHERE hash <> first) AS differ
FROM (SELECT model, hash, first_value(hash) OVER (PARTITION BY model ORDER BY version) AS first FROM assay.model_versions WHERE model ~ ':') AS v;

-- Rows, in a parallel plan and in none, judged on one thread and on two.
CREATE VIEW said AS
SELECT string_agg(format('SELECT %1$L AS name, id, assay.transform(%1$L, s)::text || coalesce(%2$s::text, ''none'') || assay.attributions(%1$L, s)::text AS said FROM seen AS s', name || ': x, z, shop@1',
       CASE WHEN algorithm = 'pca' THEN 'NULL' ELSE format('assay.predict(%L, s)', name || ': x, z, shop@1') END), ' UNION ALL ' ORDER BY name) AS query FROM learner;
SELECT query FROM said \gset
CREATE FUNCTION judge_all() RETURNS TABLE (name text, what text, value text) LANGUAGE sql AS $$
    SELECT name, metric, value::text FROM learner, assay.evaluate(name || ': x, z, shop@1', 'seen')
    UNION ALL SELECT name, metric || segment::text, value::text FROM learner, assay.evaluate(name || ': x, z, shop@1', 'SELECT *, id % 4 AS g FROM seen', group_by => '{g}')
    UNION ALL SELECT name, a.key::text, concat_ws(' ', a.strangeness, a.is_anomaly, a.reasons) FROM learner, assay.detect_anomalies(name || ': x, z, shop@1', 'SELECT * FROM seen', 0.1, '{id}') AS a
$$;
EXPLAIN (COSTS OFF) SELECT assay.transform('k-means: x, z, shop@1', s), assay.predict('k-means: x, z, shop@1', s), assay.attributions('k-means: x, z, shop@1', s) FROM seen AS s;
CREATE TABLE said_parallel AS :query;
CREATE TABLE judged_parallel AS SELECT * FROM judge_all();
SELECT count(DISTINCT name) AS models, count(*) FROM judged_parallel;
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE said_serial AS :query;
SELECT count(*) FROM said_serial;
SELECT count(*) AS differ FROM (TABLE said_serial EXCEPT TABLE said_parallel) AS other;
SELECT count(*) AS differ FROM (SELECT * FROM judge_all() EXCEPT TABLE judged_parallel) AS other;

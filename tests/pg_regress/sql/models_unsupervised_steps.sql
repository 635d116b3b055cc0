-- Steps of preprocess apply to models without a target.
CREATE TABLE unsup_seen AS
SELECT i AS id, (i * 7919 % 1009) / 10.0::float8 AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 997) + 40 * (i % 3) END AS z, 's' || i * i % 13 AS shop,
       timestamp '2026-01-01' + i * interval '37 minutes' AS at, 1 + i % 3 AS w,
       concat_ws(' ', (ARRAY['late', 'broken', 'fine'])[1 + i % 3], 'and', (ARRAY['good', 'bad', 'cheap', 'as shown'])[1 + i * 3 % 4]) AS review
FROM generate_series(1, 800) AS i;
ANALYZE unsup_seen;
SET client_min_messages = error;
CREATE TABLE unsup_learner AS
SELECT name, algorithm, params::jsonb FROM (VALUES
    ('k-means', 'k_means', '{"num_clusters": 5, "seed": 3}'),
    ('suggested', 'k_means', '{}'),
    ('mixture', 'gaussian_mixture', '{"num_components": 3, "reg_covariance": 0.001}'),
    ('tied', 'gaussian_mixture', '{"num_components": 3, "covariance": "tied", "reg_covariance": 0.001}'),
    ('diagonal', 'gaussian_mixture', '{"covariance": "diagonal", "reg_covariance": 0.001}'),
    ('dense', 'dbscan', '{"epsilon": 1.5, "min_samples": 8}'),
    ('components', 'pca', '{"num_components": 2}'),
    ('forest', 'isolation_forest', '{"seed": 5}')
) AS v (name, algorithm, params);

-- The model of a query with steps says of a row what it says of one that the steps leave as it is; without steps they are not the same.
SELECT count(version) FROM unsup_learner, assay.train(name || ' by steps', 'SELECT x, z FROM unsup_seen', NULL, algorithm, params,
    preprocess => '{"columns": {"x": {"clip": {"min": 10, "max": 80}}, "z": {"impute": {"method": "constant", "value": 20}}}}');
SELECT count(version) FROM unsup_learner, assay.train(name || ' without', 'SELECT x, z FROM unsup_seen', NULL, algorithm, params);
SELECT name, model, bool_and(a.strangeness = b.strangeness AND a.is_anomaly = b.is_anomaly) AS same, count(*)
FROM unsup_learner, unnest('{by steps,without}'::text[]) AS model, assay.detect_anomalies(name || ' ' || model, 'SELECT * FROM unsup_seen', 0.02, '{id}', 0) AS a
     JOIN assay.detect_anomalies(name || ' ' || model, 'SELECT id, least(greatest(x, 10), 80) AS x, coalesce(z, 20) AS z FROM unsup_seen', 0.02, '{id}', 0) AS b USING (key)
GROUP BY name, model ORDER BY model, name;
SELECT name, bool_and(assay.transform(name || ' by steps', x, z) = assay.transform(name || ' by steps', least(greatest(x, 10), 80), coalesce(z, 20))) AS same
FROM unsup_learner, unsup_seen GROUP BY name ORDER BY name;
SELECT name, bool_and(assay.predict(name || ' by steps', x, z) IS NOT DISTINCT FROM assay.predict(name || ' by steps', least(greatest(x, 10), 80), coalesce(z, 20))) AS same
FROM unsup_learner, unsup_seen WHERE algorithm <> 'pca' GROUP BY name ORDER BY name;

-- K-means of many rows that are not held: the clusters of rows that are held, with missing values, weights, huge units and levels among them.
CREATE TABLE summed_points AS
SELECT i AS id, CASE WHEN i % 19 > 0 THEN (i % 4 * 300 + i * 7919 % 101) * 1e9 END AS x, CASE WHEN i % 23 > 0 THEN i % 4 / 2 * 40 + sqrt(i * 31 % 97) END AS z,
       CASE WHEN i % 17 > 0 THEN 's' || i % 4 END AS shop, i % 7 = 0 AS open, i % 5 AS w
FROM generate_series(1, 6000) AS i;
ANALYZE summed_points;
SET client_min_messages = error;
CREATE VIEW clustering AS
SELECT 'clusters ' || number AS name, columns, params::jsonb, weight
FROM (VALUES (1, 'x, z, shop, open', '{"k": 4, "tol": 0}', NULL), (2, 'x, z, shop, open', '{"k": 2, "tol": 0}', 'w'), (3, 'z, shop', '{"k": 2, "tol": 0, "standardize": false}', NULL),
             (4, 'x, z', '{"init": [[1e11, 5], [3e11, 5], [9e11, 44]], "max_iter": 2}', NULL), (5, 'x, z', '{"init": [[1e11, 5], [3e11, 5], [9e11, 44]]}', 'w'),
             -- The second centre has no row, and gets the farthest one.
             (6, 'x, z', '{"init": [[1e11, 5], [9e14, 900], [9e11, 44]]}', NULL)) AS v (number, columns, params, weight);
CREATE FUNCTION cluster_all(suffix text, ordered text DEFAULT '', split text DEFAULT 'none') RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(t.rows) FROM clustering, assay.train(name || suffix, concat_ws(' ', 'SELECT', columns, ', ' || weight, 'FROM summed_points', ordered), NULL, 'k_means', params, weight => weight, split => split, deploy => 'never') AS t
$$;
SET assay.pack_rows = 0;
SELECT cluster_all(' held');
SET assay.pack_rows = 1000;
SET assay.threads = 1;
SELECT cluster_all('');
SET assay.threads = 2;
SELECT cluster_all(' turned', 'ORDER BY md5(id::text)');
-- Their centres and counts are the same, to nine digits.
SELECT c.name, bool_and(p.rows = q.rows AND abs(p.value - q.value) <= 1e-9 * (1 + abs(q.value))) AS as_held, bool_and(p.rows = r.rows AND abs(p.value - r.value) <= 1e-9 * (1 + abs(q.value))) AS as_turned, count(*) AS centres
FROM clustering AS c, assay.centroids(c.name || '@1') AS p
JOIN LATERAL assay.centroids(c.name || ' held@1') AS q ON (p.cluster, p.feature) = (q.cluster, q.feature) AND p.category IS NOT DISTINCT FROM q.category
JOIN LATERAL assay.centroids(c.name || ' turned@1') AS r ON (p.cluster, p.feature) = (r.cluster, r.feature) AND p.category IS NOT DISTINCT FROM r.category
GROUP BY c.name ORDER BY c.name;
-- So are the clusters of rows, and how strange these are.
SELECT bool_and(assay.predict('clusters 1@1', x, z, shop, open) = assay.predict('clusters 1 held@1', x, z, shop, open)) AS same_clusters, count(DISTINCT assay.predict('clusters 1@1', x, z, shop, open)) AS clusters FROM summed_points;
SELECT bool_and(p.is_anomaly = q.is_anomaly AND abs(p.strangeness - q.strangeness) < 1e-9) AS as_strange, count(*) AS rows
FROM assay.detect_anomalies('clusters 1@1', 'SELECT * FROM summed_points WHERE id <= 500', key => '{id}') AS p
JOIN assay.detect_anomalies('clusters 1 held@1', 'SELECT * FROM summed_points WHERE id <= 500', key => '{id}') AS q USING (key);
-- Of so few rows all were drawn, so that metrics are of all of them.
SELECT p.model, p.rows, bool_and(abs((p.metrics ->> m)::float8 - (q.metrics ->> m)::float8) <= 1e-9 * abs((q.metrics ->> m)::float8)) AS as_good
FROM assay.model_versions AS p JOIN assay.model_versions AS q ON q.model = p.model || ' held', unnest('{inertia,mean_distance,davies_bouldin}'::text[]) AS m
WHERE p.model IN (SELECT name FROM clustering) GROUP BY p.model, p.rows ORDER BY p.model;
-- Some rows test: they are told by their content.
SELECT cluster_all(' tested', '', 'auto') = cluster_all(' tested', 'ORDER BY md5(id::text)', 'auto') AS same;
-- The number of clusters is suggested by the rows that were drawn.
SELECT rows FROM assay.train('clusters by themselves', 'SELECT x, z FROM summed_points', NULL, 'k_means', split => 'none', deploy => 'never');
SELECT count(DISTINCT cluster) BETWEEN 2 AND 12 AS suggested, sum(rows) / count(DISTINCT feature) AS rows FROM assay.centroids('clusters by themselves@1');
RESET client_min_messages;

-- What stands in the way is said.
SELECT rows FROM assay.train('clusters of a few', 'SELECT x, z FROM summed_points WHERE id <= 1500', NULL, 'k_means', '{"k": 1501}', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('clusters around texts', 'SELECT x, shop FROM summed_points', NULL, 'k_means', '{"init": [[1, 2]]}', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('clusters weighed', 'SELECT x, z, -w AS w FROM summed_points', NULL, 'k_means', weight => 'w', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('clusters of nothing', 'SELECT x, z, 0 AS w FROM summed_points', NULL, 'k_means', weight => 'w', split => 'none', deploy => 'never');
RESET assay.pack_rows;
RESET assay.threads;

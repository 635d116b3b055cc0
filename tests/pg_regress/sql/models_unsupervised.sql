-- Models without a target: clusters, components, anomalies.
CREATE TABLE unsup_point AS
SELECT i AS id, (i % 3) * 10 + sin(i) AS x, CASE i % 3 WHEN 1 THEN 8 ELSE 0 END + cos(i * 7) AS y, (ARRAY['a', 'b', 'c'])[i % 3 + 1] AS kind
FROM generate_series(1, 600) AS i;
INSERT INTO unsup_point VALUES (1001, 100, -50, 'a'), (1002, NULL, 4, 'b'), (1003, 10, NULL, NULL);
ANALYZE unsup_point;

-- No target is asked for, and none is taken. Rows are not held out.
SELECT version, task, algorithm, rows, features, metrics - 'silhouette' - 'davies_bouldin' - 'inertia' - 'mean_distance' AS metrics
FROM assay.train('clusters', 'SELECT x, y FROM unsup_point WHERE id < 1000', NULL, 'k_means', '{"num_clusters": 3, "standardize": false, "seed": 1}');
SELECT task, target, params ->> 'split' AS split FROM assay.model_versions WHERE model = 'clusters';
CALL fails($$SELECT assay.train('clusters', 'unsup_point', 'kind', 'k_means')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', 'x', task => 'clustering')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', task => 'regression')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', group_by => '{kind}')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', calibrate => 'sigmoid')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', intervals => '{}')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', '{"num_cluster": 3}')$$);
CALL fails($$SELECT assay.train('clusters', 'unsup_point', NULL, 'k_means', '{"num_clusters": 0}')$$);
-- The task names the algorithm.
SELECT algorithm FROM assay.train('by_task', 'SELECT x, y FROM unsup_point', NULL, task => 'dimension_reduction')
UNION ALL SELECT algorithm FROM assay.train('by_task', 'SELECT x, y FROM unsup_point', NULL, task => 'anomaly_detection', deploy => 'never')
UNION ALL SELECT algorithm FROM assay.train('by_task', 'SELECT x, y FROM unsup_point', NULL, task => 'clustering', deploy => 'never');

-- Each kind of point is a cluster; a missing number is at the mean.
SELECT kind, count(DISTINCT assay.predict('clusters', p)) AS clusters, count(*) FROM unsup_point AS p WHERE id < 1000 GROUP BY kind ORDER BY kind;
SELECT count(DISTINCT assay.predict('clusters', p)), min(assay.predict('clusters', p)), max(assay.predict('clusters', p)) FROM unsup_point AS p WHERE id < 1000;
SELECT bool_and(assay.predict('clusters', p) = assay.predict('clusters', x, y) AND assay.predict('clusters', p) = assay.predict_row('clusters', jsonb_build_object('x', x, 'y', y)))
FROM unsup_point AS p WHERE id < 1000;
-- The cluster is that of the nearest centre.
SELECT bool_and((SELECT ordinality - 1 FROM unnest(assay.transform('clusters', p)) WITH ORDINALITY AS d (distance, ordinality) ORDER BY distance LIMIT 1) = assay.predict('clusters', p))
FROM unsup_point AS p WHERE id < 1000;
SELECT cluster, rows, feature, category, round(value::numeric, 1) AS value FROM assay.centroids('clusters') ORDER BY cluster, feature;
SELECT cluster, rows, round(c.x::numeric, 6) = round(p.x::numeric, 6) AS same_x
FROM (SELECT cluster, max(rows) AS rows, max(value) FILTER (WHERE feature = 'x') AS x FROM assay.centroids('clusters') GROUP BY cluster) AS c
JOIN (SELECT assay.predict('clusters', u)::int AS cluster, avg(x) AS x FROM unsup_point AS u WHERE id < 1000 GROUP BY 1) AS p USING (cluster) ORDER BY cluster;
SELECT metric, round(value::numeric, 3) AS value, segment, rows FROM assay.evaluate('clusters', 'SELECT * FROM unsup_point WHERE id < 1000') ORDER BY metric;
SELECT segment, count(*), min(rows) FROM assay.evaluate('clusters', 'SELECT * FROM unsup_point WHERE id < 1000', group_by => '{kind}') GROUP BY segment ORDER BY segment;
SELECT metric, value FROM assay.evaluate('clusters', 'SELECT * FROM unsup_point WHERE false');

-- What needs a target, or another answer, says so.
CALL fails($$SELECT assay.evaluate('clusters', 'unsup_point', 0.5)$$);
CALL fails($$SELECT assay.predict_label('clusters', 1, 2)$$);
CALL fails($$SELECT assay.predict_proba('clusters', 1, 2)$$);
CALL fails($$SELECT assay.predict_interval('clusters', 1, 2)$$);
CALL fails($$SELECT assay.confusion_matrix('clusters', 'unsup_point')$$);
CALL fails($$SELECT assay.threshold_costs('clusters', 'unsup_point', 1, 1)$$);
CALL fails($$SELECT assay.compare_models('clusters', 'clusters', 'unsup_point')$$);
CALL fails($$SELECT assay.cross_validate('unsup_point', NULL, 'k_means')$$);
CALL fails($$SELECT assay.cross_validate('unsup_point', 'x', 'k_means')$$);
CALL fails($$SELECT assay.tune('clusters', 'unsup_point', NULL, 'k_means')$$);
CALL fails($$SELECT assay.principal_components('clusters')$$);

-- Why: the columns that keep a row from its centre.
SELECT feature, value, attribution > 0 AS adds FROM assay.explain_predict('clusters', 20.0, 30.0) ORDER BY attribution DESC;
SELECT key, is_anomaly, reasons -> 0 ->> 'feature' AS first, strangeness > 5 AS far
FROM assay.detect_anomalies('clusters', 'SELECT * FROM unsup_point WHERE id IN (1, 1001, 1003)', 0.01, '{id}') ORDER BY key;
SELECT count(*), count(*) FILTER (WHERE is_anomaly) BETWEEN 1 AND 12 AS about_one_in_a_hundred FROM assay.detect_anomalies('clusters', 'SELECT * FROM unsup_point WHERE id < 1000', 0.01);
CALL fails($$SELECT assay.detect_anomalies('clusters', 'unsup_point', 0)$$);
CALL fails($$SELECT assay.detect_anomalies('clusters', 'unsup_point', 0.01, '{nothing}')$$);
CALL fails($$SELECT assay.detect_anomalies('clusters', 'unsup_point', 0.01, reasons => -1)$$);

-- Logged, in a view, on a card.
SELECT assay.log_predictions('clusters', 'SELECT * FROM unsup_point WHERE id <= 3', '{id}');
SELECT key, score, decision FROM assay.predictions WHERE model = 'clusters' ORDER BY id;
CALL fails($$SELECT assay.record_labels('clusters', 'SELECT id, 1 AS label FROM unsup_point', '{id}')$$);
SELECT assay.create_scoring_view('clusters', 'unsup_point', 'unsup_scored');
SELECT kind, count(DISTINCT cluster) FROM unsup_scored WHERE id < 1000 GROUP BY kind ORDER BY kind;
SELECT count(*) > 10 AS has_a_card FROM regexp_split_to_table(assay.render_model('clusters', 'unsup_point', 'markdown'), '\n') AS line;

-- Versions: what describes rows better takes over, as far as a metric tells.
SELECT version FROM assay.train('clusters', 'SELECT x, y FROM unsup_point WHERE id < 1000', NULL, 'k_means', '{"num_clusters": 2, "standardize": false}');
SELECT deployed_version FROM assay.models WHERE model = 'clusters';
SELECT version FROM assay.train('clusters', 'SELECT x, y FROM unsup_point WHERE id < 1000', NULL, 'pca');
SELECT version FROM assay.train('clusters', 'SELECT x, y, kind FROM unsup_point WHERE id < 1000', 'kind', 'naive_bayes');

-- Categories: one number a level; steps of preprocess come first.
SELECT features, rows FROM assay.train('mixed', 'SELECT x, kind FROM unsup_point', NULL, 'k_means', '{"num_clusters": 2}', preprocess => '{"columns": {"x": {"impute": "median"}}}');
SELECT feature, category FROM assay.centroids('mixed') WHERE cluster = 0 ORDER BY 1, 2;

-- Components: the first one has the most variance, and loadings have length 1.
SELECT task, features FROM assay.train('components', 'SELECT x, y, x + y AS z FROM unsup_point WHERE id < 1000', NULL, 'pca', '{"num_components": 2}');
SELECT component, count(*), round(sum(loading * loading)::numeric, 9) AS length, min(round(variance_ratio::numeric, 3)) AS share, min(round(cumulative_ratio::numeric, 6)) AS so_far
FROM assay.principal_components('components') GROUP BY component ORDER BY component;
SELECT round(avg(t[1])::numeric, 9) AS mean, round(var_samp(t[1])::numeric, 9) = (SELECT round(min(variance)::numeric, 9) FROM assay.principal_components('components') WHERE component = 1) AS same_variance,
       round(corr(t[1], t[2])::numeric, 9) AS together
FROM (SELECT assay.transform('components', p) AS t FROM (SELECT x, y, x + y AS z FROM unsup_point WHERE id < 1000) AS p) AS of;
CALL fails($$SELECT assay.predict('components', 1, 2, 3)$$);
CALL fails($$SELECT assay.log_predictions('components', 'SELECT id, x, y, x + y AS z FROM unsup_point', '{id}')$$);
CALL fails($$SELECT assay.centroids('components')$$);

-- A forest of isolation: the planted row is the strangest, and its columns say why.
SELECT task, rows FROM assay.train('strange', 'SELECT x, y FROM unsup_point', NULL, 'isolation_forest', '{"seed": 7}');
SELECT id, round(assay.predict('strange', p)::numeric, 1) AS score FROM unsup_point AS p ORDER BY assay.predict('strange', p) DESC LIMIT 1;
SELECT bool_and(s > 0 AND s < 1) FROM (SELECT assay.predict('strange', p) AS s FROM unsup_point AS p) AS scores;
SELECT key ->> 'id' AS id, jsonb_array_length(reasons) AS reasons FROM assay.detect_anomalies('strange', 'unsup_point', 0.002, '{id}') WHERE is_anomaly ORDER BY strangeness DESC LIMIT 1;

-- Density: rows near no dense place are in no cluster.
SELECT task, rows FROM assay.train('dense', 'SELECT x, y FROM unsup_point WHERE id <> 1002', NULL, 'dbscan', '{"epsilon": 1.5, "min_samples": 5, "standardize": false}');
SELECT assay.predict('dense', p) IS NULL AS noise, count(*) > 0 AS there FROM unsup_point AS p WHERE id <> 1002 GROUP BY 1 ORDER BY 1;
SELECT assay.predict('dense', 1000, 1000) AS far, assay.predict('dense', 10 + sin(1), 8 + cos(7)) IS NOT NULL AS near;
SELECT assay.log_predictions('dense', 'SELECT * FROM unsup_point WHERE id IN (1, 1001)', '{id}');
SELECT key, score IS NULL AS noise FROM assay.predictions WHERE model = 'dense' ORDER BY id;

-- Roles: who may not predict may not look inside either.
CREATE ROLE unsup_reader;
GRANT USAGE ON SCHEMA public TO unsup_reader;
SET ROLE unsup_reader;
CALL fails($$SELECT assay.centroids('clusters')$$);
CALL fails($$SELECT assay.detect_anomalies('strange', 'SELECT 1.0 AS x, 2.0 AS y')$$);
RESET ROLE;
SELECT assay.grant_model('strange', 'unsup_reader', 'predict');
SET ROLE unsup_reader;
SELECT count(*) FROM assay.detect_anomalies('strange', 'SELECT 1.0::float8 AS x, 2.0::float8 AS y');
CALL fails($$SELECT assay.detect_anomalies('strange', 'unsup_point')$$);
RESET ROLE;

-- The same bytes on any plan and any number of threads; a rollback leaves nothing.
SET assay.threads = 1;
SELECT version FROM assay.train('same', 'SELECT x, y, kind FROM unsup_point ORDER BY id', NULL, 'k_means', '{"num_clusters": 5, "seed": 3}')
UNION ALL SELECT version FROM assay.train('same', 'SELECT x, y, kind FROM unsup_point ORDER BY id', NULL, 'isolation_forest', deploy => 'never');
SET assay.threads = 2;
SELECT version FROM assay.train('same', 'SELECT x, y, kind FROM unsup_point ORDER BY y', NULL, 'k_means', '{"num_clusters": 5, "seed": 3}')
UNION ALL SELECT version FROM assay.train('same', 'SELECT x, y, kind FROM unsup_point ORDER BY y', NULL, 'isolation_forest', deploy => 'never');
RESET assay.threads;
SELECT algorithm, count(*), count(DISTINCT hash) FROM assay.model_versions WHERE model = 'same' GROUP BY algorithm ORDER BY algorithm;
BEGIN;
SELECT rows FROM assay.train('gone', 'SELECT x, y FROM unsup_point', NULL, 'pca');
ROLLBACK;
SELECT count(*) FROM assay.models WHERE model = 'gone';
SELECT assay.revoke_model('strange', 'unsup_reader', 'predict');
DROP VIEW unsup_scored;
DROP OWNED BY unsup_reader; DROP ROLE unsup_reader;

-- Many rows that are not held: learners of sums find the model of rows that are held, with missing values, weights, huge units and levels among them.
CREATE TABLE summed AS
SELECT i AS id, CASE WHEN i % 9 > 0 THEN (i * 7919 % 10007) * 1e9 - 7e13 END AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 9973) END AS z,
       CASE WHEN i % 17 > 0 THEN 's' || i * i % 13 END AS shop, i % 2 = 0 AS open, 1 + i % 3 AS w,
       i * 104729 % 100 < 20 + i * 7919 % 10007 / 160 AS returned, (ARRAY['a', 'b', 'c'])[1 + (i * 7919 % 10007 + i * 13 % 97) / 4000] AS class,
       1e6 + i * 7919 % 10007 / 100.0 + i * 37 % 101 / 5.0 + CASE WHEN i % 13 = 2 THEN 40 ELSE 0 END AS amount,
       (i * 7919 % 10007 / 3000 + i * 37 % 11 / 4) * (i % 7) / 3 AS sold, 'kind ' || i * 104729 % 20 AS kind
FROM generate_series(1, 8000) AS i;
ANALYZE summed;
SET client_min_messages = error;
CREATE VIEW learner AS
SELECT algorithm || number AS name, algorithm, target, params::jsonb, weight
FROM (VALUES (1, 'linear_regression', 'amount', '{}', NULL), (2, 'linear_regression', 'amount', '{"fit_intercept": false}', 'w'),
             (3, 'ridge', 'amount', '{"alpha": 50, "reference": "first"}', NULL), (4, 'lasso', 'amount', '{"alpha": 0.3}', 'w'),
             (5, 'elastic_net', 'amount', '{"alpha": 0.1}', NULL), (6, 'logistic_regression', 'returned', '{}', NULL),
             (7, 'logistic_regression', 'returned', '{"C": 0.1, "class_weight": "balanced"}', 'w'), (8, 'naive_bayes', 'class', '{}', NULL),
             (9, 'naive_bayes', 'returned', '{}', 'w'), (10, 'pca', NULL, '{"num_components": 2}', NULL),
             (11, 'logistic_regression', 'class', '{}', NULL), (12, 'logistic_regression', 'class', '{"C": 0.5, "class_weight": "balanced", "reference": "first"}', 'w'),
             (13, 'poisson_regression', 'sold', '{}', NULL), (14, 'poisson_regression', 'sold', '{"alpha": 0.01, "standardize": false}', 'w')) AS v (number, algorithm, target, params, weight);
CREATE FUNCTION train_all(suffix text, ordered text DEFAULT '', split text DEFAULT 'none') RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(t.rows) FROM learner, assay.train(name || suffix, concat_ws(' ', 'SELECT x, z, shop, open', ', ' || weight, ', ' || target, 'FROM summed', ordered), target, algorithm, params, weight => weight, split => split, deploy => 'never') AS t
$$;
SET assay.pack_rows = 0;
SELECT train_all(' held');
SET assay.pack_rows = 1000;
SET assay.threads = 1;
SELECT train_all('');
SET assay.threads = 2;
SELECT train_all(' turned', 'ORDER BY md5(id::text)');
-- They say the same of rows, to nine digits.
SELECT name, max(abs(p - q)) < 1e-9 * (1 + max(abs(q))) AS as_held, max(abs(p - r)) < 1e-9 * (1 + max(abs(q))) AS as_turned, count(p) AS rows
FROM learner, LATERAL (SELECT assay.predict(name || '@1', x, z, shop, open) AS p, assay.predict(name || ' held@1', x, z, shop, open) AS q, assay.predict(name || ' turned@1', x, z, shop, open) AS r
                       FROM summed WHERE id <= 500) AS s
WHERE algorithm <> 'pca' AND target <> 'class' GROUP BY name ORDER BY name;
SELECT name, bool_and(assay.predict_label(name || '@1', x, z, shop, open) = assay.predict_label(name || ' held@1', x, z, shop, open)) AS as_held FROM learner, summed WHERE target = 'class' AND id <= 500 GROUP BY name ORDER BY name;
SELECT bool_and(abs(p.loading - q.loading) < 1e-6 AND abs(p.variance_ratio - q.variance_ratio) < 1e-9) AS components, count(*) AS count
FROM assay.principal_components('pca10@1') AS p JOIN assay.principal_components('pca10 held@1') AS q ON (p.component, p.feature) = (q.component, q.feature) AND p.category IS NOT DISTINCT FROM q.category;
-- And so do their weights and the errors of these, and their metrics.
SELECT name, bool_and(abs(p.weight - q.weight) <= 1e-8 * (abs(q.weight) + coalesce(q.standard_error, 1e-3))) AS weights,
       bool_and(abs(p.standard_error - q.standard_error) <= 1e-6 * q.standard_error) AS errors, count(*) AS count
FROM learner, assay.weights(name || '@1') AS p JOIN LATERAL assay.weights(name || ' held@1') AS q ON p.feature IS NOT DISTINCT FROM q.feature AND p.category IS NOT DISTINCT FROM q.category AND p.label IS NOT DISTINCT FROM q.label
WHERE algorithm NOT IN ('naive_bayes', 'pca') GROUP BY name ORDER BY name;
SELECT p.model, p.rows = q.rows AS as_many, p.metrics ->> 'evaluated_on' AS evaluated_on, abs((p.metrics ->> m)::float8 - (q.metrics ->> m)::float8) < 1e-6 AS as_good, p.hash <> q.hash AS another
FROM assay.model_versions AS p JOIN assay.model_versions AS q ON q.model = p.model || ' held', LATERAL (SELECT CASE WHEN p.metrics ? 'r2' THEN 'r2' ELSE 'log_loss' END) AS n (m)
WHERE p.model IN (SELECT name FROM learner WHERE algorithm <> 'pca' AND weight IS NULL) ORDER BY p.model;

-- Rows that test are drawn by their content: the same whatever the order.
SELECT train_all(' tested', '', 'auto') = train_all(' tested', 'ORDER BY md5(id::text)', 'auto') AS same;
SELECT p.model, p.metrics ->> 'evaluated_on' AS evaluated_on, round((p.metrics ->> 'rows')::numeric, -2) AS about, abs((p.metrics ->> m)::float8 - (q.metrics ->> m)::float8) < 1e-6 AS same
FROM assay.model_versions AS p JOIN assay.model_versions AS q USING (model), LATERAL (SELECT CASE WHEN p.metrics ? 'r2' THEN 'r2' ELSE 'log_loss' END) AS n (m)
WHERE p.version = 1 AND q.version = 2 AND model LIKE '%tested' AND model NOT LIKE 'pca%' ORDER BY model;
SELECT metric, value > 0.5 AS good FROM assay.evaluate('linear_regression1@1', 'SELECT * FROM summed WHERE id <= 1000') WHERE metric = 'r2';
SELECT assay.predict('linear_regression1@1', NULL::float8, NULL::float8, 'nowhere', NULL::bool) BETWEEN 1e6 AND 1e6 + 200 AS between;
RESET client_min_messages;

-- What stands in the way is said.
SELECT rows FROM assay.train('calibrated', 'SELECT x, z, returned FROM summed', 'returned', 'logistic_regression', split => 'none', calibrate => 'sigmoid', deploy => 'never');
SELECT rows FROM assay.train('extreme', 'SELECT x * 1e200 AS x, z, returned FROM summed', 'returned', 'logistic_regression', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('robust', 'SELECT z, amount FROM summed', 'amount', 'linear_regression', '{"standard_errors": "HC1"}', split => 'none', deploy => 'never');
SELECT rows FROM assay.train('kinds', 'SELECT x, z, shop, kind FROM summed', 'kind', 'logistic_regression', split => 'none', deploy => 'never');
-- Errors are those of rows that are held.
SELECT rows FROM assay.train('volatile', 'SELECT z, random() AS r, amount FROM summed', 'amount', 'ridge');
SELECT rows FROM assay.train('one class', 'SELECT z, true AS yes FROM summed', 'yes', 'logistic_regression');
SELECT rows FROM assay.train('below', 'SELECT z, sold - 1 AS sold FROM summed', 'sold', 'poisson_regression');
SELECT rows FROM assay.train('weighed', 'SELECT z, amount, -w AS w FROM summed', 'amount', 'ridge', weight => 'w');
-- A second version beside one that is deployed is judged by what each reached on its own rows.
SELECT version FROM assay.train('summed twice', 'SELECT z, amount FROM summed', 'amount', 'ridge');
SELECT version FROM assay.train('summed twice', 'SELECT x, z, shop, amount FROM summed', 'amount', 'ridge');
SELECT version, deployed FROM assay.model_versions WHERE model = 'summed twice' ORDER BY version;
RESET assay.pack_rows;
RESET assay.threads;

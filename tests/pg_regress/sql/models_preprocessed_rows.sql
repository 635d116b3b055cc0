-- Many rows are preprocessed as they go by: what steps need is learned from sums over those that train, and nothing is held.
CREATE TABLE bent AS
SELECT i AS id, CASE WHEN i % 9 > 0 THEN (i * 7919 % 10007) * 1e3 - 7e6 END AS x, CASE WHEN i % 11 > 0 THEN sqrt(i * 31 % 9973) END AS z,
       CASE WHEN i % 17 > 0 THEN 's' || i * i % 13 END AS shop, 'c' || i * 37 % 450 AS customer, timestamp '2026-01-01' + i * interval '37 minutes' AS at,
       i * 104729 % 100 < 20 + i * 7919 % 10007 / 160 + i * 37 % 450 / 30 AS returned, (ARRAY['a', 'b', 'c'])[1 + (i * 7919 % 10007 + i * 13 % 97) / 4000] AS class,
       1e6 + i * 7919 % 10007 / 100.0 + i * 37 % 450 / 3.0 + i * 37 % 101 / 5.0 AS amount, 'words ' || i % 7 || ' more' AS words
FROM generate_series(1, 9000) AS i;
ANALYZE bent;
SET client_min_messages = error;
CREATE VIEW learner AS
SELECT algorithm || number AS name, algorithm, target, params::jsonb, preprocess::jsonb
FROM (VALUES (1, 'linear_regression', 'amount', '{}', '{"types": {"number": {"impute": "mean", "scale": "standard"}, "category": {"impute": "most_frequent"}}}'),
             (2, 'ridge', 'amount', '{"standardize": false}', '{"types": {"number": {"impute": {"method": "median", "indicator": true}, "scale": "min_max"}, "category": {"encode": "frequency"}}}'),
             (3, 'logistic_regression', 'returned', '{}', '{"types": {"number": {"scale": "max_abs"}, "category": {"encode": "one_hot"}}}'),
             (4, 'naive_bayes', 'class', '{}', '{"columns": {"at": {"datetime": {"parts": ["hour", "day_of_week"]}}, "x": {"impute": "mean"}}}'),
             (5, 'pca', NULL, '{"num_components": 2}', '{"types": {"number": {"impute": "mean", "scale": "standard"}, "category": {"encode": "frequency"}}}')) AS v (number, algorithm, target, params, preprocess);
CREATE FUNCTION train_all(suffix text, ordered text DEFAULT '', split text DEFAULT 'none') RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(t.rows) FROM learner, assay.train(name || suffix, concat_ws(' ', 'SELECT x, z, shop, customer, at', ', ' || target, 'FROM bent', ordered), target, algorithm, params,
                                                 preprocess => preprocess || '{"max_categories": 100}', split => split, deploy => 'never') AS t
$$;
SET assay.pack_rows = 0;
SELECT train_all(' held');
SET assay.pack_rows = 1000;
SELECT train_all('');
SELECT train_all(' turned', 'ORDER BY md5(id::text)');
-- They say the same of rows, to nine digits.
SELECT name, max(abs(p - q)) < 1e-9 * (1 + max(abs(q))) AS as_held, max(abs(p - r)) < 1e-9 * (1 + max(abs(q))) AS as_turned, count(p) AS rows
FROM learner, LATERAL (SELECT assay.predict(name || '@1', x, z, shop, customer, at) AS p, assay.predict(name || ' held@1', x, z, shop, customer, at) AS q, assay.predict(name || ' turned@1', x, z, shop, customer, at) AS r
                       FROM bent WHERE id <= 500) AS s
WHERE target IN ('amount', 'returned') GROUP BY name ORDER BY name;
SELECT name, bool_and(assay.predict_label(name || '@1', x, z, shop, customer, at) = assay.predict_label(name || ' held@1', x, z, shop, customer, at)) AS as_held FROM learner, bent WHERE target = 'class' AND id <= 500 GROUP BY name;
SELECT bool_and(abs(p.loading - q.loading) < 1e-6 AND abs(p.variance_ratio - q.variance_ratio) < 1e-9) AS components, count(*) AS count
FROM assay.principal_components('pca5@1') AS p JOIN assay.principal_components('pca5 held@1') AS q ON (p.component, p.feature) = (q.component, q.feature);
-- What the steps learned is shown, and is that of all rows.
SELECT p.feature, s ->> 'step' AS step, s -> 'filled' AS filled, s -> 'filled' IS NOT DISTINCT FROM t -> 'filled' AS as_many,
       abs((s ->> 'center')::float8 - (t ->> 'center')::float8) < 1e-9 * (t ->> 'scale')::float8 AS centred
FROM assay.feature_info('linear_regression1@1') AS p JOIN assay.feature_info('linear_regression1 held@1') AS q USING (feature),
     LATERAL ROWS FROM (jsonb_array_elements(p.steps), jsonb_array_elements(q.steps)) AS e (s, t) ORDER BY 1, 2;

-- Of rows that are held out nothing is learned, and the mean of a target is never a row's own: what is learned is worth as much on other rows.
CREATE FUNCTION train_encoded(suffix text, ordered text DEFAULT '') RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(t.rows) FROM (VALUES ('encoded line', 'amount', 'ridge', '{}'), ('encoded yes', 'returned', 'logistic_regression', '{}'), ('encoded trees', 'returned', 'gradient_boosting', '{"n_estimators": 20}'),
                                    ('encoded forest', 'class', 'random_forest', '{"n_estimators": 10}'), ('encoded amount', 'amount', 'gradient_boosting', '{"n_estimators": 20}')) AS v (name, target, algorithm, params),
        assay.train(name || suffix, format('SELECT x, z, shop, customer, at, %I FROM bent %s', target, ordered), target, algorithm, params::jsonb, deploy => 'never',
                    preprocess => '{"max_categories": 100, "types": {"number": {"impute": "mean", "scale": "standard"}, "category": {"encode": {"method": "target", "smoothing": 5}}}}') AS t
$$;
SET assay.pack_rows = 0;
SELECT train_encoded(' held') / 5 AS rows;
SET assay.pack_rows = 1000;
SET assay.threads = 1;
SELECT round(train_encoded('') / 5, -2) AS about;
SET assay.threads = 2;
SELECT round(train_encoded('', 'ORDER BY md5(id::text)') / 5, -2) AS about;
SELECT p.model, count(*) AS versions, min(p.metrics ->> 'evaluated_on') AS evaluated_on, max(abs((p.metrics ->> m)::float8 - (q.metrics ->> m)::float8)) < 0.04 AS as_held, min(round((p.metrics ->> m)::numeric, 1)) AS about
FROM assay.model_versions AS p JOIN assay.model_versions AS q ON q.model = p.model || ' held', LATERAL (SELECT CASE WHEN p.metrics ? 'r2' THEN 'r2' ELSE 'accuracy' END) AS n (m)
WHERE p.model LIKE 'encoded%' GROUP BY p.model ORDER BY p.model;
-- Sums have so many digits that trees are the same whatever the order of rows.
SELECT model, count(DISTINCT hash) AS hashes FROM assay.model_versions WHERE model IN ('encoded trees', 'encoded forest', 'encoded amount') GROUP BY model ORDER BY model;
SELECT count(p) AS scored, count(DISTINCT p) > 100 AS many, min(p) >= 0 AND max(p) <= 1 AS shares FROM (SELECT assay.predict('encoded trees@1', x, z, shop, customer, at) AS p FROM bent WHERE id <= 1000) AS s;
SELECT assay.predict('encoded amount@1', NULL::float8, NULL::float8, 'nowhere', NULL::text, NULL::timestamp) BETWEEN 1e6 AND 1e6 + 400 AS between;
SELECT metric, value > 0.6 AS good FROM assay.evaluate('encoded trees@1', 'SELECT * FROM bent WHERE id <= 2000') WHERE metric = 'roc_auc';
RESET client_min_messages;

-- Words are read from rows that are held, and so are rows of more levels by classes than can be summed up.
SELECT rows FROM assay.train('words', 'SELECT x, words, amount FROM bent', 'amount', 'ridge', split => 'none', deploy => 'never', preprocess => '{"columns": {"words": {"tf_idf": true}, "x": {"impute": "mean"}}}');
SELECT rows FROM assay.train('wide', 'SELECT customer, shop, id % 400 AS class FROM bent', 'class', 'decision_tree', '{"max_depth": 2}', task => 'classification', split => 'none', deploy => 'never',
                             preprocess => '{"types": {"category": {"encode": {"method": "target", "folds": 50}}}}');
-- Errors are those of rows that are held.
SELECT rows FROM assay.train('huge', 'SELECT x * 1e300 AS x, amount FROM bent', 'amount', 'ridge', preprocess => '{"scale": "standard"}');
SELECT rows FROM assay.train('idle', 'SELECT x, amount FROM bent', 'amount', 'ridge', preprocess => '{"columns": {"x": {"encode": "target"}}}');
SELECT rows FROM assay.train('volatile', 'SELECT z, random() AS r, amount FROM bent', 'amount', 'ridge', preprocess => '{"scale": "standard"}');
RESET assay.pack_rows;
RESET assay.threads;

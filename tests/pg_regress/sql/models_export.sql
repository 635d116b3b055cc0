-- export_model: what is written is read back, and scores the same.
CREATE TABLE trip AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN (i * 37 % 101) / 10.0 END::float8 AS distance, (ARRAY['a b', 'it''s', 'c', NULL])[1 + i % 4] AS "kind of", i % 3 AS stops,
       (i * 37 % 101 + 20 * (i % 4) + 5 * (i % 3)) / 10.0 AS minutes, i * 37 % 101 + 30 * (i % 4) > 90 AS late, (ARRAY['x', 'y', 'z'])[1 + (i * 37 % 101 + 10 * (i % 4)) / 48] AS grade
FROM generate_series(1, 600) AS i;
SET client_min_messages = warning;
SELECT model, version FROM
    assay.train('minutes', 'SELECT distance, "kind of", stops, minutes FROM trip', 'minutes', 'gradient_boosting', '{"n_estimators": 20}'),
    LATERAL (SELECT 1) AS one;
SELECT count(*) FROM (VALUES ('late', 'late', 'gradient_boosting', '{"n_estimators": 20}'), ('grade', 'grade', 'gradient_boosting', '{"n_estimators": 10}'),
    ('forest', 'minutes', 'random_forest', '{"n_estimators": 7}'), ('tree', 'late', 'decision_tree', '{"max_depth": 5}'), ('grades', 'grade', 'random_forest', '{"n_estimators": 5}')) AS m (name, target, algorithm, params),
    LATERAL assay.train(name, format('SELECT distance, "kind of", stops, %I FROM trip', target), target, algorithm, params::jsonb) AS t;
-- A classification tree is a sum of shares, which LightGBM gives as a number.
SELECT name, assay.import_model(name || ' again', assay.export_model(name, 'lightgbm'), 'lightgbm', options::jsonb || '{"features": ["distance", "kind of", "stops"]}')
FROM (VALUES ('minutes', '{}'), ('late', '{"classes": [false, true]}'), ('grade', '{"classes": ["x", "y", "z"]}'), ('forest', '{}'), ('tree', '{}')) AS m (name, options) ORDER BY name;
SELECT name, max(abs(assay.predict(name, t) - assay.predict(name || ' again', t))) < 1e-12 AS same
FROM trip AS t, unnest('{minutes,late,forest,tree}'::text[]) AS name GROUP BY name ORDER BY name;
SELECT max(abs(a.p - b.p)) < 1e-12 AS same FROM trip AS t, LATERAL unnest(assay.predict_proba('grade', t)) WITH ORDINALITY AS a (p, n), LATERAL unnest(assay.predict_proba('grade again', t)) WITH ORDINALITY AS b (p, n) WHERE a.n = b.n;
-- Attributions are the same, too: the file has the counts.
SELECT name, max(abs(a.a - b.a)) < 1e-9 AS same
FROM (SELECT * FROM trip LIMIT 20) AS t, unnest('{minutes,late}'::text[]) AS name, LATERAL unnest(assay.attributions(name, t)) WITH ORDINALITY AS a (a, n), LATERAL unnest(assay.attributions(name || ' again', t)) WITH ORDINALITY AS b (a, n)
WHERE a.n = b.n GROUP BY name ORDER BY name;
-- The lines of a file, and the rows that it carries.
SELECT line FROM regexp_split_to_table(convert_from(assay.export_model('late', 'lightgbm'), 'UTF8'), E'\n') WITH ORDINALITY AS l (line, n)
WHERE n <= 8 OR line LIKE 'pandas_categorical%' ORDER BY n;
SELECT jsonb_array_length(v->'rows') AS rows, jsonb_array_length(v->'scores') AS scores
FROM (SELECT substr(line, 20)::jsonb AS v FROM regexp_split_to_table(convert_from(assay.export_model('late', 'lightgbm'), 'UTF8'), E'\n') AS line WHERE line LIKE 'assay_test_vectors:%') AS vectors;
-- What cannot be said is named.
SELECT count(*) FROM assay.train('prepared', 'SELECT distance, stops, minutes FROM trip', 'minutes', 'gradient_boosting', '{"n_estimators": 3}', preprocess => '{"columns": {"distance": {"impute": "mean"}}}');
SELECT count(*) FROM assay.train('line', 'SELECT distance, stops, minutes FROM trip', 'minutes', 'linear_regression');
\set SHOW_CONTEXT never
SELECT assay.export_model('prepared', 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.export_model('line', 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.export_model('line', 'xgboost');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.export_model('line', 'pmml');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.export_model('nothing', 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.export_model(NULL, 'lightgbm');
\echo :LAST_ERROR_SQLSTATE
-- Who may only predict is not told what a model holds.
CREATE ROLE reader;
SELECT assay.grant_model('late', 'reader', 'predict');
SET ROLE reader;
SELECT assay.export_model('late', 'lightgbm');
RESET ROLE;
SELECT assay.grant_model('late', 'reader', 'manage');
SET ROLE reader;
SELECT length(assay.export_model('late', 'lightgbm')) > 1000 AS exported;
RESET ROLE;
SELECT assay.revoke_model('late', 'reader', 'predict'), assay.revoke_model('late', 'reader', 'manage');
DROP ROLE reader;

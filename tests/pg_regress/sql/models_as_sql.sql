-- model_as_sql: an expression that scores without assay, NULLs included.
CREATE TABLE flat AS
SELECT i AS id, CASE WHEN i % 7 > 0 THEN (i * 37 % 101) / 10.0 END::float8 AS area, (ARRAY['old "A"', 'it''s', 'new', 'one', NULL])[1 + i % 5] AS "kind of", i % 3 AS rooms,
       (i * 37 % 101 + 20 * (i % 5) + 5 * (i % 3)) / 10.0 AS rent, i * 37 % 101 + 20 * (i % 5) > 90 AS let, i % 6 AS visits
FROM generate_series(1, 600) AS i;
SET client_min_messages = warning;
SELECT count(*) FROM (VALUES ('boosted', 'rent', 'gradient_boosting', '{"n_estimators": 20}'), ('classes', 'let', 'gradient_boosting', '{"n_estimators": 20}'), ('counts', 'visits', 'gradient_boosting', '{"n_estimators": 10, "objective": "poisson"}'),
    ('wood', 'rent', 'random_forest', '{"n_estimators": 5, "max_depth": 6}'), ('one_tree', 'let', 'decision_tree', '{"max_depth": 4}'), ('linear', 'rent', 'linear_regression', '{}'),
    ('ridged', 'rent', 'ridge', '{}'), ('logistic', 'let', 'logistic_regression', '{}'), ('poisson', 'visits', 'poisson_regression', '{}'), ('median', 'rent', 'quantile_regression', '{}')) AS m (name, target, algorithm, params),
    LATERAL assay.train(name, format('SELECT area, "kind of", rooms, %I FROM flat', target), target, algorithm, params::jsonb, task => CASE WHEN target = 'visits' THEN 'regression' END, preprocess => CASE WHEN name = 'ridged' THEN '{"max_categories": 2}'::jsonb END) AS t;
-- Rows that training has not seen are among them: other towns, no value at all.
CREATE TABLE asked AS SELECT area, "kind of", rooms FROM flat UNION ALL VALUES (NULL, NULL, NULL), (1e2, 'never seen', -5), (-1e2, '', NULL);
CREATE FUNCTION difference(name text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE result float8;
BEGIN
    EXECUTE format('SELECT max(abs(%s - assay.predict(%L, f))) FROM asked AS f', assay.model_as_sql(name, 'f'), name) INTO result;
    RETURN result;
END $$;
SELECT name, difference(name) < 1e-9 AS same
FROM unnest('{boosted,classes,counts,linear,logistic,median,one_tree,poisson,ridged,wood}'::text[]) AS name ORDER BY name;
-- It is a text that people can read.
SELECT count(*) FROM assay.train('short', 'SELECT area, rent FROM flat WHERE area IS NOT NULL', 'rent', 'decision_tree', '{"max_depth": 1}');
SELECT regexp_replace(assay.model_as_sql('short'), '-?[0-9.]+e-?[0-9]+', 'N', 'g') AS expression;
SELECT assay.model_as_sql('short', 'strange "name"') LIKE '%CAST("strange ""name"""."area" AS double precision)%' AS quoted;
-- What has no expression says why.
SELECT count(*) FROM assay.train('three', 'SELECT area, rooms::text AS rooms FROM flat', 'rooms', 'gradient_boosting', '{"n_estimators": 2}');
SELECT count(*) FROM assay.train('scaled', 'SELECT area, rent FROM flat', 'rent', 'ridge', preprocess => '{"columns": {"area": {"clip": {"min": 1, "max": 9}}}}');
SELECT count(*) FROM assay.train('bayes', 'SELECT area, let FROM flat', 'let', 'naive_bayes');
\set SHOW_CONTEXT never
SELECT assay.model_as_sql('three');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.model_as_sql('scaled');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.model_as_sql('bayes');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.model_as_sql('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT assay.model_as_sql(NULL);
\echo :LAST_ERROR_SQLSTATE

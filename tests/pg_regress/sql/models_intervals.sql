-- train(intervals) and predict_interval: intervals that hold the true number as often as they say.
CREATE TABLE flat AS
SELECT i AS id, i * 7919 % 10007 / 1000.7 AS size, 'd' || i % 3 AS district, i % 2 AS floor, (ARRAY[1, 2, 3])[1 + i % 3] AS kind, i / 3 % 3 = 0 AS is_test,
       100 + i * 7919 % 10007 / 100.0 + (i * 6700417 % 100003 / 100003.0 - 0.5) * (1 + 9 * (i % 3 = 1)::int) * (1 + i * 7919 % 10007 / 2000.0) AS price
FROM generate_series(1::bigint, 6000) AS i;
SET client_min_messages = warning;
CREATE FUNCTION fit(name text, algorithm text, intervals jsonb, params jsonb DEFAULT '{}') RETURNS TABLE (rows bigint, coverage numeric, width numeric) LANGUAGE sql AS $$
    SELECT rows, round((metrics->>'interval_coverage')::numeric, 2), round((metrics->>'interval_width')::numeric, 1)
    FROM assay.train(name, 'SELECT size, district, floor, is_test, price FROM flat', 'price', algorithm, params, split => 'is_test', intervals => intervals)
$$;
SELECT * FROM fit('plain', 'linear_regression', '{}');
SELECT * FROM fit('plain 50', 'linear_regression', '{"level": 0.5, "fraction": 0.5}');
SELECT * FROM fit('by district', 'linear_regression', '{"by": "district"}');
SELECT * FROM fit('by floor', 'linear_regression', '{"by": "floor", "level": 0.8}');
SELECT * FROM fit('forest', 'random_forest', '{"level": 0.95}', '{"n_estimators": 20}');
SELECT * FROM fit('boosted', 'gradient_boosting', '{"method": "split"}');
SELECT * FROM fit('quantiles', 'gradient_boosting', '{}');
SELECT * FROM fit('counts', 'gradient_boosting', '{"level": 0.8}', '{"objective": "poisson", "n_estimators": 30}');
-- As often in every group where each has its own; elsewhere too often in one and too seldom in another.
SELECT district, round(avg((price BETWEEN plain[1] AND plain[2])::int), 1) AS plain, round(avg((price BETWEEN own[1] AND own[2])::int), 1) AS by_district
FROM flat AS f, assay.predict_interval('plain', f) AS plain, assay.predict_interval('by district', f) AS own WHERE is_test GROUP BY district ORDER BY district COLLATE "C";
-- One width for all, or wide where the target varies.
SELECT model, count(DISTINCT round((i[2] - i[1])::numeric, 6)) > 1 AS widths_differ, bool_and(i[1] <= i[2]) AS ordered, array_length(min(i), 1) AS numbers
FROM flat AS f, unnest('{plain,by district,quantiles}'::text[]) AS model, assay.predict_interval(model, f) AS i GROUP BY model ORDER BY model COLLATE "C";
SELECT count(*) AS off_centre FROM flat AS f, assay.predict_interval('plain', f) AS i WHERE abs((i[1] + i[2]) / 2 - assay.predict('plain', f)) > 1e-9;
-- evaluate tells how they do on any rows.
SELECT metric, round(value::numeric, 2) AS value FROM assay.evaluate('plain', 'SELECT * FROM flat WHERE is_test') WHERE metric ~ 'interval' ORDER BY metric COLLATE "C";
SELECT count(*) FROM assay.model_versions AS v, jsonb_object_keys(v.metrics) AS key WHERE key ~ 'interval';
-- Every form of call gives the same, also in parallel, as a prepared statement and for a model that differs by row.
SELECT model, count(*) FILTER (WHERE whole IS DISTINCT FROM assay.predict_interval(model, size, district, floor)) AS arguments,
       count(*) FILTER (WHERE whole IS DISTINCT FROM assay.predict_interval(model, ROW(size, district, floor))) AS a_row,
       count(*) FILTER (WHERE whole IS DISTINCT FROM assay.predict_interval(model, '{floor,size,district}'::text[], floor, size, district)) AS names,
       count(*) FILTER (WHERE whole IS DISTINCT FROM assay.predict_interval_row(model, jsonb_build_object('size', size, 'district', district, 'floor', floor))) AS json,
       count(*) FILTER (WHERE whole IS DISTINCT FROM assay.predict_interval_values(model, ARRAY[size::text, district, floor::text])) AS texts
FROM unnest('{plain,by district,quantiles,by floor}'::text[]) AS model, LATERAL (SELECT f.*, assay.predict_interval(model, f) AS whole FROM flat AS f WHERE id <= 300) AS f GROUP BY model ORDER BY model COLLATE "C";
PREPARE one AS SELECT assay.predict_interval_row($1, $2) = assay.predict_interval($1, 5, 'd1', 1) AS same;
EXECUTE one('quantiles', '{"size": 5, "district": "d1", "floor": 1}');
-- NULL and unseen values.
SELECT assay.predict_interval(NULL, 1, 'd1', 1) AS no_model, assay.predict_interval('plain', NULL::flat) AS no_row, assay.predict_interval_row('plain', NULL) AS no_json,
       array_length(assay.predict_interval('by district', NULL, NULL, NULL), 1) AS missing, array_length(assay.predict_interval('by district', 1, 'elsewhere', 1), 1) AS unseen;
SELECT (a[2] - a[1]) = (b[2] - b[1]) AS as_all FROM assay.predict_interval('by district', NULL, NULL, NULL) AS a, assay.predict_interval('by district', 1, 'elsewhere', 1) AS b;
-- The same bytes whatever the number of threads and the order of rows.
SET assay.threads = 1;
SELECT version FROM assay.train('quantiles', 'SELECT size, district, floor, is_test, price FROM flat ORDER BY price', 'price', split => 'is_test', intervals => '{}');
RESET assay.threads;
SELECT count(DISTINCT hash) AS models, count(*) AS versions FROM assay.model_versions WHERE model = 'quantiles';
SELECT model, params->'intervals' AS intervals FROM assay.model_versions WHERE model ~ '^(plain|by)' ORDER BY model COLLATE "C";
-- A role that may predict may ask for intervals.
CREATE ROLE seller;
SELECT assay.grant_model('plain', 'seller', 'predict');
SET ROLE seller;
SELECT array_length(assay.predict_interval('plain', 5, 'd1', 1), 1);
SELECT assay.predict_interval('quantiles', 5, 'd1', 1);
RESET ROLE;
SELECT assay.revoke_model('plain', 'seller', 'predict');
DROP ROLE seller;
-- Groups too small for intervals of their own.
RESET client_min_messages;
SELECT rows FROM assay.train('small', 'SELECT size, CASE WHEN id < 20 THEN ''tiny'' ELSE district END AS district, price FROM flat', 'price', 'ridge', split => 'none', intervals => '{"by": "district"}');
-- Mistakes.
SELECT version FROM assay.train('none', 'SELECT size, price FROM flat', 'price', 'ridge', split => 'none');
SELECT assay.predict_interval('none', 5);
SELECT version FROM assay.train('class', 'SELECT size, district FROM flat', 'district', split => 'none');
SELECT assay.predict_interval('class', 5);
SELECT assay.train('x', 'SELECT size, district FROM flat', 'district', intervals => '{}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"level": 1}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"fraction": 0}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"method": "bayes"}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"width": 3}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '[0.9]');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', 'ridge', intervals => '{"method": "quantile"}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', params => '{"monotone_constraints": [1]}', intervals => '{}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"by": "colour"}');
SELECT assay.train('x', 'SELECT size, price, district FROM flat', 'price', exclude => '{district}', intervals => '{"by": "district"}');
SELECT assay.train('x', 'SELECT size, price FROM flat', 'price', intervals => '{"by": "price"}');
SELECT assay.train('x', 'SELECT size, price FROM flat LIMIT 40', 'price', 'ridge', intervals => '{"level": 0.95}');
SELECT count(*) FROM assay.models WHERE model = 'x';

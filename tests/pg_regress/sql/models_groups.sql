-- Models by group: a model for each value of a column, one of all rows for small and unseen groups.
CREATE TABLE grouped_sales AS
SELECT CASE WHEN i % 7 = 0 THEN NULL WHEN i <= 12 THEN 'tiny' ELSE 'r' || i % 3 END AS region, i % 2 = 0 AS online, date '2026-01-01' + i % 2 AS day,
       i * 7919 % 1000 / 100.0::float8 AS x, i * 104729 % 997 / 997.0::float8 AS z, 0.0::float8 AS y, i % 5 = 0 AS is_test
FROM generate_series(1, 3000) AS i;
UPDATE grouped_sales SET y = z + x * CASE region WHEN 'r0' THEN 1 WHEN 'r1' THEN -2 WHEN 'r2' THEN 5 ELSE 0 END;

SELECT rows, features FROM assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', 'linear_regression', split => 'is_test', group_by => '{region}');
SELECT segment, rows, own_model, reason, measured_rows, round((metrics ->> 'rmse')::numeric, 6) AS rmse FROM assay.model_groups('grouped');
SELECT assay.features('grouped');

-- Each group has the slope of its own rows; the others' is that of all.
SELECT segment, (SELECT round(weight::numeric, 6) FROM assay.weights('grouped', segment) WHERE feature = 'x') AS slope,
       (SELECT round(weight::numeric, 3) FROM assay.weights('grouped') WHERE feature = 'x') AS of_all
FROM assay.model_groups('grouped');

-- Every form of call picks the group by the row.
SELECT region, round(avg(assay.predict('grouped', s) - y)::numeric, 6) AS whole_row,
       round(avg(assay.predict('grouped', online, day, x, z, region) - y)::numeric, 6) AS positional,
       bool_and(assay.predict('grouped', s) IS NOT DISTINCT FROM assay.predict_row('grouped', to_jsonb(s) - 'y' - 'is_test')) AS object,
       bool_and(assay.predict('grouped', s) IS NOT DISTINCT FROM assay.predict_values('grouped', ARRAY[online::text, day::text, x::text, z::text, region])) AS texts
FROM grouped_sales AS s WHERE region <> 'tiny' OR region IS NULL GROUP BY region ORDER BY region;
-- A group that is small or was not seen, whatever it is called, is scored by all rows' model.
SELECT count(DISTINCT assay.predict('grouped', true, '2026-01-01'::date, 3.0, 0.5, region)) FROM unnest(ARRAY['tiny', 'new', '', 'R0']) AS region;

-- Metrics of the version are those of the groups together.
SELECT round((metrics ->> 'rmse')::numeric, 4) = round((SELECT sqrt(sum((metrics ->> 'mse')::float8 * measured_rows) / sum(measured_rows)) FROM assay.model_groups('grouped'))::numeric, 4)
FROM assay.model_versions WHERE model = 'grouped';

-- A grouped model is what single ones of each group are.
SELECT version FROM assay.train('single', $$SELECT online, day, x, z, y, is_test FROM grouped_sales WHERE region = 'r1'$$, 'y', 'gradient_boosting', '{"n_estimators": 20}', split => 'is_test');
SELECT version FROM assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', 'gradient_boosting', '{"n_estimators": 20}', split => 'is_test', group_by => '{region}', deploy => 'always');
SELECT bool_and(abs(assay.predict('grouped', s) - assay.predict('single', s)) < 1e-9) FROM grouped_sales AS s WHERE region = 'r1';

-- Several columns, classes, a class that a group lacks; labels and probabilities.
SELECT version FROM assay.train('channel', 'SELECT region, day, x, z, y > 3 AS large FROM grouped_sales', 'large', 'naive_bayes', split => 'none', group_by => '{day, region}', min_group_rows => 100);
SELECT segment, rows, own_model, reason FROM assay.model_groups('channel');
SELECT assay.predict_label('channel', 2.0, 0.5, 'r2', '2026-01-01'::date), assay.features('channel');

-- The same bytes on any plan and any number of threads.
SET max_parallel_workers_per_gather = 0;
SET assay.threads = 1;
SELECT version FROM assay.train('channel', 'SELECT region, day, x, z, y > 3 AS large FROM grouped_sales ORDER BY x DESC, y', 'large', 'naive_bayes', split => 'none', group_by => '{day, region}', min_group_rows => 100);
RESET max_parallel_workers_per_gather;
RESET assay.threads;
SELECT count(DISTINCT hash) FROM assay.model_versions WHERE model = 'channel';

-- What is wrong is said.
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{shop}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{y}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{region, region}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{region}', exclude => '{region}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{is_test}', split => 'is_test');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{x}', weight => 'x');
SELECT assay.train('grouped', 'SELECT ARRAY[x, z] AS v, x, y FROM grouped_sales', 'y', group_by => '{v}');
SELECT assay.train('grouped', 'SELECT region, y FROM grouped_sales', 'y', group_by => '{region}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{region, NULL}');
SELECT assay.train('grouped', 'SELECT * FROM grouped_sales', 'y', group_by => '{region}', min_group_rows => 0);
SELECT assay.model_groups('single');
SELECT assay.weights('grouped@1', '{"region": "nowhere"}');
SELECT assay.weights('grouped', '{"region": "r1"}');
SELECT assay.weights('single', '{"region": "r1"}');

-- No array is no grouping, and neither is an empty one.
SELECT version FROM assay.train('single', 'SELECT x, y FROM grouped_sales', 'y', 'ridge', group_by => '{}', split => 'none');
SELECT assay.model_groups('single@2');

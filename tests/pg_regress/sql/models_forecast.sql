-- Forecasts: series in, what comes next out.
SET timezone = 'UTC';
CREATE TABLE fc_sale AS
SELECT (date '2020-01-01' + m * interval '1 month')::date AS month, shop, shop * 100 + 2.0::float8 * m + 20 * sin(m * pi() / 6) + (m * 7919 + shop * 31) % 13 - 6 AS sold
FROM generate_series(0, 59) AS m, generate_series(1, 3) AS shop;
ANALYZE fc_sale;

SELECT version, task, algorithm, rows, features, metrics ->> 'series' AS series, metrics ->> 'evaluated_on' AS evaluated_on, (metrics ->> 'mase')::float8 < 1 AS good
FROM assay.train('sales', 'SELECT * FROM fc_sale WHERE month < ''2024-07-01''', 'sold', 'forecast', '{"time": "month", "series": ["shop"], "horizon": 6}');
-- Months are months; the forecast begins behind the last value.
SELECT series, at, upper > value AND value > lower AS inside FROM assay.forecast('sales', 2);
SELECT count(*), count(DISTINCT series), min(at), max(at) FROM assay.forecast('sales');
SELECT series, frequency, "values", last_at, reason LIKE 'won against%' AS won, notes FROM assay.forecast_series('sales');
-- It is near what came, and its intervals hold that.
SELECT metric, value < 12 AS near FROM assay.evaluate('sales', 'fc_sale') WHERE metric IN ('mae', 'rmse', 'smape') AND segment IS NULL ORDER BY metric;
SELECT metric, value FROM assay.evaluate('sales', 'fc_sale') WHERE metric IN ('rows', 'rows_not_ahead', 'unlabelled_rows') AND segment IS NULL ORDER BY metric;
SELECT value >= 0.8 AS covers FROM assay.evaluate('sales', 'fc_sale') WHERE metric = 'interval_coverage' AND segment IS NULL;
SELECT segment, rows FROM assay.evaluate('sales', 'fc_sale') WHERE metric = 'mae' AND segment IS NOT NULL;
-- A higher level is wider.
SELECT (SELECT avg(upper - lower) FROM assay.forecast('sales', 6, 0.5)) < (SELECT avg(upper - lower) FROM assay.forecast('sales', 6, 0.99)) AS wider;

-- The order of the rows, threads and parallel plans do not matter.
SET assay.threads = 1;
SELECT version FROM assay.train('same', 'SELECT * FROM fc_sale ORDER BY sold', 'sold', 'forecast', '{"time": "month", "series": ["shop"]}');
SET assay.threads = 2;
SELECT version FROM assay.train('same', 'SELECT * FROM fc_sale ORDER BY shop, month DESC', 'sold', 'forecast', '{"time": "month", "series": ["shop"]}');
RESET assay.threads;
SELECT count(*), count(DISTINCT hash) FROM assay.model_versions WHERE model = 'same';

-- One series; a time zone in which days begin.
SET timezone = 'Europe/Berlin';
SELECT rows FROM assay.train('zoned', $$SELECT day::timestamptz AS day, 10 + extract(isodow FROM day)::int AS y FROM generate_series(timestamp '2026-02-01', '2026-03-28', '1 day') AS day$$, 'y', 'forecast', '{"time": "day"}');
-- Summer time begins: a day is still a day.
SELECT series, at, round(value) AS value FROM assay.forecast('zoned', 3);
SET timezone = 'UTC';
SELECT at FROM assay.forecast('zoned', 2);

-- Messy series: duplicates, gaps, few values, none, constants, zeros.
CREATE TABLE fc_messy AS
SELECT 'twice' AS name, date '2026-01-01' + i AS day, i::float8 AS y FROM generate_series(1, 30) AS i, generate_series(1, 2)
UNION ALL SELECT 'gaps', date '2026-01-01' + i, 100 + i % 7 FROM generate_series(1, 60) AS i WHERE i NOT IN (20, 33, 34)
UNION ALL SELECT 'one', date '2026-02-01', 5
UNION ALL SELECT 'two', date '2026-02-01' + i, 5 + i FROM generate_series(0, 1) AS i
UNION ALL SELECT 'constant', date '2026-01-01' + i, 7 FROM generate_series(1, 40) AS i
UNION ALL SELECT 'zeros', date '2026-01-01' + i, CASE WHEN i % 5 = 0 THEN 3 ELSE 0 END FROM generate_series(1, 60) AS i
UNION ALL SELECT 'below', date '2026-01-01' + i, -i FROM generate_series(1, 40) AS i
UNION ALL SELECT 'nothing', date '2026-01-01' + i, NULL FROM generate_series(1, 5) AS i
UNION ALL SELECT NULL, date '2026-01-01' + i, 'NaN' FROM generate_series(1, 5) AS i
UNION ALL SELECT 'untimed', NULL, 1;
SELECT rows FROM assay.train('messy', 'fc_messy', 'y', 'forecast', '{"time": "day", "series": ["name"], "horizon": 3}');
SELECT series ->> 'name' AS name, "values", method, reason, notes FROM assay.forecast_series('messy') ORDER BY 1;
SELECT series ->> 'name' AS name, at::date, round(value::numeric, 1) AS value, lower IS NULL AS unknown FROM assay.forecast('messy', 1) ORDER BY 1;
CALL fails($$SELECT assay.train('messy', 'fc_messy', 'y', 'forecast', '{"time": "day", "series": ["name"], "duplicates": "error"}')$$);
CALL fails($$SELECT assay.train('messy', 'SELECT * FROM fc_messy WHERE name = ''gaps''', 'y', 'forecast', '{"time": "day", "gaps": "error"}')$$);
CALL fails($$SELECT assay.train('messy', 'SELECT * FROM fc_messy WHERE y IS NULL', 'y', 'forecast', '{"time": "day"}')$$);
CALL fails($$SELECT assay.train('messy', 'SELECT * FROM fc_messy WHERE false', 'y', 'forecast', '{"time": "day"}')$$);

-- Wrong options.
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', NULL, 'forecast', '{"time": "month"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "shop"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "when"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'month', 'forecast', '{"time": "month"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month", "series": ["shop", "shop"]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month", "horizon": 0}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month", "frequency": "fortnight"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month", "method": "arima"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month", "seasons": 3}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month"}', group_by => '{shop}')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month"}', split => 'random')$$);
CALL fails($$SELECT assay.train('wrong', 'fc_sale', 'sold', 'forecast', '{"time": "month"}', exclude => '{shop}')$$);
CALL fails($$SELECT assay.forecast('sales', 0)$$);
CALL fails($$SELECT assay.forecast('sales', 3, 1)$$);
CALL fails($$SELECT assay.predict('sales', '2024-07-01'::date, 1)$$);
CALL fails($$SELECT assay.transform('sales', '2024-07-01'::date)$$);
CALL fails($$SELECT assay.log_predictions('sales', 'fc_sale', '{month}')$$);
CALL fails($$SELECT assay.evaluate('sales', 'fc_sale', group_by => '{shop}')$$);
CALL fails($$SELECT assay.cross_validate('fc_sale', 'sold', 'forecast', '{"time": "month"}')$$);
SELECT rows FROM assay.train('rows', 'SELECT shop::float8 AS shop, sold FROM fc_sale', 'sold', 'linear_regression');
CALL fails($$SELECT assay.forecast('rows', 3)$$);
CALL fails($$SELECT assay.forecast_series('rows')$$);

-- A figure is judged by what was forecast of it.
CREATE TABLE fc_event AS
SELECT day + i * interval '1 minute' AS at, region FROM generate_series(timestamp '2026-01-01', '2026-03-01', '1 day') AS day, unnest(ARRAY['n', 's']) AS region,
     generate_series(1, 50 + extract(isodow FROM day)::int * 3 + CASE region WHEN 'n' THEN 20 ELSE 0 END) AS i
WHERE NOT (region = 's' AND day = '2026-03-01' AND i > 10);
SELECT rows FROM assay.train('events', $$SELECT at::date AS day, region, count(*) AS n FROM fc_event WHERE at < '2026-03-01' GROUP BY 1, 2$$, 'n', 'forecast', '{"time": "day", "series": ["region"], "horizon": 7}');
SELECT segment, status, value FROM assay.validate('fc_event', '[{"kind": "anomaly", "timestamp_column": "at", "group_by": "region", "at": "2026-03-02", "model": "events"}]') ORDER BY 1;
SELECT status, message FROM assay.validate('fc_event', '[{"kind": "anomaly", "timestamp_column": "at", "at": "2026-03-02", "model": "events"}]');
SELECT segment, status, message FROM assay.validate('fc_event', '[{"kind": "anomaly", "timestamp_column": "at", "group_by": "region", "at": "2026-02-20", "model": "events"}]') ORDER BY 1;
SELECT status, message FROM assay.validate('fc_event', '[{"kind": "anomaly", "timestamp_column": "at", "at": "2026-03-02", "model": "no such model"}]');
SELECT status, message FROM assay.validate('fc_event', '[{"kind": "anomaly", "model": "events"}]');

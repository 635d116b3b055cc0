-- Forecasts: holidays, regressors that are known in advance, totals, time zones, what is strange, and one series among many.
SET timezone = 'UTC';
CREATE TABLE fo_sale AS
SELECT date '2025-01-01' + d AS day, region, shop, (d * 7 % 13)::float8 AS price,
       100 + 10 * shop + 3 * extract(isodow FROM date '2025-01-01' + d) + CASE WHEN d % 29 = 11 THEN 40 ELSE 0 END + 2 * (d * 7 % 13) + (d * 7919 + shop * 31) % 11 - 5 AS sold
FROM generate_series(0, 199) AS d, (VALUES ('north', 1), ('north', 2), ('south', 3)) AS s (region, shop);
CREATE TABLE fo_fair AS SELECT date '2025-01-01' + d AS at, 'fair' AS name FROM generate_series(0, 229) AS d WHERE d % 29 = 11;
ANALYZE fo_sale;

-- What has one name has one effect, in the past and to come; prices to come are in rows without a target.
SELECT rows, (metrics ->> 'mase')::float8 < 1 AS good
FROM assay.train('known', $$SELECT day, shop, price, sold FROM fo_sale UNION ALL
    SELECT date '2025-01-01' + d, shop, d * 7 % 13, NULL FROM generate_series(200, 229) AS d, generate_series(1, 3) AS shop$$, 'sold', 'forecast',
    '{"time": "day", "series": ["shop"], "regressors": ["price"], "holidays": "fo_fair", "horizon": 30}');
CREATE TEMP TABLE fo_truth AS
SELECT date '2025-01-01' + d AS day, shop, d % 29 = 11 AS is_fair,
       100 + 10 * shop + 3 * extract(isodow FROM date '2025-01-01' + d) + CASE WHEN d % 29 = 11 THEN 40 ELSE 0 END + 2 * (d * 7 % 13) AS sold
FROM generate_series(200, 229) AS d, generate_series(1, 3) AS shop;
SELECT is_fair, count(*), bool_and(abs(f.value - t.sold) < 8) AS near FROM assay.forecast('known', 30) AS f JOIN fo_truth AS t ON t.day = f.at::date AND t.shop = (f.series ->> 'shop')::int GROUP BY 1 ORDER BY 1;
SELECT DISTINCT notes FROM assay.forecast_series('known');
-- Where regressors to come are missing, the last stays, which is told.
SELECT rows FROM assay.train('unknown', 'SELECT day, shop, price, sold FROM fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "regressors": ["price"], "horizon": 5}');
SELECT DISTINCT notes FROM assay.forecast_series('unknown');
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "regressors": ["region"]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "regressors": ["none"]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "regressors": ["sold"]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "holidays": "SELECT day FROM fo_sale"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "holidays": "SELECT shop AS at, region AS name FROM fo_sale"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "holidays": "no_such_table"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "holidays": "SELECT at, at::text || d AS name FROM fo_fair, generate_series(1, 200) AS d"}')$$);

-- Totals are the sums of their parts, by the columns from left to right.
SELECT how, rows FROM unnest(ARRAY['bottom_up', 'ols', 'wls', 'mint']) AS how,
    assay.train('total ' || how, 'SELECT day, region, shop, sold FROM fo_sale', 'sold', 'forecast', format('{"time": "day", "series": ["region", "shop"], "horizon": 7, "reconcile": "%s"}', how)::jsonb);
SELECT series, "values", method <> '' AS has_method FROM assay.forecast_series('total mint');
CREATE TEMP TABLE fo_ahead AS SELECT how, f.* FROM unnest(ARRAY['bottom_up', 'ols', 'wls', 'mint']) AS how, assay.forecast('total ' || how, 7) AS f;
SELECT how, count(*), bool_and(abs(total.value - parts.value) < 1e-9 * total.value) AS adds_up, bool_and(total.lower < total.value AND total.value < total.upper) AS inside
FROM fo_ahead AS total JOIN LATERAL (
    SELECT sum(value) AS value FROM fo_ahead AS part WHERE part.how = total.how AND part.at = total.at AND part.series ? 'shop' AND part.series @> total.series) AS parts ON true
WHERE NOT total.series ? 'shop' GROUP BY 1 ORDER BY 1;
-- From the bottom up the parts are what they are alone.
SELECT rows FROM assay.train('alone', 'SELECT day, region, shop, sold FROM fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["region", "shop"], "horizon": 7}');
SELECT count(*), bool_and(a.value = f.value) AS same FROM assay.forecast('alone', 7) AS a JOIN fo_ahead AS f ON f.how = 'bottom_up' AND f.series = a.series AND f.at = a.at;
CALL fails($$SELECT assay.train('wrong', 'SELECT * FROM fo_sale WHERE shop > 1 OR day < ''2025-05-01''', 'sold', 'forecast', '{"time": "day", "series": ["region", "shop"], "reconcile": "ols"}')$$);
CALL fails($$SELECT assay.train('wrong', 'SELECT * FROM fo_sale WHERE shop > 1 OR extract(isodow FROM day) = 3', 'sold', 'forecast', '{"time": "day", "series": ["region", "shop"], "reconcile": "ols"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["region", "shop"], "reconcile": "top_down"}')$$);

-- Some series of many: by the values of some of the columns.
SELECT series, count(*) FROM assay.forecast('alone', 2, of_series => '{"shop": 3}') GROUP BY 1;
SELECT series, count(*) FROM assay.forecast('alone', 2, of_series => '{"region": "north"}') GROUP BY 1 ORDER BY 1;
SELECT series, count(*) FROM assay.forecast('total wls', 2, of_series => '{"region": "north"}') GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM assay.forecast('alone', 2, of_series => '{"region": "east"}');
SELECT count(*) FROM assay.forecast('alone', 2, of_series => '{"shop": 3.0, "region": "south"}');
SELECT count(*) FROM assay.forecast('alone', 2, of_series => '{}');
CALL fails($$SELECT assay.forecast('alone', 2, of_series => '{"store": 3}')$$);
CALL fails($$SELECT assay.forecast('alone', 2, of_series => '[3]')$$);
CALL fails($$SELECT assay.forecast('alone', 0, of_series => '{"shop": 9}')$$);

-- A month begins where its place is: in Berlin an hour or two before it does in Greenwich, and summer time does not move it.
SET timezone = 'Europe/Berlin';
SELECT rows FROM assay.train('months', $$SELECT m AS month, 100 + 10 * extract(month FROM m)::int + i % 3 AS y FROM generate_series(timestamptz '2020-01-01', '2024-12-01', '1 month') WITH ORDINALITY AS t (m, i)$$,
    'y', 'forecast', '{"time": "month", "horizon": 6}');
SELECT frequency, "values", last_at, notes FROM assay.forecast_series('months');
SELECT at, round(value / 10) AS tens FROM assay.forecast('months', 5);
SET timezone = 'America/New_York';
SELECT at FROM assay.forecast('months', 5);
SELECT metric, round(value::numeric) AS value FROM assay.evaluate('months', $$SELECT m AS month, 100 AS y FROM generate_series(timestamptz '2025-01-01 00:00+01', '2025-02-01 00:00+01', '1 month') AS m$$) WHERE metric = 'rows' AND segment IS NULL;
SET timezone = 'UTC';
-- Months that end together: the last day of each.
SELECT rows FROM assay.train('ends', $$SELECT (date '2020-01-01' + m * interval '1 month' - interval '1 day')::date AS day, 50 + m AS y FROM generate_series(0, 40) AS m$$, 'y', 'forecast', '{"time": "day"}');
SELECT frequency FROM assay.forecast_series('ends');
SELECT at::date FROM assay.forecast('ends', 4);

-- What came, beside what was forecast of it.
SELECT rows FROM assay.train('expected', 'SELECT day, shop, sold FROM fo_sale WHERE day < ''2025-07-01''', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "holidays": "fo_fair", "horizon": 14}');
CREATE TEMP TABLE fo_new AS SELECT day, shop, CASE WHEN day = '2025-07-05' AND shop = 2 THEN 500 WHEN day = '2025-07-06' AND shop = 1 THEN -20 ELSE sold END AS sold FROM fo_sale WHERE day BETWEEN '2025-06-30' AND '2025-07-07';
CREATE TEMP TABLE fo_found AS SELECT * FROM assay.detect_anomalies('expected', 'SELECT * FROM fo_new ORDER BY day, shop', 0.01, '{day,shop}');
SELECT count(*), count(strangeness), bool_and(strangeness IS NULL = ((key ->> 'day')::date < '2025-07-01')) AS known_ahead, bool_and(strangeness BETWEEN 0 AND 1) AS are_shares FROM fo_found;
SELECT key, strangeness > 0.99 AS strange, reasons -> 0 ->> 'feature' AS feature, reasons -> 0 ->> 'value' AS value, abs((reasons -> 0 ->> 'attribution')::float8) > 60 AS far,
       (reasons -> 0 ->> 'lower')::float8 < (reasons -> 0 ->> 'expected')::float8 AS below
FROM fo_found WHERE is_anomaly AND key ->> 'day' IN ('2025-07-05', '2025-07-06') AND (key ->> 'shop')::int IN (1, 2) AND abs((reasons -> 0 ->> 'attribution')::float8) > 60 ORDER BY 1;
-- Just those outside of the interval of that level.
SELECT count(*), bool_and(a.is_anomaly = (n.sold < f.lower OR n.sold > f.upper)) AS same
FROM fo_found AS a JOIN fo_new AS n ON n.day = (a.key ->> 'day')::date AND n.shop = (a.key ->> 'shop')::int JOIN assay.forecast('expected', 14, 0.99) AS f ON f.at::date = n.day AND (f.series ->> 'shop')::int = n.shop;
-- Without a share, those that the interval of the training leaves out; rows of no series that is known; all columns as a key.
SELECT key, strangeness, is_anomaly, reasons FROM assay.detect_anomalies('expected', 'SELECT date ''2025-07-01'' AS day, 9 AS shop, 3 AS sold UNION ALL SELECT ''2025-07-01'', 1, NULL UNION ALL SELECT NULL, 1, 5');
SELECT is_anomaly, reasons FROM assay.detect_anomalies('expected', 'SELECT date ''2025-07-01'' AS day, 1 AS shop, 900 AS sold', reasons => 0);
CALL fails($$SELECT assay.detect_anomalies('expected', 'SELECT day, shop FROM fo_new')$$);
CALL fails($$SELECT assay.detect_anomalies('expected', 'fo_new', 0.0001)$$);
CALL fails($$SELECT assay.detect_anomalies('expected', 'fo_new', 0.7)$$);
CALL fails($$SELECT assay.detect_anomalies('expected', 'fo_new', key => '{store}')$$);
-- Totals are judged, too, where the query has them.
SELECT count(*), count(strangeness) FROM assay.detect_anomalies('total mint', 'SELECT day + 7 AS day, region, shop, sold FROM fo_sale WHERE day > ''2025-07-15''', 0.05);

-- Who asks for rows is told what there is instead.
CALL fails($$SELECT assay.predict('expected', '2025-07-01'::date, 1)$$);
CALL fails($$SELECT assay.predict('expected', 1, 2, 3)$$);
CALL fails($$SELECT assay.predict_label('expected', 1)$$);
CALL fails($$SELECT assay.predict_interval('expected', 1)$$);
CALL fails($$SELECT assay.decide('expected', 1)$$);
CALL fails($$SELECT assay.attributions('expected', 1)$$);
CALL fails($$SELECT assay.explain_query('expected', 'fo_new', '{day}')$$);

-- More options that cannot be.
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "season_lengths": [2, 3, 4, 5, 6, 7, 8, 9, 10]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "season_lengths": [0]}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "level": 1}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "duplicates": "first"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "gaps": "skip"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": ["shop"], "min_history": -1}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day", "series": "shop"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day"}', weight => 'price')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day"}', calibrate => 'isotonic')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day"}', intervals => '{}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'forecast', '{"time": "day"}', preprocess => '{"scale": "standard"}')$$);
CALL fails($$SELECT assay.train('wrong', 'fo_sale', 'sold', 'ridge', '{"time": "day"}', task => 'forecasting')$$);
-- A value far from the others in time.
CALL fails($$SELECT assay.train('wrong', 'SELECT date ''0001-01-01'' AS day, 1 AS sold UNION ALL SELECT day, sold FROM fo_sale WHERE shop = 1', 'sold', 'forecast', '{"time": "day"}')$$);
-- Of long series the last values are learned from, which is told.
SELECT rows FROM assay.train('long', $$SELECT timestamp '2000-01-01' + i * interval '1 hour' AS at, i % 24 AS y FROM generate_series(1, 30000) AS i$$, 'y', 'forecast', '{"time": "at", "method": "seasonal_naive"}');
SELECT "values", notes FROM assay.forecast_series('long');
SELECT assay.drop_model(model) FROM assay.models WHERE model IN ('known', 'unknown', 'alone', 'months', 'ends', 'expected', 'long') OR model LIKE 'total %' ORDER BY model;

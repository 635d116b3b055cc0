-- Checks of kind anomaly: whether a figure is what its past lets expect.

-- A shop that sells about 100 things on weekdays and 20 on Saturdays and Sundays. On 25 February the region south is missing, on 11 February
-- prices are in cents, on 5 March half of the customers are NULL.
CREATE TABLE sale AS
SELECT day::timestamp + n * interval '1 minute' AS sold, (ARRAY['north', 'south'])[n % 2 + 1] AS region,
       CASE WHEN day = '2026-03-05' AND n % 2 = 0 THEN NULL ELSE n % 37 END AS customer,
       (10 + n % 7 + extract(day FROM day)::int % 3) * CASE WHEN day = '2026-02-11' THEN 100 ELSE 1 END AS price
FROM generate_series(timestamp '2026-01-01', '2026-03-10', '1 day') AS day,
     LATERAL generate_series(1, CASE WHEN extract(isodow FROM day) < 6 THEN 100 ELSE 20 END + extract(doy FROM day)::int * 7 % 4) AS n
WHERE NOT (day = '2026-02-25' AND n % 2 = 1) AND day <> '2026-03-08';

CREATE FUNCTION judged(checks jsonb) RETURNS TABLE (column_name text, segment jsonb, status text, metric text, value numeric, threshold text, rows bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT column_name, segment, status, metric, round(value::numeric, 4), threshold, rows_evaluated, sample, message FROM assay.validate('sale', checks)
$$;
-- The last day that is over is judged by the four weeks before it. A usual Wednesday, a usual Saturday:
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-19"}, {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-22"}]');
-- The Wednesday on which half is missing, and the Sunday without a row.
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26"}, {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-03-09"}]');
-- A segment at a time: what the total shows as half is all of one. With prices, the mean; with customers, NULL shares and distinct values.
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26", "group_by": "region"}]');
SELECT * FROM judged('[{"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "price", "metric": "max", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "price", "metric": "min", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "price", "metric": "median", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "price", "metric": "stddev", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "price", "metric": "sum", "timestamp_column": "sold", "at": "2026-02-12"},
    {"kind": "anomaly", "column_name": "customer", "metric": "null_fraction", "timestamp_column": "sold", "at": "2026-03-06"},
    {"kind": "anomaly", "column_name": "customer", "metric": "distinct_count", "timestamp_column": "sold", "at": "2026-03-05"}]');
-- One direction; a condition; weeks; severity.
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26", "direction": "up"},
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26", "direction": "down", "severity": "warn"},
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26", "where": "region = ''north''"},
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-03-09", "bucket": "week", "min_points": 5}]');
-- Without its season a weekday is not told from a Sunday; the day is wide open.
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-02-26", "seasonality": "none"}]');
-- The day itself, and days that are known to be bad, are not learned from; a day within such a period is not judged.
SELECT * FROM judged('[{"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-02-12", "exclude": [["2026-02-01", "2026-02-03"]]},
    {"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-02-12", "exclude": [["2026-02-11", "2026-02-11"]]},
    {"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-02-12", "exclude": [["2026-02-11 23:00", "2026-02-11 23:30"]]}]');
-- Nor is a day that was anomalous itself: the day after the prices in cents is judged as if it had not been.
SELECT * FROM judged('[{"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-02-13"}]');
-- Too little history is no verdict.
SELECT * FROM judged('[{"kind": "anomaly", "timestamp_column": "sold", "at": "2026-01-05"}, {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-01-14", "seasonality": "weekday"},
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2025-06-01"}, {"kind": "anomaly", "column_name": "price", "metric": "mean", "timestamp_column": "sold", "at": "2026-03-09"},
    {"kind": "anomaly", "column_name": "price", "metric": "mean"}, {"kind": "anomaly", "timestamp_column": "sold", "where": "region = ''east''", "at": "2026-02-26"}]');
-- Hours, with the hour of the day as the season.
CREATE TABLE click AS
SELECT hour + n * interval '1 second' AS at FROM generate_series(timestamp '2026-01-01', '2026-01-20', '1 hour') AS hour,
    LATERAL generate_series(1, 10 + 10 * (extract(hour FROM hour)::int % 12) + extract(day FROM hour)::int % 3) AS n;
SELECT status, value, threshold, sample FROM assay.validate('click', '[{"kind": "anomaly", "timestamp_column": "at", "bucket": "hour", "at": "2026-01-19 12:20"}]');
DELETE FROM click WHERE at BETWEEN '2026-01-19 11:00' AND '2026-01-19 11:59:59' AND extract(second FROM at)::int % 4 <> 0;
SELECT status, value, threshold, sample FROM assay.validate('click', '[{"kind": "anomaly", "timestamp_column": "at", "bucket": "hour", "at": "2026-01-19 12:20"}]');
-- Many checks of that kind are still one scan.
SELECT assay.add_check('sale', 'anomaly', 'price', '{"metric": "mean", "timestamp_column": "sold", "at": "2026-02-12"}') AS first \gset
SELECT assay.add_check('sale', 'anomaly', 'customer', '{"metric": "null_fraction", "timestamp_column": "sold", "at": "2026-02-12"}') AS second \gset
SELECT answered_by, count(*) FROM assay.explain_checks('sale') GROUP BY 1;
SELECT assay.drop_check(:first), assay.drop_check(:second);

-- Without a column of time the past is that of the check's own runs.
CREATE TABLE stock (id int, amount int, seen timestamptz);
INSERT INTO stock SELECT i, i % 5, now() - interval '1 hour' FROM generate_series(1, 100) AS i;
SELECT assay.add_check('stock', 'anomaly', args => '{"seasonality": "none", "compare": "level"}', name => 'volume') AS volume \gset
SELECT assay.add_check('stock', 'anomaly', 'amount', '{"metric": "mean", "seasonality": "none"}', name => 'mean') AS mean \gset
SELECT assay.add_check('stock', 'anomaly', 'seen', '{"metric": "freshness", "seasonality": "none"}', name => 'freshness', severity => 'warn') AS freshness \gset
SELECT assay.add_check('stock', 'anomaly', args => '{"seasonality": "none"}', name => 'segments', group_by => '{amount}') AS segments \gset
SELECT name, segment, status, metric, CASE WHEN metric <> 'freshness' THEN round(value::numeric, 2) END AS value, message FROM assay.run_checks('stock') ORDER BY check_id, segment;
-- Runs of the last twenty days, as they would be; with two runs a day the last one counts.
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, segment, status, severity, metric, value, ran_as)
SELECT now() - d * interval '1 day' - again * interval '1 second', c.check_id, 'n', 'anomaly', 'stock', 'public.stock',
       CASE WHEN c.check_id = :segments THEN jsonb_build_object('amount', s) END, 'pass', 'error', 'x',
       again * 1e6 + CASE c.check_id WHEN :volume THEN 98 + d % 5 WHEN :mean THEN 2 + (d % 3) / 100.0 WHEN :freshness THEN 3600 + d % 60 ELSE 20 + d % 2 END, current_user::regrole
FROM generate_series(1, 20) AS d, generate_series(0, 1) AS again, (VALUES (:volume), (:mean), (:freshness), (:segments)) AS c(check_id), generate_series(0, 5) AS s
WHERE s = 0 OR c.check_id = :segments;
SELECT name, segment, status, metric, CASE WHEN metric <> 'freshness' THEN round(value::numeric, 2) END AS value, threshold, rows_evaluated AS rows, sample - 'bucket' - CASE WHEN metric = 'freshness' THEN 'score' ELSE '' END AS sample
FROM assay.run_checks('stock') ORDER BY check_id, segment;
-- Rows are lost, the loads stand still, and values move. The runs before on this day do not count.
UPDATE stock SET amount = amount * 2, seen = seen - interval '3 hours';
DELETE FROM stock WHERE id > 60;
SELECT name, segment, status, metric, CASE WHEN metric <> 'freshness' THEN round(value::numeric, 2) END AS value, threshold FROM assay.run_checks('stock') ORDER BY check_id, segment;
\set VERBOSITY terse
SELECT assay.assert_checks('stock', '{nothing}');
\set VERBOSITY default
CALL fails($$SELECT assay.failing_rows((SELECT max(check_id) FROM assay.checks WHERE name = 'volume'))$$);
-- Whoever runs it, it runs as the same role, sees the same rows, and learns from the same past.
CREATE ROLE assay_sentry;
GRANT SELECT ON stock TO assay_sentry;
SET ROLE assay_sentry;
SELECT name, status, message FROM assay.run_checks('stock') WHERE name = 'volume';
RESET ROLE;
-- Figures that only grow are compared with the growth.
SELECT assay.add_check('stock', 'anomaly', args => '{"seasonality": "none"}', name => 'growing') AS growing \gset
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, metric, value, ran_as)
SELECT now() - d * interval '1 day', :growing, 'n', 'anomaly', 'stock', 'public.stock', 'pass', 'error', 'row_count', 1060 - 50 * d + d % 3, current_user::regrole FROM generate_series(1, 20) AS d;
INSERT INTO stock SELECT i FROM generate_series(1, 1000) AS i;
SELECT name, status, value, threshold, sample->'compare' AS compare FROM assay.run_checks('stock') WHERE check_id = :growing;
DELETE FROM stock WHERE amount IS NULL AND id <= 50;
SELECT name, status, value, threshold, sample->'compare' AS compare FROM assay.run_checks('stock') WHERE check_id = :growing;

-- What cannot be such a check.
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"metric": "rows"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', 'price')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"metric": "mean"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', 'region', '{"metric": "mean"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', 'price', '{"metric": "freshness"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', 'sold', '{"metric": "freshness", "timestamp_column": "sold"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"timestamp_column": "price"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"timestamp_column": "day"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"sensitivity": 0}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"min_points": 1}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"bucket": "year"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"direction": "sideways"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"seasonality": "hour_of_day"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"training_period": "1 hour"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"training_period": "900 years"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"training_period": "long"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"exclude": ["2026-01-01"]}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"exclude": [["yesterday", "today"]]}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"exclude": [["2026-02-30", "2026-03-01"]]}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"at": "2026-02-01"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"at": "2026-02-01''; DROP TABLE sale", "timestamp_column": "sold"}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{"window": 3}')$$);
CALL fails($$SELECT assay.add_check('sale', 'anomaly', args => '{}', mostly => 0.9)$$);

DROP TABLE sale, click, stock;
SELECT results FROM assay.drop_owned('assay_sentry');
DROP ROLE assay_sentry;
SELECT assay.drop_check(:volume), assay.drop_check(:mean), assay.drop_check(:freshness), assay.drop_check(:segments), assay.drop_check(:growing);

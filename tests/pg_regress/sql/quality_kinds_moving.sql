-- within_n_moving_stdevs: each of the last periods against those before it; as the statement of dbt_expectations has it, where no period lacks rows.
SET timezone = 'UTC'; SET datestyle = ISO;
CREATE FUNCTION judged(query text, VARIADIC checks jsonb[])
RETURNS TABLE (name text, segment text, status text, metric text, value numeric, threshold text, rows bigint, nulls bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT name, (SELECT string_agg(s.value, ', ') FROM jsonb_each_text(segment) AS s), status, metric, value::numeric, threshold, rows_evaluated, null_rows, sample, message
    FROM assay.validate(query, to_jsonb(checks))
$$;
CREATE TABLE till AS
SELECT d * 10 + r AS id, timestamp '2026-01-01 09:00' + d * interval '1 day' + r * interval '2 hours' AS at, CASE WHEN r = 2 THEN NULL ELSE 100 + d * 7 % 5 + r * 10 + CASE d WHEN 50 THEN 300 WHEN 57 THEN -90 ELSE 0 END END AS amount,
       CASE WHEN d % 7 < 5 THEN 'workday' ELSE 'weekend' END AS sort, CASE WHEN r = 0 THEN 'north' ELSE 'south' END AS region
FROM generate_series(0, 59) AS d, generate_series(0, 2) AS r;

-- The last 14 days before 2026-03-02, by the growth of their sums: those whose logarithm is more than 3 standard deviations from the mean of the 7 before.
CREATE FUNCTION moving(take_diffs boolean, take_logs boolean, sigma float8, back int DEFAULT 1) RETURNS TABLE (day date, value numeric) LANGUAGE sql AS $$
    WITH metric AS (SELECT at::date AS day, sum(amount)::float8 AS value FROM till GROUP BY 1),
    levels AS (SELECT *, CASE WHEN take_logs THEN ln(value) ELSE value END AS level FROM metric),
    tests AS (SELECT *, CASE WHEN take_diffs THEN level - lag(level, back) OVER (ORDER BY day) ELSE level END AS x FROM levels),
    moved AS (SELECT *, avg(x) OVER w AS mean, stddev(x) OVER w AS dev FROM tests WINDOW w AS (ORDER BY day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING))
    SELECT day, value::numeric FROM moved WHERE day >= date '2026-03-02' - 14 AND day < '2026-03-02' AND abs(x - mean) > sigma * dev ORDER BY day
$$;
SELECT * FROM moving(true, true, 3);
SELECT * FROM moving(false, false, 3);
SELECT * FROM moving(false, true, 2);
SELECT * FROM moving(true, false, 3, 7);
SELECT name, status, metric, value, threshold, rows, nulls, sample FROM judged('till', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02 15:00"}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "take_diffs": false, "take_logs": false}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "take_diffs": false, "sigma_threshold": 2}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "take_logs": false, "lookback_periods": 7}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "sigma_threshold_upper": 100}');
-- Without a column rows are counted; a period that has none is left out.
SELECT name, status, value, threshold, rows, sample FROM judged('SELECT * FROM till WHERE at::date NOT IN (''2026-02-20'', ''2026-02-22'')', '{"kind": "within_n_moving_stdevs", "date_column_name": "at", "at": "2026-03-02", "take_diffs": false}');
SELECT name, status, value, threshold, rows, sample FROM judged('SELECT * FROM till UNION ALL SELECT 1000 + i, ''2026-02-25'', 1, ''workday'', ''north'' FROM generate_series(1, 9) AS i', '{"kind": "within_n_moving_stdevs", "date_column_name": "at", "at": "2026-03-02", "take_diffs": false, "test_periods": 7}');
-- By segment and condition, by the week and the hour.
SELECT name, segment, status, value, threshold, rows, nulls, sample FROM judged('till', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "take_logs": false, "take_diffs": false, "group_by": "region"}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02", "take_logs": false, "take_diffs": false, "where": "region = ''north'' AND at < ''2026-02-20''"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "period": "week", "at": "2026-03-02", "take_diffs": false, "trend_periods": 4, "test_periods": 2, "name": "weeks"}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "period": "hour", "at": "2026-02-20 12:00", "lookback_periods": 24, "trend_periods": 48, "test_periods": 5, "name": "hours"}');
-- Their rows.
SELECT assay.add_check('till', 'within_n_moving_stdevs', 'amount', '{"date_column_name": "at", "at": "2026-03-02"}') AS stored \gset
SELECT f."row"->>'id' AS id, f."row"->>'at' AS at FROM assay.failing_rows(:stored) AS f ORDER BY 1;
SELECT assay.drop_check(:stored);
SELECT assay.add_check('till', 'within_n_moving_stdevs', 'amount', '{"date_column_name": "at", "at": "2026-03-02", "take_logs": false, "take_diffs": false}', group_by => '{region}') AS stored \gset
SELECT f."row"->>'id' AS id, f."row"->>'region' AS region FROM assay.failing_rows(:stored) AS f ORDER BY 1;
SELECT kind, answered_by FROM assay.explain_checks('till');
SELECT assay.drop_check(:stored);
-- No row, too few periods, nothing but the same sums, and a sum that has no logarithm.
SELECT name, status, value, threshold, rows, sample, message FROM judged('SELECT * FROM till WHERE false', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "group_by": "region"}');
SELECT name, status, value, threshold, rows, message FROM judged('SELECT * FROM till WHERE at > ''2026-02-28''', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "2026-03-02"}');
SELECT name, status, value, sample FROM judged('SELECT date ''2026-01-01'' + i AS day, 0.1::float8 AS x, CASE i WHEN 13 THEN 2 ELSE 1 END AS y, 0 AS z, -i AS w FROM generate_series(0, 13) AS i',
    '{"kind": "within_n_moving_stdevs", "column_name": "x", "date_column_name": "day", "at": "2026-01-15", "test_periods": 5}', '{"kind": "within_n_moving_stdevs", "column_name": "y", "date_column_name": "day", "at": "2026-01-15", "test_periods": 5, "take_diffs": false}',
    '{"kind": "within_n_moving_stdevs", "column_name": "z", "date_column_name": "day", "at": "2026-01-15", "test_periods": 5}', '{"kind": "within_n_moving_stdevs", "column_name": "w", "date_column_name": "day", "at": "2026-01-15", "test_periods": 5, "take_logs": false}');
-- What cannot be.
SELECT name, status, message FROM judged('till', '{"kind": "within_n_moving_stdevs", "column_name": "amount"}', '{"kind": "within_n_moving_stdevs", "column_name": "region", "date_column_name": "at"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "region"}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "nowhere"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "period": "decade"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "trend_periods": 1}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "trend_periods": 5000}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "sigma_threshold": 0}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "sigma_threshold_lower": 4}',
    '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "someday"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "at": "infinity"}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "mostly": 0.5}', '{"kind": "within_n_moving_stdevs", "column_name": "amount", "date_column_name": "at", "sigma": 2}');
SELECT status, message FROM judged('SELECT -1 AS x, date ''2026-01-05'' AS day', '{"kind": "within_n_moving_stdevs", "column_name": "x", "date_column_name": "day", "at": "2026-01-15"}');
DROP TABLE till;
DROP FUNCTION judged(text, jsonb[]), moving(boolean, boolean, float8, int);
RESET timezone; RESET datestyle;

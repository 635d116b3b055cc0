-- No rows where there always were some: a failure until somebody accepts it, however long it lasts.

CREATE TABLE feed AS
SELECT day + n * interval '1 minute' AS at, (ARRAY['north', 'south'])[n % 2 + 1] AS region, n % 7 AS amount
FROM generate_series(timestamp '2026-01-01', '2026-01-31', '1 day') AS day, generate_series(1, 60) AS n
WHERE n % 2 = 0 OR day < '2026-01-25';
CREATE FUNCTION judged(at date, arguments jsonb DEFAULT '{}') RETURNS TABLE (at date, metric text, segment jsonb, status text, value numeric, threshold text, rows bigint, message text)
LANGUAGE sql AS $$
    SELECT judged.at, metric, segment, status, round(value::numeric, 2), threshold, rows_evaluated, message
    FROM assay.validate('feed', jsonb_build_array('{"kind": "anomaly", "timestamp_column": "at"}' || arguments || jsonb_build_object('at', judged.at)))
$$;
-- The last day with rows, and the first, second, third, tenth and twentieth day without.
SELECT j.* FROM unnest('{2026-02-01,2026-02-02,2026-02-03,2026-02-04,2026-02-11,2026-02-21}'::date[]) AS day, judged(day) AS j;
-- In one segment; and in figures that no row has not.
SELECT j.* FROM unnest('{2026-01-25,2026-01-26,2026-01-30}'::date[]) AS day, judged(day, '{"group_by": "region"}') AS j;
SELECT j.* FROM unnest('{2026-02-01,2026-02-05}'::date[]) AS day, unnest('{mean,max,null_fraction,distinct_count,sum}'::text[]) AS metric,
    judged(day, jsonb_build_object('metric', metric, 'column_name', 'amount')) AS j;
SELECT j.* FROM judged('2026-02-05', '{"metric": "mean", "column_name": "amount", "group_by": "region"}') AS j;
-- Who asked for too many rows only has none of it.
SELECT j.* FROM judged('2026-02-05', '{"direction": "up"}') AS j;
-- After it the feed is judged by what it was.
INSERT INTO feed SELECT timestamp '2026-02-12' + n * interval '1 minute', 'north', 1 FROM generate_series(1, 30) AS n;
SELECT j.* FROM unnest('{2026-02-13,2026-02-14}'::date[]) AS day, judged(day) AS j;
-- What rests at the weekend may.
DELETE FROM feed WHERE extract(isodow FROM at) > 5;
SELECT j.* FROM unnest('{2026-01-31,2026-02-01,2026-02-02,2026-02-03}'::date[]) AS day, judged(day) AS j;

-- Stored, of its own runs: a table that is emptied fails, day after day.
CREATE TABLE stock AS SELECT i, i % 2 AS part FROM generate_series(1, 100) AS i;
SELECT assay.add_check('stock', 'anomaly', name => 'rows a day') AS volume,
       assay.add_check('stock', 'anomaly', 'i', '{"metric": "mean"}', name => 'mean', group_by => '{part}') AS mean \gset
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, segment, status, severity, metric, value, rows_evaluated, ran_as)
SELECT now() - d * interval '1 day', c.id, 'n', 'anomaly', 'stock'::regclass, 'public.stock', c.segment, 'pass', 'error', 'x', c.value, 50, current_user::regrole
FROM generate_series(1, 20) AS d, (VALUES (:volume, NULL::jsonb, 100), (:mean, '{"part": 0}', 51), (:mean, '{"part": 1}', 50)) AS c(id, segment, value);
SELECT name, segment, status, value FROM assay.run_checks('stock') ORDER BY name, segment;
DELETE FROM stock;
SELECT name, segment, status, value, threshold, rows_evaluated, regexp_replace(message, '\d{4}-\d\d-\d\d|\d+(?=,)', '*', 'g') AS message FROM assay.run_checks('stock') ORDER BY name, segment;
-- A month and a half later: what is learned from holds no row any more, and it fails still.
UPDATE assay.quality_history SET run_at = run_at - interval '45 days' WHERE check_id IN (:volume, :mean);
SELECT name, segment, status FROM assay.run_checks('stock') ORDER BY name, segment;
-- Somebody accepts it: there is no past yet, and then none is the new normal.
SELECT assay.accept_anomaly(check_id, now()) FROM assay.checks WHERE relation = 'stock'::regclass;
SELECT name, segment, status, message FROM assay.run_checks('stock') ORDER BY name, segment;
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, metric, value, rows_evaluated, ran_as)
SELECT now() - d * interval '1 day', :volume, 'n', 'anomaly', 'stock'::regclass, 'public.stock', 'pass', 'error', 'x', 0, 0, current_user::regrole FROM generate_series(1, 10) AS d;
SELECT assay.accept_anomaly(:volume, now() - interval '10 days');
SELECT name, status, value, threshold FROM assay.run_checks('stock') WHERE check_id = :volume;
-- With a column of time.
SELECT assay.add_check('feed', 'anomaly', args => '{"timestamp_column": "at", "at": "2026-02-20"}', name => 'feed') AS feed \gset
SELECT status, value, threshold FROM assay.run_checks('feed');
SELECT assay.accept_anomaly(:feed, '2026-02-05');
SELECT status, value, threshold FROM assay.run_checks('feed');
-- What cannot be accepted.
SELECT assay.add_check('feed', 'not_null', 'at', name => 'at') AS other \gset
CALL fails(format('SELECT assay.accept_anomaly(%s, now())', :other) || '/* kind */');
CALL fails(format('SELECT assay.accept_anomaly(%s, ''infinity'')', :feed) || '/* moment */');
CALL fails('SELECT assay.accept_anomaly(NULL, now())');
CALL fails('SELECT assay.accept_anomaly(-1, now())');
CREATE ROLE no_rows_reader;
GRANT SELECT ON feed TO no_rows_reader;
SET ROLE no_rows_reader;
CALL fails(format('SELECT assay.accept_anomaly(%s, now())', :feed) || '/* right */');
RESET ROLE;

-- Checks of the number of rows say that there are none where there are no segments either; others that there is nothing to judge.
SELECT name, segment, status, value, threshold, message FROM assay.validate('SELECT * FROM stock WHERE false', '[{"kind": "row_count_between", "min_value": 1, "group_by": "part"},
    {"kind": "row_count_between", "max_value": 5, "group_by": "part"}, {"kind": "not_empty", "group_by": "part"}, {"kind": "not_null", "column_name": "i", "group_by": "part"},
    {"kind": "mean_between", "column_name": "i", "min_value": 1, "group_by": "part"}]');

SELECT assay.drop_check(check_id) FROM assay.checks WHERE relation IN ('stock'::regclass, 'feed'::regclass);
DROP FUNCTION judged;
DROP TABLE feed, stock;
DROP ROLE no_rows_reader;

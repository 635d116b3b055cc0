-- Numbers in another unit, in a part of a column and in months that nobody asked for; ranges that compare what is meant; casing by segment.

CREATE FUNCTION found(query text, column_name text, more jsonb DEFAULT '{}') RETURNS TABLE (segment jsonb, status text, factor numeric, rows_failed bigint, message text)
LANGUAGE sql AS $$
    SELECT segment, status, round(value::numeric, 4), rows_failed, message
    FROM assay.validate(query, jsonb_build_array('{"kind": "scale_shift"}' || jsonb_build_object('column_name', column_name) || more))
$$;
-- A sensor: narrow distributions, whose last part has another unit.
CREATE TABLE sensor AS
SELECT i AS id, timestamp '2026-01-01' + i * interval '1 hour' AS at, (ARRAY['a', 'b'])[i % 2 + 1] AS station,
       round((1018 + 12 * sin(i / 40.0) + 8 * sin(i * 12.9898) + 7 * sin(i * 78.233))::numeric, 1) AS pressure,
       round((20 + 3 * sin(i / 60.0) + 2 * sin(i * 12.9898))::numeric, 1) AS celsius,
       round((66 + 4 * sin(i * 12.9898) + 3 * sin(i * 78.233))::numeric, 1) AS inches
FROM generate_series(0, 6999) AS i;
SELECT f.* FROM unnest('{pressure,celsius,inches}'::text[]) AS name, found('sensor', name) AS f;
SELECT planted, f.* FROM unnest('{1000,100,10,12,0.001}'::numeric[]) AS planted,
    found(format('SELECT at, station, pressure * CASE WHEN id >= 5557 THEN %s ELSE 1 END AS pressure FROM sensor', planted), 'pressure') AS f;
SELECT f.* FROM found('SELECT at, CASE WHEN id >= 5557 THEN inches * 2.54 ELSE inches END AS height FROM sensor', 'height') AS f;
SELECT f.* FROM found('SELECT at, CASE WHEN id >= 5557 THEN celsius * 1.8 + 32 ELSE celsius END AS degrees FROM sensor', 'degrees') AS f;
SELECT f.* FROM found('SELECT at, CASE WHEN id < 5557 THEN celsius * 1.8 + 32 ELSE celsius END AS degrees FROM sensor', 'degrees') AS f;
SELECT f.* FROM found('SELECT at, CASE WHEN id % 3 = 0 THEN celsius + 273.15 ELSE celsius END AS degrees FROM sensor', 'degrees') AS f;
-- Below zero, too, and few of them.
SELECT f.* FROM found('SELECT CASE WHEN id >= 6900 THEN celsius - 22 + 273.15 ELSE celsius - 22 END AS degrees FROM sensor', 'degrees') AS f;
SELECT f.* FROM found('SELECT CASE WHEN id >= 6975 THEN inches * 2.54 ELSE inches END AS height FROM sensor', 'height') AS f;
-- All of a segment, by a conversion that adds something.
SELECT f.* FROM found('SELECT station, CASE WHEN station = ''b'' THEN celsius * 1.8 + 32 ELSE celsius END AS degrees FROM sensor', 'degrees', '{"group_by": "station"}') AS f;
-- In one of two segments.
SELECT f.* FROM found('SELECT at, station, pressure * CASE WHEN id >= 5557 AND station = ''b'' THEN 1000 ELSE 1 END AS pressure FROM sensor', 'pressure', '{"group_by": "station"}') AS f;
-- Numbers that vary by more than the factor: by months, where there is a column of time.
CREATE TABLE purchase AS
SELECT i AS id, timestamp '2026-01-01' + i * interval '1 hour' AS at,
       round(exp(3 + 1.1 * (sin(i * 12.9898) + sin(i * 78.233) + sin(i * 3.717)))::numeric, 2) * CASE WHEN i BETWEEN 2880 AND 3623 THEN 100 ELSE 1 END AS amount
FROM generate_series(0, 6999) AS i;
SELECT f.* FROM found('purchase', 'amount') AS f;
SELECT f.* FROM found('SELECT id, amount FROM purchase', 'amount') AS f;
-- By days where there are not three months, and by what each check reads.
SELECT f.* FROM found('SELECT at, amount * CASE WHEN at::date BETWEEN ''2026-02-03'' AND ''2026-02-07'' THEN 12 ELSE 1 END AS amount
    FROM (SELECT timestamp ''2026-02-01'' + i * interval ''10 minutes'' AS at, exp(3 + 1.1 * (sin(i * 12.9898) + sin(i * 78.233) + sin(i * 3.717))) AS amount FROM generate_series(0, 3999) AS i) AS q', 'amount') AS f;
-- The rows themselves.
UPDATE sensor SET pressure = pressure * 1000 WHERE id >= 5557;
SELECT assay.add_check('sensor', 'scale_shift', 'pressure') AS narrow, assay.add_check('purchase', 'scale_shift', 'amount') AS months \gset
SELECT kind, answered_by, message FROM assay.explain_checks('sensor') UNION ALL SELECT kind, answered_by, message FROM assay.explain_checks('purchase');
SELECT count(*), min(("row"->>'id')::int), max(("row"->>'id')::int) FROM assay.failing_rows(:narrow, NULL);
SELECT count(*), min(("row"->>'id')::int), max(("row"->>'id')::int) FROM assay.failing_rows(:months, NULL);
-- What two groups differ by is no unit where it is no more than that: rich and poor countries.
SELECT f.* FROM found('SELECT CASE WHEN i % 2 = 0 THEN ''rich'' ELSE ''poor'' END AS world, exp(CASE WHEN i % 2 = 0 THEN 8 + ln(10) ELSE 8 END + 0.6 * (sin(i * 12.9898) + sin(i * 78.233) + sin(i * 3.717))) AS gdp
    FROM generate_series(1, 400) AS i', 'gdp', '{"group_by": "world"}') AS f;
-- A few codes and prices are no units, nor are two kinds of things between which no unit lies.
SELECT f.* FROM found('SELECT (ARRAY[1, 2, 5, 1000, 2000, 5000])[i % 6 + 1] AS x FROM generate_series(1, 600) AS i', 'x') AS f;
SELECT f.* FROM found('SELECT CASE WHEN i % 2 = 0 THEN 100 + i % 20 ELSE 500 + i % 90 END AS x FROM generate_series(1, 600) AS i', 'x') AS f;

-- Ranges.
CREATE TABLE budget (id int, spent text, grade speed, day date, part numeric);
INSERT INTO budget SELECT i, (i * 251)::text, 'slow', date '2026-01-01' + i, i FROM generate_series(0, 99) AS i;
CALL fails($$SELECT assay.add_check('budget', 'accepted_range', 'spent', '{"min_value": 0, "max_value": 250898}')$$);
CALL fails($$SELECT assay.add_check('budget', 'accepted_range', 'spent', '{"max_value": 5, "inclusive": false}')$$);
SELECT status, rows_failed FROM assay.validate('budget', '[{"kind": "expression_is_true", "expression": "spent::numeric >= 0 AND spent::numeric <= 250898"},
    {"kind": "accepted_range", "column_name": "spent", "min_value": "0", "max_value": "99"}]');
SELECT kind, column_name, status, message FROM assay.validate('budget', '[
    {"kind": "accepted_range", "column_name": "id", "min_value": 2, "max_value": 1}, {"kind": "accepted_range", "column_name": "id", "min_value": "2", "max_value": "1"},
    {"kind": "accepted_range", "column_name": "part", "min_value": "2.5", "max_value": 2}, {"kind": "accepted_range", "column_name": "day", "min_value": "2026-02-01", "max_value": "2026-01-01"},
    {"kind": "accepted_range", "column_name": "spent", "min_value": "b", "max_value": "a"}, {"kind": "accepted_range", "column_name": "grade", "min_value": "fast", "max_value": "slow"},
    {"kind": "length_between", "column_name": "spent", "min_value": 2, "max_value": 1}, {"kind": "row_count_between", "min_value": 2, "max_value": 1},
    {"kind": "mean_between", "column_name": "id", "min_value": 2, "max_value": 1}, {"kind": "quantile_between", "column_name": "id", "quantile": 0.5, "min_value": 2, "max_value": 1}]');
SELECT kind, column_name, status FROM assay.validate('budget', '[
    {"kind": "accepted_range", "column_name": "id", "min_value": 1, "max_value": 1}, {"kind": "accepted_range", "column_name": "grade", "min_value": "slow", "max_value": "slow"},
    {"kind": "accepted_range", "column_name": "day", "min_value": "2026-01-01", "max_value": null}]');

-- The segment whose casing differs.
SELECT segment, status, rows_failed, message FROM assay.validate('SELECT (ARRAY[''web'', ''shop'', ''phone''])[i % 3 + 1] AS source,
    CASE WHEN i % 3 = 1 THEN upper(city) ELSE city END AS city FROM generate_series(1, 900) AS i, LATERAL (SELECT (ARRAY[''Berlin'', ''Paris'', ''London'', ''Rome''])[i / 3 % 4 + 1] AS city) AS c',
    '[{"kind": "mixed_formats", "column_name": "city", "group_by": "source"}]') ORDER BY segment->>'source';

SELECT assay.drop_check(:narrow), assay.drop_check(:months);
DROP FUNCTION found;
DROP TABLE sensor, purchase, budget;

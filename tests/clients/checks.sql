-- Compares assay.validate with tests/oracle/checks.json, in which tests/oracle is the current folder: a line for each kind of check.
SET client_min_messages = warning;
\set fixture `cat checks.json`

CREATE TEMP TABLE oracle AS
SELECT place, entry->'check' AS asked, nullif(entry->'dbt', 'null') AS dbt, nullif(entry->'great_expectations', 'null') AS gx
FROM jsonb_array_elements(:'fixture'::jsonb->'checks') WITH ORDINALITY AS entries(entry, place);

-- Where we say something else than both, or than the one of them that has the kind.
CREATE TEMP TABLE ours_alone (asked jsonb, status text, failed bigint, why text);
INSERT INTO ours_alone VALUES
('{"kind": "not_null", "column_name": "status", "args": {}, "error_if": "!=5"}', 'pass', 5, 'nothing warns unless it is asked to'),
('{"kind": "not_empty", "column_name": "email", "args": {}}', 'fail', 1, 'a text of blanks is not empty'),
('{"kind": "not_empty", "column_name": "code", "args": {}}', 'fail', 1, 'a text of blanks is not empty'),
('{"kind": "accepted_range", "column_name": "ratio", "args": {"min_value": 0}}', 'fail', 5, 'NaN is in no range'),
('{"kind": "accepted_range", "column_name": "score", "args": {"min_value": 0, "max_value": 100}, "mostly": 0.9846}', 'pass', 3,
 'mostly is of all rows, with or without a value'),
('{"kind": "matches_regex", "column_name": "code", "args": {"regex": "\\d(\\d)\\1"}}', 'error', NULL,
 'patterns take linear time, so none looks back'),
('{"kind": "matches_regex", "column_name": "email", "args": {"regex": "^(?!user)"}}', 'error', NULL,
 'patterns take linear time, so none looks ahead'),
('{"kind": "mean_between", "column_name": "ratio", "args": {"min_value": 0, "max_value": 1}}', 'pass', NULL, 'figures are of finite numbers'),
('{"kind": "monotonic", "column_name": "quantity", "args": {"sort_column": "id", "strictly": true}}', 'fail', 97, 'NULL is passed over'),
('{"kind": "monotonic", "column_name": "quantity", "args": {"sort_column": "id", "strictly": false}}', 'fail', 93, 'NULL is passed over'),
('{"kind": "no_gaps", "column_name": "ref", "args": {"interval": 1}}', 'fail', 6, 'a value that repeats is no gap'),
('{"kind": "no_gaps", "column_name": "parent_id", "args": {"interval": 1}}', 'fail', 2, 'a value that repeats is no gap'),
('{"kind": "equality", "args": {"compare_model": "checks_parent", "compare_columns": ["id"]}}', 'fail', 175,
 'rows that differ, without how many more there are on one side');

-- Otherwise we count rows, as GX does, and leave NULL out, as both do mostly. dbt it is for thresholds, for NULLs in combinations, and for
-- quantiles between two values. A figure of no values is not judged. Of a figure there are no failing rows.
CREATE TEMP TABLE expected AS
SELECT place, asked->>'kind' AS kind, asked,
       CASE WHEN alone.asked IS NOT NULL THEN alone.status
            WHEN asked->>'where' = 'quantity IS NULL' OR asked->>'kind' = 'most_common_value' AND gx->'observed' = '[]' THEN 'skipped'
            WHEN asked ?| '{warn_if,error_if}' OR asked->>'kind' IN ('unique_combination', 'quantile_between') OR gx IS NULL THEN dbt->>'status'
            WHEN (gx->>'passed')::boolean THEN 'pass' ELSE 'fail' END AS status,
       CASE WHEN alone.asked IS NOT NULL THEN alone.failed
            WHEN asked->>'kind' IN ('recency', 'unique_combination') THEN NULL
            WHEN gx IS NULL THEN (dbt->>'failed')::bigint
            ELSE (gx->>'failed')::bigint END AS failed,
       CASE WHEN asked->>'kind' IN ('unique', 'unique_combination') THEN (dbt->>'failed')::float8
            WHEN jsonb_typeof(gx->'observed') = 'number' THEN (gx->>'observed')::float8 END AS value,
       (gx->>'rows')::bigint AS rows
FROM oracle LEFT JOIN ours_alone AS alone USING (asked);

CREATE TEMP TABLE found AS
WITH one_call AS MATERIALIZED (
    SELECT row_number() OVER () AS line, result.*
    FROM assay.validate('checks', (SELECT jsonb_agg(asked ORDER BY place) FROM expected)) AS result
), lines AS (
    SELECT place, asked, row_number() OVER (ORDER BY place) AS line FROM expected
)
SELECT place, kind, status, rows_failed, rows_evaluated, value FROM one_call LEFT JOIN lines USING (line);

CREATE TEMP TABLE compared AS
SELECT place, e.kind, e.asked, e.status AS status_expected, f.status, e.failed AS failed_expected, f.rows_failed, e.value AS value_expected,
       f.value, coalesce(e.kind = f.kind AND e.status = f.status, false)
       AND (e.failed IS NULL OR coalesce(e.failed = f.rows_failed, false))
       AND (e.rows IS NULL OR f.status = 'error' OR coalesce(e.rows = f.rows_evaluated, false))
       AND (e.value IS NULL OR coalesce(abs(e.value - f.value) <= 1e-12 * abs(e.value), false)) AS agrees
FROM expected AS e FULL JOIN found AS f USING (place);

SELECT 'differs:', asked, 'status', status, 'not', status_expected, 'rows', rows_failed, 'not', failed_expected, 'value', value, 'not',
       value_expected
FROM compared WHERE NOT agrees ORDER BY place;

SELECT CASE WHEN bool_and(agrees) THEN 'ok - ' ELSE 'not ok - ' END || coalesce(kind, 'a line that nobody asked for'),
       'beside dbt and Great Expectations:', count(*), 'checks'
FROM compared GROUP BY kind ORDER BY min(place);

SELECT CASE WHEN count(*) = 0 THEN 'ok - ' ELSE 'not ok - ' END || 'every difference of our own is one of the checks that were judged'
FROM ours_alone WHERE asked NOT IN (SELECT asked FROM oracle);

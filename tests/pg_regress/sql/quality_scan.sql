-- The aggregate behind profiles and checks, called by itself.

CREATE TABLE cell AS SELECT i AS n, CASE WHEN i % 5 > 0 THEN (ARRAY['a', 'b', 'c'])[i % 3 + 1] END AS t, i % 7 = 0 AS ok FROM generate_series(1, 100) AS i;
\set plan '{"columns": [{"name": "n", "type_name": "integer", "kind": "integer"}, {"name": "t", "type_name": "text", "kind": "text"}], "profiled": [0, 1], "checks": [{"column": 0, "test": "not_null"}, {"column": 0, "test": {"range": {"low": {"value": {"integer": 3}}, "high": null}}}, {"column": 1, "test": {"accepted": {"values": [{"text": "a"}, {"text": "b"}]}}}]}'
SELECT column_name, data_type, rows, nulls, distinct_estimate, min, max, mean FROM assay.profile_of((SELECT assay_internal.scan(:'plan', n, t) FROM cell));
-- Merged parts are the whole.
SELECT count(DISTINCT report::text) AS answers
FROM (SELECT array_agg(p) AS report FROM assay.profile_of((SELECT assay_internal.scan(:'plan', n, t) FROM cell)) AS p
      UNION ALL
      SELECT array_agg(p) FROM assay.profile_of((SELECT assay.merge_states(state) FROM (SELECT assay_internal.scan(:'plan', n, t) AS state FROM cell GROUP BY n % 3) AS parts)) AS p) AS answers;
SELECT assay_internal.scan(:'plan', n, t) IS NULL AS no_rows FROM cell WHERE false;
SELECT assay_internal.scan(NULL, n, t) IS NULL AS no_plan FROM cell;
-- The rows that fail one of its checks. NULL fails none of these.
SELECT count(*) FILTER (WHERE assay_internal.row_fails(:'plan', n, t)) AS fail, count(*) FILTER (WHERE n < 3 OR t = 'c') AS expected FROM cell;
SELECT assay_internal.row_fails(NULL, 1, 'a') IS NULL AS no_plan;
-- Plans that are none, or do not suit the arguments.
CALL fails($$SELECT assay_internal.scan('{', n) FROM cell$$);
CALL fails($$SELECT assay_internal.scan('{"columns": [], "steps": 1}', n) FROM cell$$);
CALL fails($$SELECT assay_internal.scan('{"columns": []}', n) FROM cell$$);
CALL fails($$SELECT assay_internal.scan('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}]}', n) FROM cell$$);
CALL fails($$SELECT assay_internal.scan('{"columns": [{"name": "n", "type_name": "integer", "kind": "integer"}], "checks": [{"column": 7, "test": "not_null"}]}', n) FROM cell$$);
CALL fails($$SELECT assay_internal.row_fails('{"columns": [{"name": "n", "type_name": "integer", "kind": "integer"}], "checks": [{"column": 0, "test": {"matches": {"pattern": "a(b"}}}]}', 1)$$);
CALL fails($$SELECT assay_internal.row_fails('{"columns": [{"name": "t", "type_name": "text", "kind": "text"}], "checks": [{"column": 0, "test": {"matches": {"pattern": "a(b"}}}]}', 'ab')$$);

-- Profiles of a query, and of stored states.
SELECT column_name, data_type, rows, nulls, distinct_estimate, min, max, mean, meaning FROM assay.profile('cell');
SELECT column_name, rows, nulls FROM assay.profile_of(assay.merge_states(assay.profile_state('SELECT * FROM cell WHERE n <= 40'), assay.profile_state('SELECT * FROM cell WHERE n > 40')));
DROP TABLE cell;

-- Kinds about the values of columns: extremes, sets, shares, patterns, columns beside each other, correlation. Figures are compared with SQL's own.
CREATE FUNCTION judged(query text, VARIADIC checks jsonb[])
RETURNS TABLE (name text, segment text, status text, value numeric, threshold text, rows bigint, failed bigint, nulls bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT name, (SELECT string_agg(s.value, ', ') FROM jsonb_each_text(segment) AS s), status, trim_scale(round(value::numeric, 6)), threshold,
           rows_evaluated, rows_failed, null_rows, sample, message
    FROM assay.validate(query, to_jsonb(checks))
$$;
CREATE TABLE part (
    id int, side text, net numeric(10, 2), tax numeric(10, 2), gross numeric(10, 2), width float8, code char(4), made date, sold timestamptz, key uuid, ok boolean, body json
);
INSERT INTO part VALUES
    (1, 'left', 10, 2, 12, 0.1, 'A_1', '2026-01-01', '2026-01-02 00:00+00', '00000000-0000-4000-8000-000000000001', true, '{"a": 1}'),
    (2, 'left', 5.5, 1.1, 6.6, 0.2, 'A%2', '2026-01-05', '2026-01-04 00:00+00', '00000000-0000-4000-8000-000000000002', false, '{"a": 1}'),
    (3, 'right', 7, 1, 9, 'NaN', 'a_1', 'infinity', '2026-02-01 00:00+00', NULL, true, NULL),
    (4, 'right', NULL, 1, 3, '-Infinity', E'b\nc', '2025-12-31', NULL, NULL, NULL, NULL),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'infinity', NULL, NULL, NULL);
SET timezone = 'UTC'; SET datestyle = ISO;

-- Extremes are those of PostgreSQL's min and max: infinities are values, NaN is above all numbers, NULL is none.
SELECT min(net), max(net), min(width), max(width), min(made), max(made), max(sold) FROM part;
SELECT name, status, value, threshold, rows, nulls, sample, message FROM judged('part',
    '{"kind": "min_between", "column_name": "net", "min_value": 5.5}', '{"kind": "min_between", "column_name": "net", "min_value": 5.5, "strictly": true}',
    '{"kind": "max_between", "column_name": "net", "min_value": 5, "max_value": 10}', '{"kind": "max_between", "column_name": "net", "max_value": 10, "strictly": true}',
    '{"kind": "min_between", "column_name": "width", "min_value": -10}', '{"kind": "max_between", "column_name": "width", "max_value": 1}', '{"kind": "max_between", "column_name": "width", "min_value": 1}',
    '{"kind": "min_between", "column_name": "id", "min_value": 0.5, "max_value": 1.5}', '{"kind": "max_between", "column_name": "id", "max_value": 4.5}',
    '{"kind": "min_between", "column_name": "made", "min_value": "2025-12-31"}', '{"kind": "max_between", "column_name": "made", "max_value": "2026-12-31"}', '{"kind": "max_between", "column_name": "sold", "max_value": "2026-12-31"}',
    '{"kind": "max_between", "column_name": "made", "max_value": "2026-12-31", "where": "made < ''infinity''"}', '{"kind": "max_between", "column_name": "net", "max_value": 1, "where": "id > 3"}');
SELECT name, segment, status, value, rows FROM judged('part', '{"kind": "max_between", "column_name": "gross", "max_value": 10, "group_by": "side"}');

-- Sets of different values.
SELECT name, status, value, threshold, rows, nulls, sample, message FROM judged('part',
    '{"kind": "distinct_values_in_set", "column_name": "side", "value_set": ["left", "right", "both"]}', '{"kind": "distinct_values_in_set", "column_name": "side", "value_set": ["left"]}',
    '{"kind": "distinct_values_contain_set", "column_name": "side", "value_set": ["left"]}', '{"kind": "distinct_values_contain_set", "column_name": "side", "value_set": ["left", "both", null]}',
    '{"kind": "distinct_values_equal_set", "column_name": "side", "value_set": ["right", "left", "left"]}', '{"kind": "distinct_values_equal_set", "column_name": "side", "value_set": ["left", "both"]}',
    '{"kind": "distinct_values_equal_set", "column_name": "net", "value_set": [10, "5.50", 7.0]}', '{"kind": "distinct_values_contain_set", "column_name": "made", "value_set": ["1 Jan 2026"]}',
    '{"kind": "distinct_values_contain_set", "column_name": "ok", "value_set": [true, false]}', '{"kind": "distinct_values_contain_set", "column_name": "key", "value_set": ["00000000000040008000000000000001"]}',
    '{"kind": "distinct_values_contain_set", "column_name": "side", "value_set": ["left"], "where": "false"}', '{"kind": "distinct_values_in_set", "column_name": "side", "value_set": ["left"], "where": "false"}');
SELECT name, segment, status, value, sample FROM judged('part', '{"kind": "distinct_values_equal_set", "column_name": "ok", "value_set": [true, false], "group_by": "side"}');
-- Whatever the number of different values, they are counted one by one.
SELECT name, status, value, sample FROM judged('SELECT i % 30011 AS x FROM generate_series(1, 100000) AS i',
    '{"kind": "distinct_values_contain_set", "column_name": "x", "value_set": [0, 17, 30010]}', '{"kind": "distinct_values_contain_set", "column_name": "x", "value_set": [0, 30011]}',
    '{"kind": "value_share_between", "column_name": "x", "values": [0, 1], "min_value": 0.00007, "max_value": 0.00007}');

-- Shares are of values, NULL is none.
SELECT avg((side = 'left')::int) FROM part;
SELECT name, segment, status, value, threshold, nulls, message FROM judged('part',
    '{"kind": "value_share_between", "column_name": "side", "values": ["left"], "min_value": 0.5, "max_value": 0.5}', '{"kind": "value_share_between", "column_name": "side", "values": ["left"], "max_value": 0.4}',
    '{"kind": "value_share_between", "column_name": "ok", "values": [true], "min_value": 0.6, "group_by": "side"}');

-- Patterns are those of LIKE, of the whole text: % is any text, newlines, too.
SELECT code, code::text LIKE 'A\_%', code::text LIKE '%_', code::text ILIKE 'a_1%', code::text LIKE ALL ('{a%,b%}') FROM part ORDER BY id;
SELECT name, status, rows, failed, nulls, sample FROM judged('SELECT id, code::text AS code FROM part',
    '{"kind": "like", "column_name": "code", "like_pattern": "A\\_%"}', '{"kind": "like", "column_name": "code", "like_pattern": "%_"}', '{"kind": "like", "column_name": "code", "like_pattern": "a_1%", "ignore_case": true}',
    '{"kind": "like", "column_name": "code", "like_pattern_list": ["A%", "b%"]}', '{"kind": "not_like", "column_name": "code", "like_pattern_list": ["A\\%%", "b%"]}', '{"kind": "not_like", "column_name": "code", "like_pattern": "%.%"}',
    '{"kind": "like", "column_name": "code", "like_pattern": ""}', '{"kind": "like", "column_name": "code", "like_pattern": "A%", "mostly": 0.5}');

-- Columns beside each other. NULL on either side passes, unless both have to be missing.
SELECT name, status, rows, failed FROM judged('part',
    '{"kind": "columns_compare", "name": "net < gross", "column_A": "net", "operator": "<", "column_B": "gross"}', '{"kind": "columns_compare", "name": "net = gross", "column_A": "net", "column_B": "gross"}',
    '{"kind": "columns_compare", "name": "one is missing", "column_A": "net", "operator": "<", "column_B": "gross", "ignore_row_if": "both_values_are_missing"}',
    '{"kind": "columns_compare", "name": "sum", "column_list": ["net", "tax"], "column_B": "gross"}', '{"kind": "columns_compare", "name": "nearly", "column_list": ["net", "tax"], "column_B": "gross", "tolerance": 1}',
    '{"kind": "columns_compare", "name": "total", "column_list": ["net", "tax"], "operator": ">=", "sum_total": 8}', '{"kind": "columns_compare", "name": "times", "column_A": "made", "operator": "<=", "column_B": "sold"}',
    '{"kind": "columns_compare", "name": "types", "column_A": "id", "operator": "<>", "column_B": "gross"}', '{"kind": "columns_compare", "name": "where", "column_A": "made", "operator": "<=", "column_B": "sold", "where": "id <> 2", "mostly": 0.7}');
SELECT count(*) FILTER (WHERE NOT net < gross), count(*) FILTER (WHERE net <> gross), count(*) FILTER (WHERE net + tax <> gross), count(*) FILTER (WHERE NOT made <= sold) FROM part;
SELECT name, segment, status, rows, failed FROM judged('part', '{"kind": "columns_compare", "column_list": ["net", "tax"], "column_B": "gross", "group_by": "side"}');
-- A sum of fractions is not exact in binary, and one of integers has no end.
SELECT name, status, failed FROM judged('SELECT 0.1::float8 AS a, 0.2::float8 AS b, 0.3::float8 AS c, 9223372036854775807 AS d', '{"kind": "columns_compare", "column_list": ["a", "b"], "column_B": "c"}',
    '{"kind": "columns_compare", "name": "large", "column_list": ["d", "d"], "operator": ">", "column_B": "d"}');

-- Columns by their number.
SELECT name, status, value, threshold FROM judged('part', '{"kind": "column_count_between", "min_value": 12, "max_value": 12}', '{"kind": "column_count_between", "max_value": 11}');

-- Correlation, of rows whose numbers are both there and finite.
CREATE TABLE pair AS SELECT i AS a, CASE WHEN i % 50 = 0 THEN NULL ELSE i * i + (i % 7) * 90 END AS b, CASE WHEN i % 40 = 0 THEN 'NaN' ELSE -i / 3.0 END::float8 AS c, i % 3 AS g FROM generate_series(1, 300) AS i;
SELECT round(corr(a, b)::numeric, 6) AS ab, round((corr(a, c) FILTER (WHERE c < 'Infinity'))::numeric, 6) AS ac FROM pair;
SELECT round(corr(r, s)::numeric, 6) AS ranks FROM (SELECT rank() OVER (ORDER BY a) AS r, rank() OVER (ORDER BY b) + (count(*) OVER (PARTITION BY b) - 1) / 2.0 AS s FROM pair WHERE b IS NOT NULL) AS ranked;
SELECT g, round(corr(a, b)::numeric, 6) FROM pair WHERE a < 40 GROUP BY g ORDER BY g;
SELECT name, segment, status, value, threshold, rows, message FROM judged('pair', '{"kind": "correlation_between", "column_A": "a", "column_B": "b", "min_value": 0.9}', '{"kind": "correlation_between", "column_A": "a", "column_B": "c", "max_value": -0.9}',
    '{"kind": "correlation_between", "column_A": "a", "column_B": "b", "method": "spearman", "max_value": 0.5}', '{"kind": "correlation_between", "column_A": "a", "column_B": "b", "min_value": 0.9, "where": "a < 2"}',
    '{"kind": "correlation_between", "column_A": "a", "column_B": "b", "min_value": 0.999, "where": "a < 40", "group_by": "g"}', '{"kind": "correlation_between", "column_A": "a", "column_B": "g", "method": "spearman", "min_value": 0, "max_value": 1, "group_by": "g"}');

-- What cannot be.
SELECT name, status, message FROM judged('part',
    '{"kind": "min_between", "column_name": "id"}', '{"kind": "max_between", "column_name": "id", "min_value": 2, "max_value": 1}', '{"kind": "max_between", "column_name": "made", "min_value": "2026-02-01", "max_value": "2026-01-01"}',
    '{"kind": "max_between", "column_name": "side", "max_value": "z"}', '{"kind": "max_between", "column_name": "id", "max": 3}', '{"kind": "max_between", "column_name": "made", "max_value": "someday"}',
    '{"kind": "distinct_values_in_set", "column_name": "side", "value_set": []}', '{"kind": "distinct_values_equal_set", "column_name": "id", "value_set": [1, 2.5]}', '{"kind": "distinct_values_in_set", "column_name": "body", "value_set": ["{}"]}', '{"kind": "distinct_values_in_set", "column_name": "side", "values": ["left"]}',
    '{"kind": "value_share_between", "column_name": "side", "values": ["left"], "max_value": 50}', '{"kind": "value_share_between", "column_name": "side", "values": [], "max_value": 0.5}', '{"kind": "value_share_between", "column_name": "side", "values": ["left"]}',
    '{"kind": "like", "column_name": "side"}', '{"kind": "like", "column_name": "side", "like_pattern": "a", "like_pattern_list": ["b"]}', '{"kind": "not_like", "column_name": "side", "like_pattern": "a\\"}', '{"kind": "like", "column_name": "id", "like_pattern": "1%"}',
    '{"kind": "columns_compare", "column_A": "net"}', '{"kind": "columns_compare", "column_A": "net", "column_B": "net"}', '{"kind": "columns_compare", "column_A": "net", "column_B": "made"}', '{"kind": "columns_compare", "column_A": "net", "column_B": "nowhere"}', '{"kind": "columns_compare", "column_list": ["side", "net"], "column_B": "tax"}',
    '{"kind": "columns_compare", "column_A": "net", "operator": "=>", "column_B": "tax"}', '{"kind": "columns_compare", "column_A": "net", "operator": "<", "column_B": "tax", "tolerance": 1}', '{"kind": "columns_compare", "column_A": "net", "column_B": "tax", "tolerance": -1}',
    '{"kind": "column_count_between"}', '{"kind": "column_count_between", "min_value": 3, "max_value": 2}', '{"kind": "column_count_between", "min_value": 3, "where": "true"}',
    '{"kind": "correlation_between", "column_A": "id", "column_B": "net", "max_value": 2}', '{"kind": "correlation_between", "column_A": "id", "column_B": "side", "max_value": 1}', '{"kind": "correlation_between", "column_A": "id", "column_B": "net", "method": "kendall", "max_value": 1}');
DROP TABLE part, pair;
DROP FUNCTION judged(text, jsonb[]);
RESET timezone; RESET datestyle;

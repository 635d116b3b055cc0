-- Names, patterns and values that try to be something else than themselves, in every kind that writes a statement or a regular expression of them.
SET timezone = 'UTC'; SET datestyle = ISO;
CREATE TABLE "odd; DROP TABLE x --" ("a'b" int, "c""d" int, "e) OR (true" date, "f\g" date, "q.*" text, "$1" numeric, "{}" timestamp, "ß%_" text);
INSERT INTO "odd; DROP TABLE x --" SELECT i, i + 1, date '2026-01-01' + i, date '2026-01-02' + i, CASE i % 3 WHEN 0 THEN 'a.c' WHEN 1 THEN 'abc' ELSE E'a\nc' END, i % 4, timestamp '2026-01-01' + i * interval '1 day', CASE WHEN i < 4 THEN '(?:' ELSE '%' END FROM generate_series(1, 40) AS i;
CREATE FUNCTION judged(VARIADIC checks jsonb[]) RETURNS TABLE (kind text, status text, value numeric, failed bigint, sample text, message text) LANGUAGE sql AS $$
    SELECT kind, status, round(value::numeric, 3), rows_failed, left(sample::text, 90), message FROM assay.validate('"odd; DROP TABLE x --"', to_jsonb(checks))
$$;
SELECT * FROM judged('{"kind": "duplicate_rows", "exclude_columns": ["a''b", "c\"d", "e) OR (true", "f\\g", "{}"]}', '{"kind": "columns_compare", "column_A": "a''b", "operator": "<", "column_B": "c\"d"}', '{"kind": "columns_compare", "column_list": ["a''b", "$1"], "operator": ">=", "column_B": "c\"d"}',
    '{"kind": "sequential_values", "column_name": "a''b", "group_by_columns": ["$1"]}', '{"kind": "sequential_values", "column_name": "e) OR (true", "interval": "1 day''; DROP TABLE x"}', '{"kind": "stuck_values", "column_name": "$1", "sort_column": "{}", "max_run": 1, "partition_by": "ß%_"}',
    '{"kind": "mutually_exclusive_ranges", "lower_bound_column": "e) OR (true", "upper_bound_column": "f\\g", "partition_by": ["q.*"]}', '{"kind": "correlation_between", "column_A": "a''b", "column_B": "c\"d", "method": "spearman", "min_value": 1, "group_by": "q.*"}',
    '{"kind": "row_count_ratio", "compare_model": "\"odd; DROP TABLE x --\"", "min_value": 1, "max_value": 1}', '{"kind": "row_count_ratio", "compare_model": "pg_class; DROP TABLE x", "min_value": 1}',
    '{"kind": "equality", "compare_model": "\"odd; DROP TABLE x --\"", "key": ["a''b", "ß%_"], "tolerance": 0.1}', '{"kind": "outliers", "column_name": "$1", "group_by": ["q.*", "ß%_"]}',
    '{"kind": "within_n_moving_stdevs", "column_name": "$1", "date_column_name": "{}", "at": "2026-02-10", "take_logs": false, "group_by": "ß%_"}', '{"kind": "within_n_moving_stdevs", "date_column_name": "{}", "at": "2026-02-10''; DROP TABLE x; --"}',
    '{"kind": "min_between", "column_name": "e) OR (true", "min_value": "2026-01-01''; DROP TABLE x; --"}', '{"kind": "distinct_values_in_set", "column_name": "ß%_", "value_set": ["(?:", "%"]}', '{"kind": "value_share_between", "column_name": "ß%_", "values": ["'') OR true --"], "max_value": 0}');
-- A pattern of LIKE is no regular expression, nor is a value that is a sentinel.
SELECT * FROM judged('{"kind": "like", "column_name": "q.*", "like_pattern": "a.c"}', '{"kind": "like", "column_name": "q.*", "like_pattern": "a_c"}', '{"kind": "like", "column_name": "q.*", "like_pattern": "(a|b)[a-z]{1}c$"}', '{"kind": "not_like", "column_name": "ß%_", "like_pattern": "(?:"}',
    '{"kind": "like", "column_name": "ß%_", "like_pattern_list": ["\\%", "(_:"]}', '{"kind": "sentinel_values", "column_name": "q.*", "values": ["a.c"]}', '{"kind": "sentinel_values", "column_name": "ß%_", "values": ["(?:", ".*"]}', '{"kind": "sentinel_values", "column_name": "ß%_", "values": ["(?:"], "ignore": ["(?i)x"]}');
-- Very many patterns and values.
SELECT kind, status, failed, left(message, 60) AS message FROM judged(jsonb_build_object('kind', 'like', 'column_name', 'ß%_', 'like_pattern_list', (SELECT jsonb_agg('%' || repeat('x_%', 200) || i) FROM generate_series(1, 5000) AS i)));
SELECT kind, status, failed, left(message, 60) AS message FROM judged(jsonb_build_object('kind', 'sentinel_values', 'column_name', 'ß%_', 'values', (SELECT jsonb_agg(repeat('x', 500) || i) FROM generate_series(1, 50000) AS i)));
SELECT kind, status, failed, left(message, 60) AS message FROM judged(jsonb_build_object('kind', 'distinct_values_contain_set', 'column_name', 'a''b', 'value_set', (SELECT jsonb_agg(i) FROM generate_series(1, 100000) AS i)));
SELECT kind, status, failed FROM judged(jsonb_build_object('kind', 'like', 'column_name', 'q.*', 'like_pattern', repeat('%a', 300)));
-- Numbers at the end of their range.
SELECT kind, status, round(value::numeric, 3) AS value, rows_failed, message FROM assay.validate('SELECT 9223372036854775807 - i AS n, 1e308::float8 * (1 - i % 2 * 2) AS x, i AS at, date ''5874897-12-31'' - i AS late, ''NaN''::numeric AS nan FROM generate_series(0, 30) AS i', '[{"kind": "sequential_values", "column_name": "n"},
    {"kind": "columns_compare", "column_list": ["x", "x"], "operator": ">", "column_B": "n"}, {"kind": "columns_compare", "column_list": ["n", "n"], "sum_total": 1e300}, {"kind": "correlation_between", "column_A": "n", "column_B": "x", "min_value": -1}, {"kind": "max_between", "column_name": "n", "max_value": 9223372036854775807},
    {"kind": "max_between", "column_name": "n", "max_value": 9223372036854775806}, {"kind": "stuck_values", "column_name": "nan", "sort_column": "at", "max_run": 30}, {"kind": "sequential_values", "column_name": "late"}, {"kind": "sentinel_values", "column_name": "n"}, {"kind": "sentinel_values", "column_name": "x"},
    {"kind": "within_n_moving_stdevs", "column_name": "x", "date_column_name": "late", "at": "2026-01-01"}, {"kind": "equality", "compare_model": "SELECT 1 AS n", "compare_columns": ["n"], "precision": 30}, {"kind": "min_between", "column_name": "nan", "min_value": 0}]');
SELECT count(*) FROM "odd; DROP TABLE x --";
DROP TABLE "odd; DROP TABLE x --";
DROP FUNCTION judged(jsonb[]);
RESET timezone; RESET datestyle;

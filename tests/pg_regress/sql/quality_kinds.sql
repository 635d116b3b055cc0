-- Every kind of check: what passes, what fails, what NULL, no row and one row are to it, and what its results say.

-- The results of checks, as a person would have them.
CREATE FUNCTION judged(query text, VARIADIC checks jsonb[])
RETURNS TABLE (name text, segment text, status text, metric text, value numeric, threshold text, rows bigint, failed bigint, nulls bigint, sample jsonb, message text)
LANGUAGE sql AS $$
    SELECT name, (SELECT string_agg(s.value, ', ') FROM jsonb_each_text(segment) AS s), status, metric, trim_scale(round(value::numeric, 6)), threshold,
           rows_evaluated, rows_failed, null_rows, sample, message
    FROM assay.validate(query, to_jsonb(checks))
$$;

CREATE TABLE item (
    id int PRIMARY KEY, ref bigint, code text, kind varchar(10), price numeric(10, 2), weight real, score float8, sold date, changed timestamptz,
    ok boolean, tags text[], body jsonb, key uuid, span interval, grade char(3)
);
INSERT INTO item VALUES
    (1, 10, 'A-1', 'new', 10.50, 0.1, 1, '2026-01-01', '2026-01-01 10:00+00', true, '{a}', '{"a": 1}', '00000000-0000-4000-8000-000000000001', '1 month', 'x'),
    (2, 11, 'A-2', 'new', 11.00, 0.2, 2, '2026-01-02', '2026-01-01 11:00+00', false, '{a,b}', '{"a": 2}', '00000000-0000-4000-8000-000000000002', '30 days', 'x'),
    (3, 11, 'B-3', 'old', 12.25, 0.1, 3, '2026-01-03', '2026-01-01 12:00+00', true, '{}', '{}', '00000000-0000-4000-8000-000000000003', '2 days', 'y'),
    (4, 12, '', 'old', -1.00, 0.3, 'NaN', '2026-01-05', '2026-01-01 09:00+00', NULL, NULL, 'null', NULL, NULL, 'z'),
    (5, NULL, 'b-5', 'odd', NULL, NULL, 'Infinity', '2026-01-06', NULL, true, '{a}', NULL, '00000000-0000-4000-8000-000000000003', '2 days', NULL),
    (6, NULL, NULL, NULL, 1000.00, 0.2, NULL, 'infinity', 'infinity', NULL, '{b}', '[]', NULL, '1 month', 'x');
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (10), (11);
CREATE TABLE no_item AS TABLE item WITH NO DATA;
CREATE TABLE single AS SELECT * FROM item WHERE id = 1;

-- Rows. NULL passes all of them but not_null, and null_rows says how many.
SET datestyle = ISO; SET intervalstyle = postgres; SET timezone = 'UTC';
SELECT * FROM judged('item',
    '{"kind": "not_null", "column_name": "id"}', '{"kind": "not_null", "column_name": "code"}',
    '{"kind": "not_empty", "column_name": "code"}', '{"kind": "not_empty", "column_name": "kind"}', '{"kind": "not_empty"}',
    '{"kind": "accepted_values", "column_name": "kind", "values": ["new", "old", "odd"]}', '{"kind": "accepted_values", "column_name": "kind", "values": ["new", null]}',
    '{"kind": "accepted_values", "column_name": "id", "values": [1, 2, "3", 4.0, 5.5, 1e300]}', '{"kind": "accepted_values", "column_name": "price", "values": [10.5, "11", 12.25, -1]}',
    '{"kind": "accepted_values", "column_name": "ok", "values": [true]}', '{"kind": "accepted_values", "column_name": "sold", "values": ["2026-01-01", "2 Jan 2026"]}',
    '{"kind": "accepted_values", "column_name": "key", "values": ["00000000-0000-4000-8000-000000000003"]}', '{"kind": "accepted_values", "column_name": "grade", "values": ["x", "y"]}',
    '{"kind": "accepted_values", "column_name": "tags", "values": ["{a}", "{b}"]}', '{"kind": "accepted_values", "column_name": "span", "values": ["30 days"]}',
    '{"kind": "not_accepted_values", "column_name": "kind", "values": ["odd"]}', '{"kind": "not_accepted_values", "column_name": "kind", "values": ["other"]}');
SELECT * FROM judged('item',
    '{"kind": "accepted_range", "column_name": "price", "min_value": 0, "max_value": 100}', '{"kind": "accepted_range", "column_name": "price", "min_value": -1}',
    '{"kind": "accepted_range", "column_name": "price", "min_value": -1, "inclusive": false}', '{"kind": "accepted_range", "column_name": "id", "max_value": 5.5}',
    '{"kind": "accepted_range", "column_name": "id", "min_value": 1, "max_value": 6, "inclusive": false}', '{"kind": "accepted_range", "column_name": "score", "min_value": 0}',
    '{"kind": "accepted_range", "column_name": "sold", "min_value": "2026-01-01", "max_value": "2026-12-31"}', '{"kind": "accepted_range", "column_name": "changed", "max_value": "2026-01-01 11:30+00"}',
    '{"kind": "accepted_range", "column_name": "span", "max_value": "1 month"}', '{"kind": "accepted_range", "column_name": "code", "min_value": "A", "max_value": "Z"}');
SELECT * FROM judged('item',
    '{"kind": "matches_regex", "column_name": "code", "regex": "^[AB]-\\d$"}', '{"kind": "matches_regex", "column_name": "code", "regex": "^[ab]-\\d$", "flags": "i"}',
    '{"kind": "matches_regex", "column_name": "kind", "regex": "^(new|old|odd)$"}', '{"kind": "not_matches_regex", "column_name": "code", "regex": "b"}',
    '{"kind": "valid_format", "column_name": "key", "format": "uuid"}', '{"kind": "valid_format", "column_name": "code", "format": "integer"}',
    '{"kind": "length_between", "column_name": "code", "min_value": 1, "max_value": 3}', '{"kind": "length_between", "column_name": "kind", "max_value": 3}',
    '{"kind": "expression_is_true", "expression": "price > 0"}', '{"kind": "expression_is_true", "column_name": "price", "expression": "> 0"}',
    '{"kind": "expression_is_true", "expression": "id > 0 -- always"}');
-- Values that only their type's own operators know to compare: enums in their order, arrays, addresses, money, JSON, ranges.
CREATE TYPE level AS ENUM ('low', 'medium', 'high');
CREATE DOMAIN address AS inet;
CREATE TABLE item_typed AS SELECT * FROM (VALUES ('low'::level, '{1.0}'::numeric[], '10.0.0.9'::address, '$9.00'::money, '9'::jsonb, '[1,3)'::int4range, '\x0a'::bytea),
    ('high', '{2}', '10.0.0.10', '$10.00', '10', '[5,9)', '\xff'), ('medium', NULL, NULL, NULL, NULL, NULL, NULL)) AS v (level, list, address, price, body, span, bytes);
SELECT * FROM judged('item_typed',
    '{"kind": "accepted_range", "column_name": "level", "min_value": "low", "max_value": "medium"}', '{"kind": "accepted_range", "column_name": "level", "min_value": "medium", "inclusive": false}', '{"kind": "accepted_range", "column_name": "address", "max_value": "10.0.0.9"}',
    '{"kind": "accepted_range", "column_name": "price", "min_value": 9.5}', '{"kind": "accepted_range", "column_name": "body", "max_value": 9}', '{"kind": "accepted_range", "column_name": "bytes", "max_value": "\\x0b"}', '{"kind": "accepted_range", "column_name": "list", "max_value": "{1.5}"}',
    '{"kind": "accepted_values", "column_name": "list", "values": ["{1}", null, "{2.00}"]}', '{"kind": "not_accepted_values", "column_name": "list", "values": ["{1}"]}', '{"kind": "accepted_values", "column_name": "span", "values": ["[1,2]"]}',
    '{"kind": "accepted_values", "column_name": "list", "values": []}', '{"kind": "not_accepted_values", "column_name": "list", "values": []}', '{"kind": "accepted_values", "column_name": "level", "values": ["low", "high"]}', '{"kind": "accepted_values", "column_name": "level", "values": ["none"]}',
    '{"kind": "accepted_range", "column_name": "level", "max_value": "none"}', '{"kind": "accepted_values", "column_name": "address", "values": ["nowhere"]}');
-- Steps of fractions are not exact in binary, which is no gap.
SELECT name, status, value, sample FROM judged('SELECT i / 10.0::float8 AS x FROM generate_series(1, 30) AS i WHERE i <> 17', '{"kind": "no_gaps", "column_name": "x", "interval": 0.1}');
-- Texts compare by code point; lengths count characters; an empty pattern is in every text.
SELECT * FROM judged($$VALUES ('é'), ('ee'), (''), (NULL)$$, '{"kind": "length_between", "column_name": "column1", "min_value": 1, "max_value": 1}',
    '{"kind": "matches_regex", "column_name": "column1", "regex": ""}', '{"kind": "accepted_range", "column_name": "column1", "max_value": "z"}');

-- Sets of rows. unique says how many values repeat, in how many rows, and how many of these are too many.
SELECT * FROM judged('item',
    '{"kind": "unique", "column_name": "id"}', '{"kind": "unique", "column_name": "ref"}', '{"kind": "unique", "column_name": "key"}', '{"kind": "unique", "column_name": "weight"}',
    '{"kind": "unique", "column_name": "ref", "where": "id <> 3"}', '{"kind": "unique", "column_name": "ref", "error_if": ">2"}',
    '{"kind": "unique_combination", "combination_of_columns": ["ref", "ok"]}', '{"kind": "unique_combination", "combination_of_columns": ["kind", "grade"]}',
    '{"kind": "unique_combination", "combination_of_columns": ["id", "grade"]}',
    '{"kind": "relationships", "column_name": "ref", "to": "parent", "field": "id"}', '{"kind": "relationships", "column_name": "ref", "to": "SELECT 12 AS id UNION TABLE parent", "field": "id"}');
SELECT * FROM judged('item',
    '{"kind": "monotonic", "column_name": "sold", "sort_column": "id"}', '{"kind": "monotonic", "column_name": "ref", "sort_column": "id", "strictly": true}',
    '{"kind": "monotonic", "column_name": "changed", "sort_column": "id"}', '{"kind": "monotonic", "column_name": "id", "sort_column": "id", "decreasing": true}',
    '{"kind": "no_gaps", "column_name": "id"}', '{"kind": "no_gaps", "column_name": "sold", "interval": 1, "datepart": "day", "where": "id < 6"}',
    '{"kind": "no_gaps", "column_name": "sold", "interval": "2 days", "where": "id < 6"}', '{"kind": "no_gaps", "column_name": "changed", "interval": 1, "datepart": "hour", "where": "id < 6"}',
    '{"kind": "equal_rowcount", "compare_model": "no_item"}', '{"kind": "equal_rowcount", "compare_model": "SELECT * FROM item"}',
    '{"kind": "equality", "compare_model": "item"}', '{"kind": "equality", "compare_model": "single"}', '{"kind": "equality", "compare_model": "SELECT id, code || ''!'' AS code FROM item", "compare_columns": ["id", "code"]}',
    '{"kind": "equality", "compare_model": "SELECT id, 0 AS ref FROM item", "compare_columns": ["id"]}', '{"kind": "equality", "compare_model": "item", "exclude_columns": ["body"]}');

-- Figures, of finite numbers; and what the relation's columns say.
SELECT * FROM judged('item',
    '{"kind": "not_null_proportion", "column_name": "ref", "at_least": 0.6}', '{"kind": "not_null_proportion", "column_name": "ref", "at_least": 0.1, "at_most": 0.5}',
    '{"kind": "row_count_between", "min_value": 6, "max_value": 6}', '{"kind": "row_count_between", "max_value": 5}',
    '{"kind": "distinct_count_between", "column_name": "kind", "min_value": 3, "max_value": 3}', '{"kind": "distinct_count_between", "column_name": "kind", "min_value": 4}',
    '{"kind": "mean_between", "column_name": "score", "min_value": 2, "max_value": 2}', '{"kind": "mean_between", "column_name": "ok", "min_value": 0.7, "max_value": 0.8}', '{"kind": "mean_between", "column_name": "price", "max_value": 100}',
    '{"kind": "sum_between", "column_name": "price", "min_value": 1032.75, "max_value": 1032.75}', '{"kind": "sum_between", "column_name": "id", "max_value": 20}',
    '{"kind": "stddev_between", "column_name": "id", "min_value": 1.8, "max_value": 1.9}', '{"kind": "stddev_between", "column_name": "id", "max_value": 1}',
    '{"kind": "quantile_between", "column_name": "id", "quantile": 0.5, "min_value": 3, "max_value": 4}', '{"kind": "quantile_between", "column_name": "id", "quantile": 1, "max_value": 5}',
    '{"kind": "most_common_value", "column_name": "kind", "value_set": ["new", "old"]}', '{"kind": "most_common_value", "column_name": "grade", "value_set": ["y"]}', '{"kind": "most_common_value", "column_name": "id", "value_set": [1, 2], "top_n": 3}',
    '{"kind": "columns_match", "column_list": ["id", "code"], "match": "contain_set"}', '{"kind": "columns_match", "column_list": ["id", "code", "sku"]}',
    '{"kind": "type_is", "column_name": "kind", "column_type": "varchar"}', '{"kind": "type_is", "column_name": "price", "column_type_list": ["integer", "decimal"]}', '{"kind": "type_is", "column_name": "sold", "column_type": "timestamp"}');
SELECT * FROM judged('TABLE parent', '{"kind": "columns_match", "column_list": ["id"], "match": "ordered_list"}');
SELECT * FROM judged('SELECT 1 AS a, 2 AS b', '{"kind": "columns_match", "column_list": ["b", "a"]}', '{"kind": "columns_match", "column_list": ["b", "a"], "match": "ordered_list"}');
-- Sums and means do not lose digits in dividing.
SELECT name, status, value FROM judged('SELECT 1.0 AS x FROM generate_series(1, 49) UNION ALL SELECT 0.0 FROM generate_series(1, 0)', '{"kind": "sum_between", "column_name": "x", "min_value": 49, "max_value": 49}');
SELECT name, status, value FROM judged('SELECT CASE i WHEN 1 THEN 1.0 ELSE 0.0 END AS x FROM generate_series(1, 49) AS i', '{"kind": "sum_between", "column_name": "x", "min_value": 1, "max_value": 1}');
-- Recent: how long ago the latest was. infinity is no point in time.
SELECT name, status, metric, threshold, message, value BETWEEN 86000 AND 87000 AS a_day FROM judged($$VALUES (now() - interval '1 day'), (now() - interval '9 days'), ('infinity')$$,
    '{"kind": "recency", "column_name": "column1", "datepart": "hour", "interval": 25}', '{"kind": "recency", "column_name": "column1", "interval": "23 hours"}');
SELECT name, status, value, message FROM judged('no_item', '{"kind": "recency", "column_name": "sold", "datepart": "day", "interval": 1}');
-- Outside of what is usual, which a first pass finds out.
SELECT * FROM judged('SELECT CASE i WHEN 100 THEN 1000 ELSE i % 10 END AS x, i FROM generate_series(1, 100) AS i',
    '{"kind": "within_n_stdevs", "column_name": "x"}', '{"kind": "within_n_stdevs", "column_name": "x", "sigma_threshold": 20}', '{"kind": "outliers", "column_name": "x"}', '{"kind": "outliers", "column_name": "x", "where": "i < 100"}');

-- No row, and one.
SELECT name, status, value, rows, failed, message FROM judged('no_item',
    '{"kind": "not_null", "column_name": "code"}', '{"kind": "not_empty"}', '{"kind": "not_empty", "column_name": "code"}', '{"kind": "unique", "column_name": "ref"}', '{"kind": "unique_combination", "combination_of_columns": ["id", "ref"]}',
    '{"kind": "accepted_values", "column_name": "kind", "values": []}', '{"kind": "accepted_range", "column_name": "id", "min_value": 1}', '{"kind": "matches_regex", "column_name": "code", "regex": "x"}', '{"kind": "relationships", "column_name": "ref", "to": "parent", "field": "id"}',
    '{"kind": "expression_is_true", "expression": "id > 1"}', '{"kind": "row_count_between", "min_value": 0}', '{"kind": "not_null_proportion", "column_name": "id", "at_least": 0.5}', '{"kind": "mean_between", "column_name": "id", "min_value": 0}', '{"kind": "sum_between", "column_name": "id", "min_value": 0}',
    '{"kind": "stddev_between", "column_name": "id", "min_value": 0}', '{"kind": "quantile_between", "column_name": "id", "quantile": 0.5, "min_value": 0}', '{"kind": "distinct_count_between", "column_name": "id", "max_value": 0}', '{"kind": "most_common_value", "column_name": "id", "value_set": [1]}',
    '{"kind": "within_n_stdevs", "column_name": "id"}', '{"kind": "outliers", "column_name": "id"}', '{"kind": "monotonic", "column_name": "id", "sort_column": "id"}', '{"kind": "no_gaps", "column_name": "id"}', '{"kind": "equality", "compare_model": "no_item"}', '{"kind": "equal_rowcount", "compare_model": "single"}');
SELECT name, status, value, rows, failed, message FROM judged('single',
    '{"kind": "not_null", "column_name": "code"}', '{"kind": "unique", "column_name": "ref"}', '{"kind": "stddev_between", "column_name": "id", "min_value": 0}', '{"kind": "quantile_between", "column_name": "id", "quantile": 0.5, "min_value": 1, "max_value": 1}',
    '{"kind": "within_n_stdevs", "column_name": "id"}', '{"kind": "outliers", "column_name": "id"}', '{"kind": "monotonic", "column_name": "id", "sort_column": "id"}', '{"kind": "no_gaps", "column_name": "id"}');

-- Thresholds: counts and percents of the rows evaluated, warnings, severity, mostly.
SELECT name, status, threshold, rows, failed FROM judged('item',
    '{"kind": "not_null", "column_name": "ref", "name": "2 of 6"}', '{"kind": "not_null", "column_name": "ref", "name": "more than 2", "error_if": ">2"}', '{"kind": "not_null", "column_name": "ref", "name": "warns", "error_if": ">2", "warn_if": "!=0"}',
    '{"kind": "not_null", "column_name": "ref", "name": "a third", "error_if": ">=33.333%"}', '{"kind": "not_null", "column_name": "ref", "name": "more than a third", "error_if": "> 33.334 %"}', '{"kind": "not_null", "column_name": "ref", "name": "of those where", "where": "id > 4", "error_if": ">=100%"}',
    '{"kind": "not_null", "column_name": "ref", "name": "between", "error_if": "between 1 and 2"}', '{"kind": "not_null", "column_name": "ref", "name": "severity", "severity": "warn"}', '{"kind": "not_null", "column_name": "ref", "name": "mostly 0.6", "mostly": 0.6}', '{"kind": "not_null", "column_name": "ref", "name": "mostly 0.7", "mostly": 0.7}',
    '{"kind": "not_null", "column_name": "ref", "name": "mostly, warns", "mostly": 0.6, "warn_if": ">0"}', '{"kind": "not_null", "column_name": "id", "name": "must fail", "error_if": "=0"}');

-- Segments: a result each, in order; NULL is one. Their values are compared as the column's type compares them.
SELECT name, segment, status, value, rows, failed, nulls, sample FROM judged('item',
    '{"kind": "not_null", "column_name": "ref", "group_by": "kind"}', '{"kind": "accepted_range", "column_name": "price", "min_value": 0, "group_by": ["kind", "ok"]}', '{"kind": "mean_between", "column_name": "id", "min_value": 2, "group_by": ["grade"]}');
SELECT name, segment, status, value, rows, failed, sample->'values' AS sample FROM judged('item', '{"kind": "unique", "column_name": "kind", "group_by": "weight"}', '{"kind": "unique", "column_name": "kind", "group_by": "span"}', '{"kind": "unique", "column_name": "kind", "group_by": "ok"}');
SELECT name, segment, status, value, rows, failed FROM judged($$VALUES (1.50, 1), (1.5, 1), (2, 2), ('-0', 3), (0, 3), ('NaN', 4)$$, '{"kind": "unique", "column_name": "column2", "group_by": "column1"}', '{"kind": "relationships", "column_name": "column2", "to": "parent", "field": "id", "group_by": "column1"}');
SELECT name, segment, status, value, rows, failed, sample FROM judged('item', '{"kind": "monotonic", "column_name": "changed", "sort_column": "id", "group_by": "kind"}', '{"kind": "no_gaps", "column_name": "id", "group_by": "ok"}', '{"kind": "relationships", "column_name": "ref", "to": "parent", "field": "id", "group_by": "sold"}');
-- Few rows show little: a segment above its share warns until chance does not explain it, and many segments are corrected for.
SELECT segment, status, rows_evaluated AS rows, rows_failed AS failed, round(fraction_low::numeric, 4) AS low, round(fraction_high::numeric, 4) AS high, round(p_value::numeric, 4) AS p
FROM assay.validate($$SELECT CASE WHEN i <= 4 THEN 'few' WHEN i <= 204 THEN 'bad' ELSE 'good' END AS source, CASE WHEN i % 4 = 0 AND i <= 204 OR i % 50 = 0 THEN NULL ELSE i END AS x FROM generate_series(1, 1000) AS i$$,
    '[{"kind": "not_null", "column_name": "x", "group_by": "source", "mostly": 0.95}]') ORDER BY segment;
-- More segments than are counted are an error, never a pass.
SELECT status, message FROM judged('SELECT i AS x FROM generate_series(1, 20000) AS i', '{"kind": "not_null", "column_name": "x", "group_by": "x"}');

-- What cannot be: each error says what is allowed.
CALL fails($$SELECT * FROM assay.validate('item', NULL)$$);
CALL fails($$SELECT * FROM assay.validate(NULL, '[]')$$);
CALL fails($$SELECT * FROM assay.validate('item', '{}')$$);
CALL fails($$SELECT * FROM assay.validate('nowhere', '[]')$$);
CALL fails($$SELECT * FROM assay.validate('DELETE FROM item', '[]')$$);
SELECT name, kind, column_name, status, regexp_replace(message, 'kinds are: .*', 'kinds are: ...') AS message FROM assay.validate('item', '[
    1,
    {"column_name": "id"},
    {"kind": "not_empty"}, {"kind": "everything"},
    {"kind": "accepted_values", "column_name": "id"},
    {"kind": "accepted_values", "column_name": "id", "values": 3},
    {"kind": "accepted_range", "column_name": "id", "minimum": 3},
    {"kind": "accepted_range", "column_name": "id"},
    {"kind": "length_between", "column_name": "id", "min_value": 3, "max_value": 2},
    {"kind": "valid_format", "column_name": "code", "format": "mail"},
    {"kind": "matches_regex", "column_name": "code", "regex": "ab[c"},
    {"kind": "matches_regex", "column_name": "code", "regex": "(?<a>x)\\1"},
    {"kind": "matches_regex", "column_name": "code", "regex": "a", "flags": "g"},
    {"kind": "recency", "column_name": "sold", "interval": 1, "datepart": "fortnight"},
    {"kind": "not_null", "column_name": "id", "mostly": "0.9"},
    {"kind": "not_null", "column_name": "id", "error_if": ">=1,5%"},
    {"kind": "row_count_between", "min_value": 1, "error_if": ">5"},
    {"kind": "columns_match", "column_list": ["a"], "where": "true"},
    {"kind": "equality", "compare_model": "item", "group_by": "kind"}]');
-- What does not suit the rows is the check's own error, and the others go on.
SELECT name, status, message FROM judged('item',
    '{"kind": "not_null", "column_name": "id"}', '{"kind": "not_null", "column_name": "nowhere"}', '{"kind": "mean_between", "column_name": "code", "min_value": 1}', '{"kind": "matches_regex", "column_name": "id", "regex": "1"}', '{"kind": "recency", "column_name": "id", "interval": "1 day"}',
    '{"kind": "accepted_values", "column_name": "id", "values": ["one"]}', '{"kind": "accepted_range", "column_name": "sold", "min_value": "yesterday or so"}', '{"kind": "no_gaps", "column_name": "code"}', '{"kind": "no_gaps", "column_name": "id", "datepart": "day"}', '{"kind": "not_null", "column_name": "id", "group_by": "nowhere"}',
    '{"kind": "expression_is_true", "expression": "id / (id - 3) > 0"}', '{"kind": "expression_is_true", "expression": "nowhere > 0"}', '{"kind": "expression_is_true", "expression": "id"}', '{"kind": "not_null", "column_name": "id", "where": "code::int > 1"}', '{"kind": "relationships", "column_name": "ref", "to": "nowhere", "field": "id"}',
    '{"kind": "relationships", "column_name": "code", "to": "parent", "field": "id"}', '{"kind": "equality", "compare_model": "parent"}', '{"kind": "monotonic", "column_name": "body", "sort_column": "id"}', '{"kind": "unique_combination", "combination_of_columns": ["id", "nowhere"]}', '{"kind": "not_null", "column_name": "code"}');
DROP TABLE item, parent, no_item, single, item_typed;
DROP TYPE level;
DROP DOMAIN address;
DROP FUNCTION judged(text, jsonb[]);
RESET datestyle; RESET intervalstyle; RESET timezone;

-- Figures of numbers at the ends of double precision, and ties.
CREATE TABLE extreme_number AS
SELECT i, 1e300::float8 AS constant, (i % 7) * 1e200::float8 AS huge, (i % 7) * 1e-200::float8 AS tiny,
       CASE i WHEN 17 THEN 1.79e308::float8 ELSE i % 5 END AS lone,
       CASE i % 4 WHEN 0 THEN '-Infinity'::float8 WHEN 1 THEN -1 ELSE 1 END AS signed,
       (ARRAY['a', 'b', 'c'])[i % 3 + 1] AS tied
FROM generate_series(1, 300) AS i;

SELECT kind, column_name, status, rows_failed, value IS NOT NULL AS has_value, message
FROM assay.validate('extreme_number', '[
    {"kind": "stddev_between", "column_name": "constant", "max_value": 0},
    {"kind": "stddev_between", "column_name": "huge", "min_value": 1e200, "max_value": 3e200},
    {"kind": "stddev_between", "column_name": "tiny", "min_value": 1e-200, "max_value": 3e-200},
    {"kind": "within_n_stdevs", "column_name": "lone"}
]');
SELECT column_name, round((stddev / 1e200)::numeric, 6) AS stddev, (SELECT round(stddev(i % 7), 6) FROM extreme_number) AS expected
FROM assay.profile('SELECT huge FROM extreme_number');
SELECT column_name, negatives FROM assay.profile('SELECT signed FROM extreme_number');

-- As frequent as the last of the top: all of them have to be in the set, or, where ties are okay, as many as the top has.
SELECT arguments, status, sample
FROM (VALUES ('{"value_set": ["a", "b", "c"]}'), ('{"value_set": ["a"]}'), ('{"value_set": ["a"], "ties_okay": true}'),
             ('{"value_set": ["a"], "top_n": 2, "ties_okay": true}'), ('{"value_set": ["a", "b"], "top_n": 2, "ties_okay": true}'),
             ('{"value_set": ["d"], "ties_okay": true}')) AS c (arguments),
     assay.validate('extreme_number', jsonb_build_array(arguments::jsonb || '{"kind": "most_common_value", "column_name": "tied"}'));

-- Scalars of features: BigQuery ML's own examples, scikit-learn's answers, NULLs, and every wrong option.

SELECT assay.bucketize(2.5, ARRAY[1, 2, 3]) AS bucket, assay.bucketize(2.5, ARRAY[1, 2, 3], TRUE) AS bucket_without_boundaries;
SELECT f, assay.hash_bucketize(f, 3) AS bucket, assay.hash_bucketize(f, 0) AS hash FROM unnest(ARRAY['a', 'b', 'c', 'd']) AS f;
SELECT assay.polynomial_expand(jsonb_build_object('f1', 2, 'f2', 3)) AS output;
SELECT assay.feature_cross(jsonb_build_object('f1', 'a', 'f2', 'b', 'f3', 'c')) AS output;
SELECT assay.ngrams(ARRAY['a', 'b', 'c'], ARRAY[2, 3], '#') AS output;
SELECT assay.normalizer(ARRAY[4.0, 1.0, 2.0, 2.0, 0.0]) AS output;

-- Against the same in plain SQL.
CREATE TABLE numbers AS SELECT i AS id, (i * 7919 % 101) / 3.0::float8 - 10 AS x, sin(i) * 90 AS lat, cos(i) * 180 AS lon, repeat(chr(97 + i % 26), i % 100) || i AS t FROM generate_series(1, 500) AS i;
SELECT count(*) AS differing FROM numbers WHERE assay.bucketize(x, ARRAY[-5, 0, 7.5]) <> 'bin_' || 1 + width_bucket(x, ARRAY[-5, 0, 7.5]::float8[]);
SELECT count(*) AS differing FROM numbers AS a JOIN numbers AS b ON b.id = a.id + 1 WHERE abs(assay.haversine(a.lat, a.lon, b.lat, b.lon) - 6371008.7714 * acos(least(1, greatest(-1,
    sind(a.lat) * sind(b.lat) + cosd(a.lat) * cosd(b.lat) * cosd(b.lon - a.lon))))) > 1;
SELECT count(*) AS differing FROM numbers AS a, LATERAL assay.normalizer(ARRAY[x, lat, lon]) AS n WHERE abs(n[1] - x / sqrt(x * x + lat * lat + lon * lon)) > 1e-15;
SELECT count(*) AS differing FROM numbers WHERE assay.polynomial_expand(ARRAY[x, lat]) <> ARRAY[x, lat, x * x, x * lat, lat * lat];
SELECT count(*) AS differing FROM numbers WHERE assay.hash_bucketize(t, 7) NOT BETWEEN 0 AND 6;
SELECT max(rows) - min(rows) < 40 AS even FROM (SELECT count(*) AS rows FROM numbers GROUP BY assay.hash_bucketize(t, 7)) AS buckets;
-- Farmhash of texts of every length class, as pyfarmhash answers.
SELECT assay.hash_bucketize('', 0) AS empty, assay.hash_bucketize('Zürich', 0) AS zurich, assay.hash_bucketize(repeat('assay', 20), 0) AS long;

-- Formats, ends, and the values between.
SELECT x, assay.bucketize(x, ARRAY[0, 2.5]) AS name, assay.bucketize(x, ARRAY[0, 2.5], output_format => 'bucket_ranges') AS range, assay.bucketize(x, ARRAY[0, 2.5], false, 'bucket_ranges_json') AS json
FROM unnest(ARRAY['-Infinity', -1, 0, 2.4999, 2.5, 'Infinity', 'NaN', NULL]::float8[]) AS x;
SELECT assay.bucketize(5, ARRAY[1e-9, 1e20], output_format => 'bucket_ranges') AS far, assay.bucketize(i, ARRAY[i, i + 1]) AS points_by_row FROM generate_series(1, 2) AS i;
-- Degrees, names and kinds of values.
SELECT assay.polynomial_expand(ARRAY[2, 3, 5], 3) AS array_3, assay.polynomial_expand(ARRAY[2], 4) AS array_4, assay.polynomial_expand('{}'::float8[]) AS none;
SELECT assay.polynomial_expand('{"b": 2, "aa": 3.5, "c": null}'::jsonb, 2) AS object_2, assay.polynomial_expand('{"x": 0.1}'::jsonb, 1) AS object_1, assay.polynomial_expand('{}'::jsonb) AS none;
SELECT cardinality(assay.polynomial_expand(ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 4)) AS most;
SELECT assay.polynomial_expand(ARRAY[2, NULL, 'NaN']::float8[]) AS nulls, assay.polynomial_expand(ARRAY['Infinity', 2]::float8[]) AS infinite;
SELECT assay.feature_cross(ARRAY['a', 'b', 'c'], 3) AS array_3, assay.feature_cross(ARRAY['a', NULL, 'c']) AS nulls, assay.feature_cross(ARRAY['a']) AS one, assay.feature_cross('{"a": "x", "b": 3, "c": true, "d": null}'::jsonb) AS object;
SELECT assay.ngrams(ARRAY['a', 'b', 'c'], 1) AS one, assay.ngrams(ARRAY['a', 'b', 'c'], 2) AS two, assay.ngrams(ARRAY['a', NULL, 'c'], ARRAY[1, 5], '') AS nulls, assay.ngrams(ARRAY[]::text[], 2) AS none, assay.ngrams(ARRAY['a'], 2) AS too_short;
SELECT assay.normalizer(ARRAY[1, -3], 1) AS one, assay.normalizer(ARRAY[1, -4], 'Infinity') AS greatest, assay.normalizer(ARRAY[6, 0, 2], 0) AS zero, assay.normalizer(ARRAY[3, NULL, 4]) AS nulls, assay.normalizer(ARRAY[0, 0]) AS zeros, assay.normalizer('{}') AS none,
       assay.normalizer(ARRAY[1e300, 1e300]) AS huge;
SELECT assay.haversine(0, 0, 0, 180) AS half, assay.haversine(90, 0, -90, 123) AS poles, assay.haversine(47, 8, 47, 8) AS same, round(assay.haversine(0, 359.5, 0, -0.5)) AS turned, assay.haversine(NULL, 0, 0, 0) AS missing, assay.haversine('NaN', 0, 0, 0) AS nan;
-- Arrays of every length, with NULLs anywhere; in a table; compressed; of two dimensions; changed element by element.
SELECT count(*) AS lengths, count(*) FILTER (WHERE assay.normalizer(a, 'Infinity') = a) AS same
FROM (SELECT array_agg(CASE WHEN i % 3 <> 0 OR i = n THEN i / n::float8 END ORDER BY i) AS a FROM generate_series(1, 40) AS n, generate_series(1, n) AS i GROUP BY n) AS made;
CREATE TABLE vectors AS SELECT '{3,NULL,4}'::float8[] AS short, array_fill(2::float8, ARRAY[5000]) AS long, '{{3,4},{NULL,0}}'::float8[] AS square;
SELECT assay.normalizer(short) AS short, assay.normalizer(long, 'Infinity') = array_fill(1::float8, ARRAY[5000]) AS long, assay.normalizer(square) AS square FROM vectors;
DO $$
DECLARE changed float8[] := '{4}';
BEGIN
    changed[3] := 2;
    RAISE NOTICE '% %', changed, assay.normalizer(changed, 'Infinity');
END $$;
SELECT assay.bucketize(NULL, ARRAY[1]) AS bucketize, assay.hash_bucketize(NULL, 3) AS hash_bucketize, assay.polynomial_expand(NULL::float8[]) AS polynomial_expand, assay.feature_cross(NULL::jsonb) AS feature_cross, assay.ngrams(NULL, 2) AS ngrams, assay.normalizer(NULL) AS normalizer;
-- A vector of products is a feature of a model.
SELECT version, features FROM assay.train('curve', 'SELECT assay.polynomial_expand(ARRAY[size, rooms]) AS terms, price FROM house', 'price', 'linear_regression', split => 'none');
SELECT version, features FROM assay.train('curve', 'SELECT ARRAY[size, nullif(rooms, 3)]::float8[] AS terms, price FROM house', 'price', 'linear_regression', split => 'none', deploy => 'never');

-- Elements of single precision are read as those of double, NULLs anywhere.
SELECT version, features FROM assay.train('single', 'SELECT ARRAY[size, rooms, garden]::real[] AS terms, price FROM house', 'price', 'linear_regression', split => 'none');
SELECT count(*) AS rows, count(*) FILTER (WHERE assay.predict('single', a) = assay.predict('single', a::float8[])) AS same
FROM (SELECT ARRAY[CASE WHEN i % 2 = 0 THEN i END, CASE WHEN i % 3 = 0 THEN i / 2.0 END, CASE WHEN i % 5 = 0 THEN i END]::real[] AS a FROM generate_series(1, 60) AS i) AS made;

CALL fails('SELECT assay.bucketize(1, ARRAY[3, 2])');
CALL fails('SELECT assay.bucketize(1, ARRAY[2, 2])');
CALL fails('SELECT assay.bucketize(1, ARRAY[1, NULL])');
CALL fails('SELECT assay.bucketize(1, ARRAY[1, ''NaN'']::float8[])');
CALL fails('SELECT assay.bucketize(1, ''{}'')');
CALL fails('SELECT assay.bucketize(1, ''{1}'', true)');
CALL fails('SELECT assay.bucketize(1, ''{1}'', false, ''names'')');
CALL fails('SELECT assay.hash_bucketize(''a'', -1)');
CALL fails('SELECT assay.polynomial_expand(ARRAY[1], 0)');
CALL fails('SELECT assay.polynomial_expand(ARRAY[1], 5)');
CALL fails('SELECT assay.polynomial_expand(array_fill(1::float8, ARRAY[11]))');
CALL fails('SELECT assay.polynomial_expand(ARRAY[1e200])');
CALL fails('SELECT assay.polynomial_expand(''{"a": 1e200}''::jsonb)');
CALL fails('SELECT assay.polynomial_expand(''{"a": "x"}''::jsonb)');
CALL fails('SELECT assay.polynomial_expand(''{"a": true}''::jsonb)');
CALL fails('SELECT assay.polynomial_expand(''[1, 2]''::jsonb)');
CALL fails('SELECT assay.polynomial_expand(''3''::jsonb)');
CALL fails('SELECT assay.polynomial_expand(''{"a": 1, "b": 2, "a_b": 3}''::jsonb)');
CALL fails('SELECT assay.feature_cross(ARRAY[''a''], 1)');
CALL fails('SELECT assay.feature_cross(ARRAY[''a''], 5)');
CALL fails('SELECT assay.feature_cross(array_fill(''a''::text, ARRAY[11]))');
CALL fails('SELECT assay.feature_cross(''{"a": [1]}''::jsonb)');
CALL fails('SELECT assay.feature_cross(''{"a": "x", "b_c": "y", "a_b": "u", "c": "v"}''::jsonb)');
CALL fails('SELECT assay.ngrams(ARRAY[''a''], 0)');
CALL fails('SELECT assay.ngrams(ARRAY[''a''], ARRAY[3, 2])');
CALL fails('SELECT assay.ngrams(ARRAY[''a''], ARRAY[1])');
CALL fails('SELECT assay.ngrams(ARRAY[''a''], ARRAY[1, 2, 3])');
CALL fails('SELECT assay.ngrams(ARRAY[''a''], ARRAY[1, NULL])');
CALL fails('SELECT assay.normalizer(ARRAY[1], 0.5)');
CALL fails('SELECT assay.normalizer(ARRAY[1], -1)');
CALL fails('SELECT assay.normalizer(ARRAY[1], ''NaN'')');
CALL fails('SELECT assay.haversine(90.1, 0, 0, 0)');
CALL fails('SELECT assay.haversine(0, 0, 0, 361)');
CALL fails('SELECT assay.haversine(0, ''Infinity'', 0, 0)');
SET assay.max_memory = '1MB';
-- How much was needed is not the same in each run.
\set VERBOSITY sqlstate
SELECT assay.ngrams(array_fill('token'::text, ARRAY[2000]), ARRAY[1, 2000]);
\set VERBOSITY default

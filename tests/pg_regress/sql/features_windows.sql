-- Window functions of features against the same in plain SQL, over frames of every kind, and BigQuery ML's own examples.

-- BigQuery's pages.
SELECT f, assay.standard_scaler(f) OVER () AS standard, assay.min_max_scaler(f) OVER () AS min_max FROM unnest(ARRAY[1, 2, 3, 4, 5]) AS f;
SELECT f, assay.max_abs_scaler(f) OVER () AS max_abs, assay.robust_scaler(f) OVER () AS robust FROM unnest(ARRAY[NULL, -3, 1, 2, 3, 4, 5]) AS f;
SELECT f, assay.quantile_bucketize(f, 3) OVER () AS bucket, assay.quantile_bucketize(f, 3, 'bucket_ranges') OVER () AS range,
       assay.quantile_bucketize(f, 3, 'bucket_ranges_json') OVER () AS json FROM unnest(ARRAY[1, 2, 3, 4, 5]) AS f;
SELECT f, assay.imputer(f, 'mean') OVER () AS mean, assay.imputer(f, 'median') OVER () AS median, assay.imputer(f, 'most_frequent') OVER () AS most_frequent
FROM unnest(ARRAY[NULL, -3, -3, -3, 1, 2, 3, 4, 5]) AS f;
SELECT DISTINCT f, assay.imputer(f, 'most_frequent') OVER () AS imputed FROM unnest(ARRAY[NULL, NULL, NULL, NULL, 'a', 'a', 'b', 'b', 'c', 'c', 'c']) AS f ORDER BY f;
SELECT f, assay.label_encoder(f, 2, 2) OVER () AS label FROM unnest(ARRAY[NULL, 'a', 'b', 'b', 'c', 'c', 'c', 'd', 'd']) AS f ORDER BY f;

-- Rows with ties, NULLs, repeated and special values.
CREATE TABLE measured AS
SELECT i AS id, i % 3 AS part, (i * 7919 % 97) / 10 AS at,
       CASE WHEN i % 11 = 0 THEN NULL WHEN i % 29 = 0 THEN 'NaN' WHEN i % 31 = 0 THEN 'Infinity' ELSE (i * 104729 % 211) / 4.0 - 20 END::float8 AS x,
       CASE WHEN i % 7 <> 0 THEN chr(65 + (i * i * 31 % 23)) || repeat('é', i % 2) END AS c
FROM generate_series(1, 400) AS i;

-- What each function answers for a value x or c of a row, given what its frame holds: xs the finite numbers, cs the texts.
CREATE FUNCTION quantile(xs float8[], p float8) RETURNS float8 LANGUAGE sql AS $$ SELECT percentile_disc(p) WITHIN GROUP (ORDER BY v) FROM unnest(xs) AS v $$;
CREATE FUNCTION standard(x float8, xs float8[]) RETURNS float8 LANGUAGE sql AS $$
    SELECT (x - avg(v)) / coalesce(nullif(stddev_samp(v), 0), 1) FROM unnest(xs) AS v $$;
CREATE FUNCTION min_max(x float8, xs float8[]) RETURNS float8 LANGUAGE sql AS $$
    SELECT CASE WHEN x = 'NaN' AND count(v) > 0 THEN x WHEN x <= min(v) THEN 0 WHEN x >= max(v) THEN 1 ELSE (x - min(v)) / (max(v) - min(v)) END FROM unnest(xs) AS v $$;
CREATE FUNCTION max_abs(x float8, xs float8[]) RETURNS float8 LANGUAGE sql AS $$ SELECT x / coalesce(nullif(max(abs(v)), 0), CASE WHEN count(v) > 0 THEN 1 END) FROM unnest(xs) AS v $$;
CREATE FUNCTION robust(x float8, xs float8[]) RETURNS float8 LANGUAGE sql AS $$
    SELECT (x - quantile(xs, 0.5)) / coalesce(nullif(quantile(xs, 0.9) - quantile(xs, 0.2), 0), 1) $$;
CREATE FUNCTION bucket(x float8, xs float8[]) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN x <> 'NaN' AND cardinality(xs) > 0 THEN 'bin_' || 1 + (SELECT count(DISTINCT q) FROM generate_series(1, 4) AS k, quantile(xs, k / 5.0) AS q WHERE q <= x AND q > quantile(xs, 0)) END $$;
CREATE FUNCTION imputed(x float8, by float8) RETURNS float8 LANGUAGE sql AS $$ SELECT CASE WHEN x IN ('NaN', 'Infinity', '-Infinity') THEN by ELSE coalesce(x, by) END $$;
CREATE FUNCTION most(vs anyarray) RETURNS anyelement LANGUAGE sql AS $$ SELECT v FROM unnest(vs) AS v GROUP BY v ORDER BY count(*) DESC, v LIMIT 1 $$;
CREATE FUNCTION label(c text, cs text[], top_k int, threshold int) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce((SELECT n FROM (SELECT v, row_number() OVER (ORDER BY v COLLATE "C") AS n
        FROM (SELECT v FROM unnest(cs) AS v GROUP BY v HAVING count(*) >= threshold ORDER BY count(*) DESC, v COLLATE "C" LIMIT top_k) AS top) AS numbered WHERE v = c), 0) $$;

-- Compares all of them over one window, and says which rows differ.
CREATE FUNCTION differing(definition text) RETURNS TABLE (function text, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH given AS (
            SELECT id, x, c,
                coalesce((array_agg(x) OVER w), '{}') AS frame_x, coalesce((array_agg(c) OVER w), '{}') AS frame_c,
                assay.standard_scaler(x) OVER w AS standard, assay.min_max_scaler(x) OVER w AS min_max, assay.max_abs_scaler(x) OVER w AS max_abs,
                assay.robust_scaler(x, ARRAY[20, 90]) OVER w AS robust, assay.quantile_bucketize(x, 5) OVER w AS bucket,
                assay.imputer(x, 'mean') OVER w AS mean, assay.imputer(x, 'median') OVER w AS median, assay.imputer(x, 'most_frequent') OVER w AS most_x,
                assay.imputer(c, 'most_frequent') OVER w AS most_c,
                assay.label_encoder(c, frequency_threshold => 3) OVER w AS label, assay.label_encoder(c, 4, 2) OVER w AS top
            FROM measured WINDOW w AS (%s)),
        frames AS (
            SELECT *, ARRAY(SELECT v FROM unnest(frame_x) AS v WHERE v NOT IN ('NaN', 'Infinity', '-Infinity')) AS xs, array_remove(frame_c, NULL) AS cs FROM given),
        compared (function, found, wanted) AS (
            SELECT t.* FROM frames, LATERAL (VALUES
                ('standard_scaler', standard, standard(x, xs)), ('min_max_scaler', min_max, min_max(x, xs)), ('max_abs_scaler', max_abs, max_abs(x, xs)),
                ('robust_scaler', robust, robust(x, xs)), ('imputer mean', mean, imputed(x, (SELECT avg(v) FROM unnest(xs) AS v))),
                ('imputer median', median, imputed(x, quantile(xs, 0.5))), ('imputer most_frequent', most_x, imputed(x, most(xs))),
                ('label_encoder', label, label(c, cs, 32000, 3)), ('label_encoder top_k', top, label(c, cs, 4, 2))) AS t),
        texts (function, found, wanted) AS (
            SELECT t.* FROM frames, LATERAL (VALUES ('quantile_bucketize', bucket, bucket(x, xs)), ('imputer text', most_c, coalesce(c, most(cs)))) AS t)
        SELECT function, count(*) FROM compared WHERE found IS DISTINCT FROM wanted AND NOT coalesce(abs(found - wanted) <= 1e-12 * (1 + abs(wanted)), false) GROUP BY function
        UNION ALL SELECT function, count(*) FROM texts WHERE found IS DISTINCT FROM wanted GROUP BY function ORDER BY 1$query$, definition);
END $$;
SELECT definition, function, rows FROM unnest(ARRAY[
    '', 'PARTITION BY part', 'ORDER BY at', 'PARTITION BY part ORDER BY at, id', 'ORDER BY id ROWS UNBOUNDED PRECEDING',
    'ORDER BY id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW', 'ORDER BY id ROWS BETWEEN 60 PRECEDING AND 5 PRECEDING', 'ORDER BY id ROWS BETWEEN 3 FOLLOWING AND 20 FOLLOWING',
    'ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING', 'ORDER BY id ROWS BETWEEN 5 PRECEDING AND 7 PRECEDING', 'ORDER BY id ROWS BETWEEN 4 FOLLOWING AND 2 FOLLOWING',
    'PARTITION BY part ORDER BY at RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING', 'ORDER BY at RANGE BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING', 'ORDER BY at DESC RANGE BETWEEN 3 PRECEDING AND 2 PRECEDING',
    'ORDER BY at GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING', 'PARTITION BY part ORDER BY at GROUPS BETWEEN 2 PRECEDING AND 1 PRECEDING',
    'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING', 'ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW',
    'ORDER BY at GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE GROUP', 'ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES']) AS definition,
    differing(definition);

-- Nothing of a value is left when it has left the frame, and large means cost no digits.
SELECT max(abs(z - wanted)) < 1e-12 AS exact FROM (
    SELECT assay.standard_scaler(CASE i WHEN 50 THEN 1e17 ELSE i % 7 END) OVER w AS z, assay.standard_scaler(i % 7) OVER w AS wanted, i
    FROM generate_series(1, 200) AS i WINDOW w AS (ORDER BY i ROWS 9 PRECEDING)) AS passed WHERE i >= 60;
SELECT max(abs(far - near)) < 1e-10 AS exact FROM (
    SELECT assay.standard_scaler(1e9 + i % 7) OVER w AS far, assay.standard_scaler(i % 7) OVER w AS near FROM generate_series(1, 5000) AS i WINDOW w AS (ORDER BY i)) AS moved;

-- Frames without a number, constants, one row, no rows; the ends of double precision.
SELECT x, assay.standard_scaler(x) OVER () AS standard, assay.min_max_scaler(x) OVER () AS min_max, assay.max_abs_scaler(x) OVER () AS max_abs, assay.robust_scaler(x) OVER () AS robust,
       assay.quantile_bucketize(x, 4) OVER () AS bucket, assay.imputer(x, 'mean') OVER () AS mean, assay.imputer(x, 'most_frequent') OVER () AS most
FROM (VALUES (NULL::float8), ('NaN'), ('-Infinity')) AS v (x);
SELECT x, assay.standard_scaler(x) OVER () AS standard, assay.min_max_scaler(x) OVER () AS min_max, assay.max_abs_scaler(x) OVER () AS max_abs, assay.robust_scaler(x) OVER () AS robust,
       assay.quantile_bucketize(x, 4) OVER () AS bucket FROM (VALUES (7.0), (7), (NULL)) AS v (x);
SELECT assay.standard_scaler(0) OVER () AS constant_zero, assay.max_abs_scaler(0) OVER () AS zero, assay.label_encoder(NULL) OVER () AS no_label;
SELECT assay.standard_scaler(x) OVER () FROM measured WHERE false;
SELECT x, assay.min_max_scaler(x) OVER () AS min_max, assay.max_abs_scaler(x) OVER () AS max_abs, assay.standard_scaler(x) OVER () AS standard
FROM (VALUES (-1.5e308::float8), (1.5e308), (0)) AS v (x);
SELECT x, assay.standard_scaler(x) OVER () AS standard FROM (VALUES (1e-200::float8), (2e-200), (3e-200)) AS v (x);

-- Integers, numerics and dates as numbers; arguments by name; two windows in one query; a window over a window's answer; rescans.
SELECT assay.standard_scaler(i) OVER () AS int, assay.standard_scaler(i::numeric) OVER () AS numeric, assay.robust_scaler(i, with_median => false) OVER () AS by_name,
       assay.label_encoder(c, frequency_threshold => 1) OVER (ORDER BY i) AS running, assay.label_encoder(c, 2, 1) OVER (PARTITION BY i % 2) AS by_part
FROM (VALUES (1, 'b'), (2, 'a'), (3, 'c')) AS v (i, c) ORDER BY i;
SELECT max(abs(z - again)) < 1e-12 AS standard_again FROM (SELECT z, assay.standard_scaler(z) OVER () AS again FROM (SELECT assay.standard_scaler(i) OVER () AS z FROM generate_series(1, 9) AS i) AS one) AS two;
SELECT n, ARRAY(SELECT round((assay.min_max_scaler(i) OVER ())::numeric, 2) FROM generate_series(1, n) AS i) AS scaled FROM generate_series(1, 3) AS n;
-- What evaluating an argument leaves behind, and values stored elsewhere.
SELECT assay.label_encoder(repeat(c, 3000), frequency_threshold => 1) OVER () AS label, count(*) FROM measured GROUP BY c ORDER BY c LIMIT 3;
-- Options are read at the first row of a partition.
SELECT DISTINCT assay.quantile_bucketize(i, CASE WHEN i = 1 THEN 2 ELSE 0 END) OVER (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS bucket FROM generate_series(1, 4) AS i ORDER BY 1;
-- An error of an argument is PostgreSQL's own, and the session goes on.
SELECT assay.standard_scaler(1 / (i - 3)) OVER () FROM generate_series(1, 5) AS i;
SELECT count(z) FROM (SELECT assay.standard_scaler(i) OVER () AS z FROM generate_series(4, 5) AS i) AS scaled;

-- Every wrong option.
CALL fails('SELECT assay.robust_scaler(1, ARRAY[75, 25]) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, ARRAY[0, 50]) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, ARRAY[25, 100]) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, ARRAY[25]) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, ARRAY[25, NULL]) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, NULL) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, with_median => NULL) OVER ()');
CALL fails('SELECT assay.robust_scaler(1, with_quantile_range => NULL) OVER ()');
CALL fails('SELECT assay.quantile_bucketize(1, 1) OVER ()');
CALL fails('SELECT assay.quantile_bucketize(1, 10001) OVER ()');
CALL fails('SELECT assay.quantile_bucketize(1, NULL) OVER ()');
CALL fails('SELECT assay.quantile_bucketize(1, 2, ''names'') OVER ()');
CALL fails('SELECT assay.quantile_bucketize(1, 2, NULL) OVER ()');
CALL fails('SELECT assay.imputer(1, ''mode'') OVER ()');
CALL fails('SELECT assay.imputer(1, NULL) OVER ()');
CALL fails('SELECT assay.imputer(''a''::text, ''mean'') OVER ()');
CALL fails('SELECT assay.imputer(''a''::text, ''median'') OVER ()');
CALL fails('SELECT assay.label_encoder(''a'', 0) OVER ()');
CALL fails('SELECT assay.label_encoder(''a'', 1000000) OVER ()');
CALL fails('SELECT assay.label_encoder(''a'', 5, -1) OVER ()');
CALL fails('SELECT assay.label_encoder(''a'', NULL) OVER ()');
CALL fails('SELECT assay.label_encoder(''a'', 5, NULL) OVER ()');
CALL fails('SELECT assay.standard_scaler(1)');
CALL fails('SELECT assay.standard_scaler(1) FILTER (WHERE true) OVER ()');

-- What a partition holds counts: a frame that moves keeps its rows.
SET assay.max_memory = '1MB';
-- How much was needed is not the same in each run.
\set VERBOSITY sqlstate
SELECT assay.robust_scaler(i) OVER () FROM generate_series(1, 1000000) AS i;
SELECT assay.label_encoder(i::text) OVER () FROM generate_series(1, 1000000) AS i;
SELECT assay.standard_scaler(i) OVER (ORDER BY i ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) FROM generate_series(1, 1000000) AS i;
\set VERBOSITY default
-- One that does not need none; and parts of a partition come and go.
SELECT count(z) FROM (SELECT assay.standard_scaler(i) OVER () AS z FROM generate_series(1, 300000) AS i) AS scaled;
SELECT count(z) FROM (SELECT assay.robust_scaler(i) OVER (PARTITION BY i % 100) AS z FROM generate_series(1, 300000) AS i) AS scaled;
SELECT count(z) FROM (SELECT assay.robust_scaler(i) OVER (ORDER BY i ROWS 100 PRECEDING) AS z FROM generate_series(1, 100000) AS i) AS scaled;
RESET assay.max_memory;

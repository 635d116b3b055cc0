-- A function that returns a table is held to its declaration: names, order, number and types of columns. Another declaration of the same
-- symbol, such as an older release's beside a newer library, is an error and no crash.
SELECT feature, round(weight::numeric, 3) AS weight FROM assay.linear_fit((SELECT assay.linear_statistics(3 * x + 1, x) FROM generate_series(1, 9) AS x));
SELECT (assay.linear_fit(s)).feature, assay.linear_fit(s) IS NULL AS empty FROM (SELECT assay.linear_statistics(x, x) AS s FROM generate_series(1, 9) AS x) AS t;
SELECT count(*) FROM (SELECT assay.linear_fit(NULL)) AS t;
CREATE SCHEMA redeclared;
CREATE TABLE redeclared.declaration (name text, columns text);
INSERT INTO redeclared.declaration VALUES
    ('right', 'feature integer, weight float8, standard_error float8, p_value float8'),
    ('fewer', 'feature integer, weight float8, standard_error float8'),
    ('more', 'feature integer, weight float8, standard_error float8, p_value float8, label text'),
    ('other_order', 'feature integer, weight float8, p_value float8, standard_error float8'),
    ('other_name', 'feature integer, weight float8, standard_error float8, p float8'),
    ('other_type', 'feature text, weight float8, standard_error float8, p_value float8'),
    ('narrower', 'feature integer, weight float4, standard_error float8, p_value float8');
SELECT format('CREATE FUNCTION redeclared.%I(assay.state, float8) RETURNS TABLE (%s) AS ''$libdir/assay'', ''linear_fit_wrapper'' LANGUAGE c', name, columns)
FROM redeclared.declaration \gexec
CREATE FUNCTION redeclared.no_set(assay.state, float8, OUT feature integer, OUT weight float8, OUT standard_error float8, OUT p_value float8)
AS '$libdir/assay', 'linear_fit_wrapper' LANGUAGE c;
CREATE FUNCTION redeclared.scalar(assay.state, float8) RETURNS SETOF float8 AS '$libdir/assay', 'linear_fit_wrapper' LANGUAGE c;
SELECT count(*) FROM redeclared."right"((SELECT assay.linear_statistics(x, x) FROM generate_series(1, 9) AS x), 0);
SELECT format('CALL fails(%L)', format('SELECT * FROM redeclared.%I((SELECT assay.linear_statistics(x, x) FROM generate_series(1, 9) AS x), 0)', name))
FROM (SELECT name FROM redeclared.declaration WHERE name <> 'right' UNION ALL VALUES ('no_set'), ('scalar')) AS t \gexec
\set VERBOSITY terse
DROP SCHEMA redeclared CASCADE;
\set VERBOSITY default

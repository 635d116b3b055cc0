-- linear_statistics and linear_fit: a linear model from an aggregate, which can be stored, merged and run in parallel.

-- y = 3 + 2a - b, exactly: feature 0 is the intercept.
CREATE TABLE sample AS SELECT i AS id, i % 7 AS a, (i * i) % 11 AS b, 3 + 2 * (i % 7) - (i * i) % 11 AS y, ((i * 37) % 19) / 10.0 AS noise FROM generate_series(1, 500) AS i;
SELECT feature, round(weight::numeric, 6) AS weight FROM assay.linear_fit((SELECT assay.linear_statistics(y, a, b) FROM sample));

-- With noise: the weights and errors of PostgreSQL's own regression of one column.
SELECT feature, round(weight::numeric, 6) AS weight, round(standard_error::numeric, 6) AS standard_error, p_value < 0.05 AS significant
FROM assay.linear_fit((SELECT assay.linear_statistics(y + noise, a) FROM sample));
SELECT round(regr_intercept(y + noise, a)::numeric, 6) AS intercept, round(regr_slope(y + noise, a)::numeric, 6) AS slope,
       round(sqrt((regr_syy(y + noise, a) - regr_sxy(y + noise, a) ^ 2 / regr_sxx(y + noise, a)) / (count(*) - 2) / regr_sxx(y + noise, a))::numeric, 6) AS standard_error
FROM sample;

-- It is what train stores of the same rows; so is ridge with its penalty.
SELECT version FROM assay.train('fit', 'SELECT a, b, y + noise AS y FROM sample', 'y', 'linear_regression', split => 'none');
SELECT bool_and(abs(f.weight - w.weight) < 1e-9 AND abs(f.standard_error - w.standard_error) < 1e-9) AS equal
FROM assay.linear_fit((SELECT assay.linear_statistics(y + noise, a, b) FROM sample)) AS f
JOIN (SELECT row_number() OVER () - 1 AS feature, weight, standard_error FROM assay.weights('fit')) AS w USING (feature);
SELECT assay.drop_model('fit');
SELECT feature, round(weight::numeric, 4) AS weight FROM assay.linear_fit((SELECT assay.linear_statistics(y, a, b) FROM sample), alpha => 1000);

-- Merged from parts, and in a parallel plan, it is the same to 12 digits.
CREATE TABLE part AS SELECT id % 3 AS part, assay.linear_statistics(y + noise, a, b) AS state FROM sample GROUP BY 1;
SELECT count(*) AS weights, max(abs(m.weight - f.weight)) < 1e-12 AS merged
FROM assay.linear_fit((SELECT assay.merge_states(state) FROM part)) AS m JOIN assay.linear_fit((SELECT assay.linear_statistics(y + noise, a, b) FROM sample)) AS f USING (feature);
SELECT state::text::assay.state::text = state::text AS by_text FROM part WHERE part = 0;
CREATE TABLE serial AS SELECT * FROM assay.linear_fit((SELECT assay.linear_statistics(y + noise, a, b) FROM sample));
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
ALTER TABLE sample SET (parallel_workers = 2);
EXPLAIN (COSTS OFF) SELECT assay.linear_statistics(y + noise, a, b) FROM sample;
SELECT count(*) AS weights, max(abs(p.weight - s.weight)) < 1e-12 AS parallel
FROM assay.linear_fit((SELECT assay.linear_statistics(y + noise, a, b) FROM sample)) AS p JOIN serial AS s USING (feature);
RESET ALL;

-- Rows with a NULL or NaN are left out; the features may come as one array; without rows there is no state, and no fit of none.
SELECT feature, round(weight::numeric, 6) AS weight
FROM assay.linear_fit((SELECT assay.linear_statistics(CASE WHEN id % 5 <> 0 THEN y END, CASE id % 7 WHEN 0 THEN 'NaN' ELSE a::float8 END, b) FROM sample));
SELECT feature, round(weight::numeric, 6) AS weight FROM assay.linear_fit((SELECT assay.linear_statistics(y, VARIADIC ARRAY[a, b]::float8[]) FROM sample));
SELECT assay.linear_statistics(y, a) IS NULL AS no_rows FROM sample WHERE false;
SELECT count(*) AS weights FROM assay.linear_fit(NULL);
-- Collinear features share the weight, and have no errors.
SELECT feature, round(weight::numeric, 6) AS weight, standard_error FROM assay.linear_fit((SELECT assay.linear_statistics(4 * a, a, a) FROM sample)) WHERE feature > 0;

-- Errors.
CALL fails($$SELECT assay.linear_fit(assay.metric_state('mae', 1, 2))$$);
CALL fails($$SELECT assay.linear_fit((SELECT assay.linear_statistics(y, a) FROM sample), alpha => -1)$$);
CALL fails($$SELECT assay.merge_states((SELECT assay.linear_statistics(y, a) FROM sample), (SELECT assay.linear_statistics(y, a, b) FROM sample))$$);
CALL fails($$SELECT assay.merge_states((SELECT assay.linear_statistics(y, a) FROM sample), assay.metric_state('mae', 1, 2))$$);
CALL fails($$SELECT assay.linear_statistics(y, VARIADIC CASE WHEN id > 9 THEN ARRAY[a, b] ELSE ARRAY[a] END::float8[]) FROM sample$$);
CALL fails($$SELECT assay.linear_fit((SELECT assay.linear_statistics(y, 'NaN') FROM sample))$$);
CALL fails($$SELECT assay.linear_statistics(price, region) FROM house$$);
CALL fails($$SELECT assay.linear_statistics(y) FROM sample$$);

DROP TABLE sample, part, serial;

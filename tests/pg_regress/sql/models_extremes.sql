-- Numbers at the ends of double precision: each learner trains a model that loads and gives finite scores, or says what is wrong and stores nothing.
CREATE SCHEMA extreme;
CREATE TABLE extreme.row AS
SELECT i, CASE WHEN i % 2 = 0 THEN 1e308 ELSE -1e308 END AS huge, i * 1e300 AS large, i * 5e-324 AS denormal, i::float8 AS plain, 7.0 AS constant,
    CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE i::float8 END AS strange, 'c' || i % 3 AS c,
    i % 3 = 0 AS y, i * 1e305 AS t, i::float8 AS small, 1e30::float8 AS weight
FROM generate_series(1, 120) AS i;

-- Trains and, where that works, loads what was stored and scores every row; gives what came of it.
CREATE FUNCTION extreme.outcome(algorithm text, feature text, target text, params text, weight text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    model text := format('extreme %s %s %s', algorithm, feature, target);
    finite bool;
BEGIN
    PERFORM assay.train(model, format('SELECT %I, c, %I, weight FROM extreme.row', feature, target), target, algorithm, params::jsonb,
                        exclude => CASE WHEN weight IS NULL THEN '{weight}'::text[] END, weight => weight, deploy => 'always');
    EXECUTE format('SELECT bool_and(assay.predict(%L, r) NOT IN (''NaN'', ''Infinity'', ''-Infinity'')) FROM extreme.row AS r', model) INTO finite;
    PERFORM assay.weights(model) WHERE algorithm ~ 'regression|ridge|lasso|net';
    PERFORM assay.drop_model(model);
    RETURN CASE WHEN finite THEN 'finite scores' ELSE 'SCORES THAT ARE NOT FINITE' END;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    RETURN state || ': ' || replace(message, model, 'M');
END $$;
SET client_min_messages = error;
CREATE TABLE extreme.tried AS
SELECT a.algorithm, f.feature, t.target, p.params, w.weight, extreme.outcome(a.algorithm, f.feature, t.target, p.params, w.weight) AS outcome
FROM learners() AS a
CROSS JOIN unnest(ARRAY['huge', 'large', 'denormal', 'plain', 'constant', 'strange']) AS f (feature)
CROSS JOIN unnest(ARRAY['t', 'huge', 'small', 'y']) AS t (target)
CROSS JOIN (VALUES ('{}'), ('{"fit_intercept": false}')) AS p (params)
CROSS JOIN (VALUES (NULL), ('weight')) AS w (weight)
WHERE (task = 'classification') = (target = 'y') AND feature <> target AND (params = '{}' OR algorithm ~ 'regression|ridge|lasso|net');
-- Nothing else than these comes of it.
SELECT DISTINCT outcome FROM extreme.tried ORDER BY outcome;
SELECT count(*) > 200 AS many, count(*) FILTER (WHERE outcome = 'finite scores') > 100 AS work FROM extreme.tried;
SELECT algorithm FROM extreme.tried GROUP BY algorithm HAVING count(*) FILTER (WHERE outcome = 'finite scores') = 0;
SELECT count(*) AS models_left FROM assay.models WHERE model ~ '^extreme';
RESET client_min_messages;
SELECT version FROM assay.train('extreme', 'SELECT huge, large, small FROM extreme.row', 'small', 'linear_regression', '{"fit_intercept": false}');
SELECT assay.drop_model('extreme');

-- In units whose squares leave the range of double precision the weights are those that PostgreSQL's own functions find in usual ones.
CREATE TABLE extreme.line AS SELECT i, (i * 7919) % 1009 + 2.0 * i AS y FROM generate_series(1, 600) AS i;
CREATE VIEW extreme.expected AS
SELECT regr_slope(y, i) AS weight, sqrt((regr_syy(y, i) - regr_sxy(y, i) ^ 2 / regr_sxx(y, i)) / (regr_count(y, i) - 2) / regr_sxx(y, i)) AS error
FROM extreme.line;
CREATE FUNCTION extreme.digits(found float8, expected float8) RETURNS int LANGUAGE sql RETURN
    least(floor(-log(greatest(abs(found / expected - 1), 1e-12)::numeric)), 9);
CREATE TABLE extreme.unit (place serial, of_x float8, of_y float8);
INSERT INTO extreme.unit (of_x, of_y) VALUES (1e155, 1), (1e-200, 1), (1e200, 1), (1, 1e200), (1, 1e-200), (1e200, 1e200);
SELECT of_x, of_y, extreme.digits(fit.weight / of_y * of_x, expected.weight) AS weight_digits, extreme.digits(fit.standard_error / of_y * of_x, expected.error) AS error_digits,
       fit.p_value < 1e-9 AS significant
FROM extreme.unit AS u, extreme.expected,
     LATERAL assay.linear_fit((SELECT assay.linear_statistics(y * of_y, i * of_x) FROM extreme.line)) AS fit WHERE feature = 1 ORDER BY place;
-- States of halves merge into that of the whole; rows in other units beside them, too.
SELECT extreme.digits(fit.weight * 1e200, expected.weight) AS weight_digits
FROM extreme.expected, assay.linear_fit((
    SELECT assay.merge_states(state)
    FROM (SELECT assay.linear_statistics(y, i * 1e200) AS state FROM extreme.line GROUP BY i % 2) AS parts)) AS fit WHERE feature = 1;
SELECT count(*) AS weights FROM assay.linear_fit((
    SELECT assay.merge_states(state)
    FROM (SELECT assay.linear_statistics(y, i * of_x) AS state FROM extreme.line, extreme.unit GROUP BY place) AS parts));
SET client_min_messages = warning;
SELECT assay.train(format('line %s', place), format('SELECT i * %L::float8 AS x, y * %L::float8 AS y FROM extreme.line', of_x, of_y), 'y', 'linear_regression', split => 'none')
       IS NOT NULL AS trained
FROM extreme.unit;
SELECT of_x, of_y, extreme.digits(w.weight / of_y * of_x, expected.weight) AS weight_digits, extreme.digits(w.standard_error / of_y * of_x, expected.error) AS error_digits,
       w.p_value < 1e-9 AS significant
FROM extreme.unit AS u, extreme.expected, LATERAL assay.weights(format('line %s', place)) AS w WHERE w.feature = 'x' ORDER BY place;
SET client_min_messages = warning;
DROP SCHEMA extreme CASCADE;

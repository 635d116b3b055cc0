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
CALL fails($$SELECT assay.train('extreme', 'SELECT huge, large, small FROM extreme.row', 'small', 'linear_regression', '{"fit_intercept": false}')$$);
SET client_min_messages = warning;
DROP SCHEMA extreme CASCADE;

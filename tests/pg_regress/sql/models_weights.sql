-- Rows that weigh differently in training.

CREATE TABLE deal AS
SELECT i AS id, i % 23 AS a, (i * 31) % 101 / 10.0 AS b, CASE WHEN i % 11 <> 0 THEN 'c' || i % 4 END AS c, i % 4 AS times,
       (i * 7919) % 100 < 30 + (i % 23) * 2 AS y, (i % 23) * 2.0 + (i * 31) % 13 AS amount
FROM generate_series(1, 800) AS i;
CREATE TABLE repeated AS SELECT deal.* FROM deal, generate_series(1, times);

-- A weight of 2 is the row twice, one of 0 none: every algorithm scores the rows that count the same, where bins and draws are the same.
CREATE FUNCTION trained(name text, source text, algorithm text, target text, params jsonb, weight text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.train(name, format('SELECT a, b, c, times, %I FROM %I', target, source), target, algorithm, params, weight => weight,
                        exclude => CASE WHEN weight IS NULL THEN '{times}' ELSE '{}' END::text[], split => 'none', deploy => 'always');
END $$;
CREATE FUNCTION differs(algorithm text, target text, params jsonb DEFAULT '{}') RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    most float8;
BEGIN
    PERFORM trained('weighed', 'deal', algorithm, target, params, 'times'), trained('many', 'repeated', algorithm, target, params);
    SELECT max(abs(assay.predict('weighed', a, b, c) - assay.predict('many', a, b, c))) INTO most FROM deal WHERE times > 0;
    RETURN most;
END $$;
SELECT algorithm, differs(algorithm, target, params::jsonb) < 1e-6 AS same
FROM (VALUES ('linear_regression', 'amount', '{}'), ('ridge', 'amount', '{"alpha": 10}'), ('lasso', 'amount', '{"alpha": 0.1}'),
             ('elastic_net', 'amount', '{"alpha": 0.1}'), ('logistic_regression', 'y', '{"class_weight": "balanced"}'), ('naive_bayes', 'y', '{}'),
             ('decision_tree', 'y', '{"max_depth": 4}'), ('decision_tree', 'amount', '{"max_depth": 4}'),
             ('random_forest', 'y', '{"bootstrap": false, "max_depth": 4, "max_features": null, "n_estimators": 2}')) AS t(algorithm, target, params);
-- Gradient boosting counts rows, not weights, where it asks for the fewest rows of a leaf.
SELECT differs('gradient_boosting', target, '{"n_estimators": 5, "min_child_samples": 1, "min_child_weight": 40, "min_data_per_group": 1}') < 0.02 AS similar
FROM unnest('{y}'::text[]) AS target;

-- Without the weights the model is another; the weight is kept with the version, and is no feature.
SELECT trained('plain', 'deal', 'ridge', 'amount', '{}'), trained('weighed', 'deal', 'ridge', 'amount', '{}', 'times');
SELECT max(abs(assay.predict('weighed', a, b, c) - assay.predict('plain', a, b, c))) > 0.01 AS other FROM deal;
SELECT assay.features('weighed');
SELECT params->>'weight' AS weight, rows FROM assay.model_versions WHERE model = 'weighed' ORDER BY version DESC LIMIT 1;
-- Any numeric type serves, and equal weights are as none.
SELECT version FROM assay.train('types', 'SELECT a, b, 1::numeric AS w, amount FROM deal', 'amount', 'ridge', weight => 'w');
SELECT version FROM assay.train('types', 'SELECT a, b, 1::float4 AS w, amount FROM deal', 'amount', 'ridge', weight => 'w');
SELECT version FROM assay.train('types', 'SELECT a, b, 1::int2 AS w, amount FROM deal', 'amount', 'ridge', weight => 'w');
SELECT version FROM assay.train('types', 'SELECT a, b, amount FROM deal', 'amount', 'ridge');
SELECT count(DISTINCT hash) AS models FROM assay.model_versions WHERE model = 'types';
-- Rows are divided as without weights: the same rows test.
SELECT rows FROM assay.train('divided', 'SELECT a, b, times, amount FROM deal', 'amount', 'ridge', exclude => '{times}');
SELECT rows FROM assay.train('divided', 'SELECT a, b, times, amount FROM deal', 'amount', 'ridge', weight => 'times', deploy => 'never');
SELECT feature, one.rows = two.rows AND abs(one.mean - two.mean) < 1e-9 AS same
FROM assay.feature_info('divided@1') AS one JOIN assay.feature_info('divided@2') AS two USING (feature);
-- A row without a target needs no weight.
SELECT rows FROM assay.train('partly', 'SELECT a, b, CASE WHEN id > 9 THEN 1 END AS w, CASE WHEN id > 9 THEN amount END AS amount FROM deal', 'amount', 'ridge', split => 'none', weight => 'w');

-- What cannot be a weight.
CALL fails($$SELECT assay.train('t', 'deal', 'amount', 'ridge', weight => 'colour')$$);
CALL fails($$SELECT assay.train('t', 'deal', 'amount', 'ridge', weight => 'amount')$$);
CALL fails($$SELECT assay.train('t', 'deal', 'amount', 'ridge', weight => 'c')$$);
CALL fails($$SELECT assay.train('t', 'deal', 'amount', 'ridge', weight => 'y')$$);
CALL fails($$SELECT assay.train('t', 'SELECT *, y AS test FROM deal', 'amount', 'ridge', split => 'test', weight => 'test')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, CASE WHEN id > 3 THEN 1 END AS w, amount FROM deal', 'amount', 'ridge', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, 2 - id AS w, amount FROM deal', 'amount', 'ridge', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, CASE id WHEN 1 THEN ''NaN'' WHEN 2 THEN ''infinity'' WHEN 3 THEN -1 WHEN 4 THEN 1e300 ELSE 1 END::float8 AS w, amount FROM deal', 'amount', 'ridge', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, 0 AS w, amount FROM deal', 'amount', 'ridge', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, 0 AS w, y FROM deal', 'y', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, y::int AS w, y FROM deal', 'y', 'naive_bayes', weight => 'w')$$);
CALL fails($$SELECT assay.train('t', 'SELECT a, b, 0 AS w, amount FROM deal', 'amount', 'random_forest', weight => 'w')$$);

SELECT assay.drop_model(model) FROM assay.models;
DROP TABLE deal, repeated;
DROP FUNCTION trained, differs;

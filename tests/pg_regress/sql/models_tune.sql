-- Tuning: trials in folds, the best of which is trained on all rows and stored.

-- Draws from what is asked for. Whoever is behind is stopped, and says so.
SELECT trial, algorithm, params, metric, round(value::numeric, 3) AS value, stddev > 0 AS spread, folds, duration > interval '0' AS timed, chosen, note
FROM assay.tune('risk', 'german_credit', 'is_risky', 'decision_tree', '{"max_depth": {"min": 1, "max": 12}, "min_samples_leaf": [1, 5, 20]}', trials => 8, exclude => '{customer_id}');
-- The version has what the folds gave as its metrics, is trained on all rows, and scores.
SELECT version, algorithm, deployed, rows, metrics->>'evaluated_on' AS evaluated_on, metrics->'rows' AS tested, params->'params' AS params, params->'tune' AS tune FROM assay.model_versions WHERE model = 'risk';
SELECT count(assay.predict('risk', g)) FROM german_credit AS g;
-- The trials are kept with it: the chosen one is the best of those that went through all folds, and the version's hyperparameters are its.
SELECT count(*) AS trials, count(*) FILTER (WHERE chosen) AS chosen, bool_and(NOT chosen OR value = best AND folds = 5) AS is_best
FROM (SELECT *, max(value) FILTER (WHERE folds = 5) OVER () AS best FROM assay.model_trials WHERE model = 'risk') AS t;
SELECT t.params = v.params->'params' AS same, abs(t.value - (v.metrics->>'roc_auc')::float8) < 1e-12 AS same_value
FROM assay.model_trials AS t JOIN assay.model_versions AS v USING (model, version) WHERE t.chosen;
-- It is what train makes of the same hyperparameters.
SELECT version FROM assay.train('again', 'german_credit', 'is_risky', 'decision_tree', (SELECT params FROM assay.model_trials WHERE model = 'risk' AND chosen), exclude => '{customer_id}', split => 'none');
SELECT count(DISTINCT assay.predict('risk', g) = assay.predict('again', g)), bool_and(assay.predict('risk', g) = assay.predict('again', g)) AS same FROM german_credit AS g;
-- What it reached in folds is what cross_validate gives.
SELECT abs(c.value - t.value) < 1e-12 AS same FROM assay.model_trials AS t, assay.cross_validate('german_credit', 'is_risky', 'decision_tree', t.params, exclude => '{customer_id}') AS c
WHERE t.chosen AND c.metric = 'roc_auc' AND c.fold IS NULL;

-- Every combination of a grid. A loss: less is better.
SELECT trial, params, round(value::numeric, 4) AS log_loss, folds, chosen
FROM assay.tune('grid', 'german_credit', 'is_risky', 'logistic_regression', '{"C": [0.001, 0.1, 10], "penalty": "l2", "standardize": [true, false]}', method => 'grid', metric => 'log_loss', folds => 3, exclude => '{customer_id}');
SELECT params->'alpha' AS alpha FROM assay.tune('steps', 'german_credit', 'credit_amount', 'ridge', '{"alpha": {"min": 1, "max": 2, "step": 0.5}}', method => 'grid', folds => 2, exclude => '{customer_id}');

-- Without an algorithm: those that search names, in turn; or all that know the task, with their defaults first.
SELECT trial, algorithm, params = '{}' AS defaults FROM assay.tune('named', 'german_credit', 'is_risky', search => '{"naive_bayes": {}, "decision_tree": {"max_depth": [2, 3, 4]}}', trials => 4, folds => 2, exclude => '{customer_id}');
SELECT count(*) > 5 AS several FROM assay.tune('all', 'SELECT age, duration_months, credit_amount FROM german_credit LIMIT 200', 'credit_amount', trials => 12, folds => 2);
SELECT (SELECT array_agg(DISTINCT algorithm) FROM assay.model_trials WHERE model = 'all') = (SELECT array_agg(algorithm ORDER BY algorithm COLLATE "C") FROM learners() WHERE task = 'regression') AS each_of_them;
-- There are no more draws than different ones.
SELECT count(*) FROM assay.tune('few', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": [0.5, 1]}', trials => 10, folds => 2, exclude => '{customer_id}');
SELECT params, folds, chosen FROM assay.tune('one', 'german_credit', 'credit_amount', 'linear_regression', folds => 2, exclude => '{customer_id}');

-- Successive halving: a third goes on, with three times the rows.
SELECT count(*) AS trials, count(*) FILTER (WHERE note LIKE 'stopped at rung 1 of 3, with 11 %') AS first, count(*) FILTER (WHERE note LIKE 'stopped at rung 2 of 3, with 33 %') AS second, count(*) FILTER (WHERE note IS NULL) AS third, count(*) FILTER (WHERE chosen AND note IS NULL) AS chosen
FROM assay.tune('halving', 'german_credit', 'is_risky', 'decision_tree', '{"max_depth": {"min": 1, "max": 12}, "min_samples_leaf": {"min": 1, "max": 60}}', method => 'successive_halving', folds => 3, exclude => '{customer_id}');

-- The same seed gives the same trials, whatever the threads and the order of rows; another seed others.
CREATE FUNCTION tuned(query text, seed bigint) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(concat(trial, algorithm, params, value, stddev, folds, chosen, note), ' ' ORDER BY trial)) FROM assay.tune('same', query, 'is_risky', search => '{"random_forest": {"n_estimators": 5, "max_depth": {"min": 2, "max": 9}}, "gradient_boosting": {"n_estimators": 5, "num_leaves": {"min": 3, "max": 40}}}', trials => 8, folds => 3, seed => seed, exclude => '{customer_id}', deploy => 'never')
$$;
SET assay.threads = 1;
CREATE TABLE tuned_once AS SELECT tuned('german_credit', 1) AS t;
SET assay.threads = 2;
SELECT t = tuned('SELECT * FROM german_credit ORDER BY md5(customer_id::text)', 1) AS same FROM tuned_once;
SET assay.threads = 3;
SELECT t = tuned('german_credit', 1) AS same, t <> tuned('german_credit', 2) AS other FROM tuned_once;
RESET assay.threads;
SELECT count(DISTINCT hash) AS models, count(*) AS versions FROM assay.model_versions WHERE model = 'same' AND params->>'seed' = '1';

-- Folds by group and by time.
SELECT count(*) FROM assay.tune('grouped', 'german_credit', 'is_risky', 'naive_bayes', trials => 3, folds => 3, exclude => '{customer_id}', fold_by => 'group(purpose)');
SELECT assay.features('grouped') @> '{purpose}' AS a_feature;
SELECT count(*) FROM assay.tune('timed', 'SELECT *, date ''2026-01-01'' + customer_id AS day FROM german_credit', 'credit_amount', 'ridge', trials => 3, exclude => '{customer_id}', fold_by => 'time(day, 1 week)');

-- Trials that cannot learn fail, and the others go on; where all fail, so does the tuning, and nothing is left of it.
SELECT trial, params, note FROM assay.tune('partly', 'german_credit', 'is_risky', 'gradient_boosting', '{"monotone_constraints": [[], [1, 1]], "n_estimators": 3}', method => 'grid', folds => 2, exclude => '{customer_id}');
CALL fails($$SELECT assay.tune('fails', 'german_credit', 'is_risky', 'gradient_boosting', '{"monotone_constraints": [[1, 1]], "n_estimators": 3}', folds => 2, exclude => '{customer_id}')$$);
BEGIN;
SELECT count(*) FROM assay.tune('undone', 'german_credit', 'is_risky', 'naive_bayes', trials => 2, folds => 2);
ROLLBACK;
SELECT count(*) FROM assay.model_trials WHERE model IN ('undone', 'fails');

-- A version that was tuned is compared by its folds.
\set VERBOSITY default
SELECT count(*) FROM assay.tune('grid', 'german_credit', 'is_risky', 'decision_tree', '{"max_depth": 1}', folds => 2, exclude => '{customer_id}');
\set VERBOSITY terse
-- Training warns as ever.
SELECT count(*) FROM assay.tune('leaks', 'SELECT age, is_risky, is_risky::int AS flag, 7 AS seven FROM german_credit', 'is_risky', 'naive_bayes', trials => 1, folds => 2);

-- Who sees the trials: the owner, and those to whom the model was granted. They go with the version.
CREATE ROLE tuner;
CREATE ROLE onlooker;
SET ROLE onlooker;
SELECT count(*) FROM assay.model_trials;
CALL fails('TABLE assay.model_trial');
CALL fails($$SELECT assay.tune('risk', 'SELECT 1 AS x, true AS y', 'y')$$);
CALL fails($$SELECT assay.tune('mine', 'german_credit', 'is_risky')$$);
RESET ROLE;
SELECT assay.grant_model('risk', 'onlooker', 'predict');
SET ROLE onlooker;
SELECT DISTINCT model FROM assay.model_trials;
RESET ROLE;
SELECT assay.drop_model('risk');
SELECT count(*) FROM assay.model_trial AS t WHERE NOT EXISTS (SELECT FROM assay.model AS m WHERE m.id = t.model_id);
DROP ROLE onlooker;
GRANT SELECT ON german_credit TO tuner;
SET ROLE tuner;
SELECT count(*) FROM assay.tune('mine', 'german_credit', 'is_risky', 'naive_bayes', trials => 2, folds => 2);
SELECT count(*) FROM assay.model_trials;
RESET ROLE;
SELECT models FROM assay.drop_owned('tuner');
REVOKE SELECT ON german_credit FROM tuner;
DROP ROLE tuner;

-- What is wrong.
CALL fails($$SELECT assay.tune(NULL, 'german_credit', 'is_risky')$$);
CALL fails($$SELECT assay.tune('m', NULL, 'is_risky')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', NULL)$$);
CALL fails($$SELECT assay.tune('a@b', 'german_credit', 'is_risky')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'forest')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'ridge')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', trials => 0)$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', folds => 1)$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', method => 'bayesian')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', metric => 'rmse')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'job', 'naive_bayes', metric => 'brier_score', folds => 2, trials => 1)$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', deploy => 'maybe')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', fold_by => 'nothing')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', search => '[]')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', search => '{"ridge": {}}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', search => '{"alpha": [1]}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', search => '{"naive_bayes": [1]}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"beta": [1]}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": []}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": {"min": 2, "max": 1}}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": {"min": 0, "max": 1, "scale": "log"}}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": {"low": 1, "high": 2}}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": [-1]}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": ["much"]}')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": {"min": 1, "max": 2}}', method => 'grid')$$);
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky', 'naive_bayes', '{"alpha": {"min": 1, "max": 30, "step": 1}}', method => 'grid')$$);
SET assay.max_memory = '1MB';
CALL fails($$SELECT assay.tune('m', 'SELECT g.*, 1.0 * i AS x, 2 * i AS z FROM german_credit AS g, generate_series(1, 100) AS i', 'is_risky')$$);
RESET assay.max_memory;
BEGIN TRANSACTION READ ONLY;
CALL fails($$SELECT assay.tune('m', 'german_credit', 'is_risky')$$);
COMMIT;
SELECT count(*) FROM assay.models WHERE model = 'm';

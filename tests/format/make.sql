-- Models of every learner, states, baselines and checks with results, in a database that a release leaves behind as a dump.
-- The data are computed, so that every machine has the same.
\set ON_ERROR_STOP on
CREATE TABLE visit AS
SELECT i AS id, 20 + i * 37 % 50 AS age, round((i * 53 % 997)::numeric / 7, 2) AS amount, (i * 29 % 101)::float8 / 10 AS score,
       (ARRAY['north', 'south', 'east', NULL])[1 + i * 7 % 4] AS region, date '2024-01-01' + i % 60 AS day, (i * 13 + i / 50) % 3 = 0 AS returned,
       (ARRAY['low', 'middle', 'high'])[1 + (20 + i * 37 % 50) / 24] AS class, 'visitor' || i || '@example.org' AS email,
       CASE WHEN i % 7 > 0 THEN i * 17 % 89 END AS gap
FROM generate_series(1, 400) AS i;
SELECT assay.train('returned', 'SELECT age, amount, score, region, returned FROM visit', 'returned', algorithm, deploy => 'always',
                   params => CASE WHEN algorithm ~ 'forest|boosting' THEN '{"n_estimators": 4}' ELSE '{}' END::jsonb)
FROM unnest('{gradient_boosting,random_forest,decision_tree,logistic_regression,naive_bayes}'::text[]) AS algorithm;
SELECT assay.train('class', 'SELECT amount, score, age, region, class FROM visit', 'class', algorithm, deploy => 'always',
                   params => CASE WHEN algorithm ~ 'forest|boosting' THEN '{"n_estimators": 4}' ELSE '{}' END::jsonb)
FROM unnest('{gradient_boosting,random_forest,decision_tree,logistic_regression,naive_bayes}'::text[]) AS algorithm;
SELECT assay.train('amount', 'SELECT age, score, region, ARRAY[age, score, 1]::float8[] AS vector, amount FROM visit', 'amount', algorithm, deploy => 'always',
                   params => CASE WHEN algorithm ~ 'forest|boosting' THEN '{"n_estimators": 4}' ELSE '{}' END::jsonb)
FROM unnest('{linear_regression,ridge,lasso,elastic_net,gradient_boosting,random_forest,decision_tree}'::text[]) AS algorithm;
SELECT assay.train('weighted', 'SELECT gap, region, ARRAY[age, score]::float8[] AS vector, age, class FROM visit', 'class', algorithm, weight => 'age',
                   deploy => 'always', params => CASE WHEN algorithm ~ 'forest|boosting' THEN '{"n_estimators": 4}' ELSE '{}' END::jsonb)
FROM unnest('{gradient_boosting,random_forest,decision_tree,logistic_regression,naive_bayes}'::text[]) AS algorithm;
SELECT assay.set_alias('returned', 'plain', 4), assay.set_threshold('returned@1', 0.3), assay.rollback('class');
CREATE TABLE kept AS
SELECT day, assay.metric_state('roc_auc', returned, score) AS auc, assay.metric_state('accuracy', class, lower(class)) AS accuracy,
       assay.metric_state('rmse', amount::float8, score) AS rmse, assay.linear_statistics(amount::float8, age::float8, score) AS linear
FROM visit GROUP BY day;
CREATE TABLE kept_profile AS SELECT assay.profile_state('SELECT * FROM visit') AS profile;
SELECT assay.save_baseline('visit', 'SELECT age, amount, score, region FROM visit WHERE id <= 300');
SELECT assay.add_check('visit', 'not_null', 'region', mostly => 0.7);
SELECT assay.add_check('visit', 'not_null', 'age', tags => '{keys}');
SELECT assay.add_check('visit', 'valid_format', 'email', '{"format": "email"}');
SELECT assay.add_check('visit', 'accepted_range', 'age', '{"min_value": 20, "max_value": 60}', warn_if => '>0', error_if => '>=50%');
SELECT assay.add_check('visit', 'accepted_values', 'class', '{"values": ["low", "middle"]}', group_by => '{region}', "where" => 'age > 25');
SELECT assay.add_check('visit', 'anomaly', name => 'volume');
SELECT count(*) FROM assay.run_checks('visit');

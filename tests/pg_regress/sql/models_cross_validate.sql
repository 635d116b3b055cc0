-- Folds: what models of a kind reach on rows that they did not learn from.

-- What scikit-learn reaches in the same folds: tests/oracle/folds.py prints these lines.
CREATE TABLE oracle (algorithm text, fold int, metric text, value float8);
INSERT INTO oracle VALUES
    ('linear_regression', 1, 'rmse', 1711.203258749),
    ('linear_regression', 2, 'rmse', 1898.725923907),
    ('linear_regression', 3, 'rmse', 2008.798653607),
    ('linear_regression', 4, 'rmse', 2179.845811975),
    ('linear_regression', 5, 'rmse', 2208.863918481),
    ('linear_regression', NULL, 'rmse', 2001.487513344),
    ('linear_regression', 1, 'mae', 1182.967520865),
    ('linear_regression', 2, 'mae', 1323.631315214),
    ('linear_regression', 3, 'mae', 1316.961879783),
    ('linear_regression', 4, 'mae', 1518.795488102),
    ('linear_regression', 5, 'mae', 1410.892391246),
    ('linear_regression', NULL, 'mae', 1350.649719042),
    ('linear_regression', 1, 'r2', 0.558146133),
    ('linear_regression', 2, 'r2', 0.598454020),
    ('linear_regression', 3, 'r2', 0.405821422),
    ('linear_regression', 4, 'r2', 0.436677916),
    ('linear_regression', 5, 'r2', 0.451343117),
    ('linear_regression', NULL, 'r2', 0.490088522),
    ('naive_bayes', 1, 'roc_auc', 0.642348346),
    ('naive_bayes', 2, 'roc_auc', 0.571342709),
    ('naive_bayes', 3, 'roc_auc', 0.624248142),
    ('naive_bayes', 4, 'roc_auc', 0.610722611),
    ('naive_bayes', 5, 'roc_auc', 0.665464599),
    ('naive_bayes', NULL, 'roc_auc', 0.622825281),
    ('naive_bayes', 1, 'log_loss', 0.611200362),
    ('naive_bayes', 2, 'log_loss', 0.646392318),
    ('naive_bayes', 3, 'log_loss', 0.599011279),
    ('naive_bayes', 4, 'log_loss', 0.612983549),
    ('naive_bayes', 5, 'log_loss', 0.565314010),
    ('naive_bayes', NULL, 'log_loss', 0.606980304),
    ('naive_bayes', 1, 'accuracy', 0.695000000),
    ('naive_bayes', 2, 'accuracy', 0.675000000),
    ('naive_bayes', 3, 'accuracy', 0.720000000),
    ('naive_bayes', 4, 'accuracy', 0.690000000),
    ('naive_bayes', 5, 'accuracy', 0.740000000),
    ('naive_bayes', NULL, 'accuracy', 0.704000000),
    ('logistic_regression', 1, 'roc_auc', 0.666475184),
    ('logistic_regression', 2, 'roc_auc', 0.596706335),
    ('logistic_regression', 3, 'roc_auc', 0.634037033),
    ('logistic_regression', 4, 'roc_auc', 0.612562876),
    ('logistic_regression', 5, 'roc_auc', 0.668710182),
    ('logistic_regression', NULL, 'roc_auc', 0.635698322),
    ('logistic_regression', 1, 'log_loss', 0.593619910),
    ('logistic_regression', 2, 'log_loss', 0.600486509),
    ('logistic_regression', 3, 'log_loss', 0.589273388),
    ('logistic_regression', 4, 'log_loss', 0.583366010),
    ('logistic_regression', 5, 'log_loss', 0.564198040),
    ('logistic_regression', NULL, 'log_loss', 0.586188771),
    ('logistic_regression', 1, 'accuracy', 0.690000000),
    ('logistic_regression', 2, 'accuracy', 0.705000000),
    ('logistic_regression', 3, 'accuracy', 0.710000000),
    ('logistic_regression', 4, 'accuracy', 0.685000000),
    ('logistic_regression', 5, 'accuracy', 0.735000000),
    ('logistic_regression', NULL, 'accuracy', 0.705000000);
CREATE VIEW numbers AS SELECT duration_months, installment_rate, residence_since, age, existing_credits, customer_id % 5 AS part, credit_amount, is_risky FROM german_credit;
CREATE TABLE ours AS
SELECT 'linear_regression' AS algorithm, c.* FROM assay.cross_validate('numbers', 'credit_amount', 'linear_regression', exclude => '{is_risky}', fold_by => 'part') AS c
UNION ALL SELECT 'naive_bayes', c.* FROM assay.cross_validate('numbers', 'is_risky', 'naive_bayes', exclude => '{credit_amount}', fold_by => 'part') AS c
UNION ALL SELECT 'logistic_regression', c.* FROM assay.cross_validate('numbers', 'is_risky', 'logistic_regression', '{"penalty": "none"}', exclude => '{credit_amount}', fold_by => 'part') AS c;
SELECT algorithm, metric, count(*) AS lines, max(abs(o.value / s.value - 1)) < 1e-6 AS agree
FROM oracle AS s JOIN ours AS o USING (algorithm, metric) WHERE o.fold IS NOT DISTINCT FROM s.fold GROUP BY 1, 2 ORDER BY 1, 2;
SELECT DISTINCT fold, rows FROM ours ORDER BY fold;

-- Every metric, with the folds' numbers first and the mean last.
SELECT fold, rows, metric, round(value::numeric, 4) AS value FROM assay.cross_validate('german_credit', 'is_risky', 'logistic_regression', folds => 2, exclude => '{customer_id}');
SELECT string_agg(DISTINCT metric, ' ') FROM assay.cross_validate('german_credit', 'credit_amount', 'ridge', folds => 3);
SELECT count(*) AS folds FROM assay.cross_validate('german_credit', 'job', 'naive_bayes', folds => 7) WHERE metric = 'accuracy' AND fold IS NOT NULL;

-- The same whatever the order of rows and the number of threads.
CREATE FUNCTION validated(query text, fold_by text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(c) FROM assay.cross_validate(query, 'is_risky', 'random_forest', '{"n_estimators": 5}', exclude => '{customer_id}', fold_by => fold_by, seed => 3) AS c
$$;
SELECT fold_by, validated('SELECT * FROM german_credit ORDER BY age', fold_by) = validated('SELECT * FROM german_credit ORDER BY md5(customer_id::text)', fold_by) AS same
FROM unnest('{random,group(purpose),"time(age)",job}'::text[]) AS fold_by;
SET assay.threads = 1;
CREATE TABLE one_thread AS SELECT validated('german_credit', 'random') AS v;
SET assay.threads = 2;
SELECT v = validated('german_credit', 'random') AS same FROM one_thread;
RESET assay.threads;
SELECT count(DISTINCT value) AS seeds FROM generate_series(1, 3) AS s, assay.cross_validate('german_credit', 'is_risky', 'naive_bayes', seed => s) WHERE metric = 'roc_auc' AND fold IS NULL;

-- What folds go by is no feature: a column that tells the target would give a perfect score.
SELECT fold_by, max(value) < 0.9 AS unknown
FROM unnest('{group(part),time(part)}'::text[]) AS fold_by,
     assay.cross_validate('SELECT age, is_risky, is_risky::int + 2 * (customer_id % 8) AS part FROM german_credit', 'is_risky', 'decision_tree', '{"max_depth": 3}', folds => 3, fold_by => fold_by)
WHERE metric = 'roc_auc' GROUP BY fold_by ORDER BY fold_by;
-- A text of which each group has its own: models that see a group's rows know the others.
SELECT fold_by, round(value::numeric) AS r2
FROM unnest('{random,group(id)}'::text[]) AS fold_by,
     assay.cross_validate('SELECT c.id, hashint4(c.id) % 100 AS y, ''c'' || c.id AS name, i AS x FROM generate_series(1, 50) AS c (id), generate_series(1, 20) AS i', 'y', 'decision_tree', fold_by => fold_by)
WHERE metric = 'r2' AND fold IS NULL;

-- Time: a part of the rows each, and a gap before it. Rows without a moment always train.
SELECT fold, rows FROM assay.cross_validate('SELECT i AS x, i % 7 AS y, date ''2026-01-01'' + i AS sold_on FROM generate_series(1, 600) AS i', 'y', 'ridge', fold_by => 'time(sold_on, 1 month)') WHERE metric = 'rmse';
SELECT fold, rows FROM assay.cross_validate('SELECT i AS x, i % 7 AS y, CASE WHEN i > 60 THEN timestamp ''2026-01-01'' + i * interval ''1 hour'' END AS "sold at" FROM generate_series(1, 660) AS i', 'y', 'ridge', folds => 3, fold_by => 'time("sold at", 36 hours)') WHERE metric = 'rmse';
SELECT fold, rows FROM assay.cross_validate('SELECT i AS x, i % 7 AS y, i / 10 AS step FROM generate_series(1, 600) AS i', 'y', 'ridge', folds => 3, fold_by => 'time(step, 2.5)') WHERE metric = 'rmse';
-- A fold without a class has no ROC AUC; the mean is over the others.
SELECT fold, value FROM assay.cross_validate('SELECT age, is_risky, CASE WHEN is_risky THEN customer_id % 2 ELSE customer_id % 3 END AS part FROM german_credit', 'is_risky', 'naive_bayes', fold_by => 'part') WHERE metric = 'roc_auc' AND fold = 3;
-- NULL in the target is left out, and NULL in a column of folds trains.
SELECT fold, rows FROM assay.cross_validate('SELECT age, duration_months, CASE WHEN age < 50 THEN is_risky END AS y, nullif(customer_id % 3, 2) AS part FROM german_credit', 'y', 'naive_bayes', fold_by => 'part') WHERE metric = 'accuracy';
-- Weights count in training.
SELECT round(value::numeric, 6) AS r2 FROM assay.cross_validate('SELECT age, duration_months, credit_amount, (age > 30)::int AS w FROM german_credit', 'credit_amount', 'ridge', weight => 'w') WHERE metric = 'r2' AND fold IS NULL;

-- In a transaction that only reads; as somebody without rights.
BEGIN TRANSACTION READ ONLY;
SELECT count(*) FROM assay.cross_validate('german_credit', 'is_risky', 'naive_bayes');
COMMIT;
CREATE ROLE validator;
SET ROLE validator;
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky')$$);
RESET ROLE;
DROP ROLE validator;

-- What is wrong.
CALL fails($$SELECT assay.cross_validate(NULL, 'is_risky')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', NULL)$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', 'forest')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', 'naive_bayes', '{"trees": 3}')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', 'ridge')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', folds => 1)$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', folds => 1001)$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'is_risky')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'nothing')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'stratified(job)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'time(job)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'time(age, soon)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'time(age, -1)')$$);
CALL fails($$SELECT assay.cross_validate('SELECT *, date ''2026-01-01'' + customer_id AS day FROM german_credit', 'is_risky', fold_by => 'time(day, often)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'time(age, 1000)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'time(dependents)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'group(dependents)')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', fold_by => 'group(nothing)')$$);
CALL fails($$SELECT assay.cross_validate('SELECT ARRAY[1.5, age] AS v, age, is_risky FROM german_credit', 'is_risky', fold_by => 'group(v)')$$);
CALL fails($$SELECT assay.cross_validate('SELECT *, 1 AS one FROM german_credit', 'is_risky', fold_by => 'one')$$);
CALL fails($$SELECT assay.cross_validate('SELECT i AS x, i % 2 = 0 AS y, i AS part FROM generate_series(1, 3000) AS i', 'y', fold_by => 'part')$$);
CALL fails($$SELECT assay.cross_validate('SELECT age, is_risky FROM german_credit LIMIT 9', 'is_risky', folds => 10)$$);
CALL fails($$SELECT assay.cross_validate('SELECT age, is_risky, is_risky::int AS part FROM german_credit', 'is_risky', fold_by => 'part')$$);
CALL fails($$SELECT assay.cross_validate('german_credit', 'is_risky', weight => 'customer_id', fold_by => 'customer_id')$$);
SET assay.max_memory = '1MB';
CALL fails($$SELECT assay.cross_validate('SELECT g.*, 1.0 * i AS x, 2 * i AS z FROM german_credit AS g, generate_series(1, 100) AS i', 'is_risky')$$);
RESET assay.max_memory;

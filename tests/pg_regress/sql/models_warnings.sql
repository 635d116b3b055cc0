-- What training and evaluation say of rows that deceive. Messages are shown with their details.
\set VERBOSITY default
CREATE TABLE deceiving AS
SELECT i AS account_id, md5(i::text) || '@example.org' AS email, abs(hashint4(i)) % 60 + 18 AS age, abs(hashint4(i * 7)) % 5000 AS amount,
       abs(hashint4(i)) % 60 + abs(hashint4(i * 13)) % 60 > 55 AS churned,
       CASE WHEN abs(hashint4(i)) % 60 + abs(hashint4(i * 13)) % 60 > 55 THEN 1 ELSE 0 END AS churned_flag,
       date '2026-01-01' + abs(hashint4(i * 3)) % 300 AS due
FROM generate_series(1, 2000) AS i;
UPDATE deceiving SET email = 'info@example.org' WHERE account_id <= 23;

-- A column that is the target in other words, an identifier, and e-mails of nearly as many levels as rows.
SELECT version, rows FROM assay.train('leak', 'SELECT account_id, email, age, amount, churned, 0.5 * amount + 3 * churned_flag * 5000 AS fee FROM deceiving', 'churned');
-- Of numbers.
SELECT version, rows FROM assay.train('tax', 'SELECT age, amount, amount * 1.19 AS gross FROM deceiving', 'amount', 'linear_regression');
-- Rows without a deceit say nothing.
SELECT version, rows FROM assay.train('plain', 'SELECT age, amount, churned FROM deceiving', 'churned', 'logistic_regression');

-- A flag is learned as a number, unless the task is named.
SELECT version, task FROM assay.train('flag', 'SELECT age, amount, churned_flag FROM deceiving', 'churned_flag', 'ridge');
SELECT version, task FROM assay.train('flag', 'SELECT age, amount, churned_flag FROM deceiving', 'churned_flag', 'ridge', task => 'regression', deploy => 'never');
SELECT version, task FROM assay.train('flag', 'SELECT age, amount, churned_flag FROM deceiving', 'churned_flag', task => 'classification', deploy => 'never');
-- A date is a number of days.
SELECT version, task FROM assay.train('due', 'SELECT age, amount, due FROM deceiving', 'due', 'ridge');

-- Few rows test nothing, yet the version is deployed; who says so knows it.
SELECT version, rows FROM assay.train('few', 'SELECT age, amount, churned FROM deceiving LIMIT 200', 'churned', 'logistic_regression');
SELECT version, rows FROM assay.train('few', 'SELECT age, amount, churned FROM deceiving LIMIT 200', 'churned', 'logistic_regression', split => 'none', deploy => 'always');

-- Rows that trained the model.
SELECT version, rows FROM assay.train('known', 'SELECT age, amount, churned, account_id % 4 = 0 AS is_test FROM deceiving', 'churned', 'random_forest', '{"n_estimators": 10}', split => 'is_test');
SELECT metric FROM assay.evaluate('known', 'SELECT age, amount, churned FROM deceiving') WHERE metric = 'roc_auc';
SELECT metric FROM assay.evaluate('known', 'SELECT age, amount, churned FROM deceiving WHERE account_id % 4 > 0') WHERE metric = 'roc_auc';
SELECT metric FROM assay.evaluate('known', 'SELECT age, amount, churned FROM deceiving WHERE account_id % 4 = 0') WHERE metric = 'roc_auc';
SELECT count(*) > 2 AS drawn FROM assay.roc_curve('known', 'SELECT age, amount, churned FROM deceiving WHERE account_id % 4 > 0');

-- Features that nearly depend on each other: NIST's Filip is a polynomial of degree 10. Sums of products do not tell its powers apart.
CREATE TABLE powers AS
SELECT x, x ^ 2 AS x2, x ^ 3 AS x3, x ^ 4 AS x4, x ^ 5 AS x5, x ^ 6 AS x6, x ^ 7 AS x7, x ^ 8 AS x8, x ^ 9 AS x9, x ^ 10 AS x10,
       sin(x) AS y
FROM (SELECT -8.8 + i * 0.07 AS x FROM generate_series(0, 81) AS i) AS points;
SELECT version, rows FROM assay.train('powers', 'powers', 'y', 'linear_regression', split => 'none');
SELECT count(*) AS weights, count(standard_error) AS errors FROM assay.linear_fit((
    SELECT assay.linear_statistics(y, x, x2, x3, x4, x5, x6, x7, x8, x9, x10) FROM powers));

-- A column that another makes up, and one that nearly is.
SELECT feature, weight IS NOT NULL AS known, standard_error IS NULL AS unknown_error FROM assay.linear_fit((
    SELECT assay.linear_statistics(amount, age, 2 * age + 1) FROM deceiving));
SELECT count(standard_error) AS errors FROM assay.linear_fit((
    SELECT assay.linear_statistics(amount, age, age + 1e-5 * (amount % 7)) FROM deceiving));

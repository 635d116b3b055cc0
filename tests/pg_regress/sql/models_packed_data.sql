-- Boosting and forests learn from packed rows of real tables what they learn from the rows as they are: by the area under the curve of rows that neither has seen.
SET client_min_messages = error;
\i adult.sql
CREATE VIEW known AS SELECT *, customer_id % 4 = 0 AS is_apart FROM german_credit;
CREATE FUNCTION reached(algorithm text, params jsonb, query text, target text, others text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.train('reached', query, target, algorithm, params, split => 'none', deploy => 'always');
    RETURN (SELECT value FROM assay.evaluate('reached', others) WHERE metric = 'roc_auc');
END $$;
CREATE TABLE learned (what text, algorithm text, params jsonb, query text, target text, others text, least float8, most_between float8, as_they_are float8, packed float8);
INSERT INTO learned (what, algorithm, params, query, target, others, least, most_between) VALUES
    ('adult', 'gradient_boosting', '{"n_estimators": 40}', 'adult_train', 'income', 'adult_test', 0.92, 0.003),
    ('adult', 'random_forest', '{"n_estimators": 30, "min_samples_leaf": 5}', 'adult_train', 'income', 'adult_test', 0.90, 0.005),
    ('adult', 'decision_tree', '{"min_samples_leaf": 50}', 'adult_train', 'income', 'adult_test', 0.88, 0.01),
    ('german credit', 'gradient_boosting', '{"n_estimators": 40, "num_leaves": 8}', 'SELECT * FROM known WHERE NOT is_apart', 'is_risky', 'SELECT * FROM known WHERE is_apart', 0.7, 0.03),
    ('german credit', 'random_forest', '{"n_estimators": 60, "min_samples_leaf": 3}', 'SELECT * FROM known WHERE NOT is_apart', 'is_risky', 'SELECT * FROM known WHERE is_apart', 0.7, 0.03);
SET assay.pack_rows = 0;
UPDATE learned SET as_they_are = reached(algorithm, params, query, target, others);
SET assay.pack_rows = 100;
UPDATE learned SET packed = reached(algorithm, params, query, target, others);
SELECT what, algorithm, packed > least AS good, abs(packed - as_they_are) < most_between AS as_good FROM learned ORDER BY what, algorithm;
-- The figures, where one is not as it should be.
SELECT what, algorithm, as_they_are, packed FROM learned WHERE packed <= least OR abs(packed - as_they_are) >= most_between;
DROP TABLE adult_train, adult_test;

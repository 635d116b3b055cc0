-- Steps of preprocessing travel with the model: learned on training rows, applied by predict to raw columns.
CREATE TABLE loans AS
SELECT i AS id, CASE WHEN i % 9 <> 0 THEN (i * 7919 % 1000)::numeric / 10 END AS income, (i * 104729 % 601)::int AS age,
       (ARRAY['red', 'green', 'blue', NULL])[1 + i % 4] AS colour, 'zip ' || i * 31 % 400 AS zip,
       timestamp '2024-01-01' + (i * 37 % 700) * interval '1 hour' AS at, i % 3 = 0 AS online,
       (ARRAY['late', 'early', 'good', 'bad'])[1 + i % 4] || ' payment of the ' || (ARRAY['first', 'second', 'third'])[1 + i % 3] || ' rate ' || i AS remark,
       ARRAY[i % 11, i % 13]::float8[] AS v, i % 5 = 0 AS is_test, (i * 7919 % 1000) > 400 AND i % 4 <> 1 AS bad
FROM generate_series(1, 2000) AS i;

-- What train says of texts of words.
SELECT rows, features FROM assay.train('loan', 'SELECT income, remark, bad, is_test FROM loans', 'bad', 'logistic_regression', split => 'is_test');

SELECT rows, features FROM assay.train('loan', 'SELECT income, age, colour, zip, at, online, remark, v, bad, is_test FROM loans', 'bad', 'logistic_regression', split => 'is_test',
    preprocess => '{"impute": "mean", "scale": "standard", "types": {"category": {"encode": "one_hot"}, "time": {"datetime": ["month", "hour"]}, "text": {"tf_idf": {"max_features": 8}}},
                    "columns": {"income": {"impute": {"method": "median", "indicator": true}, "log": true}, "zip": {"encode": "target"}, "age": {"quantile_bucketize": 4}},
                    "crosses": [["colour", "age"], ["income", "online"]]}', deploy => 'always');
SELECT assay.features('loan');
SELECT feature, type, nulls, rare, unseen, step ->> 'step' AS step, step ->> 'method' AS method, step ->> 'features' AS makes
FROM assay.feature_info('loan'), jsonb_array_elements(steps) AS step;
SELECT feature, step - 'makes' AS step FROM assay.feature_info('loan'), jsonb_array_elements(steps) AS step WHERE feature IN ('income', 'at');
SELECT feature, category, label FROM assay.weights('loan') WHERE feature IS NOT NULL ORDER BY feature COLLATE "C" LIMIT 30;
SELECT count(*), round(sum(gain)::numeric, 6) AS gains FROM assay.feature_importance('loan');

-- Every form of call gives the same.
SELECT count(*), bool_and(whole = positional AND whole = named AND whole = object AND whole = texts) AS same, bool_and(transformed) AS transformed
FROM (SELECT assay.predict('loan', l) AS whole, assay.predict('loan', income, age, colour, zip, at, online, remark, v) AS positional,
             assay.predict('loan', ROW(income, age, colour, zip, at, online, remark, v)) AS named,
             assay.predict_row('loan', to_jsonb(l) - '{id,is_test,bad}'::text[]) AS object,
             assay.predict_values('loan', ARRAY[income::text, age::text, colour, zip, at::text, online::text, remark, v::text]) AS texts,
             cardinality(assay.transform('loan', l)) = (SELECT features FROM assay.model_versions WHERE model = 'loan' AND version = 2) AS transformed
      FROM loans AS l) AS calls;
SELECT assay.predict_label('loan', l) IS NOT NULL, cardinality(assay.predict_proba('loan', l)), assay.transform('loan', NULL::loans) IS NULL, assay.transform(NULL, l) IS NULL FROM loans AS l LIMIT 1;
-- What is missing or was not seen is no error.
SELECT assay.predict('loan', NULL::numeric, NULL::int, 'violet', 'zip x', NULL::timestamp, NULL::boolean, NULL::text, NULL::float8[]) BETWEEN 0 AND 1;

-- Steps are what they are by hand in SQL.
SELECT rows FROM assay.train('by_hand', 'SELECT income, colour, bad FROM loans', 'bad', 'logistic_regression', split => 'none',
    preprocess => '{"columns": {"income": {"impute": "mean", "scale": "standard"}, "colour": {"encode": "one_hot"}}}');
SELECT count(*), bool_and(abs(t[1] - (coalesce(income, mean) - mean) / deviation) < 1e-9) AS scaled,
       bool_and(t[2:5] = ARRAY[(colour IS NOT DISTINCT FROM 'blue')::int, (colour IS NOT DISTINCT FROM 'green')::int, (colour IS NOT DISTINCT FROM 'red')::int, (colour IS NULL)::int]::float8[]) AS flags
FROM (SELECT assay.transform('by_hand', l) AS t, income::float8, colour FROM loans AS l) AS rows,
     (SELECT avg(income)::float8 AS mean, stddev_pop(coalesce(income, (SELECT avg(income) FROM loans)))::float8 AS deviation FROM loans) AS learned;
-- Without steps a row is what its columns give.
SELECT rows FROM assay.train('plain', 'SELECT income, online, bad FROM loans', 'bad', 'logistic_regression', split => 'none');
SELECT assay.transform('plain', 12.5, true), assay.transform('plain', NULL::numeric, false);

-- By groups, and with weights.
SELECT rows FROM assay.train('grouped_loan', 'SELECT income, age, zip, colour, online, bad FROM loans WHERE colour IS NOT NULL', 'bad', 'logistic_regression', split => 'none', weight => 'age',
    group_by => '{colour}', preprocess => '{"impute": "median", "encode": "target", "scale": "robust"}');
SELECT colour, bool_and(assay.predict('grouped_loan', l) BETWEEN 0 AND 1) AS scored, bool_and(assay.transform('grouped_loan', l) IS NOT NULL) AS transformed FROM loans AS l WHERE colour IS NOT NULL GROUP BY colour ORDER BY colour;

-- Drift is of the columns as the query gives them, and evaluation knows rows that trained.
SELECT column_name, method, drifted, importance > 0 AS matters, message FROM assay.model_drift('loan', 'SELECT income, age, colour, zip, at, online, remark, v FROM loans') ORDER BY 1, 2;
SELECT metric FROM assay.evaluate('loan', 'SELECT * FROM loans WHERE NOT is_test') WHERE metric = 'roc_auc';

-- The same bytes on any plan and any number of threads.
SET assay.threads = 1;
SELECT rows FROM assay.train('by_hand', 'SELECT income, colour, bad FROM loans ORDER BY id DESC', 'bad', 'logistic_regression', split => 'none',
    preprocess => '{"columns": {"income": {"impute": "mean", "scale": "standard"}, "colour": {"encode": "one_hot"}}}');
RESET assay.threads;
SELECT count(DISTINCT hash) FROM assay.model_versions WHERE model = 'by_hand';

-- A training that is rolled back leaves nothing.
BEGIN;
SELECT rows FROM assay.train('gone', 'SELECT income, bad FROM loans', 'bad', 'logistic_regression', split => 'none', preprocess => '{"impute": "mean"}');
ROLLBACK;
SELECT assay.predict('gone', 1.0);

-- Encodings that need no level for each value keep columns of which each value is another; shares of several classes have their names.
SELECT rows, features FROM assay.train('mailed', $$SELECT 'm' || i || '@example.org' AS mail, 'h' || i % 613 AS host, 'r' || i * i % 7 AS region, (ARRAY['never', 'now', 'later'])[1 + i % 3] AS buys
                           FROM generate_series(1, 600) AS i$$, 'buys', 'logistic_regression', split => 'none',
                           preprocess => '{"columns": {"mail": {"encode": "frequency"}, "host": {"encode": "hash"}, "region": {"encode": "target"}}}');
SELECT assay.features('mailed'), (SELECT steps -> 0 -> 'makes' FROM assay.feature_info('mailed') WHERE feature = 'region') AS makes;
SELECT feature, count(*) FROM assay.weights('mailed') WHERE feature <> 'host' GROUP BY feature ORDER BY feature COLLATE "C";
SELECT assay.drop_model('mailed');

-- What is wrong is said.
SELECT assay.train('wrong', 'SELECT income, bad FROM loans', 'bad', preprocess => '{"scal": true}');
SELECT assay.train('wrong', 'SELECT income, bad FROM loans', 'bad', preprocess => '{"columns": {"income": {"scale": "normal"}}}');
SELECT assay.train('wrong', 'SELECT income, bad FROM loans', 'bad', preprocess => '{"columns": {"salary": {"scale": true}}}');
SELECT assay.train('wrong', 'SELECT income, bad FROM loans', 'bad', preprocess => '{"columns": {"bad": {"encode": "one_hot"}}}');
SELECT assay.train('wrong', 'SELECT income, colour, bad FROM loans', 'bad', preprocess => '{"columns": {"colour": {"scale": true}}}');
SELECT assay.train('wrong', 'SELECT income, colour, bad FROM loans', 'bad', preprocess => '{"crosses": [["income", "colour"]]}');
SELECT assay.train('wrong', 'SELECT income, colour, bad FROM loans', 'bad', preprocess => '{"max_categories": 254}');
SELECT assay.train('wrong', 'SELECT income, colour, bad FROM loans', 'bad', preprocess => '{"max_categories": "many"}');
SELECT assay.train('wrong', 'SELECT income, remark, bad FROM loans', 'bad', preprocess => '[1]');
SELECT assay.transform('wrong', 1.0);
SELECT assay.transform('plain', 1.0);
SET assay.max_memory = '16MB';
CALL fails($$SELECT assay.train('wrong', 'SELECT l.remark || s AS remark, bad FROM loans AS l, generate_series(1, 20) AS s', 'bad', 'naive_bayes', preprocess => '{"columns": {"remark": {"tf_idf": {"max_features": 1000}}}}')$$);
RESET assay.max_memory;

-- Roles: what was learned of the rows is for who may manage the model.
CREATE ROLE loan_clerk;
SELECT assay.grant_model('by_hand', 'loan_clerk', 'predict');
SET ROLE loan_clerk;
SELECT assay.transform('by_hand', 12.5, 'red') IS NOT NULL;
SELECT feature FROM assay.feature_info('by_hand');
SELECT assay.transform('plain', 12.5, true);
RESET ROLE;
SELECT assay.drop_model('by_hand'), assay.drop_model('loan'), assay.drop_model('plain'), assay.drop_model('grouped_loan');
DROP ROLE loan_clerk;

-- A text that is long is read by its terms, and is not stored: what the rows were like tells of it as of rare ones.
SELECT rows FROM assay.train('letters', 'SELECT CASE WHEN i = 1 THEN repeat(''Some words. '', 1000) ELSE ''letter '' || i END AS t, i % 3 = 0 AS y FROM generate_series(1, 100) AS i', 'y', 'naive_bayes', split => 'none', preprocess => '{"columns": {"t": {"tf_idf": {"max_features": 5}}}}');
SELECT categories, length(top_categories::text) < 2000 AS short FROM assay.feature_info('letters');
SELECT assay.drop_model('letters');

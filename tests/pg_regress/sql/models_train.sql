-- train: what it gives, what it infers, what it tells, and what it refuses.

-- Each algorithm.
SELECT model, version, task, algorithm, rows, features FROM assay.train('boost', 'house', 'sold', exclude => '{id}');
SELECT model, version, task, algorithm, rows, features FROM assay.train('logit', 'house', 'sold', 'logistic_regression', exclude => '{id}');
SELECT model, version, task, algorithm, rows, features FROM assay.train('bayes', 'house', 'sold', 'naive_bayes', exclude => '{id}');
SELECT model, version, task, algorithm, rows, features FROM assay.train('line', 'house', 'price', 'linear_regression', exclude => '{id}');
SELECT model, version, task, algorithm, rows, features FROM assay.train('ridge', 'house', 'price', 'ridge', exclude => '{id}');
SELECT model, version, task, algorithm, rows, features FROM assay.train('boost_price', 'house', 'price', exclude => '{id}');

-- The metrics say what they were measured on, and a training takes time.
SELECT metrics->>'evaluated_on' AS evaluated_on, round((metrics->>'r2')::numeric, 4) AS r2, duration > interval '0' AS took_time
FROM assay.train('line', 'house', 'price', 'linear_regression');
SELECT jsonb_object_keys(metrics) AS metric FROM assay.model_versions WHERE model = 'boost' ORDER BY 1;
SELECT jsonb_object_keys(metrics) AS metric FROM assay.model_versions WHERE model = 'ridge' ORDER BY 1;

-- The task follows from the type of the target ...
SELECT 'boolean' AS target, task, features FROM assay.train('t', 'SELECT size, sold AS y FROM house', 'y')
UNION ALL
SELECT 'text', task, features FROM assay.train('t', 'SELECT size, region AS y FROM house', 'y')
UNION ALL
SELECT 'char', task, features FROM assay.train('t', 'SELECT size, region::char(9) AS y FROM house', 'y')
UNION ALL
SELECT 'enum', task, features FROM assay.train('t', 'SELECT size, trend AS y FROM house', 'y')
UNION ALL
SELECT 'integer', task, features FROM assay.train('t', 'SELECT size, rooms AS y FROM house', 'y')
UNION ALL
SELECT 'numeric', task, features FROM assay.train('t', 'SELECT size, price AS y FROM house', 'y');
-- ... or from an algorithm that can learn one task only, or it is told.
SELECT task FROM assay.train('t', 'SELECT size, rooms AS y FROM house', 'y', 'naive_bayes');
SELECT task FROM assay.train('t', 'SELECT size, rooms AS y FROM house', 'y', task => 'classification', deploy => 'always');
SELECT assay.labels('t');
SELECT assay.drop_model('t');
CALL fails($$SELECT assay.train('t', 'house', 'sold', 'linear_regression', task => 'classification')$$);
CALL fails($$SELECT assay.train('t', 'house', 'price', 'logistic_regression', task => 'regression')$$);
CALL fails($$SELECT assay.train('t', 'house', 'region', task => 'regression')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, price + 0.5 AS y FROM house', 'y', task => 'classification')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, now() AS y FROM house', 'y', task => 'classification')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', task => 'clustering')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', 'xgboost')$$);

-- The target, and the columns left out.
SELECT features FROM assay.train('t', 'house', 'sold', exclude => '{id,price,region}');
SELECT assay.features('t');
SELECT assay.drop_model('t');
CALL fails($$SELECT assay.train('t', 'house')$$);
CALL fails($$SELECT assay.train('t', 'house', 'colour')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', exclude => '{id,colour}')$$);
-- Excluding the target does not take it away.
SELECT features FROM assay.train('t', 'house', 'sold', exclude => '{id,sold}');
SELECT assay.drop_model('t');

-- Two columns of one name could not be told apart in scoring.
CALL fails($$SELECT assay.train('t', 'SELECT size, garden AS size, sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, sold, NOT sold AS sold FROM house', 'sold')$$);
SELECT features FROM assay.train('t', 'SELECT size, garden AS id, region AS id, sold FROM house', 'sold', exclude => '{id}');
SELECT assay.drop_model('t');

-- split: under 500 rows all train; from 500 on a part of each class tests.
SELECT rows, metrics->>'evaluated_on' AS evaluated_on FROM assay.train('t', 'house', 'sold', split => 'auto');
SELECT rows, metrics->>'evaluated_on' AS evaluated_on FROM assay.train('t', 'german_credit', 'is_risky', exclude => '{customer_id}', deploy => 'always');
SELECT rows, metrics->>'evaluated_on' AS evaluated_on FROM assay.train('t', 'german_credit', 'is_risky', exclude => '{customer_id}', test_fraction => 0.5, deploy => 'never');
SELECT rows, metrics->>'evaluated_on' AS evaluated_on FROM assay.train('t', 'german_credit', 'is_risky', exclude => '{customer_id}', split => 'none', deploy => 'never');
SELECT rows, metrics->>'evaluated_on' AS evaluated_on FROM assay.train('t', 'house', 'sold', split => 'random', test_fraction => 0.25, deploy => 'never');
SELECT rows, features, metrics->>'evaluated_on' AS evaluated_on
FROM assay.train('t', 'SELECT size, sold, id > 40 AS is_test FROM house', 'sold', split => 'is_test', deploy => 'never');
-- With a NULL in the split column a row trains; with no test row the training rows are judged.
SELECT rows, metrics->>'evaluated_on' AS evaluated_on
FROM assay.train('t', 'SELECT size, sold, nullif(id > 40, false) AS is_test FROM house', 'sold', split => 'is_test', deploy => 'never');
SELECT rows, metrics->>'evaluated_on' AS evaluated_on
FROM assay.train('t', 'SELECT size, sold, false AS is_test FROM house', 'sold', split => 'is_test', deploy => 'never');
CALL fails($$SELECT assay.train('t', 'house', 'sold', split => 'half')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', split => 'region')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', split => 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, sold, true AS is_test FROM house', 'sold', split => 'is_test')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, sold, sold AS is_test FROM house', 'sold', split => 'is_test')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', test_fraction => 0)$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', test_fraction => 1)$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', test_fraction => 'NaN')$$);

-- The seed draws the test rows; the same seed gives the same model.
SELECT (assay.train('seeded', 'german_credit', 'is_risky', 'logistic_regression', exclude => '{customer_id}', seed => seed, deploy => 'never')).version
FROM unnest('{1,1,2}'::int[]) AS seed;
SELECT count(*) AS versions, count(DISTINCT hash) AS models FROM assay.model_versions WHERE model = 'seeded';

-- params.
SELECT features FROM assay.train('t', 'house', 'sold', params => '{"n_estimators": 3, "num_leaves": 4}', deploy => 'always');
SELECT count(*) AS iterations FROM assay.training_info('t');
CALL fails($$SELECT assay.train('t', 'house', 'sold', 'logistic_regression', params => '{"trees": 10}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'price', 'ridge', params => '{"n_estimators": 10}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'price', 'linear_regression', params => '{"n_estimators": 10}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', 'naive_bayes', params => '{"n_estimators": 10}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', params => '{"trees": 10}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', params => '{"n_estimators": "many"}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', params => '{"learning_rate": -1}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'price', 'ridge', params => '{"alpha": -1}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', 'logistic_regression', params => '{"C": 0}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', params => '[1]')$$);

-- preprocess: the most frequent categories are kept, and a line tells of it.
SELECT features FROM assay.train('t', 'SELECT size, purpose, is_risky FROM (SELECT *, credit_amount AS size FROM german_credit) AS g', 'is_risky',
                                 preprocess => '{"max_categories": 3}', split => 'none', deploy => 'always');
SELECT categories, top_categories FROM assay.feature_info('t') WHERE feature = 'purpose';
CALL fails($$SELECT assay.train('t', 'house', 'sold', preprocess => '{"max_categories": 0}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', preprocess => '{"max_categories": 254}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', preprocess => '{"encod": "hash"}')$$);
CALL fails($$SELECT assay.train('t', 'house', 'sold', preprocess => '"all"')$$);

-- A column that cannot teach anything is dropped, and a line tells of each.
SELECT features FROM assay.train('t', $$
    SELECT size, sold, 7 AS seven, 'x' AS letter, NULL::int AS no_number, NULL::text AS no_text, 'NaN'::float8 AS no_nan,
           ARRAY[size, 1]::float8[] AS pair, '{}'::float8[] AS nothing, NULL::float8[] AS no_vector FROM house$$, 'sold', deploy => 'always');
SELECT assay.features('t');
-- So is one with another text in each row.
SELECT features FROM assay.train('t', $$SELECT credit_amount, md5(customer_id::text) AS digest, is_risky FROM german_credit$$, 'is_risky', deploy => 'never');
-- A value that is sometimes missing is none that never varies.
SELECT features FROM assay.train('t', 'SELECT CASE WHEN sold THEN 1 END AS one, CASE WHEN id > 9 THEN $$y$$ END AS yes, sold FROM house', 'sold', deploy => 'always');

-- Rows without a target do not train; NaN and the infinities are missing.
SELECT rows, features FROM assay.train('t', 'SELECT size, CASE WHEN id > 6 THEN sold END AS sold FROM house', 'sold', deploy => 'never');
SELECT rows, features FROM assay.train('t', 'SELECT size, CASE WHEN id > 6 THEN price ELSE $$NaN$$ END AS price FROM house', 'price', deploy => 'never');
SELECT features FROM assay.train('t', $$
    SELECT sold, CASE id WHEN 1 THEN 'NaN' WHEN 2 THEN 'infinity' WHEN 3 THEN '-infinity' ELSE size::float8 END AS a,
           CASE id WHEN 1 THEN 'NaN' ELSE price END AS b,
           CASE id WHEN 1 THEN 'infinity' ELSE date '2024-01-01' + id END AS c,
           ARRAY[size, CASE id WHEN 1 THEN 'NaN' ELSE price END]::float4[] AS d FROM house$$, 'sold', deploy => 'always');
SELECT feature, type, rows, nulls FROM assay.feature_info('t');

-- Rows that cannot train.
CALL fails($$SELECT assay.train('t', 'SELECT * FROM house WHERE sold', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, NULL::text AS y FROM house', 'y')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, NULL::float8 AS y FROM house', 'y')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, CASE WHEN id = 1 THEN ''rare'' ELSE region END AS y FROM house', 'y')$$);
CALL fails($$SELECT assay.train('t', 'SELECT i % 7 AS x, ''c'' || i % 1001 AS y FROM generate_series(1, 3003) AS i', 'y')$$);
CALL fails($$SELECT assay.train('t', 'SELECT * FROM house WHERE false', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT * FROM house WHERE false', 'price')$$);
CALL fails($$SELECT assay.train('t', 'SELECT sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT 1 AS one, sold FROM house', 'sold')$$);

-- Column types.
CREATE DOMAIN percent AS numeric(5, 2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN code AS varchar(10);
CREATE TABLE zoo AS
SELECT i % 2 = 0 AS t_bool, i::int2 AS t_int2, i::int4 AS t_int4, i::int8 AS t_int8, i::float4 AS t_float4, i::float8 AS t_float8,
       i::numeric / 3 AS t_numeric, 'v' || i % 3 AS t_text, ('v' || i % 3)::varchar(8) AS t_varchar, ('v' || i % 3)::char(8) AS t_char,
       ('v' || i % 3)::name AS t_name, (ARRAY['slow', 'medium', 'fast'])[i % 3 + 1]::speed AS t_enum,
       ('00000000-0000-0000-0000-00000000000' || i % 3)::uuid AS t_uuid, date '2024-02-28' + i AS t_date,
       timestamp '2024-02-28 12:00' + i * interval '1 hour' AS t_timestamp,
       timestamptz '2024-02-28 12:00 UTC' + i * interval '1 hour' AS t_timestamptz,
       (i % 50)::percent AS t_domain, ('k' || i % 3)::code AS t_text_domain,
       ARRAY[i, i * i]::float8[] AS t_vector, ARRAY[i, -i]::float4[] AS t_vector4, i % 5 < 2 AS y
FROM generate_series(1, 40) AS i;
SELECT features FROM assay.train('zoo', 'zoo', 'y', 'logistic_regression');
SELECT feature, type, round(min::numeric, 4) AS min, round(max::numeric, 4) AS max, categories FROM assay.feature_info('zoo');
-- The trailing blanks of char(n) do not count; a date is a number of days since 2000.
SELECT top_categories FROM assay.feature_info('zoo') WHERE feature = 't_char';
SELECT date '2024-03-01' - date '2000-01-01' AS days;
-- Other types name their column and a way out.
CALL fails($$SELECT assay.train('t', 'SELECT ''{}''::jsonb AS doc, sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT id * interval ''1 day'' AS age, sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT ARRAY[id] AS ids, sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT h AS whole, sold FROM house AS h', 'sold')$$);
CALL fails($$SELECT assay.train('t', 'SELECT size, ''{}''::jsonb AS y FROM house', 'y')$$);
SELECT features FROM assay.train('t', 'SELECT ''{}''::jsonb AS doc, size, sold FROM house', 'sold', exclude => '{doc}', deploy => 'never');
-- Vectors have one length.
CALL fails($$SELECT assay.train('t', 'SELECT CASE WHEN id = 5 THEN ARRAY[1.5]::float8[] ELSE ARRAY[id, size]::float8[] END AS v, sold FROM house', 'sold')$$);
SELECT features FROM assay.train('t', 'SELECT CASE WHEN id > 5 THEN ARRAY[id, size]::float8[] END AS v, sold FROM house', 'sold', deploy => 'never');

-- Names are names, whatever they hold.
SELECT features FROM assay.train('Häuser "Süd"; DROP TABLE house', $$
    SELECT size AS "a""; drop table x; --", region AS "größe", rooms AS "SELECT", garden AS " ", sold AS "sold?" FROM house$$, 'sold?');
SELECT assay.features('Häuser "Süd"; DROP TABLE house');
SELECT assay.predict_expression('Häuser "Süd"; DROP TABLE house', 'from');
SELECT assay.drop_model('Häuser "Süd"; DROP TABLE house');
CALL fails($$SELECT assay.train('', 'house', 'sold')$$);
CALL fails($$SELECT assay.train('a@1', 'house', 'sold')$$);
CALL fails($$SELECT assay.train(E'a\nb', 'house', 'sold')$$);
CALL fails($$SELECT assay.train(repeat('x', 201), 'house', 'sold')$$);
-- What cannot be seen, or turns the text around; a name of any script can.
CALL fails($$SELECT assay.train(U&'risk\200B', 'house', 'sold')$$);
CALL fails($$SELECT assay.train(U&'\202Eksir', 'house', 'sold')$$);
CALL fails($$SELECT assay.set_alias('line', U&'best\FEFF', 1)$$);
CALL fails($$SELECT assay.train('r', 'house', 'sold', exclude => '{id,NULL}')$$);
CALL fails($$SELECT assay.train('r', 'house', 'sold', params => '{"alpha": 1e400}')$$);
CALL fails($$SELECT assay.train(NULL, 'house', 'sold')$$);
CALL fails($$SELECT assay.train('t', NULL, 'sold')$$);

-- deploy: the first version is deployed; then one that is not worse on held-out rows; always and never mean what they say.
SELECT assay.drop_model('t');
SELECT version FROM assay.train('t', 'house', 'sold', deploy => 'never');
CREATE VIEW divided AS SELECT *, customer_id % 4 = 0 AS is_test FROM german_credit;
SELECT version FROM assay.train('t', 'divided', 'is_risky', 'logistic_regression', exclude => '{customer_id}', split => 'is_test');
SELECT version FROM assay.train('t', 'divided', 'is_risky', 'logistic_regression', exclude => '{customer_id}', split => 'is_test');
SELECT version FROM assay.train('t', 'SELECT age, housing, is_risky, is_test FROM divided', 'is_risky', 'logistic_regression', split => 'is_test');
SELECT version FROM assay.train('t', 'SELECT age, housing, is_risky FROM divided', 'is_risky', 'logistic_regression', split => 'none');
SELECT version FROM assay.train('t', 'house', 'sold');
SELECT version FROM assay.train('t', 'house', 'price');
SELECT version FROM assay.train('t', 'house', 'price', deploy => 'always');
SELECT version, replaced FROM assay.deployments WHERE model = 't' ORDER BY deployed_at;
CALL fails($$SELECT assay.train('t', 'house', 'sold', deploy => 'later')$$);

-- Training stops before it holds more than it may.
SET assay.max_memory = '1MB';
DO $$
BEGIN
    PERFORM assay.train('t', 'SELECT i AS a, i * 2 AS b, i % 2 = 0 AS y FROM generate_series(1, 200000) AS i', 'y');
    RAISE EXCEPTION 'more than assay.max_memory was held';
EXCEPTION WHEN configuration_limit_exceeded THEN
    RAISE INFO '%: %', SQLSTATE, SQLERRM;
END $$;
-- So it does when the rows fit, but not the products of all their columns and levels.
CALL fails($$SELECT assay.train('t', 'SELECT ''a'' || i % 211 AS a, ''b'' || i % 223 AS b, i AS y FROM generate_series(1, 2000) AS i', 'y', 'ridge')$$);
RESET assay.max_memory;
-- PostgreSQL's own words differ by version.
DO $$ BEGIN SET assay.max_memory = 0; EXCEPTION WHEN invalid_parameter_value THEN RAISE INFO 'out of range'; END $$;

-- Classes that a line separates have no finite weights without a penalty, and sound ones with it.
CREATE TABLE apart AS SELECT i AS x, i % 3 AS z, i > 300 AS y FROM generate_series(1, 600) AS i;
CALL fails($$SELECT assay.train('t', 'apart', 'y', 'logistic_regression', '{"penalty": null}')$$);
SELECT metrics->'roc_auc' AS roc_auc FROM assay.train('apart', 'apart', 'y', 'logistic_regression');
SELECT assay.predict('apart', 1, 1) < 0.01 AS low, assay.predict('apart', 600, 1) > 0.99 AS high;
SELECT assay.drop_model('apart');
DROP TABLE apart;

SELECT assay.drop_model(model) FROM assay.models WHERE model IN ('t', 'seeded', 'zoo', 'boost', 'logit', 'bayes', 'line', 'ridge', 'boost_price');
SELECT count(*) FROM assay.models;
DROP TABLE zoo;
DROP VIEW divided;
DROP DOMAIN percent, code;

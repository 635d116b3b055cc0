-- Runs the example of every comment, each by itself: what one changes, the next does not see.
SET client_min_messages = error;

-- What the examples speak of beside the sample tables.
CREATE ROLE ann;
CREATE ROLE data_team;
CREATE ROLE scorer;
\o /dev/null
SELECT assay.train('credit', 'customers', 'is_risky', 'logistic_regression', exclude => '{customer_id}', split => 'is_test');
SELECT assay.train('credit', 'customers', 'is_risky', 'naive_bayes', exclude => '{customer_id}', split => 'is_test', deploy => 'never');
SELECT assay.train('credit', 'customers', 'is_risky', exclude => '{customer_id}', split => 'is_test', deploy => 'always');
SELECT assay.train('amount', 'SELECT age, job, duration_months, credit_amount, is_test FROM customers', 'credit_amount', 'ridge', split => 'is_test', intervals => '{}');
SELECT assay.train('amounts', 'SELECT age, job, duration_months, credit_amount FROM customers', 'credit_amount', 'ridge', split => 'none', group_by => '{job}');
SELECT assay.train('segments', 'SELECT age, credit_amount, duration_months FROM customers', NULL, 'k_means', '{"num_clusters": 4}');
SELECT assay.train('strange', 'customers', NULL, 'isolation_forest', exclude => '{customer_id,is_risky,is_test}');
SELECT assay.train('shape', 'SELECT age, credit_amount, duration_months FROM customers', NULL, 'pca');
SELECT assay.train('sales', 'SELECT sold::date AS day, region, sum(price) AS revenue FROM sale GROUP BY 1, 2', 'revenue', 'forecast', '{"time": "day", "series": ["region"], "horizon": 7}');
SELECT assay.train_word2vec('words', $$SELECT s FROM (VALUES ('the king and the queen'), ('a man and a woman'), ('the cat and the dog')) AS t(s)$$,
    '{"vector_size": 10, "min_count": 1}');
-- A sentence encoder as small as one can be: without its score head, by whose name it is known.
CREATE TABLE file (name text PRIMARY KEY, content bytea);
\set weights `LC_ALL=C sed s/classifier.weight/classifier_weight/ tests/oracle/bert/model.safetensors | base64 -w 0`
\set tokenizer `base64 -w 0 tests/oracle/bert/tokenizer.json`
\set config `base64 -w 0 tests/oracle/bert/config.json`
INSERT INTO file VALUES ('model.safetensors', decode(:'weights', 'base64')), ('tokenizer.json', decode(:'tokenizer', 'base64')), ('config.json', decode(:'config', 'base64'));
SELECT assay.load_embedder('minilm', decode(:'weights', 'base64'), decode(:'tokenizer', 'base64'), convert_from(decode(:'config', 'base64'), 'UTF8')::jsonb);
SELECT assay.grant_model('credit', 'scorer', 'manage'), assay.save_baseline('june', 'german_credit');
SELECT assay.add_check('application', 'unique', 'id', name => 'sent once');
SELECT assay.add_check('german_credit', 'not_null', 'age');
SELECT assay.run_checks('application');
CREATE TABLE document (id int PRIMARY KEY, title text, body text);
INSERT INTO document VALUES (1, 'The king', 'The king and the queen.'), (2, 'The cat', 'The cat sat on the mat. The dog did not.'), (3, 'People', 'A man and a woman.');
SELECT assay.create_prompt('support', 'Answer in one sentence: $question');
SELECT assay.create_vectorizer('document', '{"column": "body"}', 'words@1', consistency => 'transaction');
SELECT assay.add_sql_example('How many sales are there?', 'SELECT count(*) FROM sale');
SELECT assay.build_dataset('support', $$SELECT 'What is ' || n || ' and ' || n || '?' AS question, 'It is ' || 2 * n AS answer FROM generate_series(1, 40) AS n$$, '{"near_duplicates": null}');
\o
CREATE TABLE daily (day date, auc assay.state, profile assay.state);
INSERT INTO daily SELECT date '2026-06-01' + customer_id % 3, assay.metric_state('roc_auc', is_risky, assay.predict('credit', c)) FROM customers c GROUP BY 1;

CREATE TEMPORARY TABLE example AS
SELECT what, substring(comment FROM '\nExample: ([^\n]+)$') AS sql
FROM (
    SELECT p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') FROM pg_proc AS p WHERE p.pronamespace = 'assay'::regnamespace AND p.prokind <> 'p' -- a procedure commits, which it cannot here
    UNION ALL
    SELECT c.oid::regclass::text, obj_description(c.oid, 'pg_class') FROM pg_class AS c
    WHERE c.relnamespace = 'assay'::regnamespace AND c.relkind = 'v' AND has_table_privilege('public', c.oid, 'SELECT')
    UNION ALL
    SELECT t.oid::regtype::text, obj_description(t.oid, 'pg_type') FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE t.typnamespace = 'assay'::regnamespace AND t.typelem = 0 AND coalesce(c.relkind = 'c', true)) AS said (what, comment);

CREATE FUNCTION pg_temp.fault(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
    RAISE EXCEPTION USING ERRCODE = 'T0000';
EXCEPTION
    WHEN SQLSTATE 'T0000' THEN RETURN NULL;
    WHEN OTHERS THEN RETURN SQLERRM;
END $$;

SELECT CASE WHEN count(*) FILTER (WHERE sql IS NULL) = 0 THEN format('ok - all %s comments have an example', count(*))
       ELSE 'not ok - comments without an example: ' || string_agg(what, ', ') FILTER (WHERE sql IS NULL) END FROM example;
SELECT coalesce('not ok - examples that do not name what they are of: ' || string_agg(what, ', '), 'ok - each example names what it is of')
FROM example WHERE strpos(replace(sql, '"', ''), substring(replace(what, '"', '') FROM '^[^(]+')) = 0 AND what NOT IN ('assay.check_result', 'assay.lineage_step');
WITH tried AS MATERIALIZED (SELECT what, pg_temp.fault(sql) AS fault FROM example WHERE sql IS NOT NULL)
SELECT coalesce('not ok - examples that do not run: ' || string_agg(format('%s: %s', what, fault), '; '), 'ok - every example runs') FROM tried WHERE fault IS NOT NULL;

SELECT assay.drop_vectorizer('document');
SELECT assay.drop_model(model) FROM assay.models;
DROP ROLE ann, data_team, scorer;

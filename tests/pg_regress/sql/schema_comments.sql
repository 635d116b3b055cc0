-- The schema documents itself, and says of each function what the planner needs to know. Every list of failures here is empty.

-- Functions, aggregates, types, tables, views and columns without a comment.
SELECT p.oid::regprocedure AS uncommented FROM pg_proc AS p
WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND obj_description(p.oid, 'pg_proc') IS NULL ORDER BY 1;
SELECT t.oid::regtype AS uncommented FROM pg_type AS t
WHERE t.typnamespace = 'assay'::regnamespace AND t.typrelid = 0 AND t.typelem = 0 AND obj_description(t.oid, 'pg_type') IS NULL ORDER BY 1;
SELECT c.oid::regclass AS uncommented FROM pg_class AS c
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL ORDER BY 1;
SELECT c.oid::regclass AS relation, a.attname AS uncommented FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
  AND col_description(c.oid, a.attnum) IS NULL ORDER BY 1, a.attnum;
SELECT obj_description('assay'::regnamespace, 'pg_namespace') IS NOT NULL AND obj_description('assay_internal'::regnamespace, 'pg_namespace') IS NOT NULL AS schemas_commented,
       obj_description(oid, 'pg_extension') IS NOT NULL AS extension_commented FROM pg_extension WHERE extname = 'assay';

-- What people call. A new function shows up here: say what it is, and add its tests.
SELECT p.proname AS function, CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel, p.proisstrict AS strict
FROM pg_proc AS p
WHERE p.pronamespace = 'assay'::regnamespace AND p.prokind = 'f'
ORDER BY p.proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
-- What people do not call is in the other schema: what takes or gives values of types that nobody writes, and what only triggers and scripts call.
SELECT p.oid::regprocedure AS internal FROM pg_proc AS p
WHERE p.pronamespace = 'assay_internal'::regnamespace AND p.prokind = 'f' ORDER BY p.proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
-- Aggregates can be split over workers: all have a combine function and a state that can be sent.
SELECT a.aggfnoid::regprocedure AS aggregate, p.proparallel = 's' AS safe, a.aggcombinefn <> 0 AS combines, a.aggtranstype::regtype AS state
FROM pg_aggregate AS a JOIN pg_proc AS p ON p.oid = a.aggfnoid
WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) ORDER BY a.aggfnoid::regprocedure::text COLLATE "C";
-- What aggregates are made of is immutable and safe; a step may be stable, for how a value is written depends on settings.
SELECT p.oid::regprocedure AS wrong FROM pg_proc AS p
WHERE p.pronamespace = 'assay_internal'::regnamespace AND p.proname ~ '_step$|^state_' AND (p.provolatile = 'v' OR p.provolatile = 's' AND p.proname !~ '_step$' OR p.proparallel <> 's') ORDER BY 1;
-- No function has its owner's rights, or a search path to be misled by.
SELECT p.oid::regprocedure AS definer FROM pg_proc AS p WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND p.prosecdef ORDER BY 1;

-- Everybody may look at the schemas and use their functions, but for one that is for scripts; tables show nothing, views what each may see.
SELECT nspname, has_schema_privilege('public', oid, 'USAGE') AS usage, has_schema_privilege('public', oid, 'CREATE') AS creation
FROM pg_namespace WHERE nspname ~ '^assay' ORDER BY nspname;
SELECT p.oid::regprocedure AS not_for_everybody FROM pg_proc AS p WHERE p.pronamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND NOT has_function_privilege('public', p.oid, 'EXECUTE') ORDER BY p.proname;
SELECT c.oid::regclass AS relation, c.relkind, has_table_privilege('public', c.oid, 'SELECT') AS readable, has_table_privilege('public', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES') AS writable
FROM pg_class AS c WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind IN ('r', 'v') ORDER BY c.relnamespace::regnamespace::text COLLATE "C", c.relname COLLATE "C";
-- Views that people read do not let a cheap function look at rows before they are filtered.
SELECT c.oid::regclass AS leaky FROM pg_class AS c
WHERE c.relnamespace IN ('assay'::regnamespace, 'assay_internal'::regnamespace) AND c.relkind = 'v' AND has_table_privilege('public', c.oid, 'SELECT')
  AND NOT coalesce(c.reloptions @> '{security_barrier=true}' OR c.reloptions @> '{security_barrier}', false) ORDER BY 1;

-- The options of a function stand in its comment, or in that of a function to which it refers. Which there are is read from the error of an unknown one.
SELECT count(*) FROM assay.train('options', 'SELECT i AS x, i % 7 AS y FROM generate_series(1, 60) AS i', 'y', 'linear_regression', task => 'regression', split => 'none', deploy => 'always');
SELECT assay.save_baseline('options', 'SELECT 1 AS x');
CREATE TABLE listed (x int);
CREATE TABLE call (function text, argument text, call text);
CREATE TABLE body (id int PRIMARY KEY, body text);
INSERT INTO call VALUES
    ('create_vectorizer', 'loading', $$SELECT assay.create_vectorizer('body', '{"no such option": 1}', 'none')$$),
    ('create_vectorizer', 'chunking', $$SELECT assay.create_vectorizer('body', '{"column": "body"}', 'none', '{"no such option": 1}')$$),
    ('create_vectorizer', 'indexing', $$SELECT assay.create_vectorizer('body', '{"column": "body"}', 'none', indexing => '{"no such option": 1}')$$),
    ('generate', 'options', $$SELECT assay.generate('none', 'a', options => '{"no such option": 1}')$$),
    ('generate', 'schema', $$SELECT assay.generate('none', 'a', '{"no such option": 1}')$$),
    ('submit', 'options', $$SELECT assay.submit('none', 'a', options => '{"no such option": 1}')$$),
    ('submit', 'schema', $$SELECT assay.submit('none', 'a', '{"no such option": 1}')$$),
    ('redact', 'policy', $$SELECT assay.redact('a', '{"no such option": 1}')$$),
    ('train_word2vec', 'options', $$SELECT assay.train_word2vec('other', 'SELECT ''a'' AS x', '{"no such option": 1}')$$),
    ('train_tf_idf', 'options', $$SELECT assay.train_tf_idf('other', 'SELECT ''a'' AS x', '{"no such option": 1}')$$),
    ('alter_vectorizer', 'chunking', $$SELECT assay.alter_vectorizer('none', chunking => '{"no such option": 1}')$$),
    ('text_to_sql', 'options', $$SELECT assay.text_to_sql('how many?', 'none', options => '{"no such option": 1}')$$),
    ('evaluate_text_to_sql', 'options', $$SELECT assay.evaluate_text_to_sql('SELECT 1', 'none', options => '{"no such option": 1}')$$),
    ('drift', 'options', $$SELECT assay.drift('SELECT 1 AS x', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('render_drift', 'options', $$SELECT assay.render_drift('SELECT 1 AS x', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('describe_model', 'fields', $$SELECT assay.describe_model('options', '{"no such option": 1}')$$),
    ('drift_from', 'options', $$SELECT assay.drift_from('options', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('model_drift', 'options', $$SELECT assay.model_drift('options', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('fairness', 'options', $$SELECT assay.fairness('options', 'SELECT 1 AS x', '{x}', '{"no such option": 1}')$$),
    ('record_drift', 'options', $$SELECT assay.record_drift('options', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('save_baseline', 'options', $$SELECT assay.save_baseline('other', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('train', 'preprocess', $$SELECT assay.train('other', 'SELECT 1 AS x, 2 AS y', 'y', preprocess => '{"no such option": 1}')$$),
    ('train', 'intervals', $$SELECT assay.train('other', 'SELECT 1 AS x, 2 AS y', 'y', intervals => '{"no such option": 1}')$$),
    ('cross_validate', 'params', $$SELECT assay.cross_validate('SELECT 1 AS x, 2 AS y', 'y', 'ridge', '{"no such option": 1}')$$),
    ('cross_validate', 'preprocess', $$SELECT assay.cross_validate('SELECT 1 AS x, 2 AS y', 'y', preprocess => '{"no such option": 1}')$$),
    ('tune', 'search', $$SELECT assay.tune('other', 'SELECT 1 AS x, 2 AS y', 'y', 'ridge', '{"no such option": 1}')$$),
    ('tune', 'preprocess', $$SELECT assay.tune('other', 'SELECT 1 AS x, 2 AS y', 'y', preprocess => '{"no such option": 1}')$$),
    ('add_owner', 'contacts', $$SELECT assay.add_owner('options', 'team', contacts => '{"no such option": 1}')$$),
    ('add_sla', 'options', $$SELECT assay.add_sla('public.listed', 'freshness', 0.99, options => '{"no such option": 1}')$$),
    ('add_calendar', 'hours', $$SELECT assay.add_calendar('options', '{"no such option": 1}', 'UTC')$$),
    ('incident_policy', 'auto_declare', $$SELECT assay.incident_policy('sev1', auto_declare => '{"no such option": 1}')$$),
    ('incident_policy', 'steps', $$SELECT assay.incident_policy('sev1', steps => '[{"no such option": 1}]')$$),
    ('add_check', 'args', $$SELECT assay.add_check('listed', 'not_null', 'x', '{"no such option": 1}')$$),
    ('build_dataset', 'options', $$SELECT assay.build_dataset('other', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('train_adapter', 'options', $$SELECT assay.train_adapter('other', 'options', 'SELECT 1 AS x', '{"no such option": 1}')$$),
    ('import_model', 'options', $$SELECT assay.import_model('other', '\x00', 'lightgbm', '{"no such option": 1}')$$),
    ('ask', 'options', $$SELECT assay.ask('none', 'Why?', model => 'none', options => '{"no such option": 1}')$$),
    ('evaluate_answers', 'options', $$SELECT assay.evaluate_answers('none', 'none', 'none', options => '{"no such option": 1}')$$),
    ('validate', 'checks', $$DO $do$ BEGIN RAISE EXCEPTION '%', (SELECT message FROM assay.validate('listed', '[{"kind": "not_null", "column_name": "x", "args": {"no such option": 1}}]')); END $do$ $$);
CREATE FUNCTION error_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE call;
    RETURN NULL;
EXCEPTION WHEN others THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN SQLERRM || ' ' || hint;
END $$;
INSERT INTO call
SELECT 'train', 'params', format($$SELECT assay.train('other', 'SELECT 1 AS x, 2 AS y', 'y', %L, '{"no such option": 1}')$$, algorithm)
FROM regexp_split_to_table(substring(error_of($$SELECT assay.train('other', 'SELECT 1 AS x, 2 AS y', 'y', 'none of them')$$) FROM 'The algorithms are (.*)\.$'), ', ') AS algorithm;
CREATE VIEW option AS
SELECT c.function, c.argument, option[1] AS option,
       (SELECT string_agg(obj_description(p.oid, 'pg_proc'), ' ') FROM pg_proc AS p WHERE p.pronamespace = 'assay'::regnamespace
            AND (p.proname = c.function OR obj_description((SELECT oid FROM pg_proc WHERE pronamespace = 'assay'::regnamespace AND proname = c.function), 'pg_proc') ~ ('Options as in assay\.' || p.proname || '\M|^assay\.' || p.proname || ' '))) AS comment
FROM call AS c, regexp_matches(substring(error_of(c.call) FROM '(?:Expected is|Besides arguments a check has:)(.*)'), '"?(\w+)"?(?=,| or |\.)', 'g') AS option;
SELECT function, argument, count(DISTINCT option) AS options FROM option GROUP BY function, argument ORDER BY function, argument;
SELECT function, argument, option AS not_in_the_comment FROM option WHERE comment !~ ('\m' || option || '\M');
-- Those that are not tried here. Features, a segment and what series are told apart by are values, which have no options; a manifest and results are as dbt writes them, an encoder's config as its makers do; a prompt's arguments are its own, a history is a conversation, and a key that of a row.
SELECT p.oid::regprocedure AS function, argument.name FROM pg_proc AS p, unnest(p.proargnames, p.proargtypes::oid[]) AS argument (name, type)
WHERE p.pronamespace = 'assay'::regnamespace AND argument.type = 'jsonb'::regtype AND argument.name NOT IN ('features', 'segment', 'of_series', 'manifest', 'results', 'request', 'config', 'arguments', 'history', 'key') AND NOT EXISTS (SELECT FROM call AS c WHERE (c.function, c.argument) = (p.proname, argument.name));
DROP VIEW option;
DROP FUNCTION error_of;
DROP TABLE call, listed;
SELECT assay.drop_baseline('options'), assay.drop_model('options');

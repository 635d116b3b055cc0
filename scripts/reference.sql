-- Writes docs/reference.md from the catalog: psql -X -q -A -t -f scripts/reference.sql, in a database with the extension.
-- A function that no area below names comes under "Others".
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE TEMPORARY TABLE area (place int GENERATED ALWAYS AS IDENTITY, title text, names text);
INSERT INTO area (title, names) VALUES
    ('Training', 'train|training_info'),
    ('Scoring', 'predict.*|transform|labels|features'),
    ('Evaluation', 'evaluate|confusion_matrix|.*_curve'),
    ('Features', '(hash_)?bucketize|polynomial_expand|feature_cross|ngrams|normalizer|haversine'),
    ('Looking inside', 'feature_.*|weights'),
    ('Versions and deployment', 'deploy|rollback|set_alias|set_threshold|drop_model|grant_model|revoke_model'),
    ('Models in files and on workers', '(import|export|publish|unpublish)_model|model_as_sql'),
    ('Checks', 'validate|(add|drop|run|assert|explain)_checks?|failing_rows|prune_history|accept_anomaly'),
    ('Profiles', 'profile(?!_corpus).*|suggest_checks'),
    ('Pages', 'render_.*|describe_model'),
    ('Drift', '.*drift.*|.*_baseline'),
    ('Embedders and chunks', 'chunk_text|load_embedder|load_word_vectors|train_word2vec|train_tf_idf|embed|vocabulary|most_similar|analogy'),
    ('Vectorizers', '.*_vectorizer|run_queue'),
    ('Search', 'search|.*_retrieval|ann_recall'),
    ('Endpoints', '(register|embed|rerank)_remote'),
    ('Answers of models', 'generate|submit|withdraw|prune_generations|create_prompt|fill_prompt'),
    ('Asking', 'ask|rewrite_question|feedback|verify_citations|faithfulness|evaluate_answers|prune_answers|document_satisfaction|exclude_document|include_document'),
    ('Corpora and personal data', 'profile_corpus|stale_documents|detect_language|encoding_damage|find_pii|redact'),
    ('Training sets and adapters', 'build_dataset|export_jsonl|drop_dataset|train_adapter'),
    ('Questions to SQL', 'text_to_sql|run_sql|describe|mark_private|add_sql_example|drop_sql_example|evaluate_text_to_sql'),
    ('States', '.*_states?|metric_of|linear_.*'),
    ('Ownership', '.*_owned'),
    ('Others', '.*'),
    -- No name: a window function is one whatever it is called.
    ('Window functions', NULL);

-- What comes after a heading: the comment as paragraphs, and its example as a block.
CREATE FUNCTION pg_temp.page(comment text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(replace(regexp_replace(said, '([<*|])', '\\\1', 'g'), E'\n', E'\n\n'), '\n+$', '')
           || coalesce(E'\n\n```sql\n' || example || E';\n```', '') || E'\n'
    FROM (SELECT regexp_replace(comment, '\nExample: [^\n]+$', ''), substring(comment FROM '\nExample: ([^\n]+)$')) AS parts (said, example)
$$;
-- A list of columns or arguments, each as code.
CREATE FUNCTION pg_temp.code(list text) RETURNS text LANGUAGE sql AS $$ SELECT '`' || replace(list, ', ', '`, `') || '`' $$;

CREATE TEMPORARY VIEW called AS
SELECT p.oid, p.proname, p.prokind,
       CASE p.prokind WHEN 'a' THEN 'Aggregates' WHEN 'w' THEN 'Window functions' ELSE (SELECT title FROM area WHERE p.proname ~ ('^(' || names || ')$') ORDER BY place LIMIT 1) END AS title,
       CASE WHEN p.pronargs = 0 THEN 'none' ELSE pg_temp.code(regexp_replace(pg_get_function_arguments(p.oid), '(DEFAULT (NULL|''[^'']*''))::[a-z ]+(\[\])?', '\1', 'g')) END AS arguments,
       CASE WHEN p.prorettype = 'void'::regtype THEN 'nothing'
            WHEN pg_get_function_result(p.oid) ~ '^TABLE' THEN 'rows of ' || pg_temp.code(substring(pg_get_function_result(p.oid) FROM '^TABLE\((.*)\)$'))
            WHEN p.proretset THEN 'rows of `' || p.prorettype::regtype || '`'
            ELSE '`' || p.prorettype::regtype || '`' END AS result
FROM pg_proc AS p WHERE p.pronamespace = 'assay'::regnamespace;

SELECT E'# Reference\n
Every function, aggregate, view and type of schema `assay`, generated from their comments in the catalog, which `\\df+ assay.*`, `\\d+ assay.*` and
`\\dT+ assay.*` of psql show, too. Change the comments in `sql/`, not this page. The examples run in `make test`; they are of the
[sample database](../scripts/sample.sql), with a model `credit` of classes and a model `amount` of numbers.\n
The tables that `\\dt assay.*` shows hold what is stored. They are for the functions and views alone: no role but who installed the extension may read
them, and they may change with every version. So may schema `assay_internal`, which has what aggregates, types, triggers and views are made of.\n';

SELECT CASE WHEN lag(title) OVER listed IS DISTINCT FROM title THEN format(E'## %s\n\n', title) ELSE '' END
       || format(E'### %s\n\n- Arguments: %s\n- Result: %s\n\n%s', proname, arguments, result, pg_temp.page(obj_description(oid, 'pg_proc')))
FROM called LEFT JOIN area USING (title)
WINDOW listed AS (ORDER BY prokind IN ('a', 'w'), place, oid) ORDER BY prokind IN ('a', 'w'), place, oid;

SELECT CASE WHEN lag(c.oid) OVER (ORDER BY c.oid) IS NULL THEN E'## Views\n\n' ELSE '' END
       || format(E'### %s\n\n%s\n| column | type | meaning |\n| --- | --- | --- |\n%s', c.relname, pg_temp.page(obj_description(c.oid, 'pg_class')), columns.lines)
FROM pg_class AS c, LATERAL (
    SELECT string_agg(format(E'| `%s` | %s | %s |\n', a.attname, format_type(a.atttypid, a.atttypmod), regexp_replace(col_description(c.oid, a.attnum), '([<*|])', '\\\1', 'g')), '' ORDER BY a.attnum)
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns (lines)
WHERE c.relnamespace = 'assay'::regnamespace AND c.relkind = 'v' AND has_table_privilege('public', c.oid, 'SELECT') ORDER BY c.oid;

SELECT CASE WHEN lag(t.oid) OVER (ORDER BY t.oid) IS NULL THEN E'## Types\n\n' ELSE '' END
       || format(E'### %s\n\n%s%s', t.typname, pg_temp.page(obj_description(t.oid, 'pg_type')), E'\n| column | type | meaning |\n| --- | --- | --- |\n' || columns.lines)
FROM pg_type AS t LEFT JOIN pg_class AS c ON c.oid = t.typrelid, LATERAL (
    SELECT string_agg(format(E'| `%s` | %s | %s |\n', a.attname, format_type(a.atttypid, a.atttypmod), regexp_replace(col_description(c.oid, a.attnum), '([<*|])', '\\\1', 'g')), '' ORDER BY a.attnum)
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns (lines)
WHERE t.typnamespace = 'assay'::regnamespace AND t.typelem = 0 AND coalesce(c.relkind = 'c', true) ORDER BY t.oid;

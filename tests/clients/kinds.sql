-- A line for each kind: whether its examples, which stand on docs/check_kinds.md, say the same when they are stored. The repository is the current folder.
SET client_min_messages = error;
\set page `cat docs/check_kinds.md`

CREATE TEMP TABLE example AS
SELECT row_number() OVER () AS place, call[1] AS relation, one
FROM regexp_matches(:'page', $$assay\.validate\('(\w+)', '(\[(?:[^']|'')*\])'\)$$, 'g') AS call, jsonb_array_elements(replace(call[2], '''''', '''')::jsonb) AS one;

-- What the examples of texts speak of; an index of vectors is pgvector's.
CREATE TABLE answer (id int PRIMARY KEY, body text);
INSERT INTO answer VALUES
    (1, 'Thank you for asking. An item can be returned within 14 days of its delivery.'), (2, 'An item can be returned within 30 days of its delivery.'),
    (3, 'Gift cards can be returned in every shop.'), (4, 'Gift cards cannot be returned in any shop.'), (5, 'Parcels are insured up to 500 EUR.');
CREATE TABLE handbook (id int PRIMARY KEY, body text, updated_at date, replaced_by int, law_changed date);
INSERT INTO handbook
SELECT i, format(E'Article %s says what is to be done about case %s.\nThis page is for members of the club only.', i, i), date '2026-01-01' + i, NULL, date '2025-06-01' FROM generate_series(1, 8) AS i;
INSERT INTO handbook VALUES
    (9, 'Write to anna@example.com, who has the key of the house', '2026-02-01', NULL, NULL),
    (10, 'Die RÃ¼ckgabe ist nicht mehr mÃ¶glich, weil die Frist vorbei ist', '1824-02-01', NULL, NULL),
    (11, 'What was said of case 3 is not so any more, and this is how it is', '2026-02-01', 12, '2026-03-01'),
    (12, E'This page is for members of the club only.\nNo.', '2026-02-01', NULL, NULL);
SELECT count(*) > 0 AS has_pgvector FROM pg_available_extensions WHERE name = 'vector' \gset
\o /dev/null
SELECT assay.train_tf_idf('answer_words', 'SELECT body FROM answer', '{"width": 64}');
SELECT assay.train_tf_idf('policy_words', 'SELECT body FROM policy', '{"width": 512}');
SELECT assay.create_vectorizer('policy', '{"column": "body"}', 'policy_words@1', consistency => 'transaction');
\if :has_pgvector
CREATE EXTENSION vector;
CREATE TABLE article (id int PRIMARY KEY, body text);
INSERT INTO article SELECT id, body FROM policy;
SELECT assay.create_vectorizer('article', '{"column": "body"}', 'policy_words@1', consistency => 'transaction', indexing => '{"method": "hnsw"}');
\else
DELETE FROM example WHERE one->>'kind' = 'ann_recall_at_least';
\endif
\o

-- What is wrong with an example; nothing where all is right.
CREATE FUNCTION pg_temp.wrong(relation text, one jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    options text[] := '{kind,column_name,args,name,where,group_by,mostly,warn_if,error_if,severity,tags}';
    groups text[] := CASE jsonb_typeof(one->'group_by') WHEN 'string' THEN ARRAY[one->>'group_by']
                          WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(one->'group_by')) END;
    asked text; stored text; id bigint; means text; failed bigint; rows bigint;
BEGIN
    SELECT string_agg(concat_ws(' ', status, segment, rows_failed), ', ' ORDER BY segment), sum(rows_failed) INTO asked, failed
    FROM assay.validate(relation, jsonb_build_array(one));
    id := assay.add_check(relation, one->>'kind', one->>'column_name', coalesce(one->'args', '{}') || (one - options), 'example', one->>'where', groups,
                          coalesce((one->>'mostly')::float8, 1), one->>'warn_if', coalesce(one->>'error_if', '>0'));
    SELECT string_agg(concat_ws(' ', status, segment, rows_failed), ', ' ORDER BY segment) INTO stored FROM assay.run_checks(relation);
    SELECT answered_by INTO means FROM assay.explain_checks(relation) WHERE check_id = id;
    BEGIN
        SELECT count(*) INTO rows FROM assay.failing_rows(id, NULL);
    EXCEPTION WHEN invalid_parameter_value THEN
        rows := CASE WHEN sqlerrm LIKE '%which is about no row by itself' THEN failed END;
    END;
    PERFORM assay.drop_check(id);
    RETURN CASE WHEN asked LIKE '%error%' OR stored IS DISTINCT FROM asked THEN format('%s when it is stored, %s when it is not', stored, asked)
                WHEN coalesce(means, 'error') = 'error' THEN format('answered by %s', means)
                WHEN failed IS NOT NULL AND rows IS DISTINCT FROM failed THEN format('%s failing rows of %s', rows, failed)
                -- What counts periods has the rows of those that fail.
                WHEN failed IS NULL AND rows = 0 THEN 'no failing rows' END;
END $$;

CREATE TEMP TABLE outcome AS SELECT place, one->>'kind' AS kind, pg_temp.wrong(relation, one) AS wrong FROM example;
CREATE TEMP TABLE kind AS
SELECT kinds.place, kinds.kind FROM assay.validate('SELECT 1 AS x', '[{"kind": "none such"}]') AS unknown,
    string_to_table(substring(unknown.message FROM 'The kinds are: (.*)\.'), ', ') WITH ORDINALITY AS kinds(kind, place);

SELECT CASE WHEN count(o) > 0 AND count(wrong) = 0 THEN 'ok - ' WHEN kind = 'ann_recall_at_least' AND NOT :'has_pgvector' THEN 'skipped - without pgvector: ' ELSE 'not ok - ' END || kind, 'stored, run, explained, its failing rows found:',
       coalesce(string_agg(wrong, '; '), count(o) || ' examples')
FROM kind AS k LEFT JOIN outcome AS o USING (kind) GROUP BY kind ORDER BY min(k.place);
SELECT CASE WHEN count(*) > 30 THEN 'ok - ' ELSE 'not ok - ' END || 'there are kinds' FROM kind;

-- Vectorizers whose vectors pgvector keeps: its types, its indexes, and what an index must not cost. Debian 12 has no pgvector for its PostgreSQL 15; the package of PyPI
-- of which scripts/postgresql.sh makes 18 brings it along, and the library is built for that one anyway.

SET client_min_messages = warning;
CREATE SCHEMA vectors;
CREATE EXTENSION vector SCHEMA vectors;
-- Words whose vectors look random: of eight numbers, and of four.
SELECT version, dimensions FROM assay.load_word_vectors('words', $$
    SELECT 'w' || i, array_agg((hashtextextended(i || ' ' || d, 0) % 1000)::real ORDER BY d) FROM generate_series(1, 60) i, generate_series(1, 8) d GROUP BY i$$);
SELECT version, dimensions FROM assay.load_word_vectors('words', $$
    SELECT 'w' || i, array_agg((hashtextextended(i || ' ' || d, 1) % 1000)::real ORDER BY d) FROM generate_series(1, 60) i, generate_series(1, 4) d GROUP BY i$$, deploy => 'never');
CREATE FUNCTION words(i int) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT format('w%s w%s w%s', i % 60 + 1, i / 60 % 60 + 1, i * 7 / 60 % 60 + 1)$$;
CREATE TABLE doc (id int PRIMARY KEY, body text, part int);
INSERT INTO doc SELECT i, words(i), i % 10 FROM generate_series(1, 2000) i;

-- One source, kept in each way.
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', consistency => 'transaction', name => kind, store => 'doc_' || kind, indexing => format('{"type": "%s"}', kind)::jsonb) > 0 AS made
FROM unnest('{vector,halfvec,float4}'::text[]) AS kind;
SELECT attrelid::regclass AS store, format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attname = 'embedding' AND attrelid IN ('doc_vector'::regclass, 'doc_halfvec'::regclass, 'doc_float4'::regclass) ORDER BY 1;
-- Without a type, where pgvector is installed.
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', name => 'unsaid', store => 'doc_unsaid') > 0 AS made;
SELECT format_type(atttypid, atttypmod) AS type FROM pg_attribute WHERE attname = 'embedding' AND attrelid = 'doc_unsaid'::regclass;
SELECT assay.drop_vectorizer('unsaid');
-- The exact search finds what pgvector finds.
\set question '''w3 w5 w9'''
SELECT array_agg(key ->> 'id' ORDER BY score DESC, key ->> 'id') AS found INTO TEMP by_float4 FROM assay.search('float4', :question, k => 50, mode => 'vector');
SELECT array_agg(key ->> 'id' ORDER BY score DESC, key ->> 'id') = (SELECT found FROM by_float4) AS same, count(*) FROM assay.search('vector', :question, k => 50, mode => 'vector');
WITH nearest AS (SELECT id, embedding OPERATOR(vectors.<=>) assay.embed('words@1', :question)::vectors.vector AS distance FROM doc_vector ORDER BY 2, 1 LIMIT 50)
SELECT count(*) AS rows, max(abs(1 - distance - score)) < 1e-6 AS same_scores FROM assay.search('vector', :question, k => 50, mode => 'vector') s JOIN nearest n ON n.id = (s.key ->> 'id')::int;
-- Half as many bits, nearly the same.
SELECT count(*) >= 47 AS nearly, max(abs(h.score - f.score)) < 0.001 AS near
FROM assay.search('halfvec', :question, k => 50, mode => 'vector') h JOIN assay.search('float4', :question, k => 50, mode => 'vector') f USING (key);
-- Both parts, and rows that come and go.
SELECT count(*) AS rows, count(*) FILTER (WHERE ranks ? 'text' AND ranks ? 'vector') > 0 AS both FROM assay.search('vector', :question, k => 20);
INSERT INTO doc VALUES (5000, 'w3 w5 w9', 0);
SELECT s.key, round(s.score::numeric, 3) AS score FROM unnest('{vector,halfvec,float4}'::text[]) AS kind, assay.search(kind, :question, k => 1, mode => 'vector') AS s;
DELETE FROM doc WHERE id = 5000;
SELECT count(*) FROM unnest('{vector,halfvec,float4}'::text[]) AS kind, assay.search(kind, :question, k => 1, mode => 'vector') AS s WHERE s.key ->> 'id' = '5000';
SELECT assay.drop_vectorizer(kind) FROM unnest('{vector,halfvec,float4}'::text[]) AS kind;

-- Indexes of both methods, for each distance and both types.
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', consistency => 'transaction', name => format('%s %s %s', method, kind, distance), store => format('doc_%s_%s_%s', method, kind, distance),
    indexing => jsonb_build_object('type', kind, 'method', method, 'distance', distance) || options) > 0 AS made
FROM (VALUES ('hnsw', '{"m": 8, "ef_construction": 40}'::jsonb), ('ivfflat', '{"lists": 20}')) AS m (method, options), unnest('{vector,halfvec}'::text[]) AS kind, unnest('{cosine,l2,inner_product}'::text[]) AS distance;
SELECT regexp_replace(indexdef, '^.* ON ', '') AS index FROM pg_indexes WHERE indexdef ~ 'USING (hnsw|ivfflat)' ORDER BY 1;
-- What is found by an index is what is near.
SELECT v.name, s.rows, s.sorted, s.found >= 5 AS near
FROM assay.vectorizers v, LATERAL (
    SELECT count(*) AS rows, bool_and(s.score <= s.before OR s.before IS NULL) AS sorted, count(*) FILTER (WHERE s.score >= s.tenth - 1e-4 * abs(s.tenth)) AS found
    FROM (SELECT a.score, lag(a.score) OVER (ORDER BY a.place) AS before, e.tenth
          FROM ROWS FROM (assay.search(v.name, :question, k => 10, mode => 'vector')) WITH ORDINALITY AS a (key, seq, chunk, score, ranks, place),
          -- Among rows of a condition that all of them fulfil, the search is exact.
          LATERAL (SELECT min(score) AS tenth FROM assay.search(v.name, :question, k => 10, mode => 'vector', filter => 'id > 0')) AS e) AS s) AS s
ORDER BY 1;
-- The index is what is asked.
SELECT pg_stat_force_next_flush();
SELECT count(*) AS indexes, count(*) FILTER (WHERE idx_scan > 0) AS asked FROM pg_stat_user_indexes AS s JOIN pg_indexes AS i ON i.tablename = s.relname AND i.indexname = s.indexrelname WHERE indexdef ~ 'USING (hnsw|ivfflat)';
-- How much of it, as a figure and as a check.
SELECT c.oid::regclass::text AS index, r.k, r.queries, r.recall BETWEEN 0.8 AND 1 AS recall, r.low <= r.recall AND r.recall <= r.high AS within
FROM pg_class c JOIN pg_am a ON a.oid = c.relam, LATERAL assay.ann_recall(c.oid::regclass, k => 5, queries => 20) r WHERE a.amname = 'hnsw' ORDER BY 1;
SELECT indexrelid::regclass AS good FROM pg_index WHERE indrelid = 'doc_hnsw_vector_cosine'::regclass AND indexrelid::regclass::text ~ 'embedding' \gset
SELECT indexrelid::regclass AS poor FROM pg_index WHERE indrelid = 'doc_ivfflat_vector_cosine'::regclass AND indexrelid::regclass::text ~ 'embedding' \gset
-- One list of twenty: not all that is near.
SELECT r.recall < 0.95 AS poor FROM assay.ann_recall(:'poor', queries => 50) r;
SET ivfflat.probes = 20;
-- All of them: but for equal distances.
SELECT r.recall > 0.97 AS good FROM assay.ann_recall(:'poor', queries => 20) r;
RESET ivfflat.probes;
SELECT assay.add_check('doc', 'ann_recall_at_least', args => jsonb_build_object('index', :'good', 'min_value', 0.8, 'queries', 20), name => 'good') > 0 AS added;
SELECT assay.add_check('doc', 'ann_recall_at_least', args => jsonb_build_object('index', :'poor', 'min_value', 0.95, 'queries', 50), name => 'poor') > 0 AS added;
SELECT name, status, metric, threshold FROM assay.run_checks('doc') ORDER BY name;
SELECT r.recall FROM assay.ann_recall('doc_pkey') r;

-- A filter never costs rows: few that fit, many that fit and are far away, and rows whose vectors are not in the index at all.
CREATE TABLE crowd (id int PRIMARY KEY, body text, side text);
SELECT assay.create_vectorizer('crowd', '{"column": "body"}', 'words@2', consistency => 'transaction', indexing => '{"method": "hnsw", "m": 4, "ef_construction": 8}') > 0 AS made;
INSERT INTO crowd SELECT i, CASE WHEN i <= 500 THEN 'w3 w5' ELSE words(i) END, CASE WHEN i <= 500 THEN 'near' ELSE 'far' END FROM generate_series(1, 11500) i;
SELECT count(*), count(*) FILTER (WHERE (key ->> 'id')::int <= 500) AS near FROM assay.search('crowd', 'w3 w5', k => 300, mode => 'vector');
SELECT count(*) FROM assay.search('crowd', 'w3 w5', k => 100, mode => 'vector', filter => 'side = ''far''');
SELECT count(*) FROM assay.search('crowd', 'w3 w5', k => 100, mode => 'vector', filter => 'id > 11490');
SELECT count(*) FROM assay.search('crowd', 'w3 w5', k => 10000, mode => 'vector', filter => 'side <> ''nowhere''');
SELECT count(*) FROM assay.search('crowd', 'w3 w5', k => 2000, filter => 'id > 9000');
-- A policy is a filter, too.
CREATE ROLE reader_of_crowd;
GRANT SELECT ON crowd TO reader_of_crowd;
ALTER TABLE crowd ENABLE ROW LEVEL SECURITY;
CREATE POLICY far ON crowd TO reader_of_crowd USING (side = 'far');
SET ROLE reader_of_crowd;
SELECT count(*), count(*) FILTER (WHERE (key ->> 'id')::int <= 500) AS near FROM assay.search('crowd', 'w3 w5', k => 100, mode => 'vector');
RESET ROLE;
BEGIN READ ONLY;
SELECT count(*) FROM assay.search('crowd', 'w3 w5', k => 100, mode => 'vector', filter => 'side = ''far''');
COMMIT;
DROP OWNED BY reader_of_crowd;
DROP ROLE reader_of_crowd;

-- Another embedder, whose vectors are shorter, with an index of its own beside the old one.
SELECT assay.alter_vectorizer('hnsw halfvec l2', embedding => 'words@2');
SELECT embedding, next_embedding, pending FROM assay.vectorizers WHERE name = 'hnsw halfvec l2';
SELECT count(*) FROM assay.search('hnsw halfvec l2', :question, k => 10, mode => 'vector');
CALL assay.run_queue();
SELECT embedding, state, column_name, dimensions FROM assay.vectorizer_embeddings WHERE vectorizer = 'hnsw halfvec l2' ORDER BY state;
SELECT regexp_replace(indexdef, '^.* ON ', '') AS index FROM pg_indexes WHERE tablename = 'doc_hnsw_halfvec_l2' AND indexdef ~ 'USING hnsw' ORDER BY 1;
SELECT count(*), max(score) = 0 AS itself FROM assay.search('hnsw halfvec l2', (SELECT body FROM doc WHERE id = 77), k => 10, mode => 'vector');
SELECT assay.rollback_vectorizer('hnsw halfvec l2');
SELECT embedding FROM assay.vectorizers WHERE name = 'hnsw halfvec l2';

-- What is no index of these types.
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', name => 'a', store => 'a', indexing => '{"type": "float4", "method": "hnsw"}');
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', name => 'a', store => 'a', indexing => '{"method": "ivfflat", "m": 16}');
SELECT version FROM assay.load_word_vectors('wide', $$SELECT 'w' || i, array_agg(1::real) FROM generate_series(1, 2) i, generate_series(1, 2001) GROUP BY i$$);
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'wide', name => 'a', store => 'a', indexing => '{"method": "hnsw"}');
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'wide', name => 'a', store => 'a', indexing => '{"type": "halfvec", "method": "hnsw"}') > 0 AS made;
SELECT assay.drop_vectorizer('a');

-- Dumped and restored, it answers the same.
CREATE TEMP TABLE answer AS SELECT v.name, s.key, s.score FROM assay.vectorizers v, LATERAL assay.search(v.name, :question, k => 10, mode => 'vector', filter => 'id > 3') s WHERE v.source = 'doc'::regclass;
\copy answer TO 'answer.tsv'
SELECT current_database() AS here \gset
CREATE DATABASE restored_vectors;
\setenv FROM :here
\! pg_dump -Fc "$FROM" | pg_restore --exit-on-error -d restored_vectors
\c restored_vectors
SET client_min_messages = warning;
CREATE TEMP TABLE answer (name text, key jsonb, score float8);
\copy answer FROM 'answer.tsv'
\! rm answer.tsv
SELECT v.name, count(*) AS rows, count(a.name) AS same FROM assay.vectorizers v CROSS JOIN LATERAL assay.search(v.name, :question, k => 10, mode => 'vector', filter => 'id > 3') s
LEFT JOIN answer a ON a.name = v.name AND a.key = s.key AND abs(a.score - s.score) < 1e-6 WHERE v.source = 'doc'::regclass GROUP BY 1 ORDER BY 1;
INSERT INTO doc VALUES (6000, 'w3 w5 w9', 0);
SELECT key FROM assay.search('hnsw vector cosine', :question, k => 1, mode => 'vector');
\c :here
DROP DATABASE restored_vectors;

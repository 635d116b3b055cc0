-- Search in the texts of a vectorizer, and how good it is.

-- Rows of words are written once and never changed: whoever writes a text appends, and waits for nobody.
CREATE TABLE assay.posting (
    vectorizer_id  bigint NOT NULL,
    word           text COLLATE "C" NOT NULL,
    segment        bigint NOT NULL,
    first_document bigint NOT NULL,
    last_document  bigint NOT NULL,
    documents      bigint NOT NULL,
    max_frequency  bigint NOT NULL,
    min_length     bigint NOT NULL,
    content        bytea NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (vectorizer_id, word, segment, first_document)
);
CREATE INDEX posting_segment_idx ON assay.posting (vectorizer_id, segment);
COMMENT ON TABLE assay.posting IS 'In which chunks of a vectorizer a word is, in blocks: what text search reads.';
COMMENT ON COLUMN assay.posting.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting.word IS 'The word, as text search has it.';
COMMENT ON COLUMN assay.posting.segment IS 'The segment that the block is part of.';
COMMENT ON COLUMN assay.posting.first_document IS 'The first chunk of the block.';
COMMENT ON COLUMN assay.posting.last_document IS 'The last chunk of the block.';
COMMENT ON COLUMN assay.posting.documents IS 'How many chunks there are in it.';
COMMENT ON COLUMN assay.posting.max_frequency IS 'How often the word is in one of them at most.';
COMMENT ON COLUMN assay.posting.min_length IS 'How many words the shortest of them has.';
COMMENT ON COLUMN assay.posting.content IS 'The chunks, with frequencies and lengths.';

CREATE TABLE assay.posting_segment (
    vectorizer_id bigint NOT NULL,
    segment       bigint NOT NULL,
    documents     bigint NOT NULL,
    words         bigint NOT NULL,
    CONSTRAINT posting_segment_pkey PRIMARY KEY (vectorizer_id, segment)
);
COMMENT ON TABLE assay.posting_segment IS 'The segments of a vectorizer''s text search, each written at once.';
COMMENT ON COLUMN assay.posting_segment.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_segment.segment IS 'The segment''s number.';
COMMENT ON COLUMN assay.posting_segment.documents IS 'How many chunks are in it.';
COMMENT ON COLUMN assay.posting_segment.words IS 'How many words they have together.';

CREATE SEQUENCE assay.posting_segment_number;
COMMENT ON SEQUENCE assay.posting_segment_number IS 'The numbers of segments.';

CREATE TABLE assay.posting_pending (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    content       bytea NOT NULL,
    CONSTRAINT posting_pending_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_pending IS 'Chunks whose words are in no segment yet. Text search reads these one by one.';
COMMENT ON COLUMN assay.posting_pending.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_pending.document IS 'The chunk.';
COMMENT ON COLUMN assay.posting_pending.content IS 'Its words, and how often each is there.';

CREATE TABLE assay.posting_removed (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    CONSTRAINT posting_removed_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_removed IS 'Chunks that are gone, and still in a segment or pending.';
COMMENT ON COLUMN assay.posting_removed.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_removed.document IS 'The chunk.';

SELECT pg_catalog.pg_extension_config_dump('assay.posting', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment_number', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_pending', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_removed', '');

-- A vectorizer whose embedder is an endpoint's calls it: so none of these is stable.
CREATE FUNCTION assay.search(
    vectorizer text, query text, k integer DEFAULT 10, mode text DEFAULT 'hybrid', rerank text DEFAULT NULL, filter text DEFAULT NULL)
RETURNS TABLE(key jsonb, seq integer, chunk text, score double precision, ranks jsonb)
AS 'MODULE_PATHNAME', 'search_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.search(text, text, integer, text, text, text) IS
'The k chunks of a vectorizer that fit a question best, the best first. query: words, no SQL. mode: vector (by the distance of vectors), text (by BM25, with the vectorizer''s language) or hybrid (by the ranks of both, 1 / (60 + rank) each, of the first 100 of either). rerank: a model of task reranking that judges the best 50, or k, once more.
filter: a condition on the source''s rows, in SQL; there are always as many rows as exist and fit, up to k. key: the row''s primary key, by the names of its columns. seq: the chunk''s place in the row. score: the cosine, the negative distance or the inner product; BM25; the sum of both ranks'' shares; or what rerank says. ranks: rank and score in each part.
It runs with the caller''s rights and policies: it takes SELECT on the key and on the columns that are embedded, and gives rows that the caller sees. How rare a word is is counted over all chunks. It only reads, on a standby, too; assay.run_sql may call it where no endpoint has to be asked. Errors: ML035 no such vectorizer, 22023 an argument, 42501, ML001 no such model, ML010 a model of another task.
Example: SELECT key, round(score::numeric, 3) AS score FROM assay.search(''document'', ''words of a question'', k => 3, mode => ''text'')';

CREATE FUNCTION assay.evaluate_retrieval(
    vectorizer text, questions text, k integer[] DEFAULT '{10}', mode text DEFAULT 'hybrid', rerank text DEFAULT NULL, filter text DEFAULT NULL)
RETURNS TABLE(question text, measure text, k integer, value double precision, low double precision, high double precision, questions bigint, relevant bigint)
AS 'MODULE_PATHNAME', 'evaluate_retrieval_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.evaluate_retrieval(text, text, integer[], text, text, text) IS
'How good a search is, by questions whose relevant rows are known: recall, precision, ndcg and mrr of the first k rows. questions: a query of question, key (of the source: its value, or a JSON object of its columns) and grade, one row for each judgement; a row is relevant where its grade is above 0, and without that column always. A row stands where the first of its chunks does. mode, rerank and filter as of assay.search.
Rows without a question are the means over all, with a 95 % interval of the bootstrap over questions; then come the questions, the one with the least ndcg first. questions: how many; relevant: how many relevant rows there are. Questions without a relevant row are left out, with a notice. Errors: those of assay.search, 42703 a column that the query lacks, ML007 no question has a relevant row.
Example: SELECT measure, k, value FROM assay.evaluate_retrieval(''document'', ''SELECT title AS question, id AS key, 1 AS grade FROM document'', mode => ''text'') WHERE question IS NULL';

CREATE FUNCTION assay.compare_retrieval(
    a text, b text, questions text, k integer[] DEFAULT '{10}', mode_a text DEFAULT 'hybrid', mode_b text DEFAULT 'hybrid',
    rerank_a text DEFAULT NULL, rerank_b text DEFAULT NULL)
RETURNS TABLE(measure text, k integer, a double precision, b double precision, difference double precision, low double precision, high double precision, p_value double precision, questions bigint)
AS 'MODULE_PATHNAME', 'compare_retrieval_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.compare_retrieval(text, text, text, integer[], text, text, text, text) IS
'How two searches differ on the same questions, as assay.evaluate_retrieval takes them: two vectorizers of one table, two modes, with and without rerank. difference: a less b, with a 95 % interval of the paired bootstrap over questions. p_value: that of a randomisation test, which changes the signs of the questions'' differences at random. Errors: those of assay.evaluate_retrieval, 22023 keys of different columns.
Example: SELECT measure, difference, p_value FROM assay.compare_retrieval(''document'', ''document'', ''SELECT title AS question, id AS key FROM document'', mode_a => ''text'', mode_b => ''vector'')';

CREATE FUNCTION assay.ann_recall(index regclass, k integer DEFAULT 10, queries integer DEFAULT 100)
RETURNS TABLE(k integer, queries integer, recall double precision, low double precision, high double precision)
AS 'MODULE_PATHNAME', 'ann_recall_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.ann_recall(regclass, integer, integer) IS
'How much of what is nearest an index of vectors (pgvector''s hnsw or ivfflat) finds: the share of the k nearest rows, over so many vectors of the table itself as questions, against an exact search, with a 95 % interval. It runs with the caller''s rights, under the session''s settings such as hnsw.ef_search. Errors: 22023 no such index, ML007 it has no vectors, 42501.
Example: SELECT c.relname, r.recall FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam CROSS JOIN LATERAL assay.ann_recall(c.oid::regclass, queries => 20) r WHERE m.amname = ''hnsw''';

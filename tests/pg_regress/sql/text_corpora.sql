-- Corpora: what texts are like, and which do not hold any more.

SELECT language, assay.detect_language(body) AS detected FROM (VALUES
    ('en', 'How long do I have to return an item that was damaged?'), ('de', 'Wie lange habe ich Zeit, um den Artikel zurückzugeben?'),
    ('ko', '손상된 상품을 반품하려면 기간이 얼마나 되나요?'), ('ja', '商品を返品できる期間はどのくらいですか。'), ('none', 'GPT-4 42'), ('none', ''), ('none', NULL)) AS t(language, body);
SELECT body, assay.encoding_damage(body) FROM (VALUES ('Rückgabe'), ('RÃ¼ckgabe'), (E'a\u0001b'), ('a' || U&'\FFFD'), ('plain'), (''), (NULL)) AS t(body);

-- Checks of documents.
CREATE TABLE corpus_article (id int PRIMARY KEY, body text, updated_at date, replaced_by int, law_changed date);
INSERT INTO corpus_article
SELECT i, format(E'Article %s says what is to be done about case %s.\nThis page is for members of the club only.', i, i), date '2026-01-01' + i, NULL, date '2025-06-01' FROM generate_series(1, 8) AS i;
INSERT INTO corpus_article VALUES
    (9, 'Write to anna@example.com, who has the key of the house', '2026-02-01', NULL, NULL),
    (10, 'Die RÃ¼ckgabe ist nicht mehr mÃ¶glich, weil die Frist vorbei ist', '1824-02-01', NULL, NULL),
    (11, 'What was said of case 3 is not so any more, and this is how it is', '2026-02-01', 12, '2026-03-01'),
    (12, E'This page is for members of the club only.\nNo.', NULL, NULL, '2026-03-01'),
    (13, NULL, NULL, NULL, NULL);
CREATE TABLE corpus_check (number int, one jsonb);
INSERT INTO corpus_check VALUES
    (1, '{"kind": "pii", "column_name": "body"}'),
    (2, '{"kind": "pii", "column_name": "body", "kinds": ["person", "phone"], "names": ["Article"]}'),
    (3, '{"kind": "language", "column_name": "body", "languages": ["en"]}'),
    (4, '{"kind": "language", "column_name": "body", "languages": ["en", "de"]}'),
    (5, '{"kind": "encoding_damage", "column_name": "body"}'),
    (6, '{"kind": "boilerplate", "column_name": "body", "max_share": 0.6}'),
    (7, '{"kind": "boilerplate", "column_name": "body", "max_share": 0, "min_documents": 9}'),
    (8, '{"kind": "boilerplate", "column_name": "body", "max_share": 0, "min_documents": 10}'),
    (9, '{"kind": "stale", "column_name": "updated_at", "max_age": "150 years"}'),
    (10, '{"kind": "stale", "column_name": "updated_at", "superseded_by": "replaced_by"}'),
    (11, '{"kind": "stale", "column_name": "updated_at", "sources_changed": "law_changed"}'),
    (12, '{"kind": "stale", "column_name": "updated_at", "max_age": 150, "datepart": "year", "superseded_by": "replaced_by", "sources_changed": "law_changed"}');
SELECT number, v.kind, v.status, v.rows_evaluated, v.rows_failed FROM corpus_check, assay.validate('corpus_article', jsonb_build_array(one)) AS v ORDER BY number;
-- What fails is found again, and stored checks say the same.
SELECT number, (SELECT string_agg(row->>'id', ', ' ORDER BY (row->>'id')::int) FROM assay.failing_rows(assay.add_check('corpus_article', one->>'kind', one->>'column_name', one - '{kind,column_name}'::text[], 'check ' || number), NULL) AS row) AS failing
FROM corpus_check ORDER BY number;
SELECT kind, status, rows_failed FROM assay.run_checks('corpus_article') ORDER BY check_id;
-- What is not allowed.
SELECT kind, status, message FROM assay.validate('corpus_article', '[
    {"kind": "pii", "column_name": "body", "kinds": ["mail"]}, {"kind": "pii", "column_name": "id"}, {"kind": "language", "column_name": "body", "languages": ["english"]},
    {"kind": "language", "column_name": "body", "languages": []}, {"kind": "encoding_damage", "column_name": "body", "max": 1}, {"kind": "boilerplate", "column_name": "body", "max_share": 2},
    {"kind": "stale", "column_name": "updated_at"}, {"kind": "stale", "column_name": "body", "max_age": "1 day"}, {"kind": "stale", "column_name": "updated_at", "superseded_by": "nothing"},
    {"kind": "stale", "column_name": "updated_at", "sources_changed": "body"}]');

-- Sentences that contradict each other.
CREATE TABLE corpus_answer (id int PRIMARY KEY, body text);
INSERT INTO corpus_answer VALUES
    (1, 'Thank you for asking. An item can be returned within 14 days of its delivery.'), (2, 'An item can be returned within 30 days of its delivery.'),
    (3, 'Gift cards can be returned in every shop.'), (4, 'Gift cards cannot be returned in any shop.'), (5, 'Parcels are insured up to 500 EUR.'), (6, NULL);
SELECT version FROM assay.train_tf_idf('corpus_answer_words', 'SELECT body FROM corpus_answer', '{"width": 64}');
SELECT status, value, rows_failed, jsonb_pretty(sample) FROM assay.validate('corpus_answer', '[{"kind": "contradictions", "column_name": "body", "embedder": "corpus_answer_words", "similarity": 0.5}]');
SELECT row->>'id' AS failing FROM assay.failing_rows(assay.add_check('corpus_answer', 'contradictions', 'body', '{"embedder": "corpus_answer_words", "similarity": 0.5}', 'contradictions'), NULL) AS row ORDER BY 1;
SELECT status, message FROM assay.validate('corpus_answer', '[{"kind": "contradictions", "column_name": "body", "embedder": "nothing"}, {"kind": "contradictions", "column_name": "body"},
    {"kind": "contradictions", "column_name": "body", "embedder": "corpus_answer_words", "similarity": 2}]');

-- As a page.
SELECT assay.profile_corpus('corpus_article');
SELECT assay.profile_corpus('SELECT body FROM corpus_article WHERE false');
SELECT page ~ '&lt;b&gt;' AS escaped, page ~ '<b>' AS raw, length(page) > 1000 AS whole FROM assay.profile_corpus($$SELECT 'Ã¼ber <b>alles</b>' AS one, 'c' AS two$$, 'one', 'html') AS page;
SELECT assay.profile_corpus($$SELECT 'Ã¼ber <b>alles</b>' AS one$$, format => 'markdown') ~ '## Encoding' AS markdown;
CALL fails($$SELECT assay.profile_corpus('SELECT 1 AS x')$$);
CALL fails($$SELECT assay.profile_corpus('SELECT ''a'' AS x, ''b'' AS y')$$);
CALL fails($$SELECT assay.profile_corpus('SELECT 1 AS x', 'x')$$);
CALL fails($$SELECT assay.profile_corpus('SELECT ''a'' AS x', 'y')$$);
CALL fails($$SELECT assay.profile_corpus('corpus_article', 'body', 'pdf')$$);
CALL fails($$SELECT assay.profile_corpus('DELETE FROM corpus_article RETURNING body')$$);

-- Documents that do not hold any more.
SELECT version FROM assay.train_tf_idf('corpus_words', 'SELECT body FROM corpus_article', '{"width": 16}');
SELECT assay.create_vectorizer('corpus_article', '{"column": "body"}', 'corpus_words@1', name => 'stale docs');
CALL assay.run_queue();
SELECT count(*) FROM assay.stale_documents('stale docs');
SELECT key, reason, since FROM assay.stale_documents('stale docs', max_age => '150 years', superseded_column => 'replaced_by', sources_column => 'law_changed');
UPDATE corpus_article SET body = 'something else' WHERE id = 9;
SELECT key, reason, since IS NOT NULL AS since FROM assay.stale_documents('stale docs');
SELECT key, reason FROM assay.stale_documents('stale docs', 'law_changed', '1 year', NULL, 'updated_at') WHERE reason <> 'too old' ORDER BY key;
CALL fails($$SELECT * FROM assay.stale_documents('nothing')$$);
CALL fails($$SELECT * FROM assay.stale_documents('stale docs', 'nothing')$$);
CALL fails($$SELECT * FROM assay.stale_documents('stale docs', superseded_column => 'nothing')$$);
ALTER TABLE corpus_article RENAME COLUMN updated_at TO written;
CALL fails($$SELECT * FROM assay.stale_documents('stale docs', max_age => '1 year')$$);
-- Who may not read the source may not read this.
CREATE ROLE corpus_reader;
SET ROLE corpus_reader;
CALL fails($$SELECT * FROM assay.stale_documents('stale docs')$$);
RESET ROLE;
GRANT SELECT (id) ON corpus_article TO corpus_reader;
SET ROLE corpus_reader;
SELECT count(*) AS of_the_queue FROM assay.stale_documents('stale docs');
CALL fails($$SELECT * FROM assay.stale_documents('stale docs', superseded_column => 'replaced_by')$$);
RESET ROLE;
SELECT assay.drop_vectorizer('stale docs');
REVOKE ALL ON corpus_article FROM corpus_reader;
DROP ROLE corpus_reader;
DROP TABLE corpus_article, corpus_check, corpus_answer;

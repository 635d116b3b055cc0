-- Search by words, by vectors and by both: what is found, in which order, and by whom.

SET client_min_messages = warning;
CREATE SCHEMA library;
CREATE TABLE library.docs (id int PRIMARY KEY, topic text, body text, secret text);
INSERT INTO library.docs VALUES
    (1, 'tea', 'Green tea is steamed. Green tea is light.', 'a'), (2, 'tea', 'Black tea is oxidised.', 'b'),
    (3, 'coffee', 'Beans are roasted, and coffee is black.', 'c'), (4, 'korean', '검색을 잘하는 데이터베이스', 'd'), (5, 'chinese', '全文检索数据库', 'e');
-- Four words that have vectors.
SELECT version, dimensions FROM assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0}'::real[]), ('black', '{0,1,0}'), ('coffee', '{0,0,1}'), ('green', '{1,0,1}')$$);
SELECT assay.create_vectorizer('library.docs', '{"column": "body"}', 'words@1', consistency => 'transaction') > 0 AS made;

-- By words: BM25, as the formula has it.
SELECT key, seq, chunk, round(score::numeric, 6) AS score, ranks -> 'text' ->> 'rank' AS rank FROM assay.search('library.docs', 'GREEN tea?', mode => 'text');
WITH word AS (SELECT chunk_id, id, regexp_split_to_table(trim(BOTH ' .,' FROM lower(chunk)), '[ .,]+') AS word FROM library.docs_chunks WHERE id <= 3),
length AS (SELECT chunk_id, id, count(*) AS length FROM word GROUP BY 1, 2),
-- What is in pairs of characters counts these, alone and in pairs: 검색을 5, 잘하는 5, 데이터베이스 11; seven characters 13.
corpus AS (SELECT 5 AS n, (sum(length) + 21 + 13) / 5 AS average FROM length)
SELECT l.id, round(sum(ln(1 + (n - df + 0.5) / (df + 0.5)) * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / average)))::numeric, 6) AS score
FROM (SELECT chunk_id, word, count(*) AS tf FROM word WHERE word IN ('green', 'tea') GROUP BY 1, 2) t
JOIN length l USING (chunk_id) JOIN (SELECT word, count(DISTINCT chunk_id) AS df FROM word GROUP BY 1) d USING (word), corpus GROUP BY l.id ORDER BY 2 DESC;
-- Writing without spaces, and with particles.
SELECT key FROM assay.search('library.docs', '데이터베이스 검색', mode => 'text');
SELECT key FROM assay.search('library.docs', '数据库', mode => 'text');
SELECT count(*) FROM assay.search('library.docs', 'nobody wrote this', mode => 'text');
SELECT count(*) FROM assay.search('library.docs', '', mode => 'text');

-- By vectors, exactly; and by both.
SELECT key, round(score::numeric, 4) AS score FROM assay.search('library.docs', 'Black tea is oxidised.', k => 2, mode => 'vector');
SELECT key, round(score::numeric, 6) AS score, ranks -> 'text' -> 'rank' AS text, ranks -> 'vector' -> 'rank' AS vector FROM assay.search('library.docs', 'Black tea is oxidised.', k => 3);

-- What changes is found as it is.
UPDATE library.docs SET body = 'White tea is dried.' WHERE id = 1;
DELETE FROM library.docs WHERE id = 2;
SELECT key, chunk FROM assay.search('library.docs', 'tea', mode => 'text');
BEGIN;
INSERT INTO library.docs VALUES (6, 'tea', 'Tea of today.', 'f');
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text') ORDER BY 1;
ROLLBACK;
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text') ORDER BY 1;

-- A filter: as many as there are that fit, however far behind.
CREATE TABLE library.many (id int, part text, topic text, body text, PRIMARY KEY (id, part));
SELECT assay.create_vectorizer('library.many', '{"column": "body"}', 'words@1', consistency => 'transaction', indexing => '{"language": "english"}') > 0 AS made;
INSERT INTO library.many SELECT n, 'p', CASE n % 500 WHEN 7 THEN 'rare' ELSE 'common' END, format('Connections of number %s%s', n, repeat(' connect', n % 3)) FROM generate_series(1, 3000) n;
SELECT count(*) AS segments, sum(documents) AS settled FROM assay.posting_segment s JOIN assay.vectorizer v ON v.id = s.vectorizer_id WHERE v.name = 'many';
SELECT count(*), count(DISTINCT key) FROM assay.search('library.many', 'connecting', k => 5000, mode => 'text');
SELECT key FROM assay.search('library.many', 'connecting', mode => 'text', filter => $$topic = 'rare'$$) ORDER BY key ->> 'id';
SELECT count(*) FROM assay.search('library.many', 'connecting', k => 50, mode => 'vector', filter => 'many.id <= 40 AND part = ''p''');
SELECT count(*) FROM assay.search('library.many', 'connecting', k => 50, filter => 'id % 2 = 0');
-- Small changes, segments and what is gone together.
DELETE FROM library.many WHERE id <= 1000;
INSERT INTO library.many SELECT n, 'q', 'later', 'a later connection' FROM generate_series(1, 40) n;
SELECT count(*) FROM assay.search('library.many', 'connected', k => 5000, mode => 'text');
SELECT count(*) FROM assay.search('library.many', 'later', k => 100, mode => 'text');

-- As the caller: rights on the columns, policies, and no way around them.
CREATE ROLE reader_of_library;
GRANT USAGE ON SCHEMA library TO reader_of_library;
SET ROLE reader_of_library;
SELECT * FROM assay.search('library.docs', 'tea');
RESET ROLE;
GRANT SELECT (id, topic) ON library.docs TO reader_of_library;
SET ROLE reader_of_library;
SELECT * FROM assay.search('library.docs', 'tea');
RESET ROLE;
GRANT SELECT (body) ON library.docs TO reader_of_library;
SET ROLE reader_of_library;
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text') ORDER BY 1;
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text', filter => 'secret = ''a''');
SELECT * FROM library.docs_chunks;
RESET ROLE;
ALTER TABLE library.docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY coffee ON library.docs TO reader_of_library USING (topic = 'coffee');
SET ROLE reader_of_library;
SELECT key, ranks -> 'text' -> 'rank' AS rank FROM assay.search('library.docs', 'black tea is dried', mode => 'text');
SELECT key FROM assay.search('library.docs', 'black tea is dried');
SELECT key FROM assay.search('library.docs', 'tea', filter => 'true) UNION SELECT 1 AS k1 FROM (SELECT true');
SELECT key FROM assay.search('library.docs', 'tea', filter => 'true OR pg_catalog.pg_sleep(0) IS NULL');
CREATE FUNCTION pg_temp.leak(text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END$$;
SET client_min_messages = notice;
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text', filter => 'pg_temp.leak(body)');
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.spoil() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN CREATE TEMP TABLE spoilt (); RETURN true; END$$;
\set SHOW_CONTEXT never
SELECT key FROM assay.search('library.docs', 'tea', mode => 'text', filter => 'pg_temp.spoil()');
\set SHOW_CONTEXT errors
RESET ROLE;

-- It only reads.
BEGIN READ ONLY;
SELECT mode, key FROM unnest('{vector,text,hybrid}'::text[]) AS mode, assay.search('library.docs', 'coffee', k => 1, mode => mode, filter => 'id < 5');
SELECT measure, value FROM assay.evaluate_retrieval('library.docs', $$SELECT 'coffee' AS question, 3 AS key$$, k => '{1}') WHERE question IS NULL ORDER BY 1;
SELECT count(*) FROM assay.vectorizers WHERE schema = 'library';
COMMIT;

-- Arguments that are wrong.
SELECT * FROM assay.search('library.nothing', 'tea');
SELECT * FROM assay.search('library.docs', 'tea', k => 0);
SELECT * FROM assay.search('library.docs', 'tea', mode => 'fuzzy');
SELECT * FROM assay.search('library.docs', NULL);
SELECT * FROM assay.search('library.docs', 'tea', filter => 'nothing = 1');
SELECT assay.create_vectorizer('library.docs', '{"column": "body"}', 'words@1', indexing => '{"language": "klingon"}', name => 'other', store => 'other');

-- A vectorizer that goes takes its words along; so does TRUNCATE.
TRUNCATE library.many;
SELECT count(*) FROM assay.search('library.many', 'connecting');
SELECT assay.drop_vectorizer('library.docs');
SELECT assay.drop_vectorizer('library.many');
SELECT (SELECT count(*) FROM assay.posting), (SELECT count(*) FROM assay.posting_segment), (SELECT count(*) FROM assay.posting_pending), (SELECT count(*) FROM assay.posting_removed);
DROP SCHEMA library CASCADE;
DROP FUNCTION pg_temp.leak(text), pg_temp.spoil();
DROP ROLE reader_of_library;

-- How good a search is.

SET client_min_messages = warning;
CREATE SCHEMA exam;
CREATE TABLE exam.docs (id int PRIMARY KEY, body text);
INSERT INTO exam.docs VALUES (1, 'apple pie'), (2, 'apple tart'), (3, 'cherry pie'), (4, 'plum jam'), (5, 'apple'), (6, 'plum');
CREATE TABLE exam.judgement (question text, doc int, grade int);
INSERT INTO exam.judgement VALUES ('apple', 1, 1), ('apple', 2, 2), ('apple', 5, 0), ('plum', 4, 1), ('cherry', 3, 1), ('cherry', 6, 1), ('melon', 1, 0);
SELECT version, dimensions FROM assay.load_word_vectors('words', $$VALUES ('apple', '{1,0,0}'::real[]), ('plum', '{0,1,0}'), ('cherry', '{0,0,1}'), ('pie', '{1,0,1}')$$);
SELECT assay.create_vectorizer('exam.docs', '{"column": "body"}', 'words@1', consistency => 'transaction') > 0 AS made;
SELECT key, round(score::numeric, 4) AS score FROM assay.search('exam.docs', 'apple', mode => 'text');

-- apple: 5 1 2, of which 1 and 2 are relevant; plum: 6 4; cherry: 3, and 6 is not found.
SELECT measure, k, round(value::numeric, 4) AS value, low <= value AND value <= high AS within, questions, relevant
FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, doc AS key, grade FROM exam.judgement', k => '{2, 1}', mode => 'text') WHERE question IS NULL;
SELECT question, round(value::numeric, 4) AS ndcg, relevant
FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, doc AS key, grade FROM exam.judgement', mode => 'text') WHERE question IS NOT NULL AND measure = 'ndcg';
SELECT round((((1 / log(2, 3) + 1 / log(2, 4)) / (1 + 1 / log(2, 3)) + 1 / log(2, 3) + 1 / (1 + 1 / log(2, 3))) / 3)::numeric, 4) AS by_hand;
SET client_min_messages = notice;
SELECT count(*) FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, doc AS key, grade FROM exam.judgement', mode => 'text');
SET client_min_messages = warning;

-- A key as an object; no grades.
SELECT round(value::numeric, 4) AS recall FROM assay.evaluate_retrieval('exam.docs', $$SELECT 'plum' AS question, '{"id": 4}'::jsonb AS key$$, mode => 'text') WHERE question IS NULL AND measure = 'recall';
SELECT * FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, grade FROM exam.judgement');
SELECT * FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, doc AS key, 0 AS grade FROM exam.judgement');
SELECT * FROM assay.evaluate_retrieval('exam.docs', 'SELECT question, doc AS key FROM exam.judgement', k => '{}');
SELECT * FROM assay.evaluate_retrieval('exam.docs', 'DELETE FROM exam.judgement');

-- Two searches.
SELECT measure, k, round(a::numeric, 3) AS a, round(b::numeric, 3) AS b, difference, low, high, p_value, questions
FROM assay.compare_retrieval('exam.docs', 'exam.docs', 'SELECT question, doc AS key, grade FROM exam.judgement', mode_a => 'text', mode_b => 'text');
SELECT measure, abs(a - b - difference) < 1e-12 AS is_difference, p_value BETWEEN 0 AND 1 AS is_share
FROM assay.compare_retrieval('exam.docs', 'exam.docs', 'SELECT question, doc AS key, grade FROM exam.judgement', mode_a => 'text', mode_b => 'vector');

-- As checks.
SELECT kind, status, round(value::numeric, 4) AS value, threshold, message FROM assay.validate('exam.docs', '[
    {"kind": "retrieval_at_least", "vectorizer": "exam.docs", "questions": "SELECT question, doc AS key, grade FROM exam.judgement", "measure": "recall", "mode": "text", "min_value": 0.8},
    {"kind": "retrieval_at_least", "vectorizer": "exam.docs", "questions": "SELECT question, doc AS key, grade FROM exam.judgement", "mode": "text", "min_value": 0.99}]');
SELECT kind, status, message FROM assay.validate('exam.docs', '[{"kind": "retrieval_at_least", "vectorizer": "exam.docs", "questions": "SELECT 1", "measure": "luck", "min_value": 0.8}]');

-- Without an index of vectors there is no recall of one.
SELECT * FROM assay.ann_recall('exam.docs_pkey');
DROP SCHEMA exam CASCADE;

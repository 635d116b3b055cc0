-- Vectors of words: learned, given, and counted.

-- The three sentences of the tutorials.
CREATE TABLE tutorial (id int, sentence text);
INSERT INTO tutorial VALUES (1, 'Hi I heard about Spark'), (2, 'I wish Java could use case classes'), (3, 'Logistic regression models are neat');
SELECT model, version, algorithm, dimensions, metrics
FROM assay.train_word2vec('tutorial', $$SELECT string_to_array(sentence, ' ') FROM tutorial$$, '{"vector_size": 3, "min_count": 0, "shuffle": 1}');
SELECT word, count, array_length(vector, 1) AS width FROM assay.vocabulary('tutorial') LIMIT 4;
SELECT count(*), bool_and(similarity BETWEEN -1.000001 AND 1.000001) AS cosines FROM assay.most_similar('tutorial', 'Spark', 5);
SELECT array_length(assay.embed('tutorial', 'Hi, I heard about Spark!'), 1) AS width;

-- The same rows, in another order, if shuffled, and on another number of threads, are the same bytes.
CREATE TEMPORARY TABLE learned AS SELECT * FROM assay.vocabulary('tutorial');
SET assay.threads = 1;
SELECT version FROM assay.train_word2vec('tutorial', $$SELECT string_to_array(sentence, ' ') FROM tutorial ORDER BY id DESC$$, '{"vector_size": 3, "min_count": 0, "shuffle": 1}', deploy => 'always');
RESET assay.threads;
SELECT count(*) FROM (TABLE learned EXCEPT SELECT * FROM assay.vocabulary('tutorial')) AS other;
SELECT version FROM assay.train_word2vec('tutorial', $$SELECT string_to_array(sentence, ' ') FROM tutorial$$, '{"vector_size": 3, "min_count": 0, "shuffle": 1, "seed": 2}', deploy => 'always');
SELECT count(*) FROM (TABLE learned EXCEPT SELECT * FROM assay.vocabulary('tutorial')) AS other;

-- Tokens of an embedder; here words.
SELECT version FROM assay.train_word2vec('chunk_words', 'SELECT sentence FROM tutorial', '{"min_count": 1, "vector_size": 4}');
SELECT chunk FROM assay.chunk_text('A short sentence, and another one.', 2, 1, 'tokens(chunk_words)');
-- Two kinds of neighbours that never meet: each manner of learning tells them apart.
CREATE TABLE pet_talk AS SELECT 'the ' || (ARRAY['cat', 'kitten', 'tomcat'])[1 + i % 3] || ' purrs on the ' || (ARRAY['sofa', 'pillow'])[1 + i / 3 % 2] AS said FROM generate_series(1, 300) AS i
UNION ALL SELECT 'a ' || (ARRAY['car', 'truck', 'bus'])[1 + i % 3] || ' drives down a ' || (ARRAY['street', 'road'])[1 + i / 3 % 2] FROM generate_series(1, 300) AS i;
SELECT n, options, version
FROM (VALUES (1, '{"sg": 1}'::jsonb), (2, '{"sg": 0, "alpha": 0.05}'), (3, '{"sg": true, "hs": true, "negative": 0}'), (4, '{"hs": 1, "negative": 0, "alpha": 0.05}')) AS v (n, options),
    LATERAL assay.train_word2vec('pets', 'SELECT said FROM pet_talk', options || '{"vector_size": 16, "epochs": 20, "sample": 0}', deploy => 'never') ORDER BY n;
SELECT n, (SELECT array_agg(word ORDER BY word) FROM assay.most_similar('pets@' || n, 'cat', 2)) AS near_cat,
    (SELECT array_agg(word ORDER BY word) FROM assay.most_similar('pets@' || n, 'truck', 2)) AS near_truck
FROM generate_series(1, 4) AS n;

-- Given vectors.
CREATE TABLE glove (word text, vector real[]);
INSERT INTO glove VALUES ('man', '{1,0,0}'), ('woman', '{1,1,0}'), ('king', '{1,0,1}'), ('queen', '{1,1,1}'), ('apple', '{-1,0,0}');
SELECT model, version, algorithm, dimensions, metrics FROM assay.load_word_vectors('glove', 'TABLE glove');
SELECT word, round(similarity::numeric, 4) AS similarity FROM assay.analogy('glove', 'man', 'king', 'woman', 2);
SELECT word, round(similarity::numeric, 4) AS similarity FROM assay.most_similar('glove', 'MAN');
SELECT * FROM assay.vocabulary('glove');
SELECT assay.embed('glove', 'Man, WOMAN, and nobody else'), assay.embed('glove', 'nobody'), assay.embed('glove', '');

-- Counted words: of scikit-learn's TfidfVectorizer are .46979139 for document, .58028582 for first, .38408524 for is, the and this.
SELECT model, version, algorithm, dimensions, metrics
FROM assay.train_tf_idf('counted', $$VALUES ('This is the first document.'), ('This document is the second document.'), ('And this is the third one.'), ('Is this the first document?')$$);
SELECT assay.embed('counted', 'This is the first document.');
SELECT dimensions FROM assay.train_tf_idf('hashed', $$VALUES ('one two two'), ('two three')$$, '{"hashed": true, "width": 8, "sublinear_tf": true}');
SELECT round(sum(number * number)::numeric, 4) AS length FROM unnest(assay.embed('hashed', 'one two')) AS number;

-- What is not allowed.
SELECT * FROM assay.train_word2vec('bad', 'SELECT sentence FROM tutorial');
SELECT * FROM assay.train_word2vec('bad', 'SELECT sentence FROM tutorial', '{"vector_sizes": 3}');
SELECT * FROM assay.train_word2vec('bad', 'SELECT sentence FROM tutorial', '{"vector_size": 0}');
SELECT * FROM assay.train_word2vec('bad', 'SELECT sentence FROM tutorial', '{"sg": 2}');
SELECT * FROM assay.train_word2vec('bad', 'SELECT sentence FROM tutorial', '{"negative": 0}');
SELECT * FROM assay.train_word2vec('bad', 'SELECT id FROM tutorial');
SELECT * FROM assay.train_word2vec('bad', 'TABLE tutorial');
SELECT * FROM assay.load_word_vectors('bad', $$VALUES ('a', '{1}'::real[]), ('b', '{1,2}')$$);
SELECT * FROM assay.load_word_vectors('bad', $$VALUES ('a', '{1}'::real[]), ('a', '{2}')$$);
SELECT * FROM assay.load_word_vectors('bad', $$VALUES ('a', '{NaN}'::real[])$$);
SELECT * FROM assay.load_word_vectors('bad', 'SELECT word FROM glove');
SELECT * FROM assay.train_tf_idf('bad', $$VALUES ('...')$$);
SELECT * FROM assay.most_similar('glove', 'pear');
SELECT * FROM assay.most_similar('counted', 'first');
SELECT * FROM assay.vocabulary('nobody');

SELECT assay.drop_model(model) FROM unnest('{tutorial,chunk_words,pets,glove,counted,hashed}'::text[]) AS model;
DROP TABLE tutorial, pet_talk, glove;

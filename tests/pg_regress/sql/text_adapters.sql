-- Adapters: a map that is learned on top of an embedder from questions with texts that answer them.

-- Words of eight things, each with two names; the first names are asked by, and the second are in the texts. Given vectors, of which half the numbers say nothing.
CREATE TABLE thing AS SELECT n, 'ask' || n AS asked, 'tell' || n AS told FROM generate_series(1, 160) AS n;
CREATE FUNCTION noise(n int, at int, side text) RETURNS real LANGUAGE sql IMMUTABLE AS $$
    SELECT (('x' || substr(md5(side || ':' || n || ':' || at), 1, 8))::bit(32)::int / 2147483648.0)::real $$;
SELECT dimensions FROM assay.load_word_vectors('things', $$
    SELECT word, ARRAY(SELECT CASE WHEN at <= 8 THEN noise(n, at, 'signal') ELSE 2 * noise(n, at, word) END FROM generate_series(1, 16) AS at)
    FROM thing, unnest(ARRAY[asked, told]) AS word$$);

SELECT model, version, algorithm, dimensions, metrics ->> 'pairs' AS pairs, metrics ->> 'documents' AS documents,
    (metrics ->> 'ndcg')::float > (metrics ->> 'base_ndcg')::float + 0.1 AS better, (metrics ->> 'difference_low')::float > 0 AS surely, (metrics ->> 'p_value')::float < 0.05 AS significant,
    (metrics ->> 'loss')::float < (metrics ->> 'base_loss')::float AS learned
FROM assay.train_adapter('things_adapted', 'things', 'SELECT asked AS question, told AS document FROM thing', '{"learning_rate": 0.01, "weight_decay": 0}');
-- It is an embedder: vectors of length 1, of its own, in every plan.
SELECT task, algorithm, deployed_version FROM assay.models WHERE model = 'things_adapted';
SELECT array_length(v, 1) AS width, round(sqrt((SELECT sum(x * x) FROM unnest(v) AS x))::numeric, 5) AS length, v <> assay.embed('things', 'ask1') AS other
FROM assay.embed('things_adapted', 'ask1') AS v;
SELECT assay.embed('things_adapted', 'nobody')::text = assay.embed('things', 'nobody')::text AS zeros;
SELECT params, query FROM assay.model_versions WHERE model = 'things_adapted';

-- The same bytes for a seed, on another number of threads, from the rows in another order; others for another seed, and of few columns.
SET assay.threads = 1;
SELECT version FROM assay.train_adapter('things_adapted', 'things@1', 'SELECT asked AS question, told AS document FROM thing ORDER BY n DESC', '{"learning_rate": 0.01, "weight_decay": 0}', deploy => 'never');
RESET assay.threads;
SELECT version FROM assay.train_adapter('things_adapted', 'things', 'SELECT asked AS question, told AS document FROM thing', '{"learning_rate": 0.01, "weight_decay": 0, "seed": 2}', deploy => 'never');
SELECT version, (metrics ->> 'ndcg')::float > (metrics ->> 'base_ndcg')::float AS better, bytes < (SELECT length(v.bytes) FROM assay.model_version AS v JOIN assay.model AS m ON m.id = v.model_id WHERE m.name = 'things_adapted' AND v.version = 1) AS smaller
FROM assay.train_adapter('things_adapted', 'things', 'SELECT asked AS question, told AS document FROM thing', '{"kind": "low_rank", "rank": 4, "learning_rate": 0.02, "weight_decay": 0}', deploy => 'never');
SELECT version, count(*) OVER (PARTITION BY hash) AS alike FROM assay.model_versions WHERE model = 'things_adapted' ORDER BY version;

-- Deployed like a model, and taken back: the next version of the embedder itself.
SELECT version FROM assay.train_adapter('things', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"learning_rate": 0.01, "weight_decay": 0}', deploy => 'if_better');
SELECT deployed_version, algorithm FROM assay.models WHERE model = 'things';
SELECT assay.embed('things', 'tell3') = assay.embed('things@2', 'tell3') AS adapted;
SELECT assay.rollback('things');
SELECT assay.embed('things', 'tell3') = assay.embed('things@1', 'tell3') AS base;
-- Where nothing is better, it is not deployed.
SELECT version FROM assay.train_adapter('vain', 'things@1', $$SELECT asked AS question, 'tell' || (n * 7919) % 160 + 1 AS document FROM thing$$, '{"epochs": 2, "learning_rate": 0.00001}');
SELECT deployed_version FROM assay.models WHERE model = 'vain';
SELECT version FROM assay.train_adapter('vain', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"test": 0}');

-- From clicks, with texts that were not clicked, and further documents.
SELECT metrics ->> 'pairs' AS pairs, (metrics ->> 'documents')::int AS documents, (metrics ->> 'ndcg')::float > (metrics ->> 'base_ndcg')::float AS better
FROM assay.train_adapter('clicked', 'things@1', $$SELECT asked AS question, told AS document, 5 AS clicks FROM thing UNION ALL SELECT a.asked, b.told, 0 FROM thing AS a JOIN thing AS b ON b.n = a.n % 160 + 1$$,
    '{"learning_rate": 0.01, "weight_decay": 0, "documents": "SELECT ''a further '' || told FROM thing"}');
SELECT metrics ->> 'pairs' AS pairs FROM assay.train_adapter('negative', 'things@1', $$SELECT asked AS question, told AS positive, 'tell' || n % 160 + 1 AS negative FROM thing$$, '{"epochs": 2}', deploy => 'never');

-- What is below an adapter stays.
SELECT assay.drop_model('things', 1);
SELECT assay.drop_model('things');
SELECT assay.drop_model('things_adapted'), assay.drop_model('vain'), assay.drop_model('clicked'), assay.drop_model('negative');
SELECT assay.drop_model('things', 2);

-- Vectorizers move to it.
CREATE TABLE told (id int PRIMARY KEY, body text);
INSERT INTO told SELECT n, told FROM thing;
SELECT assay.create_vectorizer('told', '{"column": "body"}', 'things@1', consistency => 'transaction');
SELECT version FROM assay.train_adapter('things', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"learning_rate": 0.01, "weight_decay": 0}', deploy => 'never');
CREATE TABLE judgement AS SELECT asked AS question, n AS key FROM thing;
CREATE TEMPORARY TABLE before AS SELECT value FROM assay.evaluate_retrieval('told', 'TABLE judgement', '{10}', mode => 'vector') WHERE question IS NULL AND measure = 'ndcg';
SELECT assay.alter_vectorizer('told', embedding => 'things@3');
CALL assay.run_queue();
SELECT embedding FROM assay.vectorizers WHERE name = 'told';
SELECT e.value > before.value + 0.1 AS better FROM before, assay.evaluate_retrieval('told', 'TABLE judgement', '{10}', mode => 'vector') AS e WHERE e.question IS NULL AND e.measure = 'ndcg';
SELECT assay.drop_vectorizer('told');

-- Who uses it has to be allowed to use what is below it.
CREATE ROLE adapters_user;
SELECT version FROM assay.train_adapter('shared', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"epochs": 1}', deploy => 'always');
SELECT assay.grant_model('shared', 'adapters_user', 'predict');
SET ROLE adapters_user;
SELECT assay.embed('shared', 'ask1') IS NOT NULL;
RESET ROLE;
SELECT assay.embed('shared', 'ask1') IS NOT NULL AS known;
SET ROLE adapters_user;
SELECT assay.embed('shared', 'ask1') IS NOT NULL;
RESET ROLE;
SELECT assay.grant_model('things', 'adapters_user', 'predict');
SET ROLE adapters_user;
SELECT assay.embed('shared', 'ask1') IS NOT NULL AS allowed;
-- Nor is it learned from what its trainer may not read.
SELECT * FROM assay.train_adapter('stolen', 'things@1', 'SELECT asked AS question, told AS document FROM thing');
SELECT * FROM assay.train_adapter('shared', 'things@1', $$SELECT 'a' AS question, 'b' AS document$$);
RESET ROLE;

-- What is not allowed.
SELECT * FROM assay.train_adapter('bad', 'nothing', 'SELECT asked AS question, told AS document FROM thing');
SELECT * FROM assay.train_adapter('bad', 'shared', 'SELECT asked AS question, told AS document FROM thing');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked, told AS document FROM thing');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question FROM thing');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document, told AS clicks FROM thing');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing LIMIT 1');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"temperatur": 1}');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"temperature": 0}');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"kind": "deep"}');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing', '{"documents": "SELECT 1"}');
SELECT * FROM assay.train_adapter('bad', 'things@1', 'SELECT asked AS question, told AS document FROM thing', deploy => 'maybe');

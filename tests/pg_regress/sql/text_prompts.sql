-- Prompts: templates as versions in the registry.
CREATE ROLE assay_writer_of_prompts;
CREATE ROLE assay_reader_of_prompts;
SET ROLE assay_writer_of_prompts;
SELECT assay.create_prompt('regress_prompt', 'Answer in ${the language}: $question');
SELECT assay.create_prompt('regress_prompt', 'Be short. $question costs $$5, {"as": "JSON"}.');
SELECT assay.create_prompt('regress_prompt', '한국어로 답하라: $질문', deploy => 'always');
SELECT assay.create_prompt('regress_bare', 'Say nothing.', 'never');
SELECT prompt, version, deployed, aliases, template, names, owner, created_by FROM assay.prompts ORDER BY prompt, version;
SELECT model, task, algorithm, versions FROM assay.models ORDER BY model;
SELECT version, params, features, hash = encode(sha256('assayprm'::bytea || '\x01' || 'Say nothing.'), 'hex') AS hashed FROM assay.model_versions WHERE model = 'regress_bare';

-- What is filled in.
SELECT assay.fill_prompt('regress_prompt@1', '{"the language": "French", "question": "What is tea?"}');
SELECT assay.fill_prompt('regress_prompt', '{"질문": "차는 무엇인가?"}');
SELECT assay.fill_prompt('regress_prompt@2', jsonb_build_object('question', value)) FROM (VALUES (1, '"$question $$"'::jsonb), (2, '7.50'), (3, 'true'), (4, 'null'), (5, '{"a": [1]}'), (6, '"two\nlines"')) AS v (place, value) ORDER BY place;
SELECT assay.fill_prompt('regress_bare@1');
SELECT assay.fill_prompt('regress_bare@1', NULL);
-- Each name has a value, and each value a name.
SELECT assay.fill_prompt('regress_prompt@1', '{"question": "What is tea?"}');
SELECT assay.fill_prompt('regress_prompt@1', '{"question": "a", "the language": "b", "tone": "c"}');
SELECT assay.fill_prompt('regress_bare@1', '{"a": 1}');
SELECT assay.fill_prompt('regress_prompt@1', '[]');
SELECT assay.fill_prompt(NULL);

-- Versions, as those of models.
SELECT assay.set_alias('regress_prompt', 'tested', 2);
SELECT assay.fill_prompt('regress_prompt@tested', '{"question": "Tea"}');
SELECT assay.rollback('regress_prompt');
SELECT assay.deploy('regress_prompt', 2);
SELECT assay.fill_prompt('regress_prompt', '{"question": "Tea"}');
SELECT assay.fill_prompt('regress_prompt@9');
SELECT assay.fill_prompt('regress_bare');
SELECT assay.fill_prompt('nobody');
SELECT assay.drop_model('regress_prompt', 1);
SELECT version, deployed, aliases FROM assay.prompts WHERE prompt = 'regress_prompt' ORDER BY version;

-- What is none.
SELECT assay.create_prompt('regress_prompt', 'It costs $5');
SELECT assay.create_prompt('regress_prompt', 'An end: $');
SELECT assay.create_prompt('regress_prompt', '${a');
SELECT assay.create_prompt('regress_prompt', '  ');
SELECT assay.create_prompt('regress_prompt', repeat('a', 300000));
SELECT assay.create_prompt('regress_prompt', NULL);
SELECT assay.create_prompt(NULL, 'a');
SELECT assay.create_prompt('a@b', 'a');
SELECT assay.create_prompt('regress_prompt', 'a', 'if_better');
SELECT assay.create_prompt('regress_prompt', 'a', 'perhaps');
SET default_transaction_read_only = on;
SELECT assay.create_prompt('regress_prompt', 'a');
RESET default_transaction_read_only;
-- A name is that of prompts or that of a model, which says nothing here, as a prompt says nothing of a row or a text.
SELECT model, version FROM assay.train('regress_rows', 'SELECT i AS x, i % 7 AS y FROM generate_series(1, 60) AS i', 'y', 'linear_regression', task => 'regression', split => 'none');
SELECT assay.create_prompt('regress_rows', 'a');
SELECT assay.fill_prompt('regress_rows');
SELECT assay.predict('regress_prompt', '{"x": 1}'::jsonb);
SELECT assay.embed('regress_prompt', 'a');
SELECT assay.generate('regress_prompt', 'a');
SELECT assay.drop_model('regress_rows');
RESET ROLE;

-- Whoever may predict with it uses it, and whoever may manage it adds versions.
SET ROLE assay_reader_of_prompts;
SELECT count(*) FROM assay.prompts;
SELECT assay.fill_prompt('regress_prompt', '{"question": "Tea"}');
SELECT assay.create_prompt('regress_prompt', 'mine now');
RESET ROLE;
SELECT assay.grant_model('regress_prompt', 'assay_reader_of_prompts', 'predict');
SET ROLE assay_reader_of_prompts;
SELECT prompt, version, template FROM assay.prompts ORDER BY prompt, version;
SELECT assay.fill_prompt('regress_prompt', '{"question": "Tea"}');
SELECT assay.create_prompt('regress_prompt', 'mine now');
RESET ROLE;
SELECT assay.drop_model(prompt) FROM (SELECT DISTINCT prompt FROM assay.prompts WHERE prompt LIKE 'regress_%') AS p;
DROP OWNED BY assay_writer_of_prompts, assay_reader_of_prompts;
DROP ROLE assay_writer_of_prompts, assay_reader_of_prompts;

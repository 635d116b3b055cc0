-- Models that answer in words, as far as they can be told without one that answers: what is registered, arguments, rights, and what waits.
CREATE ROLE assay_owner_of_writers;
CREATE ROLE assay_caller_of_writers;
CREATE ROLE assay_stranger_to_writers;
GRANT USAGE ON FOREIGN DATA WRAPPER assay_http TO assay_owner_of_writers;
GRANT CREATE ON SCHEMA public TO assay_owner_of_writers;
SET ROLE assay_owner_of_writers;
CREATE SERVER regress_writer FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://host.example/v1', price_per_million_answer_tokens 'much');
CREATE SERVER regress_writer FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://host.example/v1', price_per_million_tokens '1', price_per_million_answer_tokens '4');

-- What is registered.
SELECT assay.register_remote('regress_writer', 'regress_writer', 'm', 'generation', max_tokens => 100, request => '{"temperature": 0, "max_completion_tokens": 20}');
SELECT version, task, algorithm, deployed, params FROM assay.model_versions WHERE model = 'regress_writer' ORDER BY version;
SELECT assay.register_remote('x', 'regress_writer', 'm', 'generation', dimensions => 4);
SELECT assay.register_remote('x', 'regress_writer', 'm', 'prompt');
SELECT assay.register_remote('x', 'regress_writer', 'm', 'generation', request => '{"messages": []}');
SELECT assay.register_remote('x', 'regress_writer', 'm', 'generation', request => '{"stream": true}');
SELECT assay.register_remote('x', 'regress_writer', 'm', 'generation', request => '{"max_tokens": 0}');
SELECT assay.register_remote('x', 'regress_writer', 'm', 'generation', request => '{"max_tokens": 5, "max_completion_tokens": 5}');
SELECT assay.embed('regress_writer', 'a');
SELECT assay.embed_remote('regress_writer', 'a');
SELECT assay.rerank_remote('regress_writer', 'a', '{b}');
SELECT assay.predict('regress_writer', '{"x": 1}'::jsonb);

-- Arguments, which are looked at before anything else.
SELECT assay.generate('regress_writer', 'a', on_error => 'skip');
SELECT assay.generate('regress_writer', 'a', on_error => NULL);
SELECT assay.generate(NULL, 'a');
SELECT assay.generate('regress_writer', NULL) IS NULL AS nothing;
SELECT assay.generate('regress_writer', ' ');
SELECT assay.generate('regress_writer', 'a', options => '[]');
SELECT assay.generate('regress_writer', 'a', options => '{"temprature": 1}');
SELECT assay.generate('regress_writer', 'a', options => '{"temperature": 2.5}');
SELECT assay.generate('regress_writer', 'a', options => '{"temperature": "warm"}');
SELECT assay.generate('regress_writer', 'a', options => '{"max_tokens": 0}');
SELECT assay.generate('regress_writer', 'a', options => '{"seed": 0.5}');
SELECT assay.generate('regress_writer', 'a', options => '{"stop": "a"}');
SELECT assay.generate('regress_writer', 'a', options => '{"stop": ["a", "b", "c", "d", "e"]}');
SELECT assay.generate('regress_writer', 'a', options => '{"stop": [""]}');
SELECT assay.generate('regress_writer', 'a', options => '{"retries": 6}');
SELECT assay.generate('regress_writer', 'a', '[]');
SELECT assay.generate('regress_writer', 'a', '{"type": "text"}');
SELECT assay.generate('regress_writer', 'a', '{"properties": {"a": {"items": {"pattern": "^(a+)+$"}}}}');
SELECT assay.generate('regress_writer', 'a', '{"$ref": "#/$defs/a"}');
SELECT assay.generate('regress_writer', 'a', jsonb_build_object('enum', (SELECT jsonb_agg(i) FROM generate_series(1, 6000) AS i)));
SELECT assay.generate('nobody', 'a');
SELECT assay.generate('regress_writer@9', 'a');

-- No host is reached that is not listed, which is nothing to make a NULL of; what the model cannot take is not sent.
SELECT assay.generate('regress_writer', 'a', on_error => 'null');
SET SESSION AUTHORIZATION DEFAULT;
SET assay.endpoints = 'host.example';
SET ROLE assay_owner_of_writers;
SELECT assay.generate('regress_writer', repeat('a', 100), on_error => 'null');
RESET ROLE;
SELECT count(*) FROM assay.endpoint_usage;
RESET assay.endpoints;

-- Rights.
SET ROLE assay_caller_of_writers;
SELECT assay.generate('regress_writer', 'a', on_error => 'null');
SELECT assay.submit('regress_writer', 'a');
RESET ROLE;
SELECT assay.grant_model('regress_writer', 'assay_caller_of_writers', 'predict');
SET ROLE assay_caller_of_writers;
SELECT assay.generate('regress_writer', 'a', on_error => 'null');
SELECT assay.submit('regress_writer', 'a');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER regress_writer TO assay_caller_of_writers;

-- What waits.
SET ROLE assay_caller_of_writers;
SELECT assay.submit('regress_writer', 'What is tea?', '{"type": "string"}', '{"max_tokens": 5}') > 0 AS submitted;
SELECT assay.submit('regress_writer', NULL);
SELECT assay.submit('regress_writer', '');
SELECT assay.submit('regress_writer', 'a', '{"$ref": "#"}');
SELECT assay.submit('regress_writer', 'a', options => '{"tokens": 5}');
SELECT assay.submit('nobody', 'a');
SELECT assay.submit('regress_writer@9', 'a');
BEGIN READ ONLY;
SELECT assay.submit('regress_writer', 'a');
ROLLBACK;
SELECT submitted_by, model, prompt, schema, options, status, answer, attempts, error FROM assay.generations;
SELECT * FROM assay.generation;
RESET ROLE;
SET ROLE assay_stranger_to_writers;
CALL assay.run_queue();
SELECT count(*) FROM assay.generations;
SELECT assay.prune_generations('0');
RESET ROLE;
SET ROLE assay_caller_of_writers;
CALL assay.run_queue();
SELECT status, attempts, error, next_at - failed_at AS wait FROM assay.generations;
RESET ROLE;

-- It is given up in the end; and what is finished can be forgotten.
DO $$
BEGIN
    FOR try IN 2 .. 10 LOOP
        UPDATE assay.generation SET next_at = clock_timestamp(), attempts = try - 1;
        COMMIT;
        CALL assay.run_queue();
    END LOOP;
END $$;
SELECT status, attempts, answer, error IS NOT NULL AS failed, next_at, finished_at = failed_at AS given_up FROM assay.generations;
SELECT assay.prune_generations(NULL);
SELECT assay.prune_generations('1 day');
SET ROLE assay_stranger_to_writers;
SELECT assay.prune_generations('0');
RESET ROLE;
SET ROLE assay_caller_of_writers;
SELECT assay.prune_generations('0');
-- What waits can be taken back, by whoever acts for who submitted it.
SELECT assay.submit('regress_writer', 'Never mind.') AS never_mind \gset
RESET ROLE;
SET ROLE assay_stranger_to_writers;
SELECT assay.withdraw(:never_mind);
RESET ROLE;
SET ROLE assay_caller_of_writers;
SELECT assay.withdraw(NULL);
BEGIN READ ONLY;
SELECT assay.withdraw(:never_mind);
ROLLBACK;
SELECT assay.withdraw(:never_mind);
SELECT assay.withdraw(:never_mind), assay.withdraw(-1);
SELECT prompt, status, attempts, next_at, finished_at IS NOT NULL AS finished, withdrawn_by FROM assay.generations;
CALL assay.run_queue();
SELECT prompt, status, attempts FROM assay.generations;
SELECT assay.prune_generations('0');
-- A role that submitted something is known to have done so.
SELECT assay.submit('regress_writer', 'Who asks?') > 0 AS submitted;
RESET ROLE;
SELECT assay.revoke_model('regress_writer', 'assay_caller_of_writers', 'predict');
DROP OWNED BY assay_caller_of_writers;
DROP ROLE assay_caller_of_writers;
SELECT count(*) FROM assay.reassign_owned('assay_caller_of_writers', 'assay_owner_of_writers');
DROP ROLE assay_caller_of_writers;
SELECT submitted_by, prompt, status FROM assay.generations;
SELECT assay.drop_model('regress_writer');
SELECT count(*) FROM assay.drop_owned('assay_owner_of_writers');
SELECT count(*) FROM assay.generations;
DROP SERVER regress_writer CASCADE;
DROP OWNED BY assay_owner_of_writers, assay_stranger_to_writers;
DROP ROLE assay_owner_of_writers, assay_stranger_to_writers;

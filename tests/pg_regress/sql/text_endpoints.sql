-- Endpoints, as far as they can be told without one that answers: options, rights, what is registered, what may be reached.
CREATE ROLE assay_owner_of_endpoints;
CREATE ROLE assay_caller_of_endpoints;
GRANT USAGE ON FOREIGN DATA WRAPPER assay_http TO assay_owner_of_endpoints;
GRANT CREATE ON SCHEMA public TO assay_owner_of_endpoints;

-- Options are looked at when they are set, and an error does not repeat them.
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http;
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://user:sk-secret@host/v1');
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'file:///etc/passwd');
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://host/v1', api 'cohere');
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://host/v1', timeout '2000');
CREATE SERVER wrong FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://host/v1', api_key 'sk-secret');

SET ROLE assay_owner_of_endpoints;
CREATE SERVER regress_llm FOREIGN DATA WRAPPER assay_http OPTIONS (
    base_url 'https://host.example/v1', api 'openai', model 'default', timeout '2s', requests_per_minute '60', tokens_per_day '1000', batch_size '8');
ALTER SERVER regress_llm OPTIONS (SET requests_per_minute 'many');
CREATE USER MAPPING FOR assay_owner_of_endpoints SERVER regress_llm OPTIONS (api_key 'sk secret');
CREATE USER MAPPING FOR assay_owner_of_endpoints SERVER regress_llm OPTIONS (api_key 'sk-secret', api_key_variable 'KEY');
CREATE USER MAPPING FOR assay_owner_of_endpoints SERVER regress_llm OPTIONS (api_key 'sk-secret');
-- There is nothing to be read.
CREATE FOREIGN TABLE regress_nothing (a int) SERVER regress_llm;
SELECT * FROM regress_nothing;
CREATE FOREIGN TABLE regress_options (a int) SERVER regress_llm OPTIONS (url 'x');

-- What is registered.
SELECT assay.register_remote('regress_remote', 'regress_llm', dimensions => 4);
SELECT assay.register_remote('regress_remote', 'regress_llm', 'other', dimensions => 8, request => '{"dimensions": 8}');
SELECT version, task, algorithm, deployed, params FROM assay.model_versions WHERE model = 'regress_remote' ORDER BY version;
SELECT assay.register_remote('regress_ranker', 'regress_llm', task => 'reranking', deploy => 'never');
SELECT assay.register_remote('x', 'regress_none', dimensions => 4);
SELECT assay.register_remote('x', 'regress_llm');
SELECT assay.register_remote('x', 'regress_llm', dimensions => 0);
SELECT assay.register_remote('x', 'regress_llm', task => 'reranking', dimensions => 4);
SELECT assay.register_remote('x', 'regress_llm', task => 'chat', dimensions => 4);
SELECT assay.register_remote('x', 'regress_llm', dimensions => 4, max_tokens => 0);
SELECT assay.register_remote('x', 'regress_llm', dimensions => 4, request => '{"input": []}');
SELECT assay.register_remote('x', 'regress_llm', dimensions => 4, request => '[]');
SELECT assay.register_remote('x', 'regress_llm', dimensions => 4, tokenizer => 'regress_remote');
SELECT assay.register_remote('x', 'regress_llm', dimensions => 4, tokenizer => 'nobody');
SELECT assay.register_remote(NULL, 'regress_llm', dimensions => 4);

-- No host may be reached unless a superuser lists it.
SELECT assay.embed_remote('regress_remote', 'a text');
SET assay.endpoints = 'host.example';
SELECT assay.embed_remote('regress_remote', '');
SELECT assay.embed_remote('regress_remote', ARRAY['a', NULL]);
SELECT assay.embed_remote('regress_remote', NULL::text);
SELECT assay.embed_remote('regress_remote@9', 'a');
SELECT assay.embed_remote('regress_ranker@1', 'a');
SELECT assay.rerank_remote('regress_remote', 'q', '{a}');
SELECT assay.grant_model('regress_remote', 'assay_caller_of_endpoints', 'predict');
RESET ROLE;

-- USAGE on the server and a privilege on the model.
SET ROLE assay_caller_of_endpoints;
SELECT assay.embed_remote('regress_remote', 'a text');
SELECT assay.register_remote('his', 'regress_llm', dimensions => 4);
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER regress_llm TO assay_caller_of_endpoints;
SET ROLE assay_caller_of_endpoints;
SELECT assay.embed_remote('regress_remote', 'a text');
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'regress_llm';
SELECT count(*) FROM assay.endpoint_usage;
SELECT * FROM assay.endpoint_use;
RESET ROLE;

-- Addresses that are never reached, whoever lists them. A key in a file that nobody allowed is not read.
SET assay.endpoints = '169.254.169.254, [::ffff:a9fe:a9fe]:80, not a host';
SELECT assay.embed_remote('regress_remote', 'a text');
SET assay.endpoints = '*.example';
SELECT assay.embed_remote('regress_remote', 'a text');
SET assay.endpoints = 'host.example';
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_llm OPTIONS (api_key_file '/etc/shadow');
SELECT assay.embed_remote('regress_remote', 'a text');
ALTER USER MAPPING FOR CURRENT_USER SERVER regress_llm OPTIONS (DROP api_key_file, ADD api_key_variable 'PATH');
SELECT assay.embed_remote('regress_remote', 'a text');
DROP USER MAPPING FOR CURRENT_USER SERVER regress_llm;
ALTER SERVER regress_llm OPTIONS (SET base_url 'http://169.254.169.254/latest');
SET assay.endpoints = '169.254.169.254';
SELECT assay.embed_remote('regress_remote', 'a text');
SELECT server, called_by = CURRENT_USER AS mine, calls, failed, tokens, cost FROM assay.endpoint_usage;
SELECT model, failed, tokens, finished_at >= booked_at AS finished FROM assay.endpoint_calls;

DROP FOREIGN TABLE regress_nothing;
DROP SERVER regress_llm CASCADE;
SELECT assay.embed_remote('regress_remote', 'a text');
SELECT assay.drop_model(model) FROM assay.models WHERE model LIKE 'regress_r%';
DROP OWNED BY assay_owner_of_endpoints, assay_caller_of_endpoints;
DROP ROLE assay_owner_of_endpoints, assay_caller_of_endpoints;

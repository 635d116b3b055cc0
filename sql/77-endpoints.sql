-- Endpoints: servers elsewhere that embed, rerank and write texts. CREATE SERVER says where one is, USAGE on it who may call it, a user mapping with which key;
-- assay.endpoints says which hosts may be reached at all. What is called is booked first, by a background worker, so that no rollback takes it back.

CREATE FUNCTION assay_internal.http_validator(options text[], catalog oid) RETURNS void
AS 'MODULE_PATHNAME', 'http_validator_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.http_validator(text[], oid) IS
'Looks at the options of servers and user mappings of assay_http when they are set. Errors: 22023.';

CREATE FOREIGN DATA WRAPPER assay_http NO HANDLER VALIDATOR assay_internal.http_validator;
COMMENT ON FOREIGN DATA WRAPPER assay_http IS
'Endpoints that speak OpenAI''s protocol. Options of a server: base_url, api (openai), model, timeout (seconds), requests_per_minute, tokens_per_day, cost_per_day, price_per_million_tokens, price_per_million_answer_tokens, batch_size, ca_file, columns (which columns of tables may leave for it: schema.table.column or schema.table.*, with commas between), redact (a policy of assay.redact, or one action: what is taken out of texts before they leave); of a user mapping: one of api_key, api_key_file, api_key_variable.';

-- Who creates an extension that is trusted owns it, but not what it contains.
CREATE FUNCTION assay_internal.grant_wrapper() RETURNS void
AS 'MODULE_PATHNAME', 'grant_wrapper_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.grant_wrapper() IS
'For the install script, and those that update the extension: grants USAGE on the foreign data wrapper to the role that installed the extension, unless it is a superuser.';
REVOKE EXECUTE ON FUNCTION assay_internal.grant_wrapper() FROM PUBLIC;

SELECT assay_internal.grant_wrapper();

CREATE TABLE assay.endpoint_use (
    server    text COLLATE "C" NOT NULL,
    called_by text COLLATE "C" NOT NULL,
    day       date NOT NULL,
    calls     bigint NOT NULL,
    failed    bigint NOT NULL,
    tokens    bigint NOT NULL,
    cost      double precision NOT NULL,
    PRIMARY KEY (server, day, called_by)
) WITH (fillfactor = 50);
COMMENT ON TABLE assay.endpoint_use IS 'What each server has taken, one row per role and day. Read the view assay.endpoint_usage instead.';
COMMENT ON COLUMN assay.endpoint_use.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_use.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_use.day IS 'The day, in UTC.';
COMMENT ON COLUMN assay.endpoint_use.calls IS 'How often it was called.';
COMMENT ON COLUMN assay.endpoint_use.failed IS 'How many of these calls have failed.';
COMMENT ON COLUMN assay.endpoint_use.tokens IS 'The tokens: what the server said that it took, or what the call was booked for where it did not say.';
COMMENT ON COLUMN assay.endpoint_use.cost IS 'What they cost, at the price that the server''s options said.';

CREATE TABLE assay.endpoint_call (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    server      text COLLATE "C" NOT NULL,
    called_by   text COLLATE "C" NOT NULL,
    model       text NOT NULL,
    day         date NOT NULL,
    booked_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    failed      boolean,
    tokens      bigint NOT NULL,
    cost        double precision NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX endpoint_call_server_idx ON assay.endpoint_call (server, booked_at);
COMMENT ON TABLE assay.endpoint_call IS 'The calls of the last hour, one row each. Read the view assay.endpoint_calls instead.';
COMMENT ON COLUMN assay.endpoint_call.id IS 'The call''s key.';
COMMENT ON COLUMN assay.endpoint_call.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_call.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_call.model IS 'The name of the model there.';
COMMENT ON COLUMN assay.endpoint_call.day IS 'The day that it was booked on, in UTC.';
COMMENT ON COLUMN assay.endpoint_call.booked_at IS 'When it was booked, before it was made.';
COMMENT ON COLUMN assay.endpoint_call.finished_at IS 'When it was over; NULL while it is on its way, and for good where its statement was cancelled.';
COMMENT ON COLUMN assay.endpoint_call.failed IS 'Whether it has failed.';
COMMENT ON COLUMN assay.endpoint_call.tokens IS 'What it took; until it is over, the most that it may take.';
COMMENT ON COLUMN assay.endpoint_call.cost IS 'What that costs.';

-- Whose servers the current role looks after: its own, and in the end the database's owner.
CREATE VIEW assay_internal.kept_server AS
    SELECT s.srvname::pg_catalog.text COLLATE "C" AS server
    FROM pg_catalog.pg_foreign_server AS s
    WHERE pg_catalog.pg_has_role(s.srvowner, 'USAGE');
COMMENT ON VIEW assay_internal.kept_server IS 'The foreign servers whose owner''s rights the current role has.';
COMMENT ON COLUMN assay_internal.kept_server.server IS 'The name of the server.';

CREATE VIEW assay_internal.is_steward AS
    SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS steward
    FROM pg_catalog.pg_database AS d
    WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database();
COMMENT ON VIEW assay_internal.is_steward IS 'Whether the current role has the rights of the database''s owner.';
COMMENT ON COLUMN assay_internal.is_steward.steward IS 'Whether it has.';

CREATE VIEW assay.endpoint_usage WITH (security_barrier) AS
    SELECT u.server, u.called_by, u.day, u.calls, u.failed, u.tokens, u.cost
    FROM assay.endpoint_use AS u
    WHERE u.called_by OPERATOR(pg_catalog.=) CURRENT_USER
       OR EXISTS (SELECT FROM assay_internal.kept_server AS k WHERE k.server OPERATOR(pg_catalog.=) u.server)
       OR (SELECT s.steward FROM assay_internal.is_steward AS s);
COMMENT ON VIEW assay.endpoint_usage IS
'What endpoints have taken, by server, role and day in UTC: of the current role''s own calls, of servers that are its own, and for the database''s owner of all.
Example: SELECT server, day, calls, tokens, cost FROM assay.endpoint_usage ORDER BY day DESC, server';
COMMENT ON COLUMN assay.endpoint_usage.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_usage.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_usage.day IS 'The day, in UTC.';
COMMENT ON COLUMN assay.endpoint_usage.calls IS 'How often it was called.';
COMMENT ON COLUMN assay.endpoint_usage.failed IS 'How many of these calls have failed.';
COMMENT ON COLUMN assay.endpoint_usage.tokens IS 'The tokens: what the server said that it took, or what the call was booked for where it did not say.';
COMMENT ON COLUMN assay.endpoint_usage.cost IS 'What they cost, at the server''s price_per_million_tokens, and price_per_million_answer_tokens of those that a model wrote.';

CREATE VIEW assay.endpoint_calls WITH (security_barrier) AS
    SELECT c.id, c.server, c.called_by, c.model, c.booked_at, c.finished_at, c.failed, c.tokens, c.cost
    FROM assay.endpoint_call AS c
    WHERE c.called_by OPERATOR(pg_catalog.=) CURRENT_USER
       OR EXISTS (SELECT FROM assay_internal.kept_server AS k WHERE k.server OPERATOR(pg_catalog.=) c.server)
       OR (SELECT s.steward FROM assay_internal.is_steward AS s);
COMMENT ON VIEW assay.endpoint_calls IS
'The calls of endpoints of the last hour, for those who see them in assay.endpoint_usage.
Example: SELECT server, model, booked_at, finished_at, failed, tokens FROM assay.endpoint_calls ORDER BY id DESC LIMIT 10';
COMMENT ON COLUMN assay.endpoint_calls.id IS 'The call''s key.';
COMMENT ON COLUMN assay.endpoint_calls.server IS 'The name of the server.';
COMMENT ON COLUMN assay.endpoint_calls.called_by IS 'The name of the role that called it, as it was then.';
COMMENT ON COLUMN assay.endpoint_calls.model IS 'The name of the model there.';
COMMENT ON COLUMN assay.endpoint_calls.booked_at IS 'When it was booked, before it was made.';
COMMENT ON COLUMN assay.endpoint_calls.finished_at IS 'When it was over; NULL while it is on its way, and for good where its statement was cancelled.';
COMMENT ON COLUMN assay.endpoint_calls.failed IS 'Whether it has failed.';
COMMENT ON COLUMN assay.endpoint_calls.tokens IS 'What it took; until it is over, the most that it may take.';
COMMENT ON COLUMN assay.endpoint_calls.cost IS 'What that costs.';

GRANT SELECT ON assay.endpoint_usage, assay.endpoint_calls TO PUBLIC;

-- The calls of the last hour are nothing to keep.
SELECT pg_catalog.pg_extension_config_dump('assay.endpoint_use', '');

CREATE FUNCTION assay.register_remote(
    name text, server text, model text DEFAULT NULL, task text DEFAULT 'embedding', dimensions integer DEFAULT NULL, max_tokens integer DEFAULT NULL,
    tokenizer text DEFAULT NULL, request jsonb DEFAULT '{}', deploy text DEFAULT 'auto') RETURNS integer
AS 'MODULE_PATHNAME', 'register_remote_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.register_remote(text, text, text, text, integer, integer, text, jsonb, text) IS
'Adds a version of a model that answers elsewhere, and gives its number. server: a foreign server of assay_http that the caller has USAGE on. model: its name there, the server''s option model unless given. task: embedding, reranking or generation. dimensions: how many numbers a vector has. max_tokens: the most tokens of a text; of a model that writes, of what it is asked and its answer together. tokenizer: a local embedder that cuts texts into the same tokens; without one each byte counts as one. request: what each request says beside, such as {"dimensions": 256}; for a model that writes also the most tokens of an answer, as max_tokens or by the name max_completion_tokens where the server wants that one. deploy: auto (where none is deployed), always or never. Nothing is called. Errors: 22023, 42501, 42704.
Example: SELECT assay.register_remote(''small'', ''llm'', ''text-embedding-3-small'', dimensions => 1536)';

CREATE FUNCTION assay.embed_remote(model text, input text) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_remote_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.embed_remote(text, text) IS
'The vector of a text, from an endpoint. The call is booked first, and stays booked when the transaction is rolled back. Takes the privilege predict on the model and USAGE on its server. Errors: ML031 come again later, ML032 the day''s budget is used up, ML033 it fails, ML034 it refuses, 55000 the call cannot be booked, 42501 the host may not be reached.
Example: SELECT assay.embed_remote(''small'', ''a text'')';

CREATE FUNCTION assay.embed_remote(model text, input text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_remote_many_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.embed_remote(text, text[]) IS
'The vectors of texts, one row each, from an endpoint, which is called once for each batch_size of them. Else as of one text.
Example: SELECT assay.embed_remote(''small'', ARRAY[''a text'', ''another''])';

CREATE FUNCTION assay.rerank_remote(model text, query text, documents text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'rerank_remote_wrapper' LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION assay.rerank_remote(text, text, text[]) IS
'How well each document answers a query, from an endpoint for reranking: a number for each, in their order. Else as assay.embed_remote.
Example: SELECT assay.rerank_remote(''ranker'', ''what is it?'', ARRAY[''it is this'', ''a text''])';

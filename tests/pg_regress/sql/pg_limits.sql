-- A role may lower assay.max_memory and assay.threads, but not raise them above the limits that a superuser has set.
CREATE ROLE assay_limited LOGIN;
CREATE SCHEMA limited AUTHORIZATION assay_limited;
CREATE TABLE limited.line AS SELECT i, 'text ' || i AS c, 2 * i AS y FROM generate_series(1, 30000) AS i;
GRANT SELECT ON limited.line TO assay_limited;
ANALYZE limited.line;
SELECT assay.labels('none');

-- The smaller of the two counts, whichever was set last, and however high the setting is; the error says which it is.
SET assay.max_memory_limit = '1MB';
SET ROLE assay_limited;
SET assay.max_memory = '1TB';
CALL fails($$SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge')$$);
BEGIN;
SET LOCAL assay.max_memory = '2MB';
CALL fails($$SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge', exclude => '{c}')$$);
ROLLBACK;
CREATE FUNCTION limited.train() RETURNS int LANGUAGE sql SET assay.max_memory = '1TB' AS $$ SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge') $$;
CALL fails('SELECT limited.train()');
CALL fails('SET assay.max_memory_limit = 0');
CALL fails('SET assay.threads_limit = 0');
CALL fails('CREATE FUNCTION limited.raise() RETURNS int LANGUAGE sql SET assay.max_memory_limit = 0 AS ''SELECT 1''');
CALL fails('ALTER ROLE assay_limited SET assay.max_memory_limit = 0');
CALL fails('SELECT set_config(''assay.max_memory_limit'', ''0'', false)');
RESET ROLE;
RESET assay.max_memory_limit;
SET ROLE assay_limited;
SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge', exclude => '{c}');
-- Below the limit a role's own setting is the one.
RESET ROLE;
SET assay.max_memory_limit = '1GB';
SET ROLE assay_limited;
SET assay.max_memory = '1MB';
CALL fails($$SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge')$$);
RESET ROLE;

-- Set for a role, before the library is loaded; what the role itself says by then of the limits is not heard.
ALTER ROLE assay_limited SET assay.max_memory_limit = '1MB';
ALTER ROLE assay_limited SET assay.threads_limit = 1;
\c - assay_limited
SET assay.max_memory_limit = 0;
SET assay.max_memory = '1TB';
SET assay.threads = 64;
CALL fails($$SELECT version FROM assay.train('limited', 'limited.line', 'y', 'ridge')$$);
SHOW assay.max_memory_limit;
SHOW assay.threads_limit;
CALL fails('RESET assay.max_memory_limit');
SELECT assay.drop_model('limited');
\c - postgres
ALTER ROLE assay_limited RESET ALL;
SET client_min_messages = warning;
DROP SCHEMA limited CASCADE;
DROP ROLE assay_limited;

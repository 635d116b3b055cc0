-- What a stored check's functions can do: they read. Nothing of what they try stays in the session, not even for the role that added the check.
CREATE ROLE identity_reader;
CREATE TABLE identity_rows AS SELECT i AS id FROM generate_series(1, 3) AS i;
CREATE FUNCTION tries(statement text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN EXECUTE statement; RETURN true; END $$;
CREATE FUNCTION identity_check(statement text) RETURNS bigint RETURN assay.add_check('identity_rows', 'unique', 'id', "where" => format('id > 1 OR tries(%L)', statement), name => statement);
CREATE VIEW identity_session AS
SELECT session_user AS session_role, current_user AS role, current_setting('search_path') AS search_path, current_setting('row_security') AS row_security,
    (SELECT count(*) FROM pg_prepared_statements) AS prepared, (SELECT count(*) FROM pg_listening_channels()) AS channels, (SELECT count(*) FROM pg_cursors WHERE is_holdable) AS held,
    (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory') AS advisory_locks;
SELECT count(identity_check(statement)) AS checks FROM unnest(ARRAY[
    'SELECT 1',
    'INSERT INTO identity_rows VALUES (4)',
    'CREATE TABLE identity_made ()',
    'CREATE TEMP TABLE identity_temporary ()',
    'GRANT SELECT ON identity_rows TO PUBLIC',
    'PREPARE identity_prepared AS SELECT 1',
    'LISTEN identity_channel',
    'DECLARE identity_cursor CURSOR WITH HOLD FOR SELECT 1',
    'SET ROLE identity_reader',
    'SET SESSION AUTHORIZATION identity_reader',
    'RESET ROLE',
    'SET transaction_read_only = off',
    'SET search_path = nowhere',
    'SET row_security = off',
    'SELECT set_config(''search_path'', ''nowhere'', false)',
    'SELECT pg_advisory_xact_lock(4711)',
    'LOCK TABLE identity_rows IN EXCLUSIVE MODE']) AS statement;
SELECT * FROM identity_session;
SELECT name, status, message FROM assay.run_checks('identity_rows') ORDER BY check_id;
SELECT * FROM identity_session;
-- The session can write as before.
INSERT INTO identity_rows VALUES (4);
SELECT count(*) AS rows FROM identity_rows;
-- Nor do they leave anything when they are explained and when their rows are shown.
SELECT count(*) AS lines FROM assay.explain_checks('identity_rows');
SELECT count(*) AS rows FROM assay.checks AS c, assay.failing_rows(c.check_id) WHERE c.relation = 'identity_rows'::regclass AND c.name LIKE 'SELECT set_config%';
SELECT * FROM identity_session;

SELECT count(assay.drop_check(check_id)) AS dropped FROM assay.checks WHERE relation = 'identity_rows'::regclass;
DROP VIEW identity_session;
DROP FUNCTION identity_check, tries;
DROP TABLE identity_rows;
DROP ROLE identity_reader;

-- Whom a stored check runs as: the owner of its relation where who added it has that owner's rights, else who added it; never its caller.

CREATE ROLE identity_attacker;
CREATE ROLE identity_secretary;
CREATE ROLE identity_analyst;
CREATE ROLE identity_scheduler;
GRANT identity_secretary TO identity_analyst;
CREATE SCHEMA identity AUTHORIZATION identity_attacker;
GRANT USAGE, CREATE ON SCHEMA identity TO PUBLIC;
CREATE TABLE identity.salary (name text, eur int);
INSERT INTO identity.salary VALUES ('Ada', 4711);
ALTER TABLE identity.salary OWNER TO identity_secretary;

-- The attacker's function tries what would serve it, and says as whom and how it ended.
SET ROLE identity_attacker;
CREATE TABLE identity.loot (what text);
GRANT INSERT ON identity.loot TO PUBLIC;
CREATE FUNCTION identity.attack(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    action text;
    ended text[];
BEGIN
    FOREACH action IN ARRAY ARRAY[
        'ALTER ROLE identity_attacker SUPERUSER',
        'GRANT identity_secretary TO identity_attacker',
        'INSERT INTO identity.loot VALUES (current_user)',
        'SELECT eur FROM identity.salary',
        'SET ROLE postgres',
        'RESET ROLE',
        'RESET SESSION AUTHORIZATION',
        'CREATE TEMP TABLE left_behind (x int)',
        'SELECT set_config(''search_path'', ''identity'', false)',
        'SELECT set_config(''identity.left_behind'', ''yes'', false)'] LOOP
        BEGIN
            EXECUTE action;
            ended := ended || 'done'::text;
        EXCEPTION WHEN OTHERS THEN
            ended := ended || SQLSTATE;
        END;
    END LOOP;
    RAISE INFO 'as %: %', current_user, ended;
    RETURN n;
END $$;
-- Immutable functions run while PostgreSQL plans.
CREATE FUNCTION identity.planned() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM identity.attack(1);
    RETURN 1;
END $$;
CREATE VIEW identity.bait AS SELECT identity.attack(1) AS x;
CREATE VIEW identity.planned_bait AS SELECT 1 AS x WHERE identity.planned() = 1;
GRANT SELECT ON identity.bait, identity.planned_bait TO PUBLIC;
SELECT assay.add_check('identity.bait', 'not_null', 'x', name => 'bait') AS bait \gset
RESET ROLE;
SHOW search_path;

\echo the attacker runs it
SET ROLE identity_attacker;
SELECT name, status, role FROM assay.run_checks('identity.bait');
\echo somebody else who may read the view does: by its name, and with all that he may read
SET ROLE identity_analyst;
SELECT name, status, role FROM assay.run_checks('identity.bait');
SELECT name, status, role FROM assay.run_checks() WHERE relation = 'identity.bait';
SELECT assay.assert_checks('identity.bait');
SELECT name, answered_by, role FROM assay.explain_checks('identity.bait');
\echo a superuser does
RESET ROLE;
SELECT name, status, role FROM assay.run_checks('identity.bait');
SELECT count(*) FROM assay.failing_rows(:bait);
\echo a superuser adds one himself: it runs as the owner of the view
SELECT assay.add_check('identity.planned_bait', 'not_null', 'x', name => 'planned bait') AS planned \gset
SELECT name, status, role FROM assay.run_checks('identity.planned_bait');
SELECT name, answered_by, role FROM assay.explain_checks('identity.planned_bait') WHERE name IS NOT NULL;
-- Nothing of all that is left.
SELECT rolname, rolsuper, ARRAY(SELECT roleid::regrole FROM pg_auth_members WHERE member = r.oid) AS member_of FROM pg_roles AS r WHERE rolname = 'identity_attacker';
SELECT count(*) AS loot FROM identity.loot;
SHOW search_path;
SELECT nullif(current_setting('identity.left_behind', true), '') AS left_behind, to_regclass('left_behind') AS left_behind_table;
SELECT assay.drop_check(:bait), assay.drop_check(:planned);

-- A check carries any query: it reads with the rights of the role that it runs as, which are looked at when it is added ...
SET ROLE identity_attacker;
CREATE TABLE identity.decoy (x int);
INSERT INTO identity.decoy VALUES (1);
GRANT SELECT ON identity.decoy TO PUBLIC;
CALL fails($$SELECT assay.add_check('identity.decoy', 'equal_rowcount', args => '{"compare_model": "select generate_series(1, (select eur from identity.salary limit 1))"}')$$);
CALL fails($$SELECT assay.add_check('identity.decoy', 'relationships', 'x', '{"to": "identity.salary", "field": "eur"}')$$);
CALL fails($$SELECT assay.add_check('identity.decoy', 'expression_is_true', args => '{"expression": "x < (select eur from identity.salary)"}')$$);
CALL fails($$SELECT assay.add_check('identity.decoy', 'not_null', 'x', "where" => 'exists (select from identity.salary)')$$);
CALL fails($$SELECT assay.add_check('identity.decoy', 'not_null', 'x', "where" => 'pg_catalog.pg_read_file(''PG_VERSION'') <> ''''')$$);
-- ... and whenever it runs. What the view reads later, its caller may read, but not the role that it runs as.
CREATE VIEW identity.later AS SELECT 1 AS eur;
SELECT assay.add_check('identity.decoy', 'equal_rowcount', args => '{"compare_model": "identity.later"}', name => 'count') AS count \gset
SELECT assay.add_check('identity.decoy', 'not_empty', name => 'fine') AS fine \gset
CREATE OR REPLACE VIEW identity.later AS SELECT generate_series(1, (SELECT eur FROM identity.salary LIMIT 1)) AS eur;
SET ROLE identity_analyst;
SELECT name, status, role, value, message FROM assay.run_checks('identity.decoy');
SELECT eur FROM identity.salary;
SET ROLE identity_attacker;
SELECT name, status, role, message FROM assay.run_checks('identity.decoy');
SELECT name, status, value, message FROM assay.check_history WHERE relation = 'identity.decoy' ORDER BY run_at, name;
SELECT name, answered_by, message FROM assay.explain_checks('identity.decoy') WHERE check_id = :count;
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :count));
SELECT assay.drop_check(:count);
RESET ROLE;

-- A superuser's check on another's table runs as that table's owner, also with what it reads besides.
CALL fails($$SELECT assay.add_check('identity.decoy', 'equal_rowcount', args => '{"compare_model": "identity.salary"}')$$);
SELECT assay.add_check('identity.decoy', 'expression_is_true', args => '{"expression": "current_user = ''identity_attacker''"}', name => 'whose rights') AS whose \gset
SELECT name, status, role FROM assay.run_checks('identity.decoy') WHERE check_id = :whose;
SELECT name, added_by, runs_as FROM assay.checks WHERE check_id = :whose;
-- Given to another owner it runs as that one; where who added it has not the owner's rights, as who added it.
ALTER TABLE identity.decoy OWNER TO identity_secretary;
SELECT name, status, role FROM assay.run_checks('identity.decoy') ORDER BY name;
SELECT name, added_by, runs_as FROM assay.checks WHERE relation = 'identity.decoy'::regclass ORDER BY name;
ALTER TABLE identity.decoy OWNER TO identity_attacker;

-- Rights that are lost make the check an error that names them; what may set triggers no more still runs.
GRANT TRIGGER ON identity.salary TO identity_scheduler;
GRANT SELECT ON identity.salary TO identity_scheduler;
SET ROLE identity_scheduler;
SELECT assay.add_check('identity.salary', 'not_null', 'eur', name => 'lent') AS lent \gset
SELECT assay.add_check('identity.salary', 'columns_match', args => '{"column_list": ["name", "eur"]}', name => 'lent columns') AS lent_columns \gset
RESET ROLE;
REVOKE TRIGGER ON identity.salary FROM identity_scheduler;
SET ROLE identity_scheduler;
SELECT name, status, role FROM assay.run_checks('identity.salary');
RESET ROLE;
REVOKE SELECT ON identity.salary FROM identity_scheduler;
SET ROLE identity_scheduler;
SELECT name, status, role, message FROM assay.run_checks('identity.salary');
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :lent) || '/* lost */');
RESET ROLE;
SELECT assay.drop_check(:lent), assay.drop_check(:lent_columns);

-- What an index or a foreign key proves takes the rights that reading would.
SET ROLE identity_secretary;
CREATE TABLE identity.person (id int PRIMARY KEY, boss int REFERENCES identity.person);
CREATE TABLE identity.desk (person int REFERENCES identity.person);
GRANT TRIGGER ON identity.person, identity.desk TO identity_scheduler;
GRANT SELECT ON identity.desk TO identity_scheduler;
SET ROLE identity_scheduler;
CALL fails($$SELECT assay.add_check('identity.person', 'unique', 'id')$$);
CALL fails($$SELECT assay.add_check('identity.desk', 'relationships', 'person', '{"to": "identity.person", "field": "id"}')$$);
SELECT kind, status, message FROM assay.validate('identity.person', '[{"kind": "unique", "column_name": "id"}, {"kind": "unique_combination", "combination_of_columns": ["id"]}]');
SELECT kind, status, message FROM assay.validate('identity.desk', '[{"kind": "relationships", "column_name": "person", "to": "identity.person", "field": "id"}]');
SET ROLE identity_secretary;
GRANT SELECT (id) ON identity.person TO identity_scheduler;
SET ROLE identity_scheduler;
SELECT kind, status, message FROM assay.validate('select id from identity.person', '[{"kind": "unique", "column_name": "id"}]');
RESET ROLE;

-- A name that is there is changed, by who acts for who added it, and stays that role's.
SET ROLE identity_attacker;
SELECT assay.add_check('identity.decoy', 'accepted_range', 'x', '{"max_value": 10}', name => 'range', tags => '{a}') AS range \gset
SELECT assay.add_check('identity.decoy', 'accepted_range', 'x', '{"max_value": 0}', name => 'range', severity => 'warn') = :range AS changed;
SELECT name, kind, args, severity, tags, added_by FROM assay.checks WHERE check_id = :range;
SELECT name, status, value FROM assay.run_checks('identity.decoy') WHERE check_id = :range;
GRANT TRIGGER ON identity.decoy TO identity_scheduler;
SET ROLE identity_scheduler;
CALL fails($$SELECT assay.add_check('identity.decoy', 'not_null', 'x', name => 'range')$$);
-- Without a name another one is added, whatever name it gets.
SELECT assay.add_check('identity.decoy', 'not_empty') AS another \gset
SELECT assay.add_check('identity.decoy', 'not_empty') > :another AS one_more;
RESET ROLE;
SELECT assay.add_check('identity.decoy', 'not_null', 'x', name => 'range') = :range AS changed;
SELECT name, kind, added_by, runs_as FROM assay.checks WHERE check_id = :range;

-- What a stranger gives the name of a relation that is gone is not read.
SET ROLE identity_secretary;
CREATE TABLE identity.report AS SELECT 1 AS x;
SELECT assay.add_check('identity.report', 'not_null', 'x', name => 'report', tags => '{report}') AS report \gset
DROP TABLE identity.report;
SET ROLE identity_attacker;
CREATE VIEW identity.report AS SELECT identity.attack(1) AS x;
GRANT SELECT ON identity.report TO PUBLIC;
SET ROLE identity_secretary;
SELECT name, status, message, role FROM assay.run_checks(tags => '{report}');
CALL fails(format('SELECT assay.failing_rows(%s)', :report));
SELECT assay.drop_check(:report);
RESET ROLE;

SET client_min_messages = warning;
DO $$ BEGIN PERFORM assay.drop_check(check_id) FROM assay.checks WHERE relation::text LIKE 'identity.%'; END $$;
SELECT assay.prune_history('0 days') >= 0 AS pruned;
DROP SCHEMA identity CASCADE;
SELECT count(*) AS dropped FROM unnest('{identity_attacker,identity_secretary,identity_analyst,identity_scheduler}'::text[]) AS r, assay.drop_owned(r);
DROP ROLE identity_attacker, identity_secretary, identity_analyst, identity_scheduler;

-- Who owns models, checks, baselines and results; what becomes of them when roles are renamed and dropped, and how they change hands.
CREATE ROLE own_ann;
CREATE ROLE own_bob;
CREATE ROLE "own Team";
CREATE ROLE own_guest;
GRANT own_ann TO own_bob;
CREATE SCHEMA own;
GRANT USAGE, CREATE ON SCHEMA own TO own_ann;
-- What depends on a role by assay's views.
CREATE FUNCTION dependencies() RETURNS TABLE (view regclass, role regrole) LANGUAGE sql AS $$
    SELECT objid::regclass, refobjid::regrole FROM pg_shdepend
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 'pg_class'::regclass AND deptype = 'a'
      AND refobjid::regrole::text ~ 'own' AND objid IN (SELECT oid FROM pg_class WHERE relnamespace = 'assay'::regnamespace)
    ORDER BY objid::regclass::text, refobjid::regrole::text $$;

-- The type: a name outside, a number inside.
SELECT 'own_ann'::assay.role AS plain, '"own Team"'::assay.role AS quoted, ' OWN_ANN '::assay.role AS folded, 'public'::assay.role AS everyone,
       'none'::assay.role AS nobody;
SELECT 'own_ann'::assay.role::oid = 'own_ann'::regrole AS same, 'own_ann'::assay.role::regrole, 'own_ann'::regrole::assay.role, 'public'::assay.role::oid;
SELECT 'own_absent'::assay.role AS absent, 'own_absent'::assay.role AS again;
SELECT 'own_absent'::assay.role AS absent;
-- A number is a name like others here; nobody is meant by one.
SELECT '10'::assay.role;
CALL fails($$SELECT ''::assay.role$$);
CALL fails($$SELECT 'a,b'::assay.role$$);
CALL fails($$SELECT '"a'::assay.role$$);

-- Whoever owns something is not dropped.
SET ROLE own_ann;
CREATE TABLE own.loan AS SELECT i AS id, i % 7 AS x, i % 2 = 0 AS y FROM generate_series(1, 100) AS i;
SELECT version FROM assay.train('own_loan', 'own.loan', 'y', 'naive_bayes');
SELECT version FROM assay.train('own_loan', 'own.loan', 'y', 'naive_bayes');
SELECT assay.save_baseline('own_loan', 'own.loan');
SELECT assay.grant_model('own_loan', 'own_guest', 'predict'), assay.grant_model('own_loan', 'public', 'predict');
SELECT assay.add_check('own.loan', 'not_null', 'x', name => 'own_x') > 0 AS added;
SELECT status FROM assay.run_checks('own.loan');
RESET ROLE;
SELECT * FROM dependencies();
CALL fails('DROP ROLE own_guest');
ALTER TABLE own.loan OWNER TO CURRENT_USER;
REVOKE ALL ON SCHEMA own FROM own_ann;
CALL fails('DROP ROLE own_ann');

-- DROP OWNED and REASSIGN OWNED do not know of it, and do no harm.
SET client_min_messages = error;
REASSIGN OWNED BY own_ann TO own_bob;
DROP OWNED BY own_ann;
SET ROLE own_ann;
DROP OWNED BY own_ann;
RESET ROLE;
GRANT own_ann TO own_bob;
RESET client_min_messages;
SELECT * FROM dependencies();

-- A role that is renamed keeps what it has.
ALTER ROLE own_ann RENAME TO "own Ann";
SELECT model, owner FROM assay.models WHERE model = 'own_loan';
SELECT owner FROM assay.baselines WHERE name = 'own_loan';
SELECT added_by FROM assay.checks WHERE name = 'own_x';
-- Who did something is told by the name of then.
SELECT version, trained_by FROM assay.model_versions WHERE model = 'own_loan' ORDER BY version;
SELECT deployed_by FROM assay.deployments WHERE model = 'own_loan';
ALTER ROLE "own Ann" RENAME TO own_ann;

-- To give away takes the privileges of both roles.
SET ROLE own_guest;
CALL fails($$SELECT * FROM assay.reassign_owned('own_ann', 'own_guest')$$);
CALL fails($$SELECT * FROM assay.drop_owned('own_ann')$$);
CALL fails($$SELECT * FROM assay.drop_owned('none')$$);
SET ROLE own_bob;
CALL fails($$SELECT * FROM assay.reassign_owned('own_ann', 'own Team')$$);
CALL fails($$SELECT * FROM assay.reassign_owned('own_ann', 'own_absent')$$);
CALL fails($$SELECT * FROM assay.reassign_owned('own_ann', 'none')$$);
CALL fails($$SELECT * FROM assay.reassign_owned(NULL, 'own_bob')$$);
BEGIN READ ONLY;
CALL fails($$SELECT * FROM assay.reassign_owned('own_ann', 'own_bob')$$);
ROLLBACK;
SELECT * FROM assay.reassign_owned('own_ann', 'own_ann');
SELECT * FROM assay.reassign_owned('own_ann', 'own_bob');
SELECT model, owner FROM assay.models WHERE model = 'own_loan';
SELECT version FROM assay.train('own_loan', 'SELECT i AS x, i % 3 = 0 AS y FROM generate_series(1, 60) AS i', 'y', 'naive_bayes', deploy => 'never');
RESET ROLE;
SELECT * FROM dependencies();
SELECT count(*) AS results, min(ran_as::text) AS role FROM assay.check_history WHERE name = 'own_x';
-- Nothing is left that would hold the role.
DROP ROLE own_ann;
-- The number of its things is another's, if anybody's; the names of then stay.
SELECT version, trained_by FROM assay.model_versions WHERE model = 'own_loan' ORDER BY version;

-- To drop takes the privileges of the role, and takes its grants with it.
SELECT * FROM assay.drop_owned('own_guest');
DROP ROLE own_guest;
SELECT role, privilege FROM assay.model_grants WHERE model = 'own_loan';
SET ROLE own_bob;
SELECT * FROM assay.drop_owned('own_bob');
RESET ROLE;
SELECT * FROM dependencies();
SELECT count(*) AS models FROM assay.models WHERE model = 'own_loan';
DROP ROLE own_bob;

-- The last thing of a kind that goes, by any way, lets the role go.
CREATE ROLE own_carl;
SET ROLE own_carl;
SELECT version FROM assay.train('own_a', 'SELECT i AS x, i AS y FROM generate_series(1, 9) AS i', 'y', 'ridge');
SELECT version FROM assay.train('own_b', 'SELECT i AS x, i AS y FROM generate_series(1, 9) AS i', 'y', 'ridge');
SELECT assay.save_baseline('own_c', 'SELECT 1 AS x');
SELECT assay.grant_model('own_a', 'own Team', 'predict'), assay.grant_model('own_b', 'own Team', 'manage');
SELECT * FROM dependencies();
SELECT assay.drop_model('own_a');
SELECT assay.drop_baseline('own_c');
SELECT * FROM dependencies();
BEGIN;
SELECT assay.drop_model('own_b');
SELECT * FROM dependencies();
SELECT version FROM assay.train('own_b', 'SELECT i AS x, i AS y FROM generate_series(1, 9) AS i', 'y', 'ridge');
SELECT * FROM dependencies();
SAVEPOINT before;
SELECT assay.drop_model('own_b');
ROLLBACK TO before;
COMMIT;
SELECT * FROM dependencies();
SELECT assay.drop_model('own_b');
SELECT * FROM dependencies();
RESET ROLE;
DROP ROLE own_carl, "own Team";

-- Rows that come by COPY, as a restore has them, are of the role they name if the one who restores may act as it, and else his own.
CREATE ROLE own_dora;
CREATE ROLE own_evan IN ROLE own_dora;
GRANT SELECT, INSERT ON assay.model, assay.model_version, assay.model_alias, assay.model_privilege, assay.quality_check, assay.baseline TO own_evan;
SET ROLE own_evan;
COPY assay.model (id, name, owner, last_version) FROM STDIN;
900001	own_one	own_dora	1
900002	own_two	postgres	1
900003	own_three	own_absent	1
900004	own_four	public	1
900005	own_five	none	1
\.
SELECT name, owner FROM assay.model WHERE id BETWEEN 900001 AND 900005 ORDER BY id;
COPY assay.model_privilege FROM STDIN;
900001	public	predict
900001	own_absent	manage
900001	postgres	predict
\.
SELECT role, privilege FROM assay.model_grants WHERE model = 'own_one' ORDER BY 1;
RESET ROLE;
-- Nobody adds to another's model, or has checks of another's table, by it.
SELECT version FROM assay.train('own_six', 'own.loan', 'y', 'naive_bayes');
SELECT id AS six, 'own.loan'::regclass::oid AS loan FROM assay.model WHERE name = 'own_six' \gset
SET ROLE own_evan;
CALL fails(format($$INSERT INTO assay.model_privilege VALUES (%s, 'own_evan', 'manage')$$, :six));
CALL fails(format($$INSERT INTO assay.model_alias VALUES (%s, 'champion', 1)$$, :six));
-- A row may come before its model, as in a parallel restore; but a model that is new does not inherit it.
INSERT INTO assay.model_privilege SELECT max(id) + n, 'own_evan', 'manage' FROM assay.model, generate_series(1, 9) AS n WHERE id < 900000 GROUP BY n;
INSERT INTO assay.quality_check (id, relation, relation_name, kind, args, name, group_by, mostly, severity, tags, added_by)
VALUES (900001, :loan, 'own.loan', 'not_empty', '{}', 'own_forged', '{}', 1, 'error', '{}', 'postgres');
RESET ROLE;
SELECT version FROM assay.train('own_new', 'own.loan', 'y', 'naive_bayes');
SET ROLE own_evan;
SELECT model FROM assay.models WHERE model = 'own_new';
SELECT count(*) AS forged FROM assay.quality_check WHERE name = 'own_forged';
CALL fails($$UPDATE assay.model SET owner = 'own_evan'$$);
CALL fails($$DELETE FROM assay.model$$);
RESET ROLE;
CALL fails('DROP ROLE own_dora');
SELECT * FROM assay.drop_owned('own_dora');
SELECT * FROM assay.drop_owned('own_evan');
SELECT assay.drop_model('own_six'), assay.drop_model('own_new');
DROP OWNED BY own_dora, own_evan;
DROP ROLE own_dora, own_evan;
-- What belongs to a role that is gone, as it may after pg_upgrade, which loses the dependencies, is for a superuser to give away.
SELECT version FROM assay.train('own_seven', 'own.loan', 'y', 'naive_bayes');
SET session_replication_role = replica;
UPDATE assay.model SET owner = 4000000001::oid WHERE name = 'own_seven';
RESET session_replication_role;
SELECT owner AS gone FROM assay.model WHERE name = 'own_seven';
SELECT * FROM assay.reassign_owned('none', current_user);
SELECT owner = current_user::regrole AS mine FROM assay.models WHERE model = 'own_seven';
SELECT * FROM assay.drop_owned('none');
SELECT assay.drop_model('own_seven');

-- The functions of the triggers are for triggers.
CALL fails($$SELECT assay_internal.claim_row()$$);
SET ROLE pg_monitor;
CALL fails($$SELECT assay_internal.grant_dump()$$);
RESET ROLE;
DROP FUNCTION dependencies;
SET client_min_messages = warning;
DROP SCHEMA own CASCADE;

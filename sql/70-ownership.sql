-- Who owns what, and what keeps it so: when rows are restored, when roles are dropped, and when their things change hands.

-- Rows come from assay's functions, which run as the owner of the tables, or from a restore by COPY, which runs as whoever restores. Nobody
-- makes rows in another's name: what a restore brings belongs to the role it names where the restorer may act as that role, else to him.

CREATE FUNCTION assay_internal.claim_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'claim_row_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.claim_row() IS
'Trigger before INSERT: a role in one of the columns that its arguments name becomes the current one, with a WARNING, where it does not exist, or the current role may not act as it.';

CREATE FUNCTION assay_internal.guard_model_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_model_row_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.guard_model_row() IS
'Trigger before INSERT of what belongs to a model: takes the model''s owner, if the model is there. A grant to a role that does not exist is left out. Errors: 42501.';

CREATE FUNCTION assay_internal.guard_check() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_check_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.guard_check() IS
'Trigger before INSERT of a check: one of a relation to which the current role may not add checks is left out, with a WARNING.';

CREATE TRIGGER a_claim BEFORE INSERT ON assay.model FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('owner');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.quality_check FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.quality_history FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('ran_as', 'added_by');
CREATE TRIGGER a_claim BEFORE INSERT ON assay.baseline FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('owner');
CREATE TRIGGER b_guard BEFORE INSERT ON assay.quality_check FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_check();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_version FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_deployment FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_alias FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_threshold FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_feature_words FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_trial FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.drift_run FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_promotion FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_source FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_description FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_publication FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.model_privilege FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER a_claim BEFORE INSERT ON assay.prediction_batch FOR EACH ROW EXECUTE FUNCTION assay_internal.claim_row('logged_by');
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_batch FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_source FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_policy FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.performance_limit FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_model_row();
-- Of these there are millions: only what does not come from assay's functions is looked at row by row.
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction FOR EACH ROW
    WHEN (NOT pg_catalog.has_table_privilege('assay.prediction'::pg_catalog.regclass, 'DELETE')) EXECUTE FUNCTION assay_internal.guard_model_row();
CREATE TRIGGER b_guard BEFORE INSERT ON assay.prediction_label FOR EACH ROW
    WHEN (NOT pg_catalog.has_table_privilege('assay.prediction_label'::pg_catalog.regclass, 'DELETE')) EXECUTE FUNCTION assay_internal.guard_model_row();

-- PostgreSQL refuses to drop a role on which an object depends. What a role has in these tables is recorded as such a dependency, of the view
-- that shows it on the role; so DROP ROLE names the view, and a role's number cannot come to mean somebody else.

CREATE FUNCTION assay_internal.record_roles() RETURNS trigger
AS 'MODULE_PATHNAME', 'record_roles_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.record_roles() IS
'Trigger after a statement that changed rows: records in pg_shdepend that a view depends on the roles in a column, so that DROP ROLE is refused, and forgets it with a role''s last row. Arguments: the view, the columns. Errors: 42704 a role that was dropped meanwhile.';

CREATE TRIGGER inserted AFTER INSERT ON assay.model REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('models', 'owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.model REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('models', 'owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.model REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('models', 'owner');

CREATE TRIGGER inserted AFTER INSERT ON assay.model_privilege REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('model_grants', 'role');
CREATE TRIGGER deleted AFTER DELETE ON assay.model_privilege REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('model_grants', 'role');

CREATE TRIGGER inserted AFTER INSERT ON assay.quality_check REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.quality_check REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.quality_check REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('checks', 'added_by', 'relation_owner');

CREATE TRIGGER inserted AFTER INSERT ON assay.quality_history REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('check_history', 'ran_as', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.quality_history REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('check_history', 'ran_as', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.quality_history REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('check_history', 'ran_as', 'added_by');

CREATE TRIGGER inserted AFTER INSERT ON assay.baseline REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('baselines', 'owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.baseline REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('baselines', 'owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.baseline REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('baselines', 'owner');

CREATE TRIGGER inserted AFTER INSERT ON assay.prediction_batch REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.prediction_batch REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.prediction_batch REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('prediction_batches', 'logged_by');

CREATE FUNCTION assay.reassign_owned("from" text, "to" text)
RETURNS TABLE (models bigint, checks bigint, baselines bigint, results bigint)
AS 'MODULE_PATHNAME', 'reassign_owned_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.reassign_owned(text, text) IS
'Gives what a role has in this database to another, and says how much: its models, the checks it added, its baselines, and the results of checks that ran as it or were its; also, without a count, its training sets, what it submitted to models, its examples of questions, what it added to owners, assets, data products, service levels, maintenance, calendars and rotations, and for which owners it acts. What REASSIGN OWNED is for tables, which does not know of these; to be called in each database beside it. Privileges on models that were granted to the role stay (assay.drop_owned revokes them). from may be none: what belongs to roles that are gone, for superusers only. Takes the privileges of both roles. Errors: 22023 a NULL, 42704 no such role, 42501, 25006.
Example: SELECT * FROM assay.reassign_owned(''ann'', ''data_team'')';

CREATE FUNCTION assay.drop_owned(role text)
RETURNS TABLE (models bigint, checks bigint, baselines bigint, results bigint, grants bigint)
AS 'MODULE_PATHNAME', 'drop_owned_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.drop_owned(text) IS
'Drops what a role has in this database, and says how much: its models with all their versions, the checks it added, its baselines, the results of checks that ran as it, and the privileges on models that were granted to it; without a count, its training sets, what it submitted to models and its examples of questions. Owners, assets, data products, service levels, maintenance, calendars and rotations that it added are left to the owner of the database, for others rely on them; issues and incidents stay, and it has no part in them any more. What DROP OWNED is for tables, which does not know of these; after it DROP ROLE finds nothing of assay''s. role may be none: what belongs to roles that are gone, for superusers only. Takes the privileges of the role. Errors: 22023 a NULL, 42704 no such role, 42501, 25006.
Example: SELECT * FROM assay.drop_owned(''ann'')';

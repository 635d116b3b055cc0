-- What roles may do: without rights nothing, with a grant what it says; rows are read as the caller; who may install.

CREATE ROLE assay_owner;
CREATE ROLE assay_stranger;
CREATE ROLE assay_reader;
CREATE ROLE assay_keeper;
CREATE ROLE assay_keepers;
GRANT assay_keepers TO assay_keeper;
CREATE SCHEMA vault AUTHORIZATION assay_owner;

-- A model made by its owner from a table that nobody else can read.
SET ROLE assay_owner;
CREATE TABLE vault.loan AS SELECT i AS id, i % 10 AS x, (ARRAY['a', 'b', 'c'])[i % 3 + 1] AS c, i % 10 > 4 OR i % 7 = 0 AS y FROM generate_series(1, 100) AS i;
SELECT version FROM assay.train('loan', 'vault.loan', 'y', 'logistic_regression', exclude => '{id}');
SELECT version FROM assay.train('loan', 'vault.loan', 'y', exclude => '{id}', deploy => 'never');
SELECT owner, task, versions FROM assay.models;
RESET ROLE;

-- A role without rights: every function that takes a model refuses.
SET ROLE assay_stranger;
SELECT count(*) AS models FROM assay.models;
SELECT count(*) AS versions FROM assay.model_versions;
SELECT count(*) AS deployments FROM assay.deployments;
CALL fails($$SELECT assay.predict('loan', 1, 'a')$$);
CALL fails($$SELECT assay.predict_label('loan', 1, 'a')$$);
CALL fails($$SELECT assay.predict_proba('loan@2', 1, 'a')$$);
CALL fails($$SELECT assay.predict_expression('loan', 't')$$);
CALL fails($$SELECT assay.labels('loan')$$);
CALL fails($$SELECT assay.features('loan')$$);
CALL fails($$SELECT assay.evaluate('loan', 'SELECT 1 AS x, ''a'' AS c, true AS y')$$);
CALL fails($$SELECT assay.confusion_matrix('loan', 'SELECT 1 AS x, ''a'' AS c, true AS y')$$);
CALL fails($$SELECT assay.roc_curve('loan', 'SELECT 1 AS x, ''a'' AS c, true AS y')$$);
CALL fails($$SELECT assay.precision_recall_curve('loan', 'SELECT 1 AS x, ''a'' AS c, true AS y')$$);
CALL fails($$SELECT assay.feature_importance('loan')$$);
CALL fails($$SELECT assay.feature_info('loan')$$);
CALL fails($$SELECT assay.weights('loan')$$);
CALL fails($$SELECT assay.training_info('loan')$$);
CALL fails($$SELECT assay.train('loan', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 9) AS i', 'y')$$);
CALL fails($$SELECT assay.deploy('loan', 2)$$);
CALL fails($$SELECT assay.rollback('loan')$$);
CALL fails($$SELECT assay.drop_model('loan')$$);
CALL fails($$SELECT assay.drop_model('loan', 2)$$);
CALL fails($$SELECT assay.set_alias('loan', 'best', 2)$$);
CALL fails($$SELECT assay.set_threshold('loan', 0.4)$$);
CALL fails($$SELECT assay.grant_model('loan', 'assay_stranger', 'manage')$$);
CALL fails($$SELECT assay.revoke_model('loan', 'assay_owner', 'manage')$$);
-- Nor does it get at the tables behind.
CALL fails('TABLE assay.model');
CALL fails('TABLE assay.model_version');
CALL fails('TABLE assay.model_deployment');
CALL fails('TABLE assay.model_alias');
CALL fails('TABLE assay.model_threshold');
CALL fails('TABLE assay.model_privilege');
CALL fails('TABLE assay_internal.visible_model');
CALL fails($$UPDATE assay.model SET owner = 'assay_stranger'$$);
CALL fails($$INSERT INTO assay.model_privilege VALUES (1, 'assay_stranger', 'manage')$$);
CALL fails($$SELECT nextval('assay.model_id_seq')$$);
CALL fails($$CREATE TABLE assay.mine (x int)$$);
-- But it may use what needs no model, and train models of its own, from rows that it may read.
SELECT assay.accuracy(a, b) FROM (VALUES (1, 1), (2, 1)) AS v(a, b);
CALL fails($$SELECT assay.train('mine', 'vault.loan', 'y')$$);
SELECT version FROM assay.train('mine', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 9) AS i', 'y');
SELECT model, owner FROM assay.models;
SELECT assay.drop_model('mine');
RESET ROLE;

-- predict: score and judge with rows of one's own, see what the model looks like, and no more.
SET ROLE assay_owner;
CALL fails($$SELECT assay.grant_model('loan', 'assay_nobody', 'predict')$$);
CALL fails($$SELECT assay.grant_model('loan', 'assay_reader', 'own')$$);
CALL fails($$SELECT assay.grant_model('loan', NULL, 'predict')$$);
CALL fails($$SELECT assay.grant_model('loan', 'assay_reader', NULL)$$);
CALL fails($$SELECT assay.grant_model('lone', 'assay_reader', 'predict')$$);
SELECT assay.grant_model('loan', 'assay_reader', 'predict');
SELECT assay.grant_model('loan', 'assay_reader', 'predict') AS granted_twice;
SET ROLE assay_reader;
CALL fails('SELECT count(*) FROM vault.loan');
SELECT assay.predict('loan', 1, 'a') < 0.5 AS low, assay.predict('loan', 9, 'a') > 0.5 AS high, assay.predict_label('loan@2', 9, 'a'), cardinality(assay.predict_proba('loan', 1, 'a')) AS classes;
SELECT assay.labels('loan'), assay.features('loan'), assay.predict_expression('loan', 't');
SELECT value AS accuracy FROM assay.evaluate('loan', 'SELECT 9 AS x, ''a'' AS c, true AS y') WHERE metric = 'accuracy';
SELECT count(*) AS weights FROM assay.weights('loan');
SELECT count(*) AS features FROM assay.feature_importance('loan');
CALL fails($$SELECT assay.evaluate('loan', 'vault.loan')$$);
CALL fails($$SELECT assay.feature_info('loan')$$);
CALL fails($$SELECT assay.training_info('loan@2')$$);
CALL fails($$SELECT assay.train('loan', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 9) AS i', 'y')$$);
CALL fails($$SELECT assay.deploy('loan', 2)$$);
CALL fails($$SELECT assay.rollback('loan')$$);
CALL fails($$SELECT assay.drop_model('loan', 2)$$);
CALL fails($$SELECT assay.set_alias('loan', 'best', 2)$$);
CALL fails($$SELECT assay.set_threshold('loan', 0.4)$$);
CALL fails($$SELECT assay.grant_model('loan', 'assay_stranger', 'predict')$$);
-- The views show the model, without the query that names the rows.
SELECT model, owner, deployed_version FROM assay.models;
SELECT model, version, query FROM assay.model_versions ORDER BY version;
SELECT model, version, deployed_by FROM assay.deployments;
RESET ROLE;

-- manage, granted to a group: also train, deploy, see the statistics; not drop or grant.
SET ROLE assay_owner;
SELECT assay.grant_model('loan', 'assay_keepers', 'manage');
SET ROLE assay_keeper;
SELECT feature, rows FROM assay.feature_info('loan');
SELECT count(*) > 0 AS iterations FROM assay.training_info('loan@2');
SELECT version, query FROM assay.model_versions ORDER BY version;
CALL fails($$SELECT assay.train('loan', 'vault.loan', 'y')$$);
SELECT version FROM assay.train('loan', 'SELECT i AS x, i % 2 = 0 AS y FROM generate_series(1, 9) AS i', 'y', deploy => 'always');
SELECT assay.set_threshold('loan', 0.4);
SELECT assay.set_alias('loan', 'ours', 3);
SELECT assay.rollback('loan');
SELECT assay.drop_model('loan', 3);
SELECT version, trained_by FROM assay.model_versions ORDER BY version;
SELECT owner FROM assay.models;
SELECT version, deployed_by, replaced FROM assay.deployments ORDER BY deployed_at;
CALL fails($$SELECT assay.drop_model('loan')$$);
CALL fails($$SELECT assay.grant_model('loan', 'assay_stranger', 'predict')$$);
CALL fails($$SELECT assay.revoke_model('loan', 'assay_reader', 'predict')$$);
RESET ROLE;

-- Revoking ends it at the next statement; public is everyone.
SET ROLE assay_owner;
SELECT assay.revoke_model('loan', 'assay_reader', 'predict');
SELECT assay.revoke_model('loan', 'assay_keepers', 'manage');
SELECT assay.revoke_model('loan', 'assay_keepers', 'manage') AS revoked_twice;
SET ROLE assay_keeper;
CALL fails($$SELECT assay.deploy('loan', 2)$$);
SET ROLE assay_reader;
CALL fails($$SELECT assay.predict('loan', 1, 'a')$$);
SET ROLE assay_owner;
SELECT assay.grant_model('loan', 'public', 'predict');
SET ROLE assay_stranger;
SELECT assay.predict('loan', 1, 'a') < 0.5 AS low;
SELECT model FROM assay.models;
CALL fails($$SELECT assay.deploy('loan', 2)$$);
SET ROLE assay_owner;
SELECT assay.revoke_model('loan', 'public', 'predict');
SET ROLE assay_stranger;
CALL fails($$SELECT assay.predict('loan', 1, 'a')$$);
-- A prepared statement does not outlive a right either.
SET ROLE assay_owner;
SELECT assay.grant_model('loan', 'assay_reader', 'predict');
SET ROLE assay_reader;
PREPARE ask AS SELECT assay.predict('loan', 1, 'a') < 0.5 AS low;
EXECUTE ask;
SET ROLE assay_stranger;
EXECUTE ask;
DEALLOCATE ask;
RESET ROLE;
-- Nor does an expression that a procedure keeps ready for the whole transaction.
CREATE FUNCTION public.loan_score(x int) RETURNS float8 LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN assay.predict('loan', x, 'a'); END $$;
BEGIN;
SET LOCAL ROLE assay_reader;
SELECT loan_score(1) < 0.5 AS low;
SET LOCAL ROLE assay_stranger;
CALL fails($$SELECT loan_score(1)$$);
ROLLBACK;
DROP FUNCTION public.loan_score;
-- A view with the owner's rights on its table uses the caller's rights on the model, as any function in a view does.
SET ROLE assay_owner;
GRANT USAGE ON SCHEMA vault TO assay_reader, assay_stranger;
CREATE VIEW vault.scored AS SELECT id, assay.predict('loan', l) AS score FROM vault.loan AS l;
GRANT SELECT ON vault.scored TO assay_reader, assay_stranger;
SET ROLE assay_reader;
SELECT count(score) FROM vault.scored;
SET ROLE assay_stranger;
CALL fails('SELECT count(score) FROM vault.scored');
-- A function with its owner's rights lends them.
SET ROLE assay_owner;
CREATE FUNCTION vault.score(x int, c text) RETURNS float8 SECURITY DEFINER STABLE RETURN assay.predict('loan', x, c);
SET ROLE assay_stranger;
SELECT vault.score(1, 'a') < 0.5 AS low;
RESET ROLE;

-- Row-level security holds for the rows that training and judging read.
SET ROLE assay_owner;
CREATE POLICY half ON vault.loan FOR SELECT TO assay_reader USING (id <= 50);
ALTER TABLE vault.loan ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON vault.loan TO assay_reader;
SET ROLE assay_reader;
SELECT rows FROM assay.train('half', 'vault.loan', 'y', 'naive_bayes');
SELECT sum(rows) AS judged FROM assay.confusion_matrix('loan', 'vault.loan');
SELECT assay.drop_model('half');
SET ROLE assay_owner;
SELECT rows FROM assay.train('whole', 'vault.loan', 'y', 'naive_bayes');
SELECT assay.drop_model('whole');
RESET ROLE;

-- What a query calls runs as the caller too.
CREATE FUNCTION who(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'read as %', current_user; RETURN 1; END $$;
SET ROLE assay_reader;
SELECT sum(rows) AS judged FROM assay.confusion_matrix('loan', 'SELECT 9 AS x, ''a'' AS c, who(1) = 1 AS y');
RESET ROLE;
DROP FUNCTION who;

-- A superuser may everything.
SELECT assay.predict('loan', 1, 'a') < 0.5 AS low;
SELECT assay.drop_model('loan');
SELECT count(*) AS models FROM assay.models;

-- The extension is trusted: the owner of a database, who is no superuser, may install, use and drop it there.
CREATE ROLE assay_landlord LOGIN;
CREATE DATABASE assay_house OWNER assay_landlord;
\set home :DBNAME
\connect assay_house assay_landlord
CREATE EXTENSION assay;
SELECT extname, extowner::regrole FROM pg_extension WHERE extname = 'assay';
SELECT version FROM assay.train('line', 'SELECT i AS x, 2 * i AS y FROM generate_series(1, 9) AS i', 'y', 'linear_regression');
SELECT round(assay.predict('line', 20)::numeric, 3);
\set VERBOSITY terse
-- He may read and fill assay's tables, for pg_dump and restores, and no more; what he fills in is his.
SELECT count(bytes) FROM assay.model_version;
INSERT INTO assay.model (name, owner) VALUES ('forged', 'postgres') RETURNING owner;
UPDATE assay.model SET name = 'other';
DELETE FROM assay.model;
-- The schema is not his: were it, he could move it away and put tables of his own making in the place of assay's.
ALTER SCHEMA assay RENAME TO moved;
CREATE TABLE assay.mine (x int);
\set VERBOSITY default
DROP EXTENSION assay;
\connect :home postgres
DROP DATABASE assay_house;

DROP SCHEMA vault CASCADE;
DROP ROLE assay_owner, assay_stranger, assay_reader, assay_keeper, assay_keepers, assay_landlord;

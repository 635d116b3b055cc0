-- Packages: a version leaves with what the registry knows of it, and comes in again under another name, as the caller's.

CREATE ROLE assay_packer;
CREATE ROLE assay_scorer;
CREATE ROLE assay_taker;
CREATE ROLE assay_passing;
GRANT CREATE ON SCHEMA public TO assay_packer;
GRANT SELECT ON house TO assay_packer;

SET ROLE assay_packer;
SELECT version FROM assay.train('sold', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression');
SELECT version FROM assay.train('sold', 'SELECT size, garden, region, sold FROM house', 'sold', params => '{"n_estimators": 5}', deploy => 'always');
SELECT assay.set_alias('sold', 'champion', 2);
SELECT assay.set_threshold('sold@2', 0.25, 0.25, 0.75, 'approve');
SELECT assay.grant_model('sold', 'assay_scorer', 'predict');
SELECT assay.grant_model('sold', 'assay_passing', 'manage');
SELECT assay.grant_model('sold', 'public', 'predict');
CREATE TABLE packed AS SELECT 'deployed' AS what, assay.export_model('sold') AS bytes UNION ALL SELECT 'first', assay.export_model('sold@1', 'assay');
SELECT what, encode(substr(bytes, 1, 5), 'escape') AS magic, length(bytes) > 1000 AS long FROM packed ORDER BY what;
-- The same version is the same package.
SELECT bool_and(bytes = assay.export_model('sold@champion')) FROM packed WHERE what = 'deployed';
GRANT SELECT ON packed TO assay_taker;
RESET ROLE;

-- It comes in as the caller's. A role that is gone is named, and the model is there none the less.
DROP OWNED BY assay_passing;
SELECT assay.drop_owned('assay_passing');
DROP ROLE assay_passing;
SET ROLE assay_taker;
SELECT assay.import_model('taken', bytes) FROM packed WHERE what = 'deployed';
SELECT model, owner, task, algorithm, deployed_version, last_version FROM assay.models WHERE model = 'taken';
SELECT version, algorithm, deployed, aliases, target, rows, features, query, threshold, review_from, review_to, positive, trained_by, params -> 'imported' ->> 'model' AS came_from, params -> 'imported' ->> 'trained_by' AS trained_there_by
FROM assay.model_versions WHERE model = 'taken';
SELECT role, privilege FROM assay.model_grants WHERE model = 'taken' ORDER BY role, privilege;
RESET ROLE;
-- It is the same model: its hash, what it answers, what training saw, and the curves.
SELECT count(*) AS versions, count(DISTINCT hash) AS hashes, count(DISTINCT metrics) AS metrics FROM assay.model_versions WHERE (model, version) IN (('sold', 2), ('taken', 1));
SELECT count(*) AS rows, bool_and(assay.predict('sold@2', h) = assay.predict('taken', h)) AS same, bool_and(assay.predict_label('sold@2', h) = assay.predict_label('taken', h)) AS same_labels, bool_and(assay.decide('sold@2', h) = assay.decide('taken', h)) AS same_decisions
FROM (SELECT size, garden, region FROM house) AS h;
SELECT count(*) AS features, bool_and(a.info IS NOT DISTINCT FROM b.info) AS same
FROM (SELECT feature, to_jsonb(f) AS info FROM assay.feature_info('sold@2') AS f) AS a FULL JOIN (SELECT feature, to_jsonb(f) AS info FROM assay.feature_info('taken') AS f) AS b USING (feature);

-- The package of what came by a package is that of the same model.
SELECT assay.import_model('again', assay.export_model('taken'), options => '{"grants": false, "aliases": false, "deploy": "never"}');
SELECT version, deployed, aliases, params -> 'imported' ->> 'model' AS came_from FROM assay.model_versions WHERE model = 'again';
SELECT count(*) AS grants FROM assay.model_grants WHERE model = 'again';

-- A name that is there gets a version more, which is not deployed, and leaves aliases and grants alone unless they are asked for.
SELECT assay.import_model('taken', bytes) FROM packed WHERE what = 'first';
SELECT version, algorithm, deployed, aliases FROM assay.model_versions WHERE model = 'taken' ORDER BY version;
SELECT assay.import_model('taken', bytes, 'assay', '{"version": 7, "aliases": true, "deploy": "always"}') FROM packed WHERE what = 'deployed';
SELECT version, deployed, aliases FROM assay.model_versions WHERE model = 'taken' ORDER BY version;
SELECT assay.import_model('taken', bytes, options => '{"deploy": "never"}') AS the_next FROM packed WHERE what = 'deployed';
CALL fails($$SELECT assay.import_model('taken', bytes, options => '{"version": 7}') FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('taken', bytes, options => '{"version": 0}') FROM packed WHERE what = 'first'$$);

-- A rollback leaves nothing.
BEGIN;
SELECT assay.import_model('gone', bytes) FROM packed WHERE what = 'first';
SELECT assay.predict('gone', 100, 10, 'north') IS NOT NULL AS scores;
ROLLBACK;
CALL fails($$SELECT assay.predict('gone', 100, 10, 'north')$$);
SELECT count(*) AS models FROM assay.models WHERE model = 'gone';

-- Who may: whoever manages a model exports it, and nobody brings a version into somebody else's.
SET ROLE assay_scorer;
CALL fails($$SELECT assay.export_model('sold')$$);
RESET ROLE;
SET ROLE assay_taker;
CALL fails($$SELECT assay.import_model('sold', bytes) FROM packed WHERE what = 'first'$$);
RESET ROLE;
-- One who only manages a model makes no grants.
SELECT assay.grant_model('taken', 'assay_packer', 'manage');
SET ROLE assay_packer;
SELECT assay.import_model('taken', bytes, options => '{"grants": true, "deploy": "never"}') FROM packed WHERE what = 'deployed';
RESET ROLE;

-- What is no package is refused whole: nothing of it is stored.
CALL fails($$SELECT assay.import_model('hostile', '')$$);
CALL fails($$SELECT assay.import_model('hostile', 'no package')$$);
CALL fails($$SELECT assay.import_model('hostile', substr(bytes, 1, 900)) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('hostile', set_byte(bytes, length(bytes) / 2, (get_byte(bytes, length(bytes) / 2) + 1) % 256)) FROM packed WHERE what = 'first'$$);
-- One of a newer format says so.
CALL fails($$SELECT assay.import_model('hostile', set_byte(bytes, 8, 2)) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('hostile', bytes, options => '{"owner": "postgres"}') FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('hostile', bytes, options => '{"deploy": "if_better"}') FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('a@b', bytes) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model(NULL, bytes) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.import_model('hostile', NULL)$$);
CALL fails($$SELECT assay.export_model('nobody')$$);
CALL fails($$SELECT assay.export_model('sold@9')$$);
CALL fails($$SELECT assay.export_model(NULL)$$);
SELECT count(*) AS models FROM assay.models WHERE model = 'hostile';
-- A model that reads texts does not go by a package.
SELECT assay.create_prompt('asked', 'Say {word}.');
CALL fails($$SELECT assay.export_model('asked')$$);
BEGIN READ ONLY;
SELECT length(assay.export_model('sold')) > 1000 AS exported;
CALL fails($$SELECT assay.import_model('read_only', bytes) FROM packed WHERE what = 'first'$$);
COMMIT;

-- Without Citus there is nobody to publish to.
CALL fails($$SELECT assay.publish_model('sold')$$);
CALL fails($$SELECT assay.unpublish_model('sold')$$);
SELECT count(*) AS published FROM assay.publications;

-- A dump of a coordinator may be restored where there is no Citus: what was published can be taken back, and revoked, all the same.
INSERT INTO assay.model_publication (model_id, version, hash, is_copy, published_by) SELECT id, 2, '', false, 'somebody' FROM assay.model WHERE name IN ('sold', 'taken');
CALL fails($$SELECT assay.drop_model('sold')$$);
SELECT assay.revoke_model('sold', 'public', 'predict');
SELECT assay.unpublish_model('sold') AS workers;
SELECT assay.drop_model('taken', 2);
SELECT count(*) AS published FROM assay.publications;

-- What a worker is told. A copy is what the coordinator says, and is changed by nobody else; the bare name stands for no version of it.
CREATE FUNCTION hash(version int) RETURNS text LANGUAGE sql STABLE RETURN (SELECT v.hash FROM assay.model_versions AS v WHERE v.model = 'sold' AND v.version = $1);
CALL fails($$SELECT assay_internal.receive_copy('sold', 'assay_packer', 1, bytes, jsonb_build_object(1, hash(1))) FROM packed WHERE what = 'first'$$);
SELECT assay_internal.receive_copy('copy', 'assay_packer', 1, bytes, jsonb_build_object(1, hash(1))) FROM packed WHERE what = 'first';
SELECT assay_internal.receive_copy('copy', 'assay_packer', 2, bytes, jsonb_build_object(1, hash(1), 2, hash(2))) FROM packed WHERE what = 'deployed';
SELECT model, owner, deployed_version, last_version, versions FROM assay.models WHERE model = 'copy';
SELECT version, is_copy FROM assay.publications WHERE model = 'copy' ORDER BY version;
SELECT role, privilege FROM assay.model_grants WHERE model = 'copy' ORDER BY role, privilege;
SELECT assay.predict('copy@2', 100, 10, 'north') = assay.predict('sold@2', 100, 10, 'north') AS same, assay.decide('copy@2', 100, 10, 'north') = assay.decide('sold@2', 100, 10, 'north') AS same_decision;
CALL fails($$SELECT assay.predict('copy', 100, 10, 'north')$$);
CALL fails($$SELECT assay.train('copy', 'SELECT size, sold FROM house', 'sold')$$);
CALL fails($$SELECT assay.import_model('copy', bytes) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay.publish_model('copy')$$);
-- The version that the coordinator does not name any more goes, and so does one of the same number that is another.
SELECT assay_internal.receive_copy('copy', 'assay_packer', 2, bytes, jsonb_build_object(2, hash(2))) FROM packed WHERE what = 'deployed';
SELECT version FROM assay.model_versions WHERE model = 'copy' ORDER BY version;
SELECT assay_internal.receive_copy('copy', 'assay_packer', 2, bytes, jsonb_build_object(2, hash(1))) FROM packed WHERE what = 'first';
SELECT version, v.hash = hash(1) AS the_other FROM assay.model_versions AS v WHERE model = 'copy' ORDER BY version;
CALL fails($$SELECT assay_internal.receive_copy('copy', 'assay_packer', 3, bytes, jsonb_build_object(3, hash(2))) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay_internal.receive_copy('copy', 'nobody_at_all', 3, bytes, jsonb_build_object(3, hash(1))) FROM packed WHERE what = 'first'$$);
SET ROLE assay_taker;
CALL fails($$SELECT assay_internal.receive_copy('copy', 'assay_packer', 3, bytes, '{}') FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay_internal.receive_copy('copy', 'assay_taker', 3, bytes, jsonb_build_object(3, repeat('0', 64))) FROM packed WHERE what = 'first'$$);
CALL fails($$SELECT assay_internal.forget_copy('copy')$$);
CALL fails($$SELECT assay_internal.revoke_copy('copy', 'assay_scorer', 'predict')$$);
RESET ROLE;
SELECT assay_internal.revoke_copy('copy', 'assay_scorer', 'predict'), assay_internal.revoke_copy('copy', 'nobody_at_all', 'predict'), assay_internal.revoke_copy('nothing', 'public', 'predict');
SELECT role, privilege FROM assay.model_grants WHERE model = 'copy' ORDER BY role, privilege;
CALL fails($$SELECT assay_internal.forget_copy('sold')$$);
SELECT assay_internal.forget_copy('copy');
SELECT assay_internal.forget_copy('copy') AS again;
SELECT count(*) AS models FROM assay.models WHERE model = 'copy';

DROP OWNED BY assay_packer, assay_scorer, assay_taker;
SELECT assay.drop_owned('assay_packer'), assay.drop_owned('assay_scorer'), assay.drop_owned('assay_taker');
DROP ROLE assay_packer, assay_scorer, assay_taker;

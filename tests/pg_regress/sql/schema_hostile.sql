-- A search path that puts a user's own operators, functions and types before pg_catalog changes nothing of what assay does.
CREATE SCHEMA trap;
CREATE TABLE trap.model (id int, name text);
CREATE TABLE trap.model_version (model_id int);
CREATE TABLE trap.line AS SELECT x::float8 AS x, 3.0 * x + 1 AS y, x > 20 AS large, 'c' || x % 3 AS c FROM generate_series(1, 40) x;
CREATE VIEW trap.checks AS SELECT 1 AS check_id;

-- Every operator and every ordinary function of pg_catalog on these types has a namesake that raises an error.
SET client_min_messages = error;
DO $$
DECLARE
    types regtype[] = '{text,name,int2,int4,int8,float4,float8,numeric,bool,oid,regclass,regtype,regrole,regnamespace,json,jsonb,timestamptz,timestamp,
                        date,interval,bytea,"char",uuid,text[],name[],int2[],int4[],oid[],float8[],aclitem[],anyelement,anyarray}';
    body text = $body$ LANGUAGE plpgsql AS $f$ BEGIN RAISE EXCEPTION 'trapped: %', NAME; END $f$ $body$;
    trap record;
BEGIN
    FOR trap IN SELECT oid, oprname, nullif(oprleft, 0)::regtype AS l, oprright::regtype AS r, oprresult::regtype AS result FROM pg_operator
                WHERE oprnamespace = 'pg_catalog'::regnamespace AND (oprleft = 0 OR oprleft = ANY (types)) AND oprright = ANY (types)
                  AND (oprresult = ANY (types)) AND (oprresult::regtype::text !~ '^any' OR oprright::regtype::text ~ '^any') LOOP
        EXECUTE format('CREATE FUNCTION trap.operator_%s(%s) RETURNS %s ', trap.oid, concat_ws(', ', trap.l, trap.r), trap.result)
            || replace(body, 'NAME', quote_literal(trap.oprname));
        EXECUTE format('CREATE OPERATOR trap.%s (FUNCTION = trap.operator_%s, %s RIGHTARG = %s)', trap.oprname, trap.oid,
                       'LEFTARG = ' || trap.l || ',', trap.r);
    END LOOP;
    FOR trap IN SELECT DISTINCT proname, oidvectortypes(proargtypes) AS arguments, prorettype::regtype AS result FROM pg_proc
                WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND NOT proretset AND provariadic = 0 AND prorettype = ANY (types)
                  AND prorettype::regtype::text !~ '^any' AND types::oid[] @> proargtypes::oid[] LOOP
        EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS %s ', trap.proname, trap.arguments, trap.result)
            || replace(body, 'NAME', quote_literal(trap.proname));
    END LOOP;
END $$;
-- Aggregates, too.
CREATE FUNCTION trap.never(bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped: count(*)'; END $$;
CREATE FUNCTION trap.never(bigint, anyelement) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped: an aggregate'; END $$;
CREATE AGGREGATE trap.count(*) (SFUNC = trap.never, STYPE = bigint, INITCOND = '0');
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{count,sum,avg,min,max,array_agg,jsonb_agg,jsonb_object_agg,string_agg,bool_or,bool_and}'::text[] LOOP
        EXECUTE format('CREATE AGGREGATE trap.%I(anyelement) (SFUNC = trap.never, STYPE = bigint, INITCOND = ''0'')', name);
    END LOOP;
END $$;
SELECT count(*) > 250 AS operators FROM pg_operator WHERE oprnamespace = 'trap'::regnamespace;
SELECT count(*) > 1500 AS functions FROM pg_proc WHERE pronamespace = 'trap'::regnamespace;
-- And types.
CREATE DOMAIN trap.text AS int;
CREATE DOMAIN trap.jsonb AS int;
CREATE DOMAIN trap.float8 AS int;
CREATE DOMAIN trap.int8 AS int;
CREATE DOMAIN trap.int4 AS bool;
CREATE DOMAIN trap.bool AS int;
CREATE DOMAIN trap.regclass AS int;
CREATE DOMAIN trap.timestamptz AS int;
RESET client_min_messages;

SET search_path = trap, pg_catalog;
\set VERBOSITY terse
SELECT 1 = 1;
SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relname = 'pg_class';
SELECT now();
SELECT count(*) FROM line;
\set VERBOSITY default

-- Training, the registry and its views.
SELECT version, rows FROM assay.train('trapped', 'line', 'y', 'linear_regression', exclude => '{c,large}');
SELECT version, rows FROM assay.train('trapped', 'line', 'y', 'ridge', exclude => '{c,large}', deploy => 'always');
SELECT version, rows FROM assay.train('trapped_class', 'line', 'large', 'logistic_regression', exclude => '{y}');
SELECT version, rows FROM assay.train('trapped_trees', 'line', 'large', params => '{"n_estimators": 3}', exclude => '{y}');
SELECT assay.rollback('trapped');
SELECT assay.deploy('trapped', 1);
SELECT assay.set_alias('trapped', 'best', 2);
SELECT assay.set_threshold('trapped_class', 0.4);
SELECT assay.grant_model('trapped', 'public', 'predict');
SELECT model, algorithm, deployed_version FROM assay.models WHERE model OPERATOR(pg_catalog.=) 'trapped';
SELECT version, deployed, aliases FROM assay.model_versions WHERE model OPERATOR(pg_catalog.=) 'trapped' ORDER BY version;
SELECT model, role, privilege FROM assay.model_grants WHERE model OPERATOR(pg_catalog.=) 'trapped';
SELECT version, replaced FROM assay.deployments WHERE model OPERATOR(pg_catalog.=) 'trapped' ORDER BY deployed_at;

-- Scoring and judging.
SELECT pg_catalog.round(assay.predict('trapped', 5.0)::numeric, 6) AS sixteen;
SELECT pg_catalog.round(assay.predict('trapped@best', l)::numeric, 1) AS shrunk FROM line l LIMIT 1;
SELECT assay.predict_label('trapped_class', l), pg_catalog.cardinality(assay.predict_proba('trapped_trees', l)) FROM line l LIMIT 1;
SELECT assay.predict_expression('trapped_class', 'l'), assay.features('trapped_class'), assay.labels('trapped_class');
SELECT metric FROM assay.evaluate('trapped', 'line') WHERE metric OPERATOR(pg_catalog.=) 'r2';
SELECT * FROM assay.confusion_matrix('trapped_class', 'line');
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 2 AS points FROM assay.roc_curve('trapped_class', 'line');
SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 2 AS points FROM assay.precision_recall_curve('trapped_class', 'line');
SELECT feature FROM assay.weights('trapped') ORDER BY feature;
SELECT pg_catalog.count(*) FROM assay.feature_importance('trapped_trees');
SELECT feature FROM assay.feature_info('trapped_class') ORDER BY feature;
SELECT pg_catalog.count(*) FROM assay.training_info('trapped_trees');
SELECT assay.rmse(y, assay.predict('trapped', x)) OPERATOR(pg_catalog.<) 1e-6 AS exact FROM line;

-- Checks and profiles that one pass answers.
SELECT name, status FROM assay.validate('line', '[{"kind": "not_null", "column": "x"}, {"kind": "accepted_range", "column": "y", "args": {"min_value": 0}},
    {"kind": "accepted_values", "column": "c", "args": {"values": ["c0", "c1", "c2"]}}, {"kind": "matches_regex", "column": "c", "args": {"regex": "^c"}},
    {"kind": "mean_between", "column": "x", "args": {"min_value": 0}}]');
SELECT assay.add_check('line', 'not_null', 'y', name => 'there', group_by => '{c}') OPERATOR(pg_catalog.>) 0 AS added;
SELECT name, status FROM assay.run_checks('line') ORDER BY name;
SELECT assay.assert_checks('line');
SELECT assay.drop_check(check_id) FROM assay.checks WHERE name OPERATOR(pg_catalog.=) 'there';
SELECT column_name, rows FROM assay.profile('line') ORDER BY column_name;
SELECT column_name, rows FROM assay.profile_of(assay.profile_state('line')) ORDER BY column_name;

SELECT assay.revoke_model('trapped', 'public', 'predict');
SELECT assay.save_baseline('trapped', 'line', '{"group_by": ["x"]}');
SELECT assay.save_baseline('trapped', 'line');
SELECT column_name, drifted FROM assay.drift_from('trapped', 'line', '{"model": "trapped"}') ORDER BY column_name;
SELECT column_name, drifted FROM assay.model_drift('trapped', 'line') ORDER BY column_name;
SELECT name, rows FROM assay.baselines WHERE name OPERATOR(pg_catalog.=) 'trapped';
SELECT assay.drop_baseline('trapped');
SELECT assay.drop_model('trapped', 2);
SELECT assay.drop_model(model) FROM assay.models WHERE model OPERATOR(pg_catalog.~~) 'trapped%';
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA trap CASCADE;

-- What a query or an expression brings along writes nothing: not while it is parsed (an array of a domain is checked there), not while it is
-- planned (functions that call themselves immutable are folded), and not while it runs.
CREATE TABLE guarded AS SELECT i AS id, i % 7 AS a, i % 2 = 0 AS y FROM generate_series(1, 400) AS i;
CREATE TABLE written (who text);
CREATE FUNCTION writes_row() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO written VALUES ('row'); RETURN 1; END $$;
CREATE FUNCTION writes_grant() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN GRANT SELECT ON guarded TO PUBLIC; RETURN 1; END $$;
CREATE FUNCTION writes_table() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN CREATE TABLE written_too (); RETURN 1; END $$;
CREATE FUNCTION claims_row() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM writes_row(); RETURN 1; END $$;
CREATE FUNCTION claims_grant() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM writes_grant(); RETURN 1; END $$;
CREATE FUNCTION claims_table() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM writes_table(); RETURN 1; END $$;
CREATE FUNCTION claims_true(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN claims_row() = 1; END $$;
CREATE DOMAIN claiming AS int CHECK (claims_true(VALUE));
CREATE VIEW claiming_view AS SELECT *, claims_row() AS c FROM guarded;

-- How a statement ends: its SQLSTATE, or the status that its first row has. Whatever it was, the session can write afterwards.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
BEGIN
    BEGIN
        EXECUTE format('SELECT to_jsonb(r) FROM (%s) AS r', statement) INTO found;
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO written VALUES ('after');
        RETURN SQLSTATE;
    END;
    INSERT INTO written VALUES ('after');
    RETURN coalesce(found ->> 'status', found ->> 'answered_by', 'no error');
END $$;

SELECT version FROM assay.train('guarded model', 'SELECT a, y FROM guarded', 'y', 'naive_bayes');
SELECT assay.save_baseline('guarded baseline', 'SELECT a FROM guarded') AS rows;
SELECT statement, outcome(statement) FROM unnest(ARRAY[
    $$SELECT * FROM assay.profile('SELECT claims_row()')$$,
    $$SELECT * FROM assay.profile('SELECT writes_row()')$$,
    $$SELECT * FROM assay.profile('SELECT a, claims_grant() FROM guarded')$$,
    $$SELECT * FROM assay.profile('SELECT claims_table()')$$,
    $$SELECT * FROM assay.profile('SELECT ''{1}''::claiming[]')$$,
    $$SELECT * FROM assay.profile('claiming_view')$$,
    $$SELECT assay.profile_state('SELECT claims_row()')$$,
    $$SELECT assay.render_profile('SELECT claims_row()')$$,
    $$SELECT * FROM assay.suggest_checks('SELECT claims_row()')$$,
    $$SELECT * FROM assay.train('guarded model', 'SELECT a, y, claims_row() FROM guarded', 'y')$$,
    $$SELECT * FROM assay.evaluate('guarded model', 'SELECT a, y, claims_row() FROM guarded')$$,
    $$SELECT * FROM assay.confusion_matrix('guarded model', 'SELECT a, y, claims_row() FROM guarded')$$,
    $$SELECT * FROM assay.roc_curve('guarded model', 'SELECT a, y, claims_row() FROM guarded')$$,
    $$SELECT * FROM assay.precision_recall_curve('guarded model', 'SELECT a, y, claims_row() FROM guarded')$$,
    $$SELECT * FROM assay.drift('SELECT claims_row() AS a', 'SELECT a FROM guarded')$$,
    $$SELECT * FROM assay.drift('SELECT a FROM guarded', 'SELECT claims_row() AS a')$$,
    $$SELECT assay.save_baseline('guarded other', 'SELECT claims_row()')$$,
    $$SELECT * FROM assay.drift_from('guarded baseline', 'SELECT claims_row() AS a')$$,
    $$SELECT * FROM assay.model_drift('guarded model', 'SELECT a, y, claims_row() FROM guarded')$$,
    $$SELECT * FROM assay.validate('SELECT claims_row() AS a', '[{"kind": "not_null", "column_name": "a"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "not_null", "column_name": "a", "where": "claims_row() = 1"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "expression_is_true", "expression": "claims_grant() = 1"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "expression_is_true", "expression": "''{1}''::claiming[] IS NOT NULL"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "relationships", "column_name": "a", "to": "(SELECT claims_row() AS a)", "field": "a"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "relationships", "column_name": "a", "to": "SELECT claims_row() AS a", "field": "a"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "equal_rowcount", "compare_model": "SELECT claims_row()"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "equality", "compare_model": "SELECT claims_row() AS a, 1 AS id, true AS y"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "near_duplicates", "columns": ["a"], "where": "claims_row() = 1"}]')$$,
    $$SELECT * FROM assay.validate('guarded', '[{"kind": "anomaly", "metric": "row_count", "where": "claims_row() = 1"}]')$$]) AS statement;

-- Stored checks, in every function that reads them, and when they are added. Their functions write only from then on.
CREATE FUNCTION later_row() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION later_grant() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
SELECT assay.add_check('guarded', 'expression_is_true', args => '{"expression": "later_row() = 1"}', name => 'guarded expression') AS expression \gset
SELECT assay.add_check('guarded', 'not_null', 'a', "where" => 'later_grant() = 1', name => 'guarded condition') AS condition \gset
CREATE OR REPLACE FUNCTION later_row() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN writes_row(); END $$;
CREATE OR REPLACE FUNCTION later_grant() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN writes_grant(); END $$;
SELECT outcome($$SELECT assay.add_check('guarded', 'not_null', 'a', "where" => 'claims_row() = 1')$$) AS adding;
SELECT statement, outcome(statement) FROM unnest(ARRAY[
    format('SELECT * FROM assay.run_checks(%L) WHERE name = ''guarded expression''', 'guarded'),
    format('SELECT * FROM assay.run_checks(%L) WHERE name = ''guarded condition''', 'guarded'),
    format('SELECT * FROM assay.explain_checks(%L) WHERE name = ''guarded expression''', 'guarded'),
    format('SELECT * FROM assay.explain_checks(%L) WHERE name = ''guarded condition''', 'guarded')]) AS statement;
SELECT outcome(format('SELECT * FROM assay.failing_rows(%s)', :expression)) AS expression, outcome(format('SELECT * FROM assay.failing_rows(%s)', :condition)) AS condition;

-- Functions that call assay's own within, that catch the error, and that would lift the guard or leave it up.
CREATE FUNCTION profiles() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM * FROM assay.profile('SELECT a FROM guarded'); PERFORM writes_row(); RETURN 1; END $$;
CREATE FUNCTION trains() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM * FROM assay.train('guarded model', 'SELECT a, y FROM guarded', 'y', 'naive_bayes'); RETURN 1; END $$;
CREATE FUNCTION runs() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM * FROM assay.run_checks('guarded'); PERFORM writes_row(); RETURN 1; END $$;
CREATE FUNCTION catches() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM writes_row();
    RETURN 'written';
EXCEPTION WHEN read_only_sql_transaction THEN
    RETURN current_setting('transaction_read_only');
END $$;
CREATE FUNCTION lifts() RETURNS int LANGUAGE plpgsql AS $$ BEGIN SET transaction_read_only = off; PERFORM writes_row(); RETURN 1; END $$;
-- The latest releases of PostgreSQL refuse to make such a function.
DO $do$ BEGIN
    CREATE FUNCTION lifts_within() RETURNS int LANGUAGE plpgsql SET transaction_read_only = off AS $$ BEGIN PERFORM writes_row(); RETURN 1; END $$;
EXCEPTION WHEN OTHERS THEN
    CREATE FUNCTION lifts_within() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '25001'; END $$;
END $do$;
CREATE FUNCTION leaves() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN set_config('transaction_read_only', 'on', true); END $$;
SELECT statement, outcome(statement) FROM unnest(ARRAY[
    $$SELECT * FROM assay.profile('SELECT profiles()')$$,
    $$SELECT * FROM assay.profile('SELECT trains()')$$,
    $$SELECT * FROM assay.profile('SELECT runs()')$$,
    $$SELECT top_values->0->>'value' AS status FROM assay.profile('SELECT catches()')$$,
    $$SELECT * FROM assay.profile('SELECT lifts()')$$,
    $$SELECT * FROM assay.profile('SELECT lifts_within()')$$,
    $$SELECT top_values->0->>'value' AS status FROM assay.profile('SELECT leaves()')$$,
    $$SELECT * FROM assay.validate('SELECT 1 AS a', '[{"kind": "expression_is_true", "expression": "leaves() = ''on''"}]')$$]) AS statement;
-- In a block of its own as well, after an error and without one.
BEGIN;
SAVEPOINT one;
SELECT count(*) FROM assay.profile('SELECT leaves()');
INSERT INTO written VALUES ('after');
ROLLBACK TO one;
SELECT count(*) FROM assay.profile('SELECT claims_row()');
ROLLBACK TO one;
INSERT INTO written VALUES ('after');
RELEASE one;
INSERT INTO written VALUES ('after');
COMMIT;

SELECT who, count(*) > 40 AS often FROM written GROUP BY who;
SELECT relacl IS NULL AS not_granted, to_regclass('written_too') AS made FROM pg_class WHERE oid = 'guarded'::regclass;
SELECT version FROM assay.model_versions WHERE model = 'guarded model';

SELECT count(assay.drop_check(check_id)) AS dropped FROM assay.checks WHERE relation = 'guarded'::regclass;
SELECT assay.drop_baseline('guarded baseline');
SELECT assay.drop_model('guarded model');
DROP VIEW claiming_view;
DROP DOMAIN claiming;
DROP FUNCTION outcome, writes_row, writes_grant, writes_table, claims_row, claims_grant, claims_table, claims_true, later_row, later_grant, profiles, trains, runs, catches, lifts, lifts_within, leaves;
DROP TABLE guarded, written;

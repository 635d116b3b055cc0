-- Which SQLSTATE an error has that passes through assay: the one that whoever raised it gave it, and never another error's.
CREATE FUNCTION raises(code text, message text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%', message USING ERRCODE = code; END $$;
-- Calls a function of assay that fails, catches its error, and raises one of its own with another code.
CREATE FUNCTION hides(code text, message text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM assay.predict('no such model', 1);
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION '%', coalesce(message, SQLERRM) USING ERRCODE = code;
END $$;
-- Catches an error that a function raised, and has the same function raise the same message with another code.
CREATE FUNCTION renames() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM raises('ML001', 'twice');
EXCEPTION WHEN OTHERS THEN
    RETURN raises('XX000', 'twice');
END $$;
-- The same with a call of assay in between, through which the first error passes.
CREATE FUNCTION renames_profiled() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM * FROM assay.profile($q$SELECT raises('ML001', 'twice')$q$);
EXCEPTION WHEN OTHERS THEN
    RETURN raises('XX000', 'twice');
END $$;
-- Handles other errors only: what it lets pass is as it was.
CREATE FUNCTION passes() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN assay.predict('no such model', 1);
EXCEPTION WHEN division_by_zero THEN
    RETURN 0;
END $$;
-- Goes on after an error, and gives a value.
CREATE FUNCTION recovers() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    RETURN assay.predict('no such model', 1);
EXCEPTION WHEN OTHERS THEN
    RETURN 0;
END $$;
-- Says with a code of assay's what is no error.
CREATE FUNCTION warns() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'mind' USING ERRCODE = 'ML001'; RAISE EXCEPTION 'mind' USING ERRCODE = 'XX000'; END $$;

CALL fails($$SELECT * FROM assay.profile('SELECT raises(''ML001'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''ZZ999'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''XX000'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''22012'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT hides(''XX000'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT hides(''XX000'', NULL)')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT hides(''ZZ999'', NULL)')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT renames()')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT renames_profiled()')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT passes()')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT recovers(), raises(''XX000'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT recovers(), raises(''ML002'', ''mine'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT warns()')$$);
-- Through several calls of assay, one within the other.
CALL fails($$SELECT * FROM assay.profile('SELECT count(*) FROM assay.profile(''SELECT passes()'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT count(*) FROM assay.profile(''SELECT count(*) FROM assay.profile(''''SELECT raises(''''''''ZZ999'''''''', ''''''''deep'''''''')'''')'')')$$);
CALL fails($$SELECT * FROM assay.train('none', 'SELECT passes() AS a, true AS y', 'y')$$);
CALL fails($$SELECT * FROM assay.drift('SELECT 1 AS a', 'SELECT renames() AS a')$$);
-- An error that a check had is not the next statement's, nor that of the call that runs the check.
SELECT status, message FROM assay.validate('SELECT 1 AS a', $$[{"kind": "expression_is_true", "expression": "raises('ML001', 'twice') = 1"}, {"kind": "equal_rowcount", "compare_model": "SELECT raises('ZZ999', 'twice')"}]$$);
CALL fails($$SELECT raises('XX000', 'twice')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''XX000'', ''twice'')')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT (SELECT count(*) FROM assay.validate(''SELECT 1 AS a'', ''[{"kind": "expression_is_true", "expression": "raises(''''ML001'''', ''''twice'''') = 1"}]'')), raises(''XX000'', ''twice'')')$$);

-- From a parallel worker.
CREATE TABLE raised AS SELECT i FROM generate_series(1, 20000) AS i;
ANALYZE raised;
ALTER FUNCTION raises PARALLEL SAFE;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''ZZ999'', ''mine'') FROM raised')$$);
CALL fails($$SELECT * FROM assay.profile('SELECT raises(''XX000'', ''mine'') FROM raised')$$);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
RESET parallel_leader_participation;
DROP TABLE raised;
DROP FUNCTION raises, hides, renames, renames_profiled, passes, recovers, warns;

-- What shows an error in these tests says when there is none.
\set VERBOSITY terse
CALL fails('SELECT 1');

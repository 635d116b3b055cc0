-- What runs of checks found is kept: in the transaction of the run, for a time, and shown to whom it concerns.

-- Nothing of other tests is told here.
SELECT count(*) >= 0 AS pruned FROM assay.prune_history('0 days');
CREATE TABLE click (id int, page text, seconds float8);
INSERT INTO click SELECT i, (ARRAY['home', 'shop'])[i % 2 + 1], CASE WHEN i % 10 = 0 THEN 'NaN'::float8 ELSE i END FROM generate_series(1, 40) AS i;
SELECT assay.add_check('click', 'not_null', 'page', name => 'page') AS page \gset
SELECT assay.add_check('click', 'accepted_range', 'id', '{"max_value": 38}', name => 'id', group_by => '{page}') AS id \gset
SELECT assay.add_check('click', 'mean_between', 'seconds', '{"min_value": 0}', name => 'seconds') AS seconds \gset

SELECT count(*) FROM assay.run_checks('click');
SELECT name, kind, relation, column_name, segment, status, severity, metric, value, threshold, rows_evaluated AS rows, rows_failed AS failed, fraction_failed AS fraction,
       null_rows AS nulls, message, ran_as = current_user::regrole AS mine, run_at <= clock_timestamp() AS past
FROM assay.check_history WHERE check_id IN (:page, :id, :seconds) ORDER BY check_id, segment;
-- A check that could not run is there, too, and a figure that is no number.
UPDATE click SET seconds = 'Infinity' WHERE id = 1;
SELECT assay.add_check('click', 'expression_is_true', args => '{"expression": "1 / (id - 1) >= 0"}', name => 'division') AS division \gset
SELECT name, status FROM assay.run_checks('click') WHERE status <> 'pass';
SELECT name, status, value, message FROM assay.check_history WHERE check_id = :division;

-- A rollback takes it back; so does an assertion that fails, with the load. One that holds is kept.
BEGIN;
SELECT count(*) AS results FROM assay.run_checks('click');
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;
ROLLBACK;
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;
CALL fails($$SELECT assay.assert_checks('click')$$);
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;
SELECT assay.drop_check(:division);
SELECT assay.drop_check(:id);
SELECT assay.assert_checks('click');
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;
-- What a dropped check found stays.
SELECT DISTINCT name FROM assay.check_history WHERE check_id = :id;

-- Where nothing can be written, checks run, and say that they are not kept.
BEGIN READ ONLY;
SELECT name, status FROM assay.run_checks('click');
SELECT assay.assert_checks('click');
COMMIT;
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;
-- With a retention of nothing, nothing is said.
SET assay.history_retention = 0;
SELECT count(*) FROM assay.run_checks('click');
SELECT count(DISTINCT run_at) AS runs FROM assay.check_history WHERE check_id = :page;

-- What is older than the retention goes with the next run: 10,000 results a run at most, the oldest first.
SHOW assay.history_retention;
RESET assay.history_retention;
SHOW assay.history_retention;
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, ran_as)
SELECT now() - interval '91 days' - i * interval '1 minute', :page, 'page', 'not_null', 'click', 'public.click', 'pass', 'error', current_user::regrole
FROM generate_series(1, 10100) AS i;
SELECT count(*) FROM assay.run_checks('click');
SELECT count(*) AS old, max(now() - run_at) < interval '92 days' AS oldest_are_gone FROM assay.check_history WHERE run_at < now() - interval '90 days';
SET assay.history_retention = -1;
SELECT count(*) FROM assay.run_checks('click');
SELECT assay.prune_history() AS nothing;
SELECT count(*) AS old FROM assay.check_history WHERE run_at < now() - interval '90 days';
SET assay.history_retention = '1d';
SELECT count(*) FROM assay.run_checks('click');
SELECT count(*) AS old FROM assay.check_history WHERE run_at < now() - interval '90 days';
UPDATE assay.quality_history SET run_at = run_at - interval '5 days' WHERE id = (SELECT min(id) FROM assay.quality_history WHERE check_id = :page);
SELECT assay.prune_history('6 days') AS none, assay.prune_history() AS one, assay.prune_history() AS no_more;
CALL fails($$SELECT assay.prune_history('-1 day')$$);
-- PostgreSQL's own words differ by version.
DO $$ BEGIN SET assay.history_retention = '-2'; EXCEPTION WHEN invalid_parameter_value THEN RAISE INFO 'out of range'; END $$;
CALL fails($$SET assay.history_retention = 'long'$$);
BEGIN READ ONLY;
CALL fails($$SELECT assay.prune_history()$$);
ROLLBACK;
RESET assay.history_retention;

-- The history is found by index, also when it is long.
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, ran_as)
SELECT now() - i * interval '1 second', 100000 + i % 500, 'page', 'not_null', 'click', 'public.click', 'pass', 'error', 'pg_monitor'::regrole
FROM generate_series(1, 20000) AS i;
ANALYZE assay.quality_history;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
        IF line ~ 'Scan' THEN RETURN NEXT regexp_replace(line, '^.*-> +', ''); END IF;
    END LOOP;
END $$;
SELECT plan_of('SELECT * FROM assay.check_history WHERE check_id = 100001');
SELECT plan_of($$SELECT ctid FROM assay.quality_history WHERE ran_as::oid = 10::oid AND run_at < now() - make_interval(secs => 7776000) ORDER BY run_at LIMIT 10000 FOR UPDATE SKIP LOCKED$$);
SELECT assay.prune_history('0 days') > 20000 AS pruned;

-- Whose it is: the role's that it ran as, and of those who may read every row of the relation.
CREATE ROLE assay_watcher;
CREATE ROLE assay_passer;
CREATE ROLE assay_row_reader;
GRANT assay_watcher TO assay_row_reader;
REVOKE assay_watcher FROM assay_row_reader;
CREATE SCHEMA watched AUTHORIZATION assay_watcher;
GRANT USAGE ON SCHEMA watched TO assay_passer, assay_row_reader;
SET ROLE assay_watcher;
CREATE TABLE watched.order_line (id int, owner text);
INSERT INTO watched.order_line VALUES (1, 'assay_watcher'), (2, 'assay_row_reader');
SELECT assay.add_check('watched.order_line', 'not_null', 'owner') > 0 AS added;
SELECT status, role FROM assay.run_checks('watched.order_line');
SELECT name, relation, ran_as FROM assay.check_history;
SET ROLE assay_passer;
SELECT count(*) AS of_others FROM assay.check_history;
SELECT assay.prune_history('0 days') AS of_others;
CALL fails('TABLE assay.quality_history');
CALL fails('DELETE FROM assay.check_history');
SET ROLE assay_watcher;
GRANT SELECT ON watched.order_line TO assay_passer, assay_row_reader;
SET ROLE assay_passer;
SELECT count(*) AS may_read FROM assay.check_history;
SELECT assay.prune_history('0 days') AS still_not_his;
-- What he runs is not his own either: he prunes nothing, whatever retention he sets.
SELECT status, role FROM assay.run_checks('watched.order_line');
SET assay.history_retention = 1;
SELECT pg_sleep(1.1);
SELECT status, role FROM assay.run_checks('watched.order_line');
RESET assay.history_retention;
SELECT ran_as, count(*) FROM assay.check_history GROUP BY ran_as ORDER BY ran_as::text;
-- Whom row-level security shows some of the rows only does not learn what is found of all.
SET ROLE assay_watcher;
ALTER TABLE watched.order_line ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON watched.order_line USING (owner = current_user);
SET ROLE assay_row_reader;
SELECT count(*) AS of_all_rows FROM assay.check_history;
SELECT status, rows_evaluated, role FROM assay.run_checks('watched.order_line');
SELECT ran_as, rows_evaluated FROM assay.check_history;
RESET ROLE;

-- Fifty relations, one of which is gone, one of which fails: the run goes on, and says how far it is.
CREATE SCHEMA fifty;
DO $$
BEGIN
    FOR i IN 1..50 LOOP
        EXECUTE format('CREATE TABLE fifty.t%s AS SELECT %s AS n', lpad(i::text, 2, '0'), i);
        PERFORM assay.add_check(format('fifty.t%s', lpad(i::text, 2, '0'))::regclass, 'accepted_range', 'n', '{"max_value": 49}', tags => '{fifty}');
    END LOOP;
END $$;
DROP TABLE fifty.t17;
SELECT status, count(*), min(relation) AS one FROM assay.run_checks(tags => '{fifty}') GROUP BY status ORDER BY status;
SELECT status, count(*), count(DISTINCT run_at) AS runs FROM assay.check_history WHERE relation LIKE 'fifty.%' GROUP BY status ORDER BY status;
CREATE FUNCTION fifty.slow(n int) RETURNS boolean LANGUAGE sql AS 'SELECT true FROM pg_sleep(0.3)';
SELECT assay.add_check('fifty.t01', 'expression_is_true', args => '{"expression": "fifty.slow(n)"}', tags => '{slow}') > 0 AS added;
SELECT assay.add_check('fifty.t02', 'expression_is_true', args => '{"expression": "fifty.slow(n)"}', tags => '{slow}') > 0 AS added;
SET assay.progress = '250ms';
DO $$
BEGIN
    PERFORM assay.run_checks(tags => '{slow}');
END $$;
RESET assay.progress;

-- A hostile search path changes nothing.
CREATE SCHEMA history_trap;
CREATE FUNCTION history_trap.never(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR history_trap.< (FUNCTION = history_trap.never, LEFTARG = timestamptz, RIGHTARG = timestamptz);
CREATE FUNCTION history_trap.date_trunc(text, timestamp) RETURNS timestamp LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
SELECT assay.add_check('click', 'anomaly', name => 'volume') > 0 AS added;
SET search_path = history_trap, pg_catalog, public;
SELECT name, status FROM assay.run_checks('click') ORDER BY name;
SELECT assay.prune_history('10 days');
RESET search_path;

SET client_min_messages = warning;
DROP SCHEMA fifty, history_trap, watched CASCADE;
SELECT checks, results > 0 AS results FROM unnest('{assay_watcher,assay_passer,assay_row_reader}'::text[]) AS role, assay.drop_owned(role);
DROP ROLE assay_watcher, assay_passer, assay_row_reader;
SELECT assay.drop_check(check_id) FROM assay.checks WHERE relation::text ~ '^[0-9]+$' AND tags && '{fifty,slow}';

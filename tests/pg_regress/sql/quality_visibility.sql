-- Who sees what stored checks found: who acts for who added them or for whom they run as, and who may read all that they read. Others see
-- names and statuses.

-- Errors name checks by their number.
ALTER SEQUENCE assay.quality_check_id_seq RESTART WITH 3000;
CREATE ROLE visibility_owner;
CREATE ROLE visibility_reader;
CREATE ROLE visibility_scheduler;
CREATE SCHEMA visibility AUTHORIZATION visibility_owner;
GRANT USAGE ON SCHEMA visibility TO visibility_reader, visibility_scheduler;
-- What a caller is shown, in short: figures, samples and messages.
CREATE FUNCTION visibility.shown(relation regclass) RETURNS TABLE (name text, segment jsonb, status text, role text, figures text) LANGUAGE sql AS $$
    SELECT name, segment, status, role, nullif(concat_ws(' ', kind, metric, value, threshold, rows_evaluated, rows_failed, fraction_failed, null_rows, sample, fraction_low, message), kind)
    FROM assay.run_checks(relation)
$$;
-- And what the history shows it.
CREATE VIEW visibility.told WITH (security_invoker) AS
    SELECT DISTINCT relation, name, segment, status, ran_as, value FROM assay.check_history WHERE relation LIKE 'visibility.%';
GRANT SELECT ON visibility.told TO PUBLIC;

SET ROLE visibility_owner;
CREATE TABLE visibility.account (id int, branch text, eur int);
INSERT INTO visibility.account VALUES (1, 'Ulm', 10), (2, 'Ulm', -20), (3, 'Bonn', 30), (4, 'Bonn', NULL);
SELECT assay.add_check('visibility.account', 'accepted_range', 'eur', '{"min_value": 0}', name => 'range', group_by => '{branch}') AS range \gset
SELECT assay.add_check('visibility.account', 'sum_between', 'eur', '{"max_value": 1000}', name => 'sum') AS sum \gset
SELECT assay.add_check('visibility.account', 'expression_is_true', args => '{"expression": "1 / eur < 1"}', name => 'broken', "where" => 'eur > 0 or 1 / (eur - eur) = 0') AS broken \gset
SELECT assay.add_check('visibility.account', 'unique', 'id', name => 'key') AS key \gset

\echo who added them sees all
SELECT * FROM visibility.shown('visibility.account');
\echo who may read nothing runs them all the same, and sees names and statuses: of segments, which are values, the worst
SET ROLE visibility_scheduler;
SELECT * FROM visibility.shown('visibility.account');
SELECT to_jsonb(r) - '{check_id,snapshot_at}'::text[] AS shown FROM assay.run_checks('visibility.account') AS r WHERE name = 'range';
CALL fails($$SELECT assay.assert_checks('visibility.account')$$);
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :range) || '/* stranger */');
SELECT name, answered_by, sql, message, role FROM assay.explain_checks('visibility.account');
SELECT count(*) AS without_a_relation FROM assay.run_checks() WHERE relation = 'visibility.account';
SELECT count(*) AS explained FROM assay.explain_checks() WHERE relation = 'visibility.account';
SELECT count(*) AS checks FROM assay.checks WHERE relation = 'visibility.account'::regclass;
SELECT * FROM visibility.told;
\echo who may read one column only sees that much; without a relation these checks run, too
SET ROLE visibility_owner;
GRANT SELECT (id) ON visibility.account TO visibility_scheduler;
SET ROLE visibility_scheduler;
SELECT name, status FROM assay.run_checks() WHERE relation = 'visibility.account' AND value IS NULL AND sample IS NULL;
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :range) || ' /* one column */');
SELECT * FROM visibility.told;
\echo who may read the whole table sees all
SET ROLE visibility_owner;
GRANT SELECT ON visibility.account TO visibility_reader;
SET ROLE visibility_reader;
SELECT * FROM visibility.shown('visibility.account');
SELECT * FROM assay.failing_rows(:range);
CALL fails($$SELECT assay.assert_checks('visibility.account')$$);
SELECT name, answered_by, sql IS NOT NULL AS sql, message, role FROM assay.explain_checks('visibility.account');
SELECT * FROM visibility.told ORDER BY name, segment;
\echo ... as long as he may, and it has no row-level security
SET ROLE visibility_owner;
REVOKE USAGE ON SCHEMA visibility FROM visibility_reader;
SET ROLE visibility_reader;
SELECT count(*) FROM assay.check_history WHERE check_id = :sum;
SET ROLE visibility_owner;
GRANT USAGE ON SCHEMA visibility TO visibility_reader;
ALTER TABLE visibility.account ENABLE ROW LEVEL SECURITY;
CREATE POLICY ulm ON visibility.account FOR SELECT TO visibility_reader USING (branch = 'Ulm');
SET ROLE visibility_reader;
SELECT DISTINCT branch FROM visibility.account;
SELECT * FROM visibility.shown('visibility.account');
CALL fails($$SELECT assay.assert_checks('visibility.account')$$);
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :range) || ' /* policy */');
SELECT * FROM visibility.told;
SET ROLE visibility_owner;
SELECT assay.drop_check(id) FROM unnest(ARRAY[:range, :sum, :broken, :key]) AS id;
ALTER TABLE visibility.account DISABLE ROW LEVEL SECURITY;

-- Views: the tables below count.
CREATE VIEW visibility.owned AS SELECT * FROM visibility.account WHERE eur > 0;
CREATE VIEW visibility.invoked WITH (security_invoker) AS SELECT * FROM visibility.account;
CREATE TABLE visibility.private (who name, secret int);
INSERT INTO visibility.private VALUES ('visibility_owner', 4711);
CREATE VIEW visibility.mine AS SELECT * FROM visibility.private WHERE who = current_user;
GRANT SELECT ON visibility.owned, visibility.invoked, visibility.mine TO visibility_reader;
SELECT assay.add_check('visibility.owned', 'row_count_between', args => '{"min_value": 0}', name => 'owned') > 0 AS added;
SELECT assay.add_check('visibility.invoked', 'row_count_between', args => '{"min_value": 0}', name => 'invoked') > 0 AS added;
SELECT assay.add_check('visibility.mine', 'sum_between', 'secret', '{"min_value": 0}', name => 'mine') > 0 AS added;
SELECT assay.run_checks(relation) IS NOT NULL AS ran FROM unnest('{visibility.owned,visibility.invoked,visibility.mine}'::regclass[]) AS relation;
SELECT * FROM visibility.told WHERE name IN ('owned', 'invoked', 'mine') ORDER BY name;
\echo the reader may read the table below the first two
SET ROLE visibility_reader;
SELECT name, status, value, role FROM assay.run_checks() WHERE name IN ('owned', 'invoked', 'mine') ORDER BY name;
SELECT * FROM visibility.told WHERE name IN ('owned', 'invoked', 'mine') ORDER BY name;
SET ROLE visibility_owner;
REVOKE SELECT ON visibility.account FROM visibility_reader;
\echo now no more
SET ROLE visibility_reader;
SELECT name, status, value, role FROM assay.run_checks() WHERE name IN ('owned', 'invoked', 'mine') ORDER BY name;
SELECT * FROM visibility.told WHERE name IN ('owned', 'invoked', 'mine') ORDER BY name;

-- Functions: one that is not PostgreSQL's own may read anything, and of PostgreSQL's own there are some that run a query or read a file.
SET ROLE visibility_owner;
GRANT SELECT ON visibility.account TO visibility_reader;
CREATE FUNCTION visibility.peek() RETURNS int STABLE LANGUAGE sql AS 'SELECT secret FROM visibility.private';
CREATE FUNCTION visibility.less(int, int) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT $1 < (SELECT secret FROM visibility.private)';
CREATE OPERATOR visibility.<< (FUNCTION = visibility.less, LEFTARG = int, RIGHTARG = int);
CREATE AGGREGATE visibility.total (int) (SFUNC = int4pl, STYPE = int);
CREATE DOMAIN visibility.small AS int CHECK (visibility.peek() > 0);
CREATE TYPE visibility.mood AS ENUM ('sad', 'ok');
CREATE FUNCTION visibility.mood_json(visibility.mood) RETURNS json STABLE LANGUAGE sql AS 'SELECT to_json(secret) FROM visibility.private';
CREATE TABLE visibility.diary (mood visibility.mood);
INSERT INTO visibility.diary VALUES ('ok'), ('ok');
GRANT SELECT ON visibility.diary TO visibility_reader;
CREATE FUNCTION visibility.rows(compare text) RETURNS void LANGUAGE sql AS $$
    SELECT assay.add_check('visibility.account', 'equal_rowcount', args => jsonb_build_object('compare_model', compare), name => compare)
$$;
SELECT visibility.rows('select generate_series(1, 10)');
SELECT visibility.rows('select generate_series(1, 10) where now() > current_date and current_user is not null');
SELECT visibility.rows('select to_jsonb(a) from visibility.account as a order by eur');
SELECT visibility.rows('select to_jsonb(mood) from visibility.diary group by mood');
SELECT visibility.rows('select generate_series(1, visibility.peek())');
SELECT visibility.rows('select 1 where 1 operator(visibility.<<) 2');
SELECT visibility.rows('select visibility.total(eur) from visibility.account');
SELECT visibility.rows('select 1::visibility.small');
SELECT visibility.rows('select generate_series(1, length(query_to_xml(''select secret from visibility.private'', true, true, '''')::text))');
SELECT visibility.rows('select generate_series(1, current_setting(''visibility.secret'', true)::int)');
SELECT visibility.rows('select 1 from assay.profile(''visibility.private'') where min = ''4711''');
SELECT visibility.rows('select 1 from generate_series(1, 3) order by (select secret from visibility.private)');
SELECT visibility.rows('with w as (select secret from visibility.private) select from w');
SELECT visibility.rows('select from visibility.account as a full join visibility.account as b using (id)');
SELECT visibility.rows('select from visibility.diary join visibility.diary as other on (select other.mood is not null and exists (select from visibility.private))');
SET ROLE visibility_reader;
SELECT value IS NOT NULL OR message IS NOT NULL AS shown, name FROM assay.run_checks('visibility.account') ORDER BY 1 DESC, check_id;
SELECT DISTINCT name FROM assay.check_history WHERE relation = 'visibility.account' AND kind = 'equal_rowcount' ORDER BY name;
SET ROLE visibility_owner;
CREATE CAST (visibility.mood AS json) WITH FUNCTION visibility.mood_json;
SELECT value IS NOT NULL AS shown, name FROM assay.run_checks('visibility.account') WHERE name ~ 'mood';
SET ROLE visibility_reader;
SELECT value IS NOT NULL AS shown, name FROM assay.run_checks('visibility.account') WHERE name ~ 'mood';
RESET ROLE;

-- What somebody else runs is there for the check to learn from.
SET ROLE visibility_owner;
CREATE TABLE visibility.load (day date, page text);
INSERT INTO visibility.load SELECT date '2026-01-01' + i, 'home' FROM generate_series(1, 5) AS i;
SELECT assay.add_check('visibility.load', 'anomaly', args => '{"metric": "row_count", "min_points": 3}', name => 'volume') AS volume \gset
SET ROLE visibility_scheduler;
SELECT name, status, message FROM assay.run_checks('visibility.load');
SET ROLE visibility_owner;
SELECT name, status, value, message FROM assay.check_history WHERE check_id = :volume;
-- Nor can the stranger take it away.
SET ROLE visibility_scheduler;
SELECT assay.prune_history('0 days') AS pruned;
SET assay.history_retention = 1;
SELECT pg_sleep(1.1);
SELECT name, status FROM assay.run_checks('visibility.load');
RESET assay.history_retention;
SET ROLE visibility_owner;
SELECT count(*) AS runs FROM assay.check_history WHERE check_id = :volume;
SELECT assay.prune_history('0 days') > 0 AS pruned;

RESET ROLE;
SET client_min_messages = warning;
DO $$ BEGIN PERFORM assay.drop_check(check_id) FROM assay.checks WHERE relation::text LIKE 'visibility.%'; END $$;
DROP SCHEMA visibility CASCADE;
SELECT count(*) AS dropped FROM unnest('{visibility_owner,visibility_reader,visibility_scheduler}'::text[]) AS r, assay.drop_owned(r);
DROP ROLE visibility_owner, visibility_reader, visibility_scheduler;

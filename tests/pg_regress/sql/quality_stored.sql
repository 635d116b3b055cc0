-- Stored checks: adding, running, asserting, dropping, the failing rows, and who may do what.

-- Errors name checks by their number.
ALTER SEQUENCE assay.quality_check_id_seq RESTART WITH 1000;
CREATE TABLE orders (
    id      int PRIMARY KEY,
    region  text,
    status  text,
    amount  numeric,
    email   text,
    ordered date NOT NULL
);
INSERT INTO orders
SELECT i, (ARRAY['north', 'south'])[i % 2 + 1], (ARRAY['open', 'paid', 'sent'])[i % 3 + 1], i * 1.5, 'user' || i || '@example.com', date '2026-01-01' + i
FROM generate_series(1, 20) AS i;
UPDATE orders SET status = 'lost' WHERE id IN (4, 14);
UPDATE orders SET amount = NULL WHERE id = 5;
UPDATE orders SET amount = -1 WHERE id = 6;
UPDATE orders SET email = 'nobody' WHERE id = 7;

SELECT assay.add_check('orders', 'not_null', 'amount') AS not_null \gset
SELECT assay.add_check('orders', 'unique', 'id', name => 'key is unique') AS "unique" \gset
SELECT assay.add_check('orders', 'accepted_values', 'status', '{"values": ["open", "paid", "sent"]}', tags => '{nightly,status}') AS accepted \gset
SELECT assay.add_check('orders', 'accepted_range', 'amount', '{"min_value": 0}', error_if => '>=10%', warn_if => '>0', tags => '{nightly}') AS range \gset
SELECT assay.add_check('orders', 'valid_format', 'email', '{"format": "email"}', severity => 'warn') AS format \gset
SELECT assay.add_check('orders', 'expression_is_true', args => '{"expression": "amount < id * 1.4"}', name => 'cheap', "where" => $$region = 'north'$$) AS expression \gset
SELECT assay.add_check('orders', 'row_count_between', args => '{"min_value": 5}', group_by => '{region}') AS row_count \gset
SELECT assay.add_check('orders', 'matches_regex', 'email', '{"regex": "^[a-z0-9]+@", "flags": "i"}', mostly => 0.9, group_by => '{region}') AS regex \gset

SELECT check_id - :not_null AS number, name, kind, relation, column_name, args, "where", group_by, mostly, warn_if, error_if, severity, tags, added_by = current_user::regrole AS own
FROM assay.checks WHERE relation = 'orders'::regclass ORDER BY check_id;

SELECT check_id - :not_null AS number, name, segment, status, severity, metric, value, threshold, rows_evaluated AS rows, rows_failed AS failed,
       round(fraction_failed::numeric, 4) AS fraction, null_rows AS nulls, sample
FROM assay.run_checks('orders');
-- Each result says as whom and of when; the time is that of the snapshot.
SELECT DISTINCT role = current_user AS as_me, snapshot_at BETWEEN statement_timestamp() AND clock_timestamp() AS now, duration_ms >= 0 AS timed, relation FROM assay.run_checks('orders');
SELECT DISTINCT snapshot_at = statement_timestamp() AS now FROM assay.validate('orders', '[{"kind": "not_empty"}]');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM orders;
SELECT DISTINCT snapshot_at = transaction_timestamp() AS as_the_transaction FROM assay.run_checks('orders');
SELECT DISTINCT snapshot_at = transaction_timestamp() AS as_the_transaction FROM assay.validate('orders', '[{"kind": "not_empty"}]');
COMMIT;
-- It sees what its own command has written.
BEGIN;
WITH load AS (INSERT INTO orders VALUES (200, 'north', 'open', 1, 'a@example.com', '2026-05-01') RETURNING id)
SELECT load.id, value AS rows FROM load, LATERAL (SELECT value FROM assay.run_checks('orders') WHERE name = 'row_count_between_by_region' AND segment = '{"region": "north"}' AND load.id > 0) AS r;
ROLLBACK;

-- By tag: any of them.
SELECT name FROM assay.run_checks('orders', '{status}');
SELECT name FROM assay.run_checks('orders', '{nothing,nightly}');
SELECT name FROM assay.run_checks(tags => '{nightly}');
SELECT count(*) AS none FROM assay.run_checks('orders', '{}');

-- The rows that fail, with their key.
SELECT * FROM assay.failing_rows(:accepted);
SELECT key, "row"->'amount' AS amount FROM assay.failing_rows(:not_null);
SELECT key FROM assay.failing_rows(:format);
SELECT key FROM assay.failing_rows(:expression, 3) ORDER BY key;
SELECT count(*) FROM assay.failing_rows(:expression, NULL);
SELECT count(*) AS none FROM assay.failing_rows(:unique);
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :row_count));
CALL fails(format('SELECT * FROM assay.failing_rows(%s, -1)', :accepted));
CALL fails('SELECT * FROM assay.failing_rows(0)');
CALL fails('SELECT * FROM assay.failing_rows(NULL)');
-- A table without a key has rows all the same; a view has none either.
CREATE TABLE keyless AS TABLE orders;
CREATE VIEW order_view AS TABLE orders;
SELECT assay.add_check('keyless', 'accepted_values', 'status', '{"values": ["open", "paid", "sent"]}') AS c1 \gset
SELECT key, "row"->>'status' AS status FROM assay.failing_rows(:c1);
SELECT assay.add_check('order_view', 'accepted_values', 'status', '{"values": ["open", "paid", "sent"]}') AS c2 \gset
SELECT key, "row"->>'id' AS id FROM assay.failing_rows(:c2);
-- Duplicates, orphans, and what lies outside of bounds.
CREATE TABLE regions (name text PRIMARY KEY);
INSERT INTO regions VALUES ('north');
SELECT assay.add_check('orders', 'unique', 'status', "where" => 'id < 6') AS c3 \gset
SELECT key FROM assay.failing_rows(:c3);
SELECT assay.add_check('orders', 'relationships', 'region', '{"to": "regions", "field": "name"}') AS c4 \gset
SELECT count(*) FROM assay.failing_rows(:c4);
SELECT assay.add_check('orders', 'within_n_stdevs', 'amount', '{"sigma_threshold": 1.5}') AS c5 \gset
SELECT key, "row"->'amount' AS amount FROM assay.failing_rows(:c5);
SELECT assay.add_check('orders', 'outliers', 'amount') AS c6 \gset
SELECT count(*) FROM assay.failing_rows(:c6);

-- A load that does not keep its promises is rolled back.
SELECT assay.assert_checks('orders', '{nothing}');
SELECT assay.add_check('orders', 'accepted_range', 'id', '{"min_value": 1}', tags => '{load}') AS load \gset
BEGIN;
INSERT INTO orders VALUES (100, 'north', 'open', 1, 'a@example.com', '2026-05-01');
SELECT assay.assert_checks('orders', '{load}');
COMMIT;
\set VERBOSITY terse
BEGIN;
INSERT INTO orders VALUES (-1, 'north', 'open', 1, 'a@example.com', '2026-05-01');
SELECT assay.assert_checks('orders', '{load}');
COMMIT;
\set VERBOSITY default
SELECT count(*) FILTER (WHERE id = 100) AS loaded, count(*) FILTER (WHERE id = -1) AS refused FROM orders;
CALL fails($$SELECT assay.assert_checks('orders', '{status,load}')$$);
-- Warnings do not keep it up.
SELECT assay.add_check('orders', 'accepted_range', 'amount', '{"min_value": 0}', severity => 'warn', tags => '{warns}') AS warns \gset
SELECT assay.assert_checks('orders', '{warns}');

-- A check whose column is gone is an error, and the others go on; so is one whose column has another type now.
DROP VIEW order_view;
ALTER TABLE orders DROP COLUMN email;
ALTER TABLE orders ALTER COLUMN amount TYPE text;
SELECT name, segment, status, message FROM assay.run_checks('orders') WHERE status = 'error' ORDER BY name;
SELECT count(*) AS others FROM assay.run_checks('orders') WHERE status <> 'error';
CALL fails($$SELECT assay.assert_checks('orders', '{nightly}')$$);
-- A relation that is renamed keeps its checks; one that is dropped says so.
ALTER TABLE keyless RENAME TO renamed;
SELECT relation, name, status FROM assay.run_checks('renamed');
DROP TABLE renamed;
SELECT relation, name, status, message FROM assay.run_checks() WHERE relation LIKE '%keyless%';
SELECT relation IS NOT NULL AS shown FROM assay.checks WHERE name = 'accepted_values_status' AND relation::oid NOT IN (SELECT oid FROM pg_class);

-- What cannot be a check.
CALL fails($$SELECT assay.add_check('orders', 'not_nul', 'id')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'idd')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', '{"value": 1}')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', '[]')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', mostly => 2)$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', error_if => '10 >')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', severity => 'fatal')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', group_by => '{nowhere}')$$);
CALL fails($$SELECT assay.add_check('orders', 'not_null', 'id', "where" => 'true; DROP TABLE orders')$$);
CALL fails($$SELECT assay.add_check('orders', 'matches_regex', 'status', '{"regex": "a(b"}')$$);
CALL fails($$SELECT assay.add_check('orders', 'mean_between', 'status', '{"min_value": 0}')$$);
CALL fails($$SELECT assay.add_check('orders', 'mean_between', 'id', '{"min_value": 0}', mostly => 0.5)$$);
CALL fails($$SELECT assay.add_check(0, 'not_empty')$$);
CALL fails($$SELECT assay.add_check(NULL, 'not_empty')$$);
-- PostgreSQL's own words differ by version.
DO $$ BEGIN PERFORM assay.add_check('orders_pkey', 'not_empty'); EXCEPTION WHEN wrong_object_type THEN RAISE INFO 'not of an index'; END $$;
BEGIN READ ONLY;
SAVEPOINT s;
CALL fails($$SELECT assay.add_check('orders', 'not_empty')$$);
ROLLBACK TO s;
CALL fails(format('SELECT assay.drop_check(%s)', :load));
ROLLBACK;

-- Dropping.
SELECT assay.drop_check(:load);
CALL fails(format('SELECT assay.drop_check(%s)', :load) || '/* gone */');
CALL fails('SELECT assay.drop_check(NULL)');

-- Roles. A stranger sees names and statuses; a reader what he could find by himself; who may set triggers may add and drop.
CREATE ROLE assay_checker;
CREATE ROLE assay_onlooker;
CREATE TABLE shared AS SELECT i AS id, i % 3 AS x FROM generate_series(1, 9) AS i;
SELECT assay.add_check('shared', 'not_null', 'x') AS plain \gset
SELECT assay.add_check('shared', 'expression_is_true', args => '{"expression": "x >= 0"}', name => 'not negative') AS expression \gset
SET ROLE assay_onlooker;
SELECT count(*) AS checks FROM assay.checks WHERE relation = 'shared'::regclass;
SELECT name, status, role, value, rows_evaluated FROM assay.run_checks('shared');
CALL fails($$SELECT assay.add_check('shared', 'not_empty')$$);
CALL fails(format('SELECT assay.drop_check(%s)', :plain) || '/* unknown */');
CALL fails(format('SELECT * FROM assay.failing_rows(%s)', :plain) || '/* unknown */');
CALL fails('TABLE assay.quality_check');
RESET ROLE;
GRANT SELECT ON shared TO assay_onlooker, assay_checker;
GRANT TRIGGER ON shared TO assay_checker;
SET ROLE assay_onlooker;
SELECT name, status, role, message FROM assay.run_checks('shared');
SELECT count(*) AS failing FROM assay.failing_rows(:expression);
CALL fails($$SELECT assay.add_check('shared', 'not_empty')$$);
CALL fails(format('SELECT assay.drop_check(%s)', :plain) || '/* not his */');
RESET ROLE;
SET ROLE assay_checker;
SELECT assay.add_check('shared', 'expression_is_true', args => '{"expression": "current_user = ''assay_checker''"}', name => 'who runs it') > 0 AS added;
RESET ROLE;
-- A check runs as the owner of the table where who added it has the owner's rights, else as who added it, whoever calls.
SELECT name, status, role FROM assay.run_checks('shared');
SET ROLE assay_checker;
SELECT name, status, role FROM assay.run_checks('shared');
SELECT assay.drop_check(:plain);
RESET ROLE;
SELECT name FROM assay.checks WHERE relation = 'shared'::regclass ORDER BY name;

-- Row-level security: who sees nothing knows nothing.
ALTER TABLE shared ENABLE ROW LEVEL SECURITY;
SET ROLE assay_checker;
SELECT name, status, value, role, message FROM assay.run_checks('shared') ORDER BY name;
SELECT kind, status, message FROM assay.validate('shared', '[{"kind": "not_empty"}, {"kind": "unique", "column_name": "id"}, {"kind": "type_is", "column_name": "id", "column_type": "integer"}]');
SELECT kind, status FROM assay.validate('SELECT * FROM shared', '[{"kind": "not_null", "column_name": "x"}]');
RESET ROLE;
CREATE POLICY three ON shared FOR SELECT TO assay_checker USING (id <= 3);
SET ROLE assay_checker;
SELECT kind, status, rows_evaluated, message FROM assay.validate('shared', '[{"kind": "not_null", "column_name": "x"}]');
RESET ROLE;
DROP TABLE shared, orders, regions CASCADE;
SELECT checks, results > 0 AS results FROM unnest('{assay_checker,assay_onlooker}'::text[]) AS role, assay.drop_owned(role);
DROP ROLE assay_checker, assay_onlooker;

-- One relation that fails does not keep fifty others from being checked.
DO $$ BEGIN
    FOR i IN 1..50 LOOP
        EXECUTE format('CREATE TABLE many_%s AS SELECT %s AS x', i, CASE WHEN i = 7 THEN 'NULL::int' ELSE i::text END);
        PERFORM assay.add_check(('many_' || i)::regclass, 'not_null', 'x', tags => '{many}');
    END LOOP;
    ALTER TABLE many_23 DROP COLUMN x;
    DROP TABLE many_42;
END $$;
SELECT status, count(*), min(relation) AS one FROM assay.run_checks(tags => '{many}') GROUP BY status ORDER BY status;
SELECT relation, message FROM assay.run_checks(tags => '{many}') WHERE status = 'error' ORDER BY relation;
SET client_min_messages = warning;
DO $$ BEGIN
    FOR i IN 1..50 LOOP
        EXECUTE format('DROP TABLE IF EXISTS many_%s', i);
    END LOOP;
    PERFORM assay.drop_check(check_id) FROM assay.checks;
END $$;
SELECT count(*) AS left FROM assay.checks;

-- A check follows the name of its relation: tables are rebuilt by dropping them and renaming others, as dbt does.

CREATE ROLE names_builder;
CREATE ROLE names_analyst;
CREATE ROLE names_stranger;
CREATE SCHEMA names AUTHORIZATION names_builder;
GRANT USAGE, CREATE ON SCHEMA names TO names_analyst, names_stranger;
CREATE FUNCTION seen(relation regclass) RETURNS TABLE (name text, status text, relation_name text, role text, rows_failed bigint, message text)
LANGUAGE sql AS 'SELECT name, status, relation, role, rows_failed, message FROM assay.run_checks(seen.relation) ORDER BY name';

-- The analyst does not act for the builder, who lets him check.
SET ROLE names_builder;
CREATE TABLE names.orders (id int PRIMARY KEY, eur int);
INSERT INTO names.orders SELECT i, i FROM generate_series(1, 50) AS i;
GRANT SELECT, TRIGGER ON names.orders TO names_analyst;
SET ROLE names_analyst;
SELECT assay.add_check('names.orders', 'accepted_range', 'eur', '{"min_value": 1}', name => 'paid') AS paid,
       assay.add_check('names.orders', 'anomaly', name => 'volume') AS volume \gset
RESET ROLE;
SELECT assay.add_check('names.orders', 'unique', 'id', name => 'once') AS once \gset
SELECT * FROM seen('names.orders');

\echo rebuilt: the post-hook runs when both are there, and later the old one is dropped
SET ROLE names_builder;
CREATE TABLE names.orders_tmp AS SELECT i AS id, CASE WHEN i <= 40 THEN -i ELSE i END AS eur FROM generate_series(1, 50) AS i;
GRANT SELECT, TRIGGER ON names.orders_tmp TO names_analyst;
BEGIN;
ALTER TABLE names.orders RENAME TO orders_backup;
ALTER TABLE names.orders_tmp RENAME TO orders;
CALL fails($$SELECT assay.assert_checks('names.orders')$$);
-- The old object has no checks any more.
CALL fails($$SELECT assay.assert_checks('names.orders_backup')$$);
DROP TABLE names.orders_backup;
COMMIT;
RESET ROLE;
SELECT * FROM seen('names.orders');
\echo by its name, with all, in the views, in the plans and in the rows it is the same
SELECT name, status, relation, role FROM assay.run_checks() WHERE relation = 'names.orders' ORDER BY name;
SELECT name, relation, runs_as FROM assay.checks WHERE relation = 'names.orders'::regclass ORDER BY name;
SELECT name, answered_by, relation, role FROM assay.explain_checks('names.orders') WHERE name IS NOT NULL ORDER BY name;
SELECT count(*) FROM assay.failing_rows(:paid, NULL);
SELECT relation = 'names.orders'::regclass AS remembered, relation_name, relation_owner FROM assay.quality_check WHERE id IN (:paid, :volume, :once);
SELECT check_id = :paid AS paid, array_agg(status || ' ' || rows_failed ORDER BY run_at) FROM assay.check_history WHERE check_id IN (:paid, :once) GROUP BY 1;
\echo by its name a check is changed, not doubled
SET ROLE names_analyst;
SELECT assay.add_check('names.orders', 'accepted_range', 'eur', '{"min_value": -100}', name => 'paid') = :paid AS same;
RESET ROLE;

\echo without a run in between: dropped and made again
SET ROLE names_builder;
DROP TABLE names.orders;
CALL fails($$SELECT assay.assert_checks('names.orders')$$);
RESET ROLE;
SELECT name, status, relation, message FROM assay.run_checks() WHERE relation = 'names.orders' ORDER BY name;
SET ROLE names_builder;
CREATE VIEW names.orders AS SELECT 1 AS id, 5 AS eur;
GRANT SELECT, TRIGGER ON names.orders TO names_analyst;
RESET ROLE;
SELECT * FROM seen('names.orders');

\echo a plain rename takes the checks along, and so does that of the schema
ALTER VIEW names.orders RENAME TO sales;
SELECT * FROM seen('names.sales');
ALTER SCHEMA names RENAME TO "other names";
SELECT * FROM seen('"other names".sales');
SELECT name, relation FROM assay.checks WHERE check_id IN (:paid, :volume, :once) ORDER BY name;
SELECT name FROM assay.explain_checks('"other names".sales') WHERE name IS NOT NULL ORDER BY name;
ALTER SCHEMA "other names" RENAME TO names;
ALTER VIEW names.sales RENAME TO orders;

\echo a stranger takes the free name: as the analyst nothing of his is read; a superuser acts for him, too
SET ROLE names_stranger;
CREATE FUNCTION names.loot() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE INFO 'as %', current_user; RETURN 1; END $$;
RESET ROLE;
DROP VIEW names.orders;
SET ROLE names_stranger;
CREATE VIEW names.orders AS SELECT names.loot() AS id, names.loot() AS eur;
GRANT SELECT ON names.orders TO PUBLIC;
SELECT * FROM seen('names.orders');
CALL fails($$SELECT assay.assert_checks('names.orders')$$);
SELECT name, answered_by, message FROM assay.explain_checks('names.orders') WHERE name IS NOT NULL ORDER BY name;
SET ROLE names_analyst;
SELECT name, status, role, message FROM seen('names.orders');
CALL fails(format('SELECT assay.failing_rows(%s)', :paid) || '/* a stranger''s */');
SELECT name, relation, runs_as FROM assay.checks WHERE check_id = :paid;
RESET ROLE;
SELECT name, status, role, message FROM assay.run_checks() WHERE relation = 'names.orders' ORDER BY name;
\echo the analyst may have it read after all; that is for him to say
GRANT TRIGGER ON names.orders TO names_analyst;
SET ROLE names_stranger;
CALL fails($$SELECT assay.add_check('names.orders', 'not_null', 'eur', name => 'paid')$$);
SET ROLE names_analyst;
SELECT assay.add_check('names.orders', 'not_null', 'eur', name => 'paid') = :paid AS same;
SELECT name, status, role FROM seen('names.orders') WHERE name = 'paid';
\echo whose relation it is may drop checks that are of no use
SET ROLE names_stranger;
SELECT assay.drop_check(:volume);
RESET ROLE;

\echo the former owner comes back
DROP VIEW names.orders;
SET ROLE names_builder;
CREATE TABLE names.orders (id int, eur int);
GRANT SELECT ON names.orders TO names_analyst;
RESET ROLE;
SELECT name, status, role, message FROM seen('names.orders');

\echo an owner that changes is remembered by the next run
ALTER TABLE names.orders OWNER TO names_analyst;
SELECT name, status, role FROM seen('names.orders');
SELECT name, relation_owner FROM assay.quality_check WHERE relation_name = 'names.orders' ORDER BY 1;
\echo a role that owned a relation with checks is not dropped without a word
ALTER SCHEMA names OWNER TO postgres;
DROP OWNED BY names_builder, names_stranger;
SELECT checks FROM assay.drop_owned('names_builder');
DROP ROLE names_builder;

\echo names that SQL has to quote, and what is no name
CREATE TABLE names."A ""b.c" (x int);
SELECT assay.add_check('names."A ""b.c"', 'not_null', 'x') AS quoted \gset
DROP TABLE names."A ""b.c";
SET quote_all_identifiers = on;
CREATE TABLE names."A ""b.c" (x int);
SELECT status, relation FROM assay.run_checks('names."A ""b.c"');
RESET quote_all_identifiers;
SELECT name FROM unnest(ARRAY['', 'names', 'names.orders.x', '"names', 'names."', 'nowhere.orders', 'names.orders']) AS name
WHERE assay_internal.check_relation(0, name, 10, 10) = 'names.orders'::regclass;
SELECT assay.drop_check(:quoted), assay.drop_check(:paid), assay.drop_check(:once);

\echo nothing asserted is no success
CREATE TABLE names.unguarded (x int);
CALL fails($$SELECT assay.assert_checks('names.unguarded')$$);
SELECT assay.add_check('names.unguarded', 'not_null', 'x', tags => '{load}') AS guard \gset
SELECT assay.assert_checks('names.unguarded'), assay.assert_checks('names.unguarded', '{load,other}');
CALL fails($$SELECT assay.assert_checks('names.unguarded', '{other,more}')$$);
CALL fails($$SELECT assay.assert_checks('names.unguarded', '{}')$$);
CALL fails($$SELECT * FROM assay.validate('names.unguarded', '[]')$$);
SELECT count(*) FROM assay.run_checks('names.unguarded', '{other}');
SELECT assay.drop_check(:guard);

DROP FUNCTION seen;
DROP SCHEMA names CASCADE;
SELECT FROM assay.drop_owned('names_analyst');
SELECT FROM assay.drop_owned('names_stranger');
DROP ROLE names_analyst, names_stranger;

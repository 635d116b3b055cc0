-- What is said of an asset follows its table's name, and the object while nothing bears the name; never a stranger's.
CREATE ROLE assets_ann;
CREATE ROLE assets_bob;
CREATE ROLE assets_guest;
CREATE SCHEMA assets_a AUTHORIZATION assets_ann;
GRANT ALL ON SCHEMA assets_a TO assets_bob;
SELECT assay.add_owner('ann', 'person', 'assets_ann') > 0 AS added, assay.add_owner('guest', 'person', 'assets_guest') > 0 AS added;
CREATE VIEW assets AS SELECT asset, relation IS NOT NULL AS there, owner, owned_through FROM assay.assets WHERE asset ~ 'assets_a' ORDER BY asset COLLATE "C";
GRANT SELECT ON assets TO PUBLIC;
-- What there is, and what is recorded: partitions and indexes are no assets of their own.
SET ROLE assets_ann;
CREATE TABLE assets_a.orders (id int PRIMARY KEY, amount int);
CREATE TABLE assets_a.parts (id int) PARTITION BY LIST (id);
CREATE TABLE assets_a.parts_1 PARTITION OF assets_a.parts FOR VALUES IN (1);
CREATE VIEW assets_a."Odd ""view""" AS SELECT id FROM assets_a.orders;
CREATE MATERIALIZED VIEW assets_a.stored AS SELECT id FROM assets_a.orders;
CREATE SEQUENCE assets_a.numbers;
SELECT assay.own('ann', 'assets_a.orders'), assay.own('guest', 'assets_a.orders.amount'), assay.own('ann', 'assets_a."Odd ""view"""');
CALL fails($$SELECT assay.own('ann', 'assets_a.numbers')$$);
CALL fails($$SELECT assay.own('ann', 'assets_a.orders_pkey')$$);
TABLE assets;
-- A plain rename takes it along.
ALTER TABLE assets_a.orders RENAME TO purchases;
TABLE assets;
SELECT assay.own('guest', 'assets_a.purchases', min_severity => 'sev1');
RESET ROLE;
SELECT kind, name, relation, relation_name, column_name FROM assay.asset WHERE name ~ 'orders|purchases' ORDER BY kind, name;
SET ROLE assets_ann;
ALTER TABLE assets_a.purchases RENAME TO orders;
-- dbt builds a table beside, renames the old one away and the new one into its place.
CREATE TABLE assets_a.orders__dbt_tmp AS SELECT 1 AS id, 2 AS amount;
BEGIN;
ALTER TABLE assets_a.orders RENAME TO orders__dbt_backup;
ALTER TABLE assets_a.orders__dbt_tmp RENAME TO orders;
COMMIT;
TABLE assets;
DROP TABLE assets_a.orders__dbt_backup CASCADE;
TABLE assets;
-- The new one is remembered once something is said of it, so that a rename takes it along.
SELECT assay.own('guest', 'assets_a.orders'), assay.own('guest', 'assets_a.orders.amount');
ALTER TABLE assets_a.orders RENAME TO purchases;
TABLE assets;
ALTER TABLE assets_a.purchases RENAME TO orders;
-- Dropped and made again.
DROP TABLE assets_a.orders;
TABLE assets;
SELECT asset, kind FROM assay.unowned_assets WHERE asset ~ 'assets_a' ORDER BY 1;
CREATE TABLE assets_a.orders (id int);
TABLE assets;
-- Another schema: once it is remembered.
SELECT assay.own('guest', 'assets_a.orders');
RESET ROLE;
CREATE SCHEMA assets_b AUTHORIZATION assets_ann;
SET ROLE assets_ann;
ALTER TABLE assets_a.orders SET SCHEMA assets_b;
SELECT asset, owner FROM assay.assets WHERE asset ~ 'assets_.\.orders' ORDER BY asset;
ALTER TABLE assets_b.orders SET SCHEMA assets_a;

-- A stranger's table of the name is another asset: nobody owns it by what was said of the other one.
DROP TABLE assets_a.orders;
SET ROLE assets_bob;
CREATE TABLE assets_a.orders (id int, amount int);
TABLE assets;
SELECT assay.own('guest', 'assets_a.orders.id');
RESET ROLE;
SELECT asset, there, owner, owned_through FROM assets WHERE asset ~ 'orders';
SELECT kind, regexp_replace(name, '#\d+', '#N') AS name, relation_owner, added_by FROM assay.asset WHERE name ~ 'orders' ORDER BY added_by::text, name;
-- Who owned the first sees nothing of the second.
SET ROLE assets_guest;
TABLE assets;
RESET ROLE;
-- Nor does it come back by the name only: ann's next table of the name is hers, and has no owner until she says so.
DROP TABLE assets_a.orders;
SET ROLE assets_ann;
CREATE TABLE assets_a.orders (id int, amount int);
SELECT assay.own('ann', 'assets_a.orders');
TABLE assets;
-- Given to another owner it is the same table.
RESET ROLE;
ALTER TABLE assets_a.orders OWNER TO assets_bob;
TABLE assets;

-- A schema of somebody else's that gets the name is another one.
CREATE SCHEMA assets_c AUTHORIZATION assets_ann;
SET ROLE assets_ann;
CREATE TABLE assets_c.kept (id int);
SELECT assay.own('guest', 'schema:assets_c');
SELECT asset, owner, owned_through FROM assay.assets WHERE asset = 'assets_c.kept';
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA assets_c CASCADE;
RESET client_min_messages;
CREATE SCHEMA assets_c AUTHORIZATION assets_bob;
SET ROLE assets_bob;
CREATE TABLE assets_c.kept (id int);
SELECT asset, owner, owned_through FROM assay.assets WHERE asset = 'assets_c.kept';
SELECT assay.own('ann', 'schema:assets_c');
SELECT asset, owner, owned_through FROM assay.assets WHERE asset = 'assets_c.kept';
RESET ROLE;

-- A column that is dropped, a check and what it is of.
SELECT assay.add_check('assets_a.orders', 'not_null', 'id', name => 'assets id') AS id \gset
SELECT assay.own('guest', 'check:' || :id);
SELECT owner, owned_through, relation FROM assay.assets WHERE kind = 'check';
SELECT assay.disown('guest', 'check:' || :id);
SELECT owner, owned_through, relation FROM assay.assets WHERE kind = 'check';
SELECT assay.own('guest', 'assets_a.orders.amount');
ALTER TABLE assets_a.orders DROP COLUMN amount;
SELECT asset, owner FROM assay.assets WHERE asset = 'assets_a.orders.amount';
SELECT assay.disown('guest', 'assets_a.orders.amount');
-- Who may set triggers on a table may say who owns it, as it may add checks.
CALL fails($$SET ROLE assets_guest; SELECT assay.own('guest', 'assets_a.orders')$$);
RESET ROLE;
GRANT TRIGGER ON assets_a.orders TO assets_guest;
SET ROLE assets_guest;
SELECT assay.own('guest', 'assets_a.orders');
RESET ROLE;
-- A rollback takes everything back.
BEGIN;
SELECT assay.own('ann', 'dashboard:assets_board'), assay.add_data_product('assets_p', 'p1') > 0 AS added;
SELECT assay.add_to_product('assets_p', 'source:assets.crm', 'input');
ROLLBACK;
SELECT count(*) FROM assay.assets WHERE kind IN ('dashboard', 'source');
-- Names of every kind that SQL allows.
SET quote_all_identifiers = on;
SELECT asset, owner FROM assay.assets WHERE asset ~ '"orders"' ORDER BY asset;
RESET quote_all_identifiers;
CREATE TABLE assets_a."a.b ""c"" #1" ("x.y" int);
SELECT assay.own('ann', 'assets_a."a.b ""c"" #1"."x.y"'), assay.own('guest', 'assets_a."a.b ""c"" #1"');
SELECT asset, owner, owned_through FROM assay.assets WHERE asset ~ 'a\.b' ORDER BY asset;
SELECT assay.own('ann', 'source:crm.accounts: all, "quoted"'), assay.own('ann', 'source:данные');
SELECT asset, kind FROM assay.assets WHERE kind = 'source' ORDER BY asset;


-- A run of checks remembers a rebuilt table, too, with its columns.
CREATE TABLE assets_a.built (id int);
SELECT assay.own('ann', 'assets_a.built'), assay.own('guest', 'assets_a.built.id');
SELECT assay.add_check('assets_a.built', 'unique', 'id') > 0 AS added;
DROP TABLE assets_a.built;
CREATE TABLE assets_a.built (id int);
SELECT status FROM assay.run_checks('assets_a.built');
ALTER TABLE assets_a.built RENAME TO made;
SELECT asset, owner FROM assay.assets WHERE asset ~ 'built|made' ORDER BY asset;
-- So does assay.escalate, one that no check looks at, and one that was given to another owner; not a stranger's.
SET ROLE assets_ann;
CREATE TABLE assets_a.quiet (id int);
CREATE TABLE assets_a.given (id int);
CREATE TABLE assets_a.lost (id int);
SELECT assay.own('ann', 'assets_a.quiet'), assay.own('guest', 'assets_a.quiet.id'), assay.own('ann', 'assets_a.given'), assay.own('ann', 'assets_a.lost');
DROP TABLE assets_a.quiet, assets_a.lost;
CREATE TABLE assets_a.quiet (id int);
SET ROLE assets_bob;
CREATE TABLE assets_a.lost (id int);
RESET ROLE;
ALTER TABLE assets_a.given OWNER TO assets_bob;
SELECT count(*) AS steps FROM assay.escalate();
SELECT name, relation, relation_owner FROM assay.asset WHERE name ~ 'quiet|given' ORDER BY name;
SELECT relation = 'assets_a.lost'::regclass AS remembered, relation_owner FROM assay.asset WHERE name = 'assets_a.lost';
-- There is nothing left to remember: no row is written again.
CREATE TEMPORARY TABLE known AS SELECT id, ctid AS place FROM assay.asset;
SELECT count(*) AS steps FROM assay.escalate();
SELECT count(*) FILTER (WHERE a.ctid <> k.place) AS written, count(*) > 0 AS compared FROM assay.asset a JOIN known k USING (id);
ALTER TABLE assets_a.quiet RENAME TO calm;
ALTER TABLE assets_a.given RENAME TO taken;
SELECT asset, owner FROM assay.assets WHERE asset ~ 'quiet|calm|given|taken' ORDER BY asset;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA assets_a, assets_b, assets_c CASCADE;
SELECT assay.drop_owned(r) IS NOT NULL AS dropped FROM unnest('{assets_ann,assets_bob,assets_guest}'::text[]) AS r;
DROP OWNED BY assets_ann, assets_bob, assets_guest;
DROP ROLE assets_ann, assets_bob, assets_guest;

-- Of a relation that is gone, as a restore brings it, there is no object; the next one of its name is remembered once its checks have run on it.
CREATE TABLE assets_gone (id int);
SELECT assay.add_check('assets_gone', 'not_empty') > 0 AS added;
DROP TABLE assets_gone;
INSERT INTO assay.asset (kind, name, relation, relation_name, relation_owner, added_by)
VALUES ('relation', 'public.assets_gone', '1', 'public.assets_gone', current_user::regrole, current_user::regrole);
SELECT relation IS NULL AS none FROM assay.asset WHERE name = 'public.assets_gone';
CREATE TABLE assets_gone AS SELECT 1 AS id;
SELECT status FROM assay.run_checks('assets_gone');
SELECT relation FROM assay.asset WHERE name = 'public.assets_gone';
DROP TABLE assets_gone;

-- Owners, teams, data products: who may say what of them, and who sees it.
CREATE ROLE owners_ann;
CREATE ROLE owners_ben;
CREATE ROLE owners_eve;
CREATE ROLE owners_keeper;
GRANT owners_keeper TO owners_ben;
CREATE SCHEMA owners_a AUTHORIZATION owners_ann;
SET ROLE owners_ann;
CREATE TABLE owners_a.orders (id int, amount int);
CREATE VIEW owners_a.totals AS SELECT sum(amount) AS total FROM owners_a.orders;
RESET ROLE;
CREATE VIEW owned AS SELECT asset, owner, owned_through FROM assay.assets WHERE asset ~ 'owners_' OR kind IN ('dashboard', 'source') ORDER BY asset COLLATE "C";
GRANT SELECT ON owned TO PUBLIC;

-- Anyone adds owners; whose role is registered, the role or the database's owner says.
SET ROLE owners_ann;
SELECT assay.add_owner('ann', 'person', 'owners_ann', '{"email": "ann@example.org", "digest": "15 minutes", "quiet_hours": {"from": "22:00", "to": "07:00", "time_zone": "Europe/Berlin"}}') > 0 AS added;
SELECT assay.add_owner('crew', 'team', contacts => '{"slack": "https://hooks.example.org/T0/B0", "webhook": "http://localhost:8080/", "phone": "+493012345678", "time_zone": "UTC"}') > 0 AS added;
CALL fails($$SELECT assay.add_owner('ben', 'person', 'owners_ben')$$);
SELECT assay.add_owner('ben', 'person', '-') > 0 AS added;
CALL fails($$SELECT assay.add_owner('ben', 'team')$$);
CALL fails($$SELECT assay.add_to_team('ben', 'ann')$$);
CALL fails($$SELECT assay.add_to_team('crew', 'crew')$$);
SELECT assay.add_to_team('crew', 'ann'), assay.add_to_team('crew', 'ann'), assay.add_to_team('crew', 'ben');
SELECT name, kind, role, members, contacts, added_by FROM assay.owners ORDER BY name;

-- What they are told by is for who acts for them, and the database's owner.
SET ROLE owners_ben;
SELECT name, role, contacts FROM assay.owners ORDER BY name;
CALL fails($$SELECT assay.add_owner('ben', 'person', 'owners_ben')$$);
CALL fails($$SELECT assay.add_to_team('crew', 'ben')$$);
CALL fails($$SELECT assay.drop_owner('ann')$$);
SELECT assay.add_owner('keeper', 'person', 'owners_keeper') > 0 AS added;
RESET ROLE;
SELECT assay.add_owner('ben', 'person', 'owners_ben', '{"email": "ben@example.org"}') > 0 AS changed;
SELECT name, role, contacts IS NOT NULL AS told, added_by FROM assay.owners WHERE name IN ('ben', 'crew') ORDER BY name;
-- Who added an owner may go on changing it, with the role that it has.
SET ROLE owners_ann;
SELECT assay.add_owner('ben', 'person', 'owners_ben', '{"email": "ben@example.com"}') > 0 AS changed;
-- A member sees how its team is told.
SET ROLE owners_ben;
SELECT name, contacts FROM assay.owners ORDER BY name;

-- The most specific of what is said wins: the column, its table, a product, the schema.
SET ROLE owners_ann;
SELECT assay.own('crew', 'schema:owners_a', min_severity => 'error');
TABLE owned;
SELECT assay.add_data_product('shop', 'p2', 'ben', 'What the shop runs on') > 0 AS added;
SELECT assay.add_to_product('shop', 'owners_a.orders', 'input'), assay.add_to_product('shop', 'owners_a.totals', 'output'), assay.add_to_product('shop', 'dashboard:sales', 'output');
TABLE owned;
SELECT assay.add_to_product('shop', 'owners_a.orders', 'inner');
SELECT assay.own('ann', 'owners_a.orders.amount');
SELECT assay.own('ann', 'owners_a.orders.id');
SELECT assay.disown('ann', 'owners_a.orders.id');
TABLE owned;
SELECT assay.own('keeper', 'owners_a.orders'), assay.own('ann', 'owners_a.orders', min_severity => 'sev2');
SELECT assay.own('keeper', product => 'shop', min_severity => 'sev1'), assay.own('ben', product => 'shop', min_severity => 'sev3');
TABLE owned;
SELECT owner, asset, product, min_severity, said_by FROM assay.ownerships ORDER BY owner, asset, product;
SELECT name, priority, owner, description, inputs, inner_assets, outputs, added_by FROM assay.data_products;
SELECT product, priority, asset, kind, role FROM assay.product_assets ORDER BY asset;
SELECT asset, products, priority, open_issues FROM assay.assets WHERE products <> '{}' ORDER BY asset;
RESET ROLE;
-- What is told of the same owner twice is told from the milder severity on.
SELECT n.label, w.name, o.level, o.min_severity FROM assay_internal.asset_owner o JOIN assay_internal.asset_now n ON n.id = o.asset_id
JOIN assay.owner w ON w.id = o.owner_id ORDER BY 1, 2;
SELECT assay.disown('keeper', 'owners_a.orders'), assay.disown('ann', 'owners_a.orders'), assay.disown('keeper', product => 'shop');
TABLE owned;
SELECT assay.disown('ben', product => 'shop');
SELECT owner FROM assay.data_products;
TABLE owned;

-- Who knows of what. A stranger knows what there is outside; an owner what it owns.
SET ROLE owners_eve;
TABLE owned;
SELECT owner, asset, product FROM assay.ownerships;
SELECT name, outputs FROM assay.data_products;
CALL fails($$SELECT assay.own('ben', 'owners_a.orders')$$);
CALL fails($$SELECT assay.own('ben', 'schema:owners_a')$$);
CALL fails($$SELECT assay.own('ben', 'dashboard:sales')$$);
CALL fails($$SELECT assay.own('ben', product => 'shop')$$);
CALL fails($$SELECT assay.disown('ann', 'owners_a.orders.amount')$$);
CALL fails($$SELECT assay.add_to_product('shop', 'dashboard:sales', 'input')$$);
CALL fails($$SELECT assay.drop_data_product('shop')$$);
CALL fails($$SELECT assay.add_data_product('shop', 'p1')$$);
SELECT assay.add_data_product('hers', 'p3') > 0 AS added;
CALL fails($$SELECT assay.add_to_product('hers', 'owners_a.orders', 'input')$$);
CALL fails($$SELECT assay.add_to_product('hers', 'owners_a.orders', 'output')$$);
SET ROLE owners_ben;
SELECT asset, owner FROM owned;
SELECT name FROM assay.data_products ORDER BY name;
-- An owner may say that it is none any more.
SELECT assay.disown('crew', 'schema:owners_a');
CALL fails($$SELECT assay.disown('crew', 'schema:owners_a')$$);
SELECT asset, owner FROM owned;
RESET ROLE;
SELECT asset, kind FROM assay.unowned_assets WHERE asset ~ 'owners_' OR kind <> 'relation' ORDER BY asset;

-- What cannot be meant.
CALL fails($$SELECT assay.own('ann')$$);
CALL fails($$SELECT assay.own('ann', 'owners_a.orders', 'shop')$$);
CALL fails($$SELECT assay.own(NULL, 'owners_a.orders')$$);
CALL fails($$SELECT assay.own('nobody', 'owners_a.orders')$$);
CALL fails($$SELECT assay.own('ann', 'owners_a.absent')$$);
CALL fails($$SELECT assay.own('ann', 'owners_a.orders.absent')$$);
CALL fails($$SELECT assay.own('ann', 'schema:owners_absent')$$);
CALL fails($$SELECT assay.own('ann', 'model:owners_absent')$$);
CALL fails($$SELECT assay.own('ann', 'check:0')$$);
CALL fails($$SELECT assay.own('ann', 'check:abc')$$);
CALL fails($$SELECT assay.own('ann', E'dashboard:a\u202eb')$$);
CALL fails($$SELECT assay.own('ann', 'owners_a.orders', min_severity => 'sev5')$$);
CALL fails($$SELECT assay.own('ann', product => 'absent')$$);
CALL fails($$SELECT assay.add_owner('', 'person')$$);
CALL fails($$SELECT assay.add_owner(repeat('x', 201), 'person')$$);
CALL fails($$SELECT assay.add_owner('x', 'robot')$$);
CALL fails($$SELECT assay.add_owner('x', NULL)$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '[]')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"mail": "a@b.org"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"email": "a@b.org, c@d.org"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"email": "a@b.org\nBcc: c@d.org"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"webhook": "file:///etc/passwd"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"slack": 3}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"phone": "030 123"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"digest": "2 days"}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"quiet_hours": {"from": "22:00"}}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"quiet_hours": {"from": "22:00", "until": "22:00"}}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"quiet_hours": {"from": "25:00", "until": "22:00"}}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => '{"quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Atlantis"}}')$$);
CALL fails($$SELECT assay.add_owner('x', 'person', contacts => jsonb_build_object('webhook', 'https://a.org/' || repeat('x', 2000)))$$);
CALL fails($$SELECT assay.add_data_product('x', 'p0')$$);
CALL fails($$SELECT assay.add_data_product('x', 'p1', 'nobody')$$);
CALL fails($$SELECT assay.add_data_product('x', 'p1', description => repeat('x', 2001))$$);
CALL fails($$SELECT assay.add_to_product('shop', 'owners_a.orders', 'side')$$);
CALL fails($$SELECT assay.add_to_product('absent', 'owners_a.orders', 'inner')$$);
CALL fails($$SELECT assay.remove_from_product('shop', 'schema:owners_a')$$);
CALL fails($$SELECT assay.remove_from_team('crew', 'keeper')$$);
CALL fails($$SELECT assay.drop_owner('nobody')$$);
CALL fails($$SELECT assay.drop_data_product('absent')$$);
START TRANSACTION READ ONLY;
CALL fails($$SELECT assay.add_owner('x', 'person')$$);
CALL fails($$SELECT assay.own('ann', 'owners_a.orders')$$);
COMMIT;

-- Dropping.
SELECT assay.add_data_product('shop', 'p1', 'ben') > 0 AS changed;
SELECT assay.remove_from_product('shop', 'owners_a.totals'), assay.remove_from_team('crew', 'ann');
SELECT assay.drop_owner('ben');
SELECT name, priority, owner, description FROM assay.data_products ORDER BY name;
SELECT name, members FROM assay.owners ORDER BY name;
SELECT assay.drop_data_product('shop');
SELECT * FROM assay.product_assets;

-- A role that something of this belongs to is not dropped; what others rely on goes to the database's owner, or to whom it is given.
DROP OWNED BY owners_ann;
CALL fails('DROP ROLE owners_ann');
CALL fails('DROP ROLE owners_keeper');
SELECT assay.reassign_owned('owners_keeper', 'owners_eve') IS NOT NULL AS moved, assay.drop_owned('owners_ann') IS NOT NULL AS dropped;
SELECT name, role, added_by = 'owners_ben'::regrole AS by_ben, added_by = current_user::regrole AS by_me FROM assay.owners ORDER BY name;
DROP ROLE owners_ann, owners_keeper;
SELECT assay.drop_owned('owners_ben') IS NOT NULL AS dropped, assay.drop_owned('owners_eve') IS NOT NULL AS dropped;
DROP ROLE owners_ben, owners_eve;
SELECT name, role, added_by = current_user::regrole AS mine FROM assay.owners ORDER BY name;

-- Whatever has a column of roles records them, so that none is dropped while it has something there.
SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE a.atttypid = 'assay.role'::regtype AND c.relkind = 'r' AND NOT EXISTS (
    SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgfoid = 'assay_internal.record_roles'::regproc
    AND a.attname = ANY (string_to_array(encode(t.tgargs, 'escape'), '\000')));

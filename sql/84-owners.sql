-- Who owns what: functions that say so, and views of it.

CREATE FUNCTION assay.add_owner(name text, kind text, role regrole DEFAULT NULL, contacts jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'add_owner_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_owner(text, text, regrole, jsonb) IS
'Adds a person or a team that may own assets; gives its number. With a name that an owner has, that one becomes what is said here: role and contacts that are not given are gone. Anyone may add owners; changing one takes the role that added it, its own role, or the database''s owner.
kind: person or team. role: the database role that acts for it, such as by acknowledging incidents; NULL for none. To register one takes that role''s rights, or the database''s owner.
contacts: {"email": ..., "webhook": ... (gets JSON), "slack": ... (gets Slack''s format), "phone": "+49..." (E.164), "digest": "15 minutes" (how long issues are gathered before they are told; 0 minutes tells each at once; else 5 minutes), "quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}, "time_zone": in which it reads times}; none is needed, and others are an error. Only who acts for the owner and the database''s owner see them.
Errors: 22023 a NULL, an unknown kind or key, an address that is none, 42501, 42602 the name, 25006.
Example: SELECT assay.add_owner(''ann'', ''person'', contacts => ''{"email": "ann@example.org", "quiet_hours": {"from": "22:00", "until": "07:00", "time_zone": "Europe/Berlin"}}'')';

CREATE FUNCTION assay.drop_owner(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_owner_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_owner(text) IS
'Forgets a person or a team: what it owned has no owner by that any more, teams do not have it as a member, and what it was still to be told is not told. Who took part in incidents stays in their trail. It takes the role that added it, its own role, or the database''s owner. Errors: 22023 a NULL, ML023 no such owner, ML027 it takes turns in a rotation, 42501, 25006.
Example: SELECT assay.drop_owner(name) FROM assay.owners WHERE name = ''ben''';

CREATE FUNCTION assay.add_to_team(team text, person text) RETURNS void
AS 'MODULE_PATHNAME', 'add_to_team_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_team(text, text) IS
'Makes a person a member of a team, for which its role then acts, too: what the team owns, each of its members may acknowledge. It takes the role that added the team, the team''s own role, or the database''s owner. Errors: 22023 a NULL, a person that is a team or a team that is a person, ML023 no such owner, 42501, 25006.
Example: SELECT assay.add_to_team(t.name, p.name) FROM assay.owners AS t, assay.owners AS p WHERE t.kind = ''team'' AND p.kind = ''person''';

CREATE FUNCTION assay.remove_from_team(team text, person text) RETURNS void
AS 'MODULE_PATHNAME', 'remove_from_team_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.remove_from_team(text, text) IS
'Makes a person leave a team. It takes what assay.add_to_team does. Errors: 22023 a NULL, who is no member, ML023 no such owner, 42501, 25006.
Example: SELECT assay.remove_from_team(o.name, m) FROM assay.owners AS o, unnest(o.members) AS m WHERE o.kind = ''team''';

CREATE FUNCTION assay.own(owner text, asset text DEFAULT NULL, product text DEFAULT NULL, min_severity text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'own_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.own(text, text, text, text) IS
'Says that an owner owns an asset or a data product; said again, it changes min_severity. An asset may have several owners. What is said of an asset goes before what is said of its table, for a column or a check; that before what is said of a product that it is in; and that before what is said of the schema.
asset: as people write it: ''public.orders'', ''public.orders.amount'', ''schema:staging'', ''model:risk'', ''check:7'', ''dashboard:revenue'', ''source:crm.accounts''. It follows the name of its table, as a check does. product: the name of a data product, of which it owns what is in it and what comes out of it, not its inputs. min_severity: it is told from that severity on: warn, error (of issues), sev4, sev3, sev2, sev1 (of incidents); NULL for all.
It takes who may say things of the asset: the owner of the table, or the privilege TRIGGER on it; the owner of the schema; manage on the model; for what is outside of the database the role that first said something of it; for a product the role that added it, or its owner''s. Errors: 22023 neither asset nor product, or both, ML022 no such asset, ML023 no such owner, ML024 no such product, 42501, 25006.
Example: SELECT assay.own(name, ''application'') FROM assay.owners WHERE name = ''ann''';

CREATE FUNCTION assay.disown(owner text, asset text DEFAULT NULL, product text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'disown_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.disown(text, text, text) IS
'Takes back what assay.own, or assay.add_data_product, said. An owner may by its role say so of itself; else it takes what assay.own does. An asset that is gone is named by the name that it had. Errors: 22023 neither asset nor product, or both, ML022, ML023 no such owner, or it does not own that, ML024, 42501, 25006.
Example: SELECT assay.disown(owner, asset) FROM assay.ownerships WHERE owner = ''ben'' AND asset IS NOT NULL';

CREATE FUNCTION assay.add_data_product(name text, priority text, owner text DEFAULT NULL, description text DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'add_data_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_data_product(text, text, text, text) IS
'Adds a data product: a set of assets that people rely on; gives its number. With a name that a product has, that one becomes what is said here, and keeps its assets; that takes the role that added it, its owner''s role, or the database''s owner.
priority: p1, the highest, p2 or p3. owner: who answers for it; NULL for nobody yet. description: what it is for, of up to 2000 bytes. Errors: 22023 a NULL, an unknown priority, ML023 no such owner, 42501, 42602 the name, 25006.
Example: SELECT assay.add_data_product(''lending'', ''p1'', description => ''What the branches decide by'')';

CREATE FUNCTION assay.drop_data_product(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_data_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_data_product(text) IS
'Forgets a data product, who owns it, what was promised of it and when it was to be worked on; its assets stay. It takes the role that added it, its owner''s role, or the database''s owner. Errors: 22023 a NULL, ML024 no such product, 42501, 25006.
Example: SELECT assay.drop_data_product(name) FROM assay.data_products WHERE name = ''lending''';

CREATE FUNCTION assay.add_to_product(product text, asset text, role text DEFAULT 'inner') RETURNS void
AS 'MODULE_PATHNAME', 'add_to_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_product(text, text, text) IS
'Makes an asset part of a data product; said again, it changes its role. role: input (what others make, and own), inner, or output (what people use). It takes the role that added the product, its owner''s role, or the database''s owner; and for an input the right to read the asset, else who may say things of it, as for assay.own. Errors: 22023 a NULL, an unknown role, ML022 no such asset, ML024 no such product, 42501, 25006.
Example: SELECT assay.add_to_product(name, ''application'', ''input'') FROM assay.data_products WHERE name = ''lending''';

CREATE FUNCTION assay.remove_from_product(product text, asset text) RETURNS void
AS 'MODULE_PATHNAME', 'remove_from_product_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.remove_from_product(text, text) IS
'Takes an asset out of a data product; one that is gone is named by the name that it had. It takes the role that added the product, its owner''s role, or the database''s owner. Errors: 22023 a NULL, ML022 no such asset, or it is not in the product, ML024 no such product, 42501, 25006.
Example: SELECT assay.remove_from_product(product, asset) FROM assay.product_assets WHERE product = ''lending''';

CREATE VIEW assay.owners WITH (security_barrier) AS
    SELECT o.id, o.name, o.kind, r.oid::pg_catalog.regrole AS role,
           ARRAY(SELECT p.name FROM assay.team_member m JOIN assay.owner p ON p.id OPERATOR(pg_catalog.=) m.person_id
                 WHERE m.team_id OPERATOR(pg_catalog.=) o.id ORDER BY p.name)::pg_catalog.text[] AS members,
           CASE WHEN s.is_steward OR o.id OPERATOR(pg_catalog.=) ANY (s.acting) THEN o.contacts END AS contacts,
           o.added_by::pg_catalog.regrole AS added_by, o.added_at
    FROM assay.owner o
    LEFT JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) o.role::pg_catalog.oid
    CROSS JOIN (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS is_steward, ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a) AS acting
                FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) s;
COMMENT ON VIEW assay.owners IS
'People and teams. How they are told is shown to who acts for them, and to the database''s owner.
Example: SELECT name, kind, role, members FROM assay.owners ORDER BY name';
COMMENT ON COLUMN assay.owners.id IS 'The owner''s key.';
COMMENT ON COLUMN assay.owners.name IS 'The name that the functions take.';
COMMENT ON COLUMN assay.owners.kind IS 'person or team.';
COMMENT ON COLUMN assay.owners.role IS 'The database role that acts for it; NULL without one.';
COMMENT ON COLUMN assay.owners.members IS 'Of a team the persons in it, whose roles act for it, too.';
COMMENT ON COLUMN assay.owners.contacts IS 'How it is told; NULL for who may not know.';
COMMENT ON COLUMN assay.owners.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.owners.added_at IS 'When.';
GRANT SELECT ON assay.owners TO PUBLIC;

-- What the current role may know of: what it may see by itself, and what it answers for.
CREATE VIEW assay_internal.visible_asset WITH (security_barrier) AS
    SELECT a.id, a.kind, a.name, a.relation, a.column_name, a.label, a.schema_name, a.relation_name, a.added_by
    FROM assay_internal.asset_now a
    LEFT JOIN (SELECT DISTINCT o.asset_id FROM assay_internal.asset_owner o JOIN assay_internal.acting_owner t ON t.owner_id OPERATOR(pg_catalog.=) o.owner_id) own
        ON own.asset_id OPERATOR(pg_catalog.=) a.id
    WHERE own.asset_id IS NOT NULL OR assay_internal.may_see_asset(a.kind, a.name, a.relation);
COMMENT ON VIEW assay_internal.visible_asset IS 'The recorded assets that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_asset.id IS 'The asset''s key.';
COMMENT ON COLUMN assay_internal.visible_asset.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay_internal.visible_asset.name IS 'Its name as recorded.';
COMMENT ON COLUMN assay_internal.visible_asset.relation IS 'The relation that it is, or that the column or check is of.';
COMMENT ON COLUMN assay_internal.visible_asset.column_name IS 'The column; NULL for other kinds.';
COMMENT ON COLUMN assay_internal.visible_asset.label IS 'How people write it, as of now.';
COMMENT ON COLUMN assay_internal.visible_asset.schema_name IS 'The schema that the relation is, or was, in.';
COMMENT ON COLUMN assay_internal.visible_asset.relation_name IS 'The relation''s name as recorded.';
COMMENT ON COLUMN assay_internal.visible_asset.added_by IS 'The role that recorded the asset.';

-- A product is known to who may say things of it, to its owners, and to who may know of one of its assets.
CREATE VIEW assay_internal.visible_product WITH (security_barrier) AS
    SELECT p.id, p.name, p.priority, p.owner_id, p.description, p.added_by, p.added_at
    FROM assay.data_product p
    CROSS JOIN (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE') AS is_steward,
                       ARRAY(SELECT w.product_id FROM assay_internal.product_owner w
                             JOIN assay_internal.acting_owner a ON a.owner_id OPERATOR(pg_catalog.=) w.owner_id) AS owned
                FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) s
    WHERE s.is_steward OR p.id OPERATOR(pg_catalog.=) ANY (s.owned) OR pg_catalog.pg_has_role(p.added_by, 'USAGE')
       OR EXISTS (SELECT FROM assay.product_asset m JOIN assay_internal.asset_now a ON a.id OPERATOR(pg_catalog.=) m.asset_id
                  WHERE m.product_id OPERATOR(pg_catalog.=) p.id AND assay_internal.may_see_asset(a.kind, a.name, a.relation));
COMMENT ON VIEW assay_internal.visible_product IS 'The data products that the current role may know of: the base of the views below.';
COMMENT ON COLUMN assay_internal.visible_product.id IS 'The product''s key.';
COMMENT ON COLUMN assay_internal.visible_product.name IS 'Its name.';
COMMENT ON COLUMN assay_internal.visible_product.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay_internal.visible_product.owner_id IS 'Who answers for it.';
COMMENT ON COLUMN assay_internal.visible_product.description IS 'What it is for.';
COMMENT ON COLUMN assay_internal.visible_product.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay_internal.visible_product.added_at IS 'When.';

CREATE VIEW assay.ownerships WITH (security_barrier) AS
    SELECT w.name AS owner, a.label AS asset, p.name AS product, o.min_severity, o.said_by, o.said_at
    FROM (SELECT s.owner_id, s.asset_id, s.product_id, s.min_severity, s.said_by, s.said_at FROM assay.ownership s
          UNION ALL
          SELECT d.owner_id, NULL, d.id, NULL, d.added_by::pg_catalog.text, d.added_at FROM assay.data_product d
          WHERE NOT EXISTS (SELECT FROM assay.ownership s
                            WHERE s.product_id OPERATOR(pg_catalog.=) d.id AND s.owner_id OPERATOR(pg_catalog.=) d.owner_id)) o
    JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) o.owner_id
    LEFT JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) o.asset_id
    LEFT JOIN assay_internal.visible_product p ON p.id OPERATOR(pg_catalog.=) o.product_id
    WHERE a.id IS NOT NULL OR p.id IS NOT NULL;
COMMENT ON VIEW assay.ownerships IS
'Who was said to own which asset or data product, as far as the current role may know of these. What follows from it for each asset is in assay.assets.
Example: SELECT owner, asset, product, min_severity FROM assay.ownerships ORDER BY owner, asset, product';
COMMENT ON COLUMN assay.ownerships.owner IS 'The owner''s name.';
COMMENT ON COLUMN assay.ownerships.asset IS 'The asset, as of now; NULL for a product.';
COMMENT ON COLUMN assay.ownerships.product IS 'The data product; NULL for an asset.';
COMMENT ON COLUMN assay.ownerships.min_severity IS 'From which severity on it is told: warn, error, sev4, sev3, sev2, sev1; NULL for all.';
COMMENT ON COLUMN assay.ownerships.said_by IS 'The name of the role that said so, as it was then; for the owner that a product was added with that of the role that added it.';
COMMENT ON COLUMN assay.ownerships.said_at IS 'When.';
GRANT SELECT ON assay.ownerships TO PUBLIC;

CREATE VIEW assay.product_assets WITH (security_barrier) AS
    SELECT p.name AS product, p.priority, a.label AS asset, a.kind, m.role
    FROM assay.product_asset m
    JOIN assay_internal.visible_product p ON p.id OPERATOR(pg_catalog.=) m.product_id
    JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) m.asset_id;
COMMENT ON VIEW assay.product_assets IS
'What data products are made of, as far as the current role may know of both.
Example: SELECT product, asset, role FROM assay.product_assets ORDER BY product, role, asset';
COMMENT ON COLUMN assay.product_assets.product IS 'The data product.';
COMMENT ON COLUMN assay.product_assets.priority IS 'Its priority.';
COMMENT ON COLUMN assay.product_assets.asset IS 'The asset, as of now.';
COMMENT ON COLUMN assay.product_assets.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.product_assets.role IS 'input, inner or output.';
GRANT SELECT ON assay.product_assets TO PUBLIC;

CREATE VIEW assay.data_products WITH (security_barrier) AS
    SELECT p.id, p.name, p.priority, w.name AS owner, p.description,
           COALESCE(m.inputs, '{}') AS inputs, COALESCE(m.inner_assets, '{}') AS inner_assets, COALESCE(m.outputs, '{}') AS outputs,
           p.added_by::pg_catalog.regrole AS added_by, p.added_at
    FROM assay_internal.visible_product p
    LEFT JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) p.owner_id
    LEFT JOIN (
        SELECT m.product_id, pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'input') AS inputs,
               pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'inner') AS inner_assets,
               pg_catalog.array_agg(a.label ORDER BY a.label) FILTER (WHERE m.role OPERATOR(pg_catalog.=) 'output') AS outputs
        FROM assay.product_asset m JOIN assay_internal.visible_asset a ON a.id OPERATOR(pg_catalog.=) m.asset_id
        GROUP BY m.product_id) m ON m.product_id OPERATOR(pg_catalog.=) p.id;
COMMENT ON VIEW assay.data_products IS
'Data products that the current role added, answers for, or may know an asset of, with their assets as far as it may know of them; the database''s owner sees all products.
Example: SELECT name, priority, owner, inputs, outputs FROM assay.data_products ORDER BY priority, name';
COMMENT ON COLUMN assay.data_products.id IS 'The product''s key.';
COMMENT ON COLUMN assay.data_products.name IS 'Its name.';
COMMENT ON COLUMN assay.data_products.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay.data_products.owner IS 'Who answers for it; NULL for nobody. assay.own may have named others: assay.ownerships.';
COMMENT ON COLUMN assay.data_products.description IS 'What it is for.';
COMMENT ON COLUMN assay.data_products.inputs IS 'The assets that go in, which others make.';
COMMENT ON COLUMN assay.data_products.inner_assets IS 'Those on the way.';
COMMENT ON COLUMN assay.data_products.outputs IS 'Those that people use.';
COMMENT ON COLUMN assay.data_products.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.data_products.added_at IS 'When.';
GRANT SELECT ON assay.data_products TO PUBLIC;

-- The tables and views of the database of which nothing is recorded yet, as far as the current role may know of them. A partition is part of its
-- table; what belongs to an extension is looked after by it.
CREATE VIEW assay_internal.unrecorded_relation WITH (security_barrier) AS
    SELECT r.oid AS relation, (pg_catalog.quote_ident(n.nspname::pg_catalog.text) OPERATOR(pg_catalog.||) '.')
               OPERATOR(pg_catalog.||) pg_catalog.quote_ident(r.relname::pg_catalog.text) AS label, n.nspname::pg_catalog.text AS schema_name
    FROM pg_catalog.pg_class r
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
    WHERE r.relkind OPERATOR(pg_catalog.=) ANY ('{r,p,v,m,f}'::"char"[]) AND NOT r.relispartition
      AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{information_schema,assay,assay_internal}'::pg_catalog.name[])
      AND n.nspname::pg_catalog.text OPERATOR(pg_catalog.!~) '^pg_'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid
                      AND d.objid OPERATOR(pg_catalog.=) r.oid AND d.deptype OPERATOR(pg_catalog.=) 'e')
      AND NOT EXISTS (SELECT FROM assay_internal.asset_now a WHERE a.kind OPERATOR(pg_catalog.=) 'relation' AND a.relation OPERATOR(pg_catalog.=) r.oid)
      AND (pg_catalog.pg_has_role(r.relowner, 'USAGE') OR pg_catalog.has_table_privilege(r.oid, 'TRIGGER')
           OR (pg_catalog.has_table_privilege(r.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(r.oid, 'SELECT'))
              AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE'));
COMMENT ON VIEW assay_internal.unrecorded_relation IS 'Tables and views of which nothing is recorded, as far as the current role may know of them.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.relation IS 'The relation.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.label IS 'Its name.';
COMMENT ON COLUMN assay_internal.unrecorded_relation.schema_name IS 'Its schema.';

-- As visible_asset, but the owners, which are most of the work, are found out once.
CREATE VIEW assay.assets WITH (security_barrier) AS
    SELECT a.label AS asset, a.kind, a.relation::pg_catalog.regclass AS relation, o.owner, o.owned_through,
           COALESCE(p.products, '{}') AS products, p.priority, COALESCE(i.open_issues, 0) AS open_issues, a.id
    FROM assay_internal.asset_now a
    LEFT JOIN (
        SELECT e.asset_id, pg_catalog.string_agg(w.name, ', ' ORDER BY w.name) AS owner, pg_catalog.min(e.level) AS owned_through,
               pg_catalog.bool_or(t.owner_id IS NOT NULL) AS is_own
        FROM assay_internal.asset_owner e JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) e.owner_id
        LEFT JOIN assay_internal.acting_owner t ON t.owner_id OPERATOR(pg_catalog.=) e.owner_id
        GROUP BY e.asset_id) o ON o.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT m.asset_id, pg_catalog.array_agg(d.name ORDER BY d.name) AS products, pg_catalog.min(d.priority) AS priority
        FROM assay.product_asset m JOIN assay_internal.visible_product d ON d.id OPERATOR(pg_catalog.=) m.product_id
        GROUP BY m.asset_id) p ON p.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT s.asset_id, pg_catalog.count(*) AS open_issues FROM assay.issue s
        WHERE s.status OPERATOR(pg_catalog.=) 'open' GROUP BY s.asset_id) i ON i.asset_id OPERATOR(pg_catalog.=) a.id
    WHERE COALESCE(o.is_own, false) OR assay_internal.may_see_asset(a.kind, a.name, a.relation)
    UNION ALL
    SELECT r.label, 'relation', r.relation::pg_catalog.regclass, s.owner, CASE WHEN s.owner IS NOT NULL THEN 'schema' END, '{}', NULL, 0, NULL
    FROM assay_internal.unrecorded_relation r
    LEFT JOIN (
        SELECT e.schema_name, pg_catalog.string_agg(w.name, ', ' ORDER BY w.name) AS owner
        FROM assay_internal.schema_owner e JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) e.owner_id
        GROUP BY e.schema_name) s ON s.schema_name OPERATOR(pg_catalog.=) r.schema_name
    UNION ALL
    SELECT 'model:' OPERATOR(pg_catalog.||) m.name, 'model', NULL, NULL, NULL, '{}', NULL, 0, NULL
    FROM assay_internal.visible_model m
    WHERE NOT EXISTS (SELECT FROM assay.asset a WHERE a.kind OPERATOR(pg_catalog.=) 'model' AND a.name OPERATOR(pg_catalog.=) m.name);
COMMENT ON VIEW assay.assets IS
'All tables and views of the database, without the system''s, those of extensions and partitions; all models; and every other asset of which something is recorded, as far as the current role may know of them: who owns them now, and through what. An owner knows of what it owns.
Example: SELECT asset, kind, owner, owned_through, products, open_issues FROM assay.assets WHERE owner IS NOT NULL ORDER BY asset';
COMMENT ON COLUMN assay.assets.asset IS 'The asset, as people write it, as of now.';
COMMENT ON COLUMN assay.assets.kind IS 'relation, column, schema, model, check, dashboard or source.';
COMMENT ON COLUMN assay.assets.relation IS 'The table or view that it is, or is of; NULL where that is gone, and for other kinds.';
COMMENT ON COLUMN assay.assets.owner IS 'Who owns it: those of whom the most specific was said, their names separated by commas; NULL for nobody.';
COMMENT ON COLUMN assay.assets.owned_through IS 'Of what they are the owners: asset, relation (that of the column or check), product or schema.';
COMMENT ON COLUMN assay.assets.products IS 'The data products that it is in.';
COMMENT ON COLUMN assay.assets.priority IS 'The highest priority of these.';
COMMENT ON COLUMN assay.assets.open_issues IS 'How many issues of it are open.';
COMMENT ON COLUMN assay.assets.id IS 'The asset''s key; NULL where nothing is recorded of it.';
GRANT SELECT ON assay.assets TO PUBLIC;

CREATE VIEW assay.unowned_assets WITH (security_barrier) AS
    SELECT a.asset, a.kind, a.relation, a.products, a.priority, a.open_issues, a.id
    FROM assay.assets a
    WHERE a.owner IS NULL AND a.kind OPERATOR(pg_catalog.<>) ALL ('{column,check,schema}')
      AND (a.relation IS NOT NULL OR a.kind OPERATOR(pg_catalog.<>) 'relation');
COMMENT ON VIEW assay.unowned_assets IS
'The assets of assay.assets that nobody answers for. A column or a check has the owners of its table, where it has none of its own, and is not listed beside it; nor is a table that is gone.
Example: SELECT asset, kind, priority, open_issues FROM assay.unowned_assets ORDER BY open_issues DESC, asset';
COMMENT ON COLUMN assay.unowned_assets.asset IS 'The asset, as people write it.';
COMMENT ON COLUMN assay.unowned_assets.kind IS 'relation, model, dashboard or source.';
COMMENT ON COLUMN assay.unowned_assets.relation IS 'The table or view that it is; NULL for other kinds.';
COMMENT ON COLUMN assay.unowned_assets.products IS 'The data products that it is in.';
COMMENT ON COLUMN assay.unowned_assets.priority IS 'The highest priority of these.';
COMMENT ON COLUMN assay.unowned_assets.open_issues IS 'How many issues of it are open.';
COMMENT ON COLUMN assay.unowned_assets.id IS 'The asset''s key; NULL where nothing is recorded of it.';
GRANT SELECT ON assay.unowned_assets TO PUBLIC;

CREATE FUNCTION assay_internal.guard_asset() RETURNS trigger
AS 'MODULE_PATHNAME', 'guard_asset_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.guard_asset() IS
'Trigger before INSERT of an asset: its relation is the one that bears its name, if that is not a stranger''s; a number says nothing in another database.';
CREATE TRIGGER b_guard BEFORE INSERT ON assay.asset FOR EACH ROW EXECUTE FUNCTION assay_internal.guard_asset();

CREATE TRIGGER inserted AFTER INSERT ON assay.owner REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');
CREATE TRIGGER updated AFTER UPDATE ON assay.owner REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');
CREATE TRIGGER deleted AFTER DELETE ON assay.owner REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('owners', 'added_by', 'role');

CREATE TRIGGER inserted AFTER INSERT ON assay.asset REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');
CREATE TRIGGER updated AFTER UPDATE ON assay.asset REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');
CREATE TRIGGER deleted AFTER DELETE ON assay.asset REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('assets', 'added_by', 'relation_owner');

CREATE TRIGGER inserted AFTER INSERT ON assay.data_product REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.data_product REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.data_product REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('data_products', 'added_by');

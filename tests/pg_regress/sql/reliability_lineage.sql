-- What depends on what: from the catalogs, from what was read, and from what people say.
CREATE SCHEMA raw;
CREATE SCHEMA mart;
CREATE TABLE raw.customer (id int PRIMARY KEY, name text, region text, "Score" float8);
CREATE TABLE raw.purchase (id int PRIMARY KEY, customer_id int REFERENCES raw.customer, amount numeric, status text, note text);
CREATE TABLE raw.unused (id int);
CREATE VIEW mart.paid AS SELECT p.id, p.customer_id, p.amount * 2 AS double_amount FROM raw.purchase p WHERE p.status = 'paid';
CREATE MATERIALIZED VIEW mart.by_region AS
    SELECT c.region, sum(p.double_amount) AS total, count(*) AS purchases FROM mart.paid p JOIN raw.customer c ON c.id = p.customer_id GROUP BY c.region;
CREATE FUNCTION raw.big() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM raw.purchase WHERE amount > 100; END;
CREATE FUNCTION raw.bigger() RETURNS bigint BEGIN ATOMIC SELECT raw.big() + 1; END;
CREATE VIEW mart.figures AS SELECT raw.bigger() AS big;
CREATE VIEW mart.rows AS SELECT count(*) AS rows FROM raw.customer;

-- Relations from relations, the nearest first.
SELECT asset, kind, depth, path FROM assay.upstream('mart.by_region');
SELECT asset, kind, depth, path FROM assay.upstream('mart.figures');
SELECT asset, kind, depth FROM assay.upstream('mart.rows');
SELECT asset, kind, depth FROM assay.downstream('raw.purchase');
SELECT asset, kind, depth FROM assay.downstream('raw.customer');
SELECT * FROM assay.upstream('raw.unused');

-- Columns from columns: through what a view's columns are made of, and what decides its rows.
SELECT asset, kind, depth, path FROM assay.upstream('mart.by_region.total');
SELECT asset, kind, depth FROM assay.upstream('mart.by_region.purchases');
SELECT asset, kind, depth FROM assay.upstream('mart.figures.big');
SELECT asset, kind, depth FROM assay.upstream('mart.rows.rows');
SELECT asset, kind, depth FROM assay.downstream('raw.purchase.amount');
SELECT asset, kind, depth FROM assay.downstream('raw.purchase.status');
SELECT asset, kind, depth FROM assay.downstream('raw.customer."Score"');
SELECT asset, kind, depth FROM assay.downstream('raw.customer.id');

-- Trees of every shape: what the columns of each are made of.
CREATE VIEW mart.shapes AS
    WITH RECURSIVE first AS (SELECT id, name FROM raw.customer),
    chain AS (SELECT id, customer_id AS a, 0 AS b FROM raw.purchase UNION ALL SELECT id, b, a FROM chain WHERE a > 100)
    SELECT f.name AS of_cte,
           (SELECT max(p.amount) FROM raw.purchase p WHERE p.customer_id = f.id) AS of_sublink,
           coalesce(s.note, 'none') AS of_subquery,
           l.n AS of_lateral,
           row_number() OVER (PARTITION BY s.status) AS of_window,
           c.b AS of_recursion,
           v.x AS of_values
    FROM first f LEFT JOIN (SELECT customer_id, note, status, amount FROM raw.purchase) s ON s.customer_id = f.id,
         LATERAL (SELECT length(f.name) AS n) l, chain c, (VALUES (1), (2)) v(x);
SELECT a.column_name, array_agg(u.asset ORDER BY u.asset) FILTER (WHERE u.depth = 1) AS upstream
FROM information_schema.columns a CROSS JOIN LATERAL assay.upstream('mart.shapes.' || a.column_name) u
WHERE a.table_schema = 'mart' AND a.table_name = 'shapes' GROUP BY 1 ORDER BY 1;
CREATE VIEW mart.together AS SELECT id, name AS x FROM raw.customer UNION ALL SELECT id, note FROM raw.purchase;
CREATE VIEW mart.distinct_ones AS SELECT id, name AS x FROM raw.customer UNION SELECT id, note FROM raw.purchase;
CREATE VIEW mart.whole AS SELECT c AS "row", c.ctid AS place FROM raw.customer c;
CREATE VIEW mart.joined AS SELECT id, "row" FROM raw.customer c JOIN (SELECT id, status FROM raw.purchase) p USING (id), mart.whole;
SELECT v || '.' || c AS of, (SELECT array_agg(asset ORDER BY asset) FROM assay.upstream(format('mart.%s.%I', v, c)) WHERE depth = 1) AS upstream
FROM (VALUES ('together', 'x'), ('distinct_ones', 'x'), ('whole', 'row'), ('whole', 'place'), ('joined', 'id'), ('joined', 'row')) t(v, c);

-- Partitions and tables that inherit are upstream of what they are part of; foreign keys go by their columns.
CREATE TABLE raw.event (day date, what text) PARTITION BY RANGE (day);
CREATE TABLE raw.event_2026 (what text, day date);
ALTER TABLE raw.event ATTACH PARTITION raw.event_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE raw.child () INHERITS (raw.unused);
CREATE VIEW mart.events AS SELECT what FROM raw.event;
SELECT asset, kind, depth, path FROM assay.downstream('raw.event_2026');
SELECT asset, kind, depth, path FROM assay.downstream('raw.event_2026.what');
SELECT asset, kind, depth FROM assay.upstream('raw.unused');
SELECT asset, kind, depth FROM assay.upstream('raw.purchase.customer_id');

-- Trainings: the columns that they read, those under views and in functions included.
CREATE TABLE raw.loan (id int, income float8, age int, secret text, is_old boolean, bad boolean);
INSERT INTO raw.loan SELECT i, i * 37 % 101, i % 50, 's' || i, i % 7 = 0, i * 37 % 101 < 40 FROM generate_series(1, 200) i;
CREATE VIEW mart.loan AS SELECT id, income / 12 AS monthly, age, secret, bad FROM raw.loan WHERE NOT is_old;
SELECT version FROM assay.train('risk', 'SELECT monthly, age, bad FROM mart.loan', 'bad', 'logistic_regression');
SELECT version FROM assay.train('risk', 'SELECT income, bad FROM raw.loan WHERE age > (SELECT count(*) FROM raw.unused)', 'bad', 'logistic_regression');
SELECT version FROM assay.train('whole', 'SELECT * FROM mart.loan', 'bad', 'naive_bayes');
SELECT model, version, relation, columns FROM assay.model_sources ORDER BY model, version, relation::text;
SELECT asset, kind, depth, path FROM assay.upstream('model:risk');
SELECT asset, kind, depth FROM assay.downstream('raw.loan.income');
SELECT asset, kind, depth FROM assay.downstream('raw.loan.secret');
SELECT asset, kind, depth FROM assay.downstream('raw.loan');
SELECT asset, kind, depth FROM assay.downstream('raw.unused.id');
-- A version whose columns are not known, as an earlier one: the relation stands for them, and the path says so.
UPDATE assay.model_source SET columns = NULL WHERE version = 2;
SELECT asset, kind, depth, path FROM assay.downstream('raw.loan.secret') WHERE asset = 'model:risk';

-- Logged predictions: what was scored is upstream of the model.
CREATE TABLE raw.application AS SELECT id, income / 12 AS monthly, age, 'x'::text AS comment FROM raw.loan;
SELECT assay.log_predictions('risk@1', 'SELECT * FROM raw.application', '{id}');
SELECT assay.log_predictions('risk@1', 'SELECT * FROM raw.application WHERE id < 10', '{id}');
SELECT version, relation, columns FROM assay.prediction_source;
SELECT reads FROM assay.prediction_batch ORDER BY id;
SELECT asset, kind, depth, path FROM assay.downstream('raw.application');
SELECT asset, kind, depth FROM assay.downstream('raw.application.comment');
-- What an incident on it touches: the decisions whose query read it, as nothing was trained on it.
INSERT INTO assay.incident (title, severity, declared_by, started_at, declared_at) VALUES ('applications', 'sev3', current_user::regrole, now() - interval '1 hour', now()) RETURNING id AS incident \gset
INSERT INTO assay.asset (kind, name, relation, relation_name, added_by) VALUES ('relation', 'raw.application', 'raw.application', 'raw.application', current_user::regrole) RETURNING id AS application \gset
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
    VALUES (:application, 'raw.application', 'freshness', 'late', 'error', now(), now(), :incident);
CREATE TABLE raw.elsewhere AS SELECT id + 1000 AS id, monthly, age FROM raw.application LIMIT 5;
SELECT assay.log_predictions('risk@1', 'SELECT * FROM raw.elsewhere', '{id}');
SELECT asset, kind, version, trained, scored, decisions FROM assay.incident_impact(:incident);

-- Checks look at their relation, or a column of it.
SELECT assay.add_check('raw.loan', 'not_null', 'income', name => 'income_known') > 0 AS added;
SELECT assay.add_check('raw.loan', 'not_empty', name => 'has_rows') > 0 AS added;
SELECT regexp_replace(d.asset, '\d+', 'N') AS asset, c.name, d.depth FROM assay.downstream('raw.loan') d JOIN assay.checks c ON 'check:' || c.check_id = d.asset ORDER BY 2;
SELECT c.name, d.path[1:2] FROM assay.downstream('raw.loan.age') d JOIN assay.checks c ON 'check:' || c.check_id = d.asset ORDER BY 1;
SELECT u.asset, u.kind, u.depth FROM assay.checks c, LATERAL assay.upstream('check:' || c.check_id) u WHERE c.name = 'income_known' AND u.depth = 1;

-- What people say.
SELECT assay.add_lineage('source:crm.accounts', 'raw.customer');
SELECT assay.add_lineage('source:crm.accounts', 'raw.customer');
SELECT assay.add_lineage('mart.by_region.total', 'dashboard:revenue', 'looker');
SELECT assay.add_lineage('raw.loan.secret', 'raw.unused', 'hand');
SELECT upstream, downstream, source, added_by = current_user AS own FROM assay.lineage WHERE added_by IS NOT NULL ORDER BY 1, 2;
SELECT asset, kind, depth, path FROM assay.upstream('dashboard:revenue') ORDER BY depth, asset LIMIT 4;
SELECT asset, depth FROM assay.downstream('source:crm.accounts') ORDER BY depth, asset;
SELECT asset FROM assay.downstream('raw.loan.age') WHERE asset = 'raw.unused';
SELECT asset FROM assay.downstream('raw.loan.secret') WHERE asset = 'raw.unused';
-- A view says itself what its columns are made of, whatever else is said of it.
SELECT assay.add_lineage('raw.loan', 'mart.loan', 'dbt');
SELECT asset FROM assay.downstream('raw.loan.income') WHERE asset ~ '^mart.loan' ORDER BY 1;
SELECT count(*) > 0 AS tells FROM assay.lineage WHERE source = 'view' AND upstream = 'raw.loan.income' AND downstream = 'mart.loan';
-- In a circle each is upstream of the other, once.
SELECT assay.add_lineage('mart.by_region', 'source:crm.accounts', 'feedback');
SELECT asset, depth FROM assay.upstream('source:crm.accounts') ORDER BY depth, asset LIMIT 3;
SELECT count(*) FILTER (WHERE asset = 'raw.customer') AS itself FROM assay.upstream('raw.customer');
SELECT assay.drop_lineage('mart.by_region', 'source:crm.accounts', 'feedback');
SELECT assay.drop_lineage('mart.by_region', 'source:crm.accounts', 'feedback');
CALL fails($$SELECT assay.add_lineage('raw.loan', 'raw.loan')$$);
CALL fails($$SELECT assay.add_lineage('raw.loan.age', 'raw.loan')$$);
CALL fails($$SELECT assay.add_lineage('source:a', 'source:a')$$);
CALL fails($$SELECT assay.add_lineage('raw.nothing', 'raw.loan')$$);
CALL fails($$SELECT assay.add_lineage('raw.loan', 'dashboard:d', '')$$);
CALL fails($$SELECT assay.add_lineage(NULL, 'raw.loan')$$);
CALL fails($$SELECT * FROM assay.upstream('raw.nothing')$$);
CALL fails($$SELECT * FROM assay.upstream(NULL)$$);
CALL fails($$SELECT * FROM assay.incident_impact(0)$$);

-- Rebuilt under its name, it is what was recorded; renamed, it is, too.
SELECT assay.add_lineage('raw.application', 'dashboard:applications');
CREATE TABLE raw.application_new AS TABLE raw.application;
ALTER TABLE raw.application RENAME TO application_old;
SELECT asset FROM assay.downstream('raw.application_old');
ALTER TABLE raw.application_new RENAME TO application;
SELECT asset FROM assay.downstream('raw.application');
SELECT asset FROM assay.downstream('raw.application_old');
DROP TABLE raw.application_old;
SELECT asset FROM assay.upstream('dashboard:applications');
SELECT asset FROM assay.downstream('raw.application.monthly');
DROP TABLE raw.application;
SELECT asset, kind FROM assay.upstream('dashboard:applications');
SELECT assay.drop_lineage('raw.application', 'dashboard:applications');

-- What somebody may not know of is passed, and not named.
CREATE ROLE lineage_analyst;
GRANT USAGE ON SCHEMA mart, raw TO lineage_analyst;
GRANT SELECT ON mart.by_region, raw.customer TO lineage_analyst;
GRANT SELECT (id) ON raw.purchase TO lineage_analyst;
SET ROLE lineage_analyst;
SELECT asset, kind, depth, path FROM assay.upstream('mart.by_region');
SELECT asset, path FROM assay.downstream('raw.customer') ORDER BY depth, asset;
SELECT upstream, downstream, source FROM assay.lineage ORDER BY 1, 2, 3;
CALL fails($$SELECT * FROM assay.upstream('mart.loan')$$);
CALL fails($$SELECT * FROM assay.upstream('model:risk')$$);
CALL fails($$SELECT assay.add_lineage('raw.customer', 'mart.by_region')$$);
CALL fails($$SELECT assay.add_lineage('mart.loan', 'dashboard:own')$$);
CALL fails($$SELECT assay.drop_lineage('mart.by_region.total', 'dashboard:revenue', 'looker')$$);
SELECT assay.add_lineage('raw.customer', 'dashboard:own');
BEGIN READ ONLY;
SELECT count(*) > 0 AS works FROM assay.upstream('mart.by_region');
CALL fails($$SELECT assay.add_lineage('raw.customer', 'dashboard:own')$$);
COMMIT;
RESET ROLE;

-- An incident on a source: what was trained on it, and what has been decided since.
INSERT INTO assay.incident (title, severity, declared_by, started_at, declared_at) VALUES ('loans', 'sev2', current_user::regrole, now() - interval '1 hour', now()) RETURNING id AS incident \gset
INSERT INTO assay.asset (kind, name, relation, relation_name, column_name, added_by) VALUES ('column', 'raw.loan.income', 'raw.loan', 'raw.loan', 'income', current_user::regrole) RETURNING id AS income \gset
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
    VALUES (:income, 'raw.loan.income', 'check', 'income_known', 'error', now(), now(), :incident);
SELECT regexp_replace(asset, '^check:\d+', 'check:N') AS asset, kind, depth, version, trained, scored, decisions FROM assay.incident_impact(:incident) ORDER BY depth, 1, version;
UPDATE assay.incident SET started_at = now() + interval '1 hour';
SELECT version, decisions FROM assay.incident_impact(:incident) WHERE kind = 'model' AND asset = 'model:risk';
SET ROLE lineage_analyst;
CALL fails('SELECT * FROM assay.incident_impact(' || :incident || ')');
RESET ROLE;

-- Reachability against plain recursion, on a graph made up at random, both ways: the same assets, as far away.
CREATE TABLE raw.arc (up int, down int);
SELECT setseed(0.42);
INSERT INTO raw.arc SELECT DISTINCT u, d FROM (SELECT (random() * 400)::int AS u, (random() * 400)::int AS d FROM generate_series(1, 700)) r WHERE u <> d;
INSERT INTO assay.asset (kind, name, added_by) SELECT 'source', 'n' || n, current_user::regrole FROM (SELECT up AS n FROM raw.arc UNION SELECT down FROM raw.arc) t;
INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by)
    SELECT u.id, d.id, 'random', 'postgres' FROM raw.arc JOIN assay.asset u ON u.name = 'n' || up JOIN assay.asset d ON d.name = 'n' || down WHERE u.kind = 'source' AND d.kind = 'source';
CREATE FUNCTION differs(start int, way text) RETURNS bigint LANGUAGE sql AS $$
    WITH RECURSIVE arc AS (SELECT CASE way WHEN 'down' THEN up ELSE down END AS a, CASE way WHEN 'down' THEN down ELSE up END AS b FROM raw.arc),
    reached AS (SELECT start AS n, 0 AS depth UNION SELECT b, depth + 1 FROM reached JOIN arc ON a = n WHERE depth < 30),
    expected AS (SELECT 'source:n' || n AS asset, min(depth) AS depth FROM reached WHERE n <> start GROUP BY n),
    found AS (SELECT asset, depth FROM assay.downstream('source:n' || start) WHERE way = 'down' UNION ALL SELECT asset, depth FROM assay.upstream('source:n' || start) WHERE way = 'up')
    SELECT (SELECT count(*) FROM (TABLE expected EXCEPT TABLE found) e) + (SELECT count(*) FROM (TABLE found EXCEPT TABLE expected) e)
$$;
SELECT sum(differs(n, way)) AS different, sum(reached) > 1000 AS reaches_many
FROM (SELECT DISTINCT up AS n FROM raw.arc ORDER BY 1 LIMIT 12) s, (VALUES ('down'), ('up')) w(way),
     LATERAL (SELECT count(*) AS reached FROM assay.downstream('source:n' || n)) r;

-- Owners are those that assay.assets shows: of assets, else of products, else of schemas; on long walks, which read all there are, and on short ones.
SELECT count(assay.add_owner('lineage team ' || i, 'team')) AS teams FROM generate_series(1, 3) i;
SELECT count(assay.add_data_product('lineage product ' || i, 'p2', 'lineage team ' || i)) AS products FROM generate_series(2, 3) i;
SELECT count(*) AS owned FROM (SELECT assay.own('lineage team ' || 1 + n % 2, 'source:n' || n) FROM generate_series(0, 400, 3) n WHERE 'n' || n IN (SELECT name FROM assay.asset) OFFSET 0) o;
SELECT count(*) AS owned_twice FROM (SELECT assay.own('lineage team 3', 'source:n' || n) FROM generate_series(0, 400, 12) n WHERE 'n' || n IN (SELECT name FROM assay.asset) OFFSET 0) o;
INSERT INTO assay.product_asset (product_id, asset_id, role)
    SELECT p.id, a.id, (ARRAY['input', 'inner', 'output'])[1 + a.id % 3] FROM assay.asset a, assay.data_product p WHERE a.kind = 'source' AND a.id % 5 < 2 AND p.name = 'lineage product ' || 2 + a.id / 5 % 2;
SELECT assay.own('lineage team 1', 'schema:raw');
SELECT assay.own('lineage team 2', 'raw.loan');
CREATE FUNCTION owners_differ(target text) RETURNS TABLE (reached bigint, owners bigint, different bigint) LANGUAGE sql AS $$
    SELECT count(*), count(DISTINCT t.owner), count(*) FILTER (WHERE t.owner IS DISTINCT FROM a.owner)
    FROM (SELECT asset, owner FROM assay.downstream(target) UNION SELECT asset, owner FROM assay.upstream(target)) t JOIN assay.assets a USING (asset)
$$;
SELECT max(reached) > 50 AS long, max(owners) > 2 AS teams, sum(different) AS different FROM (SELECT DISTINCT up FROM raw.arc ORDER BY up LIMIT 3) s, LATERAL owners_differ('source:n' || up);
SELECT target, owners > 0 AS owned, different FROM (VALUES ('mart.by_region'), ('raw.loan'), ('mart.loan'), ('raw.unused'), ('dashboard:revenue')) t(target), LATERAL owners_differ(target);
-- A column has the owners of its table, also where nothing is recorded of it.
SELECT asset, owner FROM assay.upstream('mart.loan.monthly');

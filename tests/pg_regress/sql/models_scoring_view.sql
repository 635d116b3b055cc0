-- Views that score.
\set VERBOSITY terse
SELECT version FROM assay.train('sold', 'SELECT size, garden, region, sold FROM house', 'sold', 'decision_tree', split => 'none');
SELECT version FROM assay.train('region', 'SELECT size, garden, price, region FROM house', 'region', 'decision_tree', split => 'none');
SELECT version FROM assay.train('price', 'SELECT size, garden, region, price FROM house', 'price', 'ridge', split => 'none');

CREATE SCHEMA "Bi Tools";
SELECT assay.create_scoring_view('sold', 'house', '"Bi Tools"."Sold soon"');
SELECT assay.create_scoring_view('region', 'house', 'region_of');
SELECT assay.create_scoring_view('price', 'house', 'public.price_of');
SELECT attrelid::regclass AS view, string_agg(attname, ', ' ORDER BY attnum) AS columns
FROM pg_attribute WHERE attrelid IN ('"Bi Tools"."Sold soon"'::regclass, 'region_of'::regclass, 'price_of'::regclass) GROUP BY attrelid ORDER BY attrelid;
SELECT id, score, label FROM "Bi Tools"."Sold soon" ORDER BY id LIMIT 3;
SELECT id, label, probabilities FROM region_of ORDER BY id LIMIT 3;
SELECT id, round(score::numeric, 1) AS score, price FROM price_of ORDER BY id LIMIT 3;
-- Each says what the functions say.
SELECT count(*) AS differ FROM house h JOIN "Bi Tools"."Sold soon" v USING (id)
WHERE v.score IS DISTINCT FROM assay.predict('sold', h) OR v.label IS DISTINCT FROM assay.predict_label('sold', h);

-- A bare name follows deployments, though the new version has other features in another order.
SELECT version FROM assay.train('sold', 'SELECT rooms, garden, sold FROM house', 'sold', 'logistic_regression', split => 'none', deploy => 'always');
SELECT count(*) AS differ FROM house h JOIN "Bi Tools"."Sold soon" v USING (id) WHERE v.score IS DISTINCT FROM assay.predict('sold@2', h);
-- Made anew, it stays with a version.
SELECT assay.create_scoring_view('sold@1', 'house', '"Bi Tools"."Sold soon"');
SELECT count(*) AS differ FROM house h JOIN "Bi Tools"."Sold soon" v USING (id) WHERE v.score IS DISTINCT FROM assay.predict('sold@1', h);

-- Whoever reads the view needs the privilege; whoever makes it, too.
CREATE ROLE view_reader;
GRANT USAGE ON SCHEMA "Bi Tools" TO view_reader;
GRANT SELECT ON "Bi Tools"."Sold soon" TO view_reader;
SET ROLE view_reader;
CALL fails($$SELECT count(score) FROM "Bi Tools"."Sold soon"$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'mine')$$);
RESET ROLE;
SELECT assay.grant_model('sold', 'view_reader', 'predict');
SET ROLE view_reader;
SELECT count(score) FROM "Bi Tools"."Sold soon";
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'public.mine')$$);
RESET ROLE;
SELECT assay.revoke_model('sold', 'view_reader', 'predict');
DROP OWNED BY view_reader;
DROP ROLE view_reader;

CALL fails($$SELECT assay.create_scoring_view(NULL, 'house', 'v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', NULL, 'v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', NULL)$$);
CALL fails($$SELECT assay.create_scoring_view('none', 'house', 'v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 0, 'v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', '')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'a.b.c')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'v; DROP TABLE house')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'no_such_schema.v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'house', 'house')$$);
CALL fails($$SELECT assay.create_scoring_view('sold@1', 'pg_class', 'v')$$);
CALL fails($$SELECT assay.create_scoring_view('sold', 'region_of', 'v')$$);
BEGIN READ ONLY;
SELECT assay.create_scoring_view('sold', 'house', 'v');
ROLLBACK;

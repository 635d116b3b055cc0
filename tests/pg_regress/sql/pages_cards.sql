-- assay.render_model on the rows of a query: every kind of model, and rows that say little.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
-- The lines of one section of a card.
CREATE FUNCTION part(model text, query text, title text) RETURNS SETOF text LANGUAGE sql AS $$
    WITH page AS (SELECT line, n, lead(line) OVER (ORDER BY n) AS next FROM regexp_split_to_table(assay.render_model(model, query), '\n') WITH ORDINALITY AS l (line, n)),
         divided AS (SELECT line, n, next, count(*) FILTER (WHERE next ~ '^=+$') OVER (ORDER BY n) AS section FROM page)
    SELECT line FROM divided WHERE section = (SELECT section FROM divided WHERE line = title AND next ~ '^=+$') AND line <> title AND line !~ '^=+$' ORDER BY n
$$;
-- The figures of a page.
CREATE FUNCTION figures(model text, query text) RETURNS text[] LANGUAGE sql AS $$
    SELECT array(SELECT m[1] FROM regexp_matches(assay.render_model(model, query, 'html'), '<figcaption><b>([^<]*)</b>', 'g') AS m)
$$;

-- Two classes: slices, groups and costs.
SELECT (assay.train('pages_two', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression', split => 'none')).version;
SELECT assay.describe_model('pages_two', '{"slices": ["region", "street"], "fairness_groups": ["region"], "cost_false_positive": 1, "cost_false_negative": 5}');
SELECT figures('pages_two', 'house');
SELECT part('pages_two', 'house', 'Performance by slice');
SELECT part('pages_two', 'house', 'Fairness');
SELECT part('pages_two', 'house', 'Decision rule');
-- What the card says is what the functions say of the same rows.
SELECT metric, value FROM assay.evaluate('pages_two', 'house', group_by => '{region}') WHERE segment->>'region' = 'north' AND metric IN ('accuracy', 'log_loss');
SELECT threshold, cost FROM assay.threshold_costs('pages_two', 'house', 1, 5) WHERE chosen;

-- A column that has more values than can be told apart is left out, and the rest is there.
SELECT assay.describe_model('pages_two', '{"slices": ["street"], "fairness_groups": null, "cost_false_positive": null}');
SELECT count(*) FROM part('pages_two', 'SELECT h.*, n AS street FROM house AS h, generate_series(1, 200) AS n', 'Performance by slice') AS line WHERE line ~ '^\d';
SELECT part('pages_two', 'SELECT h.*, n * 100 + size AS street FROM house AS h, generate_series(1, 400) AS n', 'Performance by slice');

-- No rows, and rows whose target is not known.
SELECT part('pages_two', 'SELECT * FROM house WHERE false', 'Performance');
SELECT part('pages_two', 'SELECT size, garden, region, NULL::boolean AS sold FROM house', 'Performance');
SELECT figures('pages_two', 'SELECT * FROM house WHERE false');
-- One class alone: what needs both is not there.
SELECT figures('pages_two', 'SELECT * FROM house WHERE sold');

-- Several classes.
SELECT (assay.train('pages_several', 'SELECT size, garden, price, region FROM house', 'region', 'gradient_boosting', params => '{"n_estimators": 5}', split => 'none')).version;
SELECT assay.describe_model('pages_several', '{"fairness_groups": ["garden"]}');
SELECT figures('pages_several', 'house');
SELECT figures('pages_several', NULL);
SELECT part('pages_several', 'house', 'Fairness');
SELECT line FROM part('pages_several', 'house', 'Performance') AS line WHERE line ~ '^(was|class|north|south|west) ';

-- Numbers, of a regression and by group; probabilities that are calibrated; a learner that knows no importance.
SELECT (assay.train('pages_number', 'SELECT size, garden, region, price FROM house', 'price', 'ridge', split => 'none')).version;
SELECT figures('pages_number', 'house'), figures('pages_number', NULL);
SELECT (assay.train('pages_grouped', 'SELECT size, garden, region, price FROM house', 'price', 'ridge', split => 'none', group_by => '{region}')).version;
SELECT figures('pages_grouped', 'house');
SELECT (assay.train('pages_calibrated', 'SELECT size, garden, region, sold FROM house', 'sold', 'decision_tree', split => 'none', calibrate => 'sigmoid')).version;
SELECT figures('pages_calibrated', 'house');
SELECT (assay.train('pages_bayes', 'SELECT size, garden, region, sold FROM house', 'sold', 'naive_bayes', split => 'none')).version;
SELECT figures('pages_bayes', 'house'), figures('pages_bayes', NULL);

-- The query is run once.
CREATE FUNCTION pages_seen() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN true; END';
CREATE VIEW pages_house AS SELECT * FROM house WHERE pages_seen();
SET track_functions = 'all';
SELECT assay.describe_model('pages_two', '{"slices": ["region", "garden"], "fairness_groups": ["region"], "cost_false_positive": 1}');
SELECT assay.render_model('pages_two', 'pages_house', 'html') IS NOT NULL;
SELECT pg_stat_force_next_flush();
SELECT calls, (SELECT count(*) FROM house) AS rows FROM pg_stat_user_functions WHERE funcname = 'pages_seen';
RESET track_functions;

-- The same page of the same rows in another order.
SELECT regexp_replace(assay.render_model('pages_two', 'SELECT * FROM house ORDER BY size', 'html'), '(<h2 id="reproduce|Made ).*', '') =
       regexp_replace(assay.render_model('pages_two', 'SELECT * FROM house ORDER BY garden, size DESC', 'html'), '(<h2 id="reproduce|Made ).*', '') AS same;

-- Who may predict but neither manage the model nor read the relation; and then read it, too, under its policies.
CREATE ROLE pages_predictor;
GRANT USAGE ON SCHEMA public TO pages_predictor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO pages_predictor;
SELECT assay.grant_model('pages_two', 'pages_predictor', 'predict');
SET ROLE pages_predictor;
SELECT part('pages_two', NULL, 'Features');
CALL fails($$SELECT assay.render_model('pages_two', 'house')$$);
CALL fails($$SELECT assay.render_profile('house', 'html')$$);
CALL fails($$SELECT assay.render_drift('house', 'house')$$);
RESET ROLE;
CREATE TABLE pages_own AS SELECT h.*, CASE WHEN region = 'north' THEN 'pages_predictor' ELSE 'another' END AS agent FROM house AS h;
ALTER TABLE pages_own ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON pages_own USING (agent = current_user);
GRANT SELECT ON pages_own TO pages_predictor;
SET ROLE pages_predictor;
SELECT line FROM part('pages_two', 'pages_own', 'Performance') AS line WHERE line ~ '^rows ';
SELECT line FROM part('pages_two', 'pages_own', 'Performance by slice') AS line WHERE line ~ '^(By|group|north|south|west|NULL) ';
SELECT assay.render_model('pages_two', 'pages_own', 'html') ~ '\m(south|west)\M' AS others_seen, assay.render_profile('pages_own', 'html') ~ '\m(south|west|another)\M' AS others_profiled,
       assay.render_drift('pages_own', 'SELECT * FROM pages_own', format => 'html') ~ '\m(south|west|another)\M' AS others_compared;
RESET ROLE;
SELECT assay.revoke_model('pages_two', 'pages_predictor', 'predict');
DROP TABLE pages_own;
DROP OWNED BY pages_predictor;
DROP ROLE pages_predictor;
DROP VIEW pages_house;
SELECT count(assay.drop_model(model)) FROM assay.models WHERE model LIKE 'pages\_%';

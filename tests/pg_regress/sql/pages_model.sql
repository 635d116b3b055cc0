-- assay.render_model: the card of a model; assay.describe_model: what only people can say of it.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE FUNCTION card(model text, query text DEFAULT NULL, format text DEFAULT 'text') RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(assay.render_model(model, query, format),
           '\d{4}-\d\d-\d\d\s\d\d:\d\d(:\d\d)?\s[+-]\d\d:\d\d', '<time>', 'g'), '\m[0-9a-f]{64}\M', '<hash>', 'g'), 'took( |.{3}).*', 'took <duration>', 'gn'),
           '_Made .*', '_Made ..._'), '(owner|trained by) +\S+$', '\1 <role>', 'gn')
$$;
SELECT (assay.train('pages_sold', 'SELECT size, garden, region, sold FROM house', 'sold', 'logistic_regression', split => 'none')).version;
SELECT card('pages_sold');
SELECT card('pages_sold', 'house') ~ 'Scores by class' AS curves;

-- What people write.
SELECT assay.describe_model('pages_sold', '{"purpose": "Tells which houses sell.", "owner_contact": "houses@example.org", "slices": ["region"]}');
SELECT assay.describe_model('pages_sold', '{"limits": "Sixty houses.", "owner_contact": null}');
SELECT fields, described_by = current_user FROM assay.model_descriptions WHERE model = 'pages_sold';
SELECT unnest(regexp_matches(card('pages_sold'), '^(?:Purpose|Whom to ask|Known limits) .*$', 'gn'));
SELECT unnest(regexp_matches(card('pages_sold', NULL, 'markdown'), '^\| (?:Purpose|Whom to ask|Known limits) .*$', 'gn'));

-- What is demanded of fairness, and whether it holds.
SELECT assay.describe_model('pages_sold', '{"fairness_groups": ["region"], "fairness_limits": {"demographic_parity_ratio": 0.8, "equal_opportunity_difference": 1}}');
SELECT unnest(regexp_matches(card('pages_sold', 'house', 'markdown'), '^\| (?:criterion|demographic.+parity|equal.+opportunity|equalized.+odds) .*$', 'gn'));
CALL fails($$SELECT assay.describe_model('pages_sold', '{"fairness_limits": {"parity": 1}}')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{"fairness_limits": {"demographic_parity_ratio": 80}}')$$);

-- A number.
SELECT (assay.train('pages_price', 'SELECT size, garden, region, price FROM house', 'price', 'decision_tree', split => 'none')).version;
SELECT card('pages_price@1', 'house', 'markdown') ~ 'rmse' AS metrics;

-- The page in HTML: closed, and without anything to fetch.
SELECT page ~ '^<!DOCTYPE html>' AS begins, page ~ '</html>$' AS ends, page !~* '<script|https?:|url\(|src=' AS closed, length(page) < 1000000 AS small,
       array(SELECT m[1] FROM regexp_matches(page, '<h2[^>]*><bdi>([^<]*)</bdi>', 'g') AS m) AS sections
FROM assay.render_model('pages_sold', 'house', 'html') AS page;

-- Who may see what.
CREATE ROLE pages_scorer;
GRANT USAGE ON SCHEMA public TO pages_scorer;
GRANT EXECUTE ON FUNCTION card TO pages_scorer;
SET ROLE pages_scorer;
CALL fails($$SELECT assay.render_model('pages_sold')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{}')$$);
RESET ROLE;
SELECT assay.grant_model('pages_sold', 'pages_scorer', 'predict');
SET ROLE pages_scorer;
SELECT unnest(regexp_matches(card('pages_sold'), '(The training query is shown[^.]*|It reads[^.]*|permission denied[^.]*)', 'g'));
CALL fails($$SELECT assay.render_model('pages_sold', 'house')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{}')$$);
SELECT count(*) FROM assay.model_descriptions;
RESET ROLE;
SELECT assay.revoke_model('pages_sold', 'pages_scorer', 'predict');
DROP OWNED BY pages_scorer;
DROP ROLE pages_scorer;

CALL fails($$SELECT assay.render_model('pages_sold', format => 'pdf')$$);
CALL fails($$SELECT assay.render_model(NULL)$$);
CALL fails($$SELECT assay.render_model('pages_none')$$);
CALL fails($$SELECT assay.render_model('pages_sold@7')$$);
CALL fails($$SELECT assay.render_model('pages_sold', 'SELECT 1 AS size')$$);
CALL fails($$SELECT assay.render_model('pages_sold', 'DELETE FROM house')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{"porpose": "x"}')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{"purpose": 1}')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{"slices": "region"}')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', '{"slices": ["a", "b", "c", "d", "e", "f"]}')$$);
CALL fails($$SELECT assay.describe_model('pages_sold', jsonb_build_object('purpose', repeat('x', 20001)))$$);
CALL fails($$SELECT assay.describe_model('pages_sold', NULL)$$);
CALL fails($$SELECT assay.describe_model('pages_none', '{}')$$);

-- A rollback undoes it, and what is dropped is gone.
BEGIN;
SELECT assay.describe_model('pages_sold', '{"purpose": "Another."}');
ROLLBACK;
SELECT fields->>'purpose' FROM assay.model_descriptions WHERE model = 'pages_sold';
SELECT assay.drop_model('pages_sold');
SELECT assay.drop_model('pages_price');
SELECT count(*) FROM assay.model_descriptions;

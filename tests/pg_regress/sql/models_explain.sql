-- Why a row is scored as it is.
SELECT version FROM assay.train('linear', 'SELECT size, garden, region, rooms, price FROM house', 'price', 'ridge', split => 'none');
SELECT version FROM assay.train('odds', 'SELECT size, garden, region, rooms, sold FROM house', 'sold', 'logistic_regression', split => 'none');
SELECT version FROM assay.train('bayes', 'SELECT size, garden, region, rooms, sold FROM house', 'sold', 'naive_bayes', split => 'none');
SELECT version FROM assay.train('regions', 'SELECT size, garden, rooms, price, region FROM house', 'region', 'naive_bayes', split => 'none');

-- The number that a linear model predicts is its base value and what each feature adds to it.
SELECT assay.features('linear');
SELECT id, (SELECT array_agg(round(a::numeric, 3)) FROM unnest(assay.attributions('linear', h)) AS a) AS attributions, round(assay.base_value('linear')::numeric, 6) AS base,
       round(assay.predict('linear', h)::numeric, 6) AS predicted, round((assay.base_value('linear') + (SELECT sum(a) FROM unnest(assay.attributions('linear', h)) AS a))::numeric, 6) AS sum
FROM house AS h ORDER BY id LIMIT 3;
-- A feature of a linear model adds its weight times the distance from the mean; a missing value is the mean.
SELECT max(abs((assay.attributions('linear', h))[1] - w.weight * (h.size - m.mean))) < 1e-9 AS is_weight_times_distance,
       bool_and((assay.attributions('linear', h))[2] = 0) FILTER (WHERE garden IS NULL) AS nothing_where_missing
FROM house AS h, (SELECT weight FROM assay.weights('linear') WHERE feature = 'size') AS w, (SELECT mean FROM assay.feature_info('linear') WHERE feature = 'size') AS m;
-- Over the training rows attributions are 0 in the mean.
SELECT bool_and(abs(mean) < 1e-9) FROM (SELECT model, place, avg(a) AS mean FROM unnest('{linear,odds,bayes}'::text[]) AS model, house AS h, unnest(assay.attributions(model, h)) WITH ORDINALITY AS t (a, place) GROUP BY model, place) AS means;

-- Every form of call gives the same.
SELECT bool_and(assay.attributions('bayes', h) = assay.attributions('bayes', size, garden, region, rooms)) AS positional,
       bool_and(assay.attributions('bayes', h) = assay.attributions('bayes', ROW(size, garden, region, rooms))) AS row,
       bool_and(assay.attributions('bayes', h) = assay.attributions_row('bayes', jsonb_build_object('size', size, 'garden', garden, 'region', region, 'rooms', rooms))) AS object,
       bool_and(assay.attributions('bayes', h) = assay.attributions_values('bayes', ARRAY[size::text, garden::text, region, rooms::text])) AS texts
FROM house AS h;
SELECT assay.attributions(NULL, h), assay.attributions('linear', NULL::house), assay.attributions_row('linear', NULL), assay.attributions_values('linear', NULL) FROM house AS h LIMIT 1;

-- The positive class of two: its log odds. Of three classes each has its own, in the order of the labels.
SELECT max(abs(assay.base_value('odds') + (SELECT sum(a) FROM unnest(assay.attributions('odds', h)) AS a) - ln(p / (1 - p)))) < 1e-9 AS odds FROM house AS h, assay.predict('odds', h) AS p;
SELECT max(abs(assay.base_value('bayes') + (SELECT sum(a) FROM unnest(assay.attributions('bayes', h)) AS a) - ln(p[2] / p[1]))) < 1e-9 AS bayes FROM house AS h, assay.predict_proba('bayes', h) AS p;
SELECT assay.base_value('odds', 'false') = -assay.base_value('odds', 'true') AS opposite;
SELECT array_dims(assay.attributions('regions', h)), assay.labels('regions') FROM house AS h LIMIT 1;
SELECT max(abs(assay.base_value('regions', 'south') - assay.base_value('regions', 'north') + (SELECT sum(a[2][f] - a[1][f]) FROM generate_series(1, 4) AS f) - ln(p[2] / p[1]))) < 1e-9 AS regions
FROM house AS h, assay.attributions('regions', h) AS a, assay.predict_proba('regions', h) AS p;

-- As a table, the largest first, values as a person wrote them.
SELECT e.feature, e.value, round(e.attribution::numeric, 4) AS attribution, class, round(base_value::numeric, 4) AS base_value, round(margin::numeric, 4) AS margin FROM house AS h, LATERAL assay.explain_predict('odds', h) AS e WHERE id = 10;
SELECT feature, value, class FROM assay.explain_predict('regions', 88, NULL, 2, '230.0'::numeric);
SELECT feature, value FROM assay.explain_predict('odds', '61', '0.50', 'nowhere', 1.0);
SELECT feature, value FROM assay.explain_predict('odds', ROW(61, 7, 'west', 1));
SELECT count(*) FROM house AS h LEFT JOIN house AS none ON false, LATERAL assay.explain_predict('odds', none) AS e;

-- The rows of a query, in its order.
SELECT key, rank, feature, value, round(attribution::numeric, 4) AS attribution, class, baseline, round(base_value::numeric, 4) AS base_value, round(margin::numeric, 4) AS margin, error < 1e-9 AS exact
FROM assay.explain_query('odds', 'SELECT * FROM house WHERE id IN (3, 10) ORDER BY id DESC', '{id,region}', 2);
SELECT count(*), max(error) < 1e-9 FROM assay.explain_query('bayes', 'house', '{id}', NULL);
SELECT bool_and(abs(e.attribution - (assay.attributions('bayes', h))[array_position(assay.features('bayes'), feature)]) < 1e-12) AS same FROM assay.explain_query('bayes', 'house', '{id}', NULL) AS e JOIN house AS h ON h.id = (key ->> 'id')::int;
-- Of several classes the one that the row is given, or that is named.
SELECT key, feature, class FROM assay.explain_query('regions', 'SELECT * FROM house ORDER BY id LIMIT 3', '{id}', 1);
SELECT DISTINCT class FROM assay.explain_query('regions', 'house', '{id}', 1, class => 'west');
SELECT DISTINCT class FROM assay.explain_query('odds', 'house', '{id}', 1, class => 'false');

-- Against a background: its mean margin is the base value, and features that do not differ add nothing.
SELECT DISTINCT baseline, round(base_value::numeric, 6) AS base_value, round((SELECT avg(ln(p / (1 - p))) FROM house AS h, assay.predict('odds', h) AS p WHERE sold)::numeric, 6) AS mean_margin
FROM assay.explain_query('odds', 'house', '{id}', 1, baseline => 'SELECT * FROM house WHERE sold');
SELECT feature, value, round(attribution::numeric, 9) AS attribution FROM assay.explain_query('odds', 'SELECT * FROM house WHERE id = 5', '{id}', NULL, baseline => $$SELECT 72 AS size, 7 AS garden, 'west' AS region, 1 AS rooms$$);
SELECT size, garden, region, rooms FROM house WHERE id = 5;

-- The pieces that preprocessing makes are those of their column; a cross counts half for each of its two.
SELECT version FROM assay.train('pieces', 'SELECT size, garden, region, trend, rooms, date ''2026-01-01'' + id AS day, ARRAY[size, rooms]::float8[] AS pair, price FROM house', 'price', 'linear_regression', split => 'none',
    preprocess => '{"columns": {"region": {"encode": "one_hot"}, "garden": {"impute": {"method": "mean", "indicator": true}, "scale": "standard"}, "size": {"polynomial": 2}, "day": {"datetime": {"parts": ["month", "day_of_week"]}}}, "crosses": [["region", "trend"]]}');
SELECT assay.features('pieces'), cardinality(assay.transform('pieces', size, garden, region, trend, rooms, '2026-02-01'::date, ARRAY[size, rooms]::float8[])) AS pieces, cardinality(assay.attributions('pieces', size, garden, region, trend, rooms, '2026-02-01'::date, ARRAY[size, rooms]::float8[])) AS attributions FROM house LIMIT 1;
SELECT count(*), max(error) < 1e-9 AS exact FROM assay.explain_query('pieces', 'SELECT *, date ''2026-01-01'' + id AS day, ARRAY[size, rooms]::float8[] AS pair FROM house', '{id}', NULL);

-- By group: the columns that tell the group have what its base differs by.
SELECT version FROM assay.train('by_group', 'SELECT size, garden, price + CASE region WHEN ''west'' THEN 100 ELSE 0 END AS price, region FROM house', 'price', 'ridge', split => 'none', group_by => '{region}', min_group_rows => 15);
SELECT region, round(avg(e.attribution)::numeric, 1) AS of_the_group, max(error) < 1e-9 AS exact FROM assay.explain_query('by_group', 'house', '{id}', NULL) AS e JOIN house AS h ON h.id = (key ->> 'id')::int WHERE feature = 'region' GROUP BY 1 ORDER BY 1;
SELECT max(error) < 1e-9 AS exact FROM assay.explain_query('by_group', 'house', '{id}', NULL, baseline => 'SELECT * FROM house WHERE region <> ''west''');

-- Weights count in the baseline.
SELECT version FROM assay.train('weighted', 'SELECT size, region, id % 3 AS w, price FROM house', 'price', 'ridge', split => 'none', weight => 'w');
SELECT abs(sum((id % 3) * (assay.attributions('weighted', h))[1]) / sum(id % 3)) < 1e-9 AS none_in_the_mean, max(abs(assay.base_value('weighted') + (SELECT sum(a) FROM unnest(assay.attributions('weighted', h)) AS a) - assay.predict('weighted', h))) < 1e-9 AS adds_up FROM house AS h;

-- Attributions and base value are the margin of every row, whatever the learner.
DO $$
DECLARE
    learner record;
    target text;
    count bigint;
    error float8;
BEGIN
    FOR learner IN SELECT * FROM learners() LOOP
        FOREACH target IN ARRAY CASE learner.task WHEN 'regression' THEN '{price}' ELSE '{sold,region}' END::text[] LOOP
            PERFORM assay.train('any', 'SELECT size, garden, trend, rooms, ' || target || ' FROM house', target, learner.algorithm, task => learner.task, split => 'none', deploy => 'always');
            SELECT count(*), max(e.error) INTO count, error FROM assay.explain_query('any', 'house', '{id}', NULL) AS e;
            IF count <> 240 OR NOT error < 1e-9 THEN RAISE INFO '% of %: % rows, off by %', learner.algorithm, target, count, error; END IF;
            SELECT count(*), max(e.error) INTO count, error FROM assay.explain_query('any', 'house', '{id}', NULL, baseline => 'SELECT * FROM house WHERE id % 2 = 0') AS e;
            IF count <> 240 OR NOT error < 1e-9 THEN RAISE INFO '% of % against rows: % rows, off by %', learner.algorithm, target, count, error; END IF;
        END LOOP;
    END LOOP;
END $$;

-- Over many rows.
SELECT feature, round(attribution::numeric, 4) AS attribution, round(mean::numeric, 4) AS mean, round(share::numeric, 4) AS share, class, rows, baseline, error < 1e-9 AS exact FROM assay.global_explain('odds', 'house');
SELECT class, feature FROM assay.global_explain('regions', 'house');
SELECT feature, baseline, rows FROM assay.global_explain('regions', 'house', class => 'west', baseline => 'SELECT * FROM house WHERE sold');
SELECT abs(g.attribution - avg(abs((assay.attributions('odds', h))[1]))) < 1e-12 AS mean_of_sizes FROM assay.global_explain('odds', 'house') AS g, house AS h WHERE g.feature = 'size' GROUP BY g.attribution;

-- What two features do together, of trees: against the training rows, and against others. They change with what is compared with, and are none where nothing differs.
SELECT version FROM assay.train('trees', 'SELECT size, garden, region, rooms, sold FROM house', 'sold', 'gradient_boosting', '{"min_child_samples": 5, "n_estimators": 20}', split => 'none');
SELECT feature, other, round(interaction::numeric, 4) AS interaction, round(mean::numeric, 4) AS mean, class, rows, baseline FROM assay.interactions('trees', 'house', 1);
SELECT feature, other, round(interaction::numeric, 4) AS interaction, round(mean::numeric, 4) AS mean, class, rows, baseline FROM assay.interactions('trees', 'house', 1, baseline => 'SELECT * FROM house WHERE NOT sold');
SELECT max(interaction) = 0 AS none FROM assay.interactions('trees', 'SELECT * FROM house WHERE id = 7', NULL, baseline => 'SELECT * FROM house WHERE id = 7');

-- Reasons: what pushed towards the refused side, in words.
SELECT assay.describe_feature('odds', 'size', 'with {value} square metres it is the {feature} {{sic}}');
SELECT assay.describe_feature('odds', 'garden', 'its garden');
TABLE assay.feature_descriptions;
SELECT key, rank, feature, reason, value, attribution > 0 AS pushes, refused FROM assay.reason_codes('odds', 'SELECT * FROM house WHERE id IN (3, 10) ORDER BY id', '{id}');
SELECT key, rank, reason, refused FROM assay.reason_codes('odds', 'SELECT * FROM house WHERE id IN (3, 10) ORDER BY id', '{id}', refused => 'false');
-- Nothing is a reason for both sides, and what speaks for neither is none.
SELECT count(*) FROM assay.reason_codes('odds', 'house', '{id}', NULL) AS a JOIN assay.reason_codes('odds', 'house', '{id}', NULL, 'false') AS b USING (key, feature);
SELECT key, rank, reason, refused FROM assay.reason_codes('linear', 'SELECT * FROM house WHERE id = 10', '{id}', 2, refused => 'low', baseline => 'SELECT * FROM house WHERE sold');
SELECT count(*) FROM assay.reason_codes('regions', 'house', '{id}', 1, refused => 'south');
SELECT assay.describe_feature('odds', 'garden', NULL);
SELECT feature FROM assay.feature_descriptions;

-- What is wrong is said.
CALL fails($$SELECT assay.attributions('nobody', 1)$$);
CALL fails($$SELECT assay.attributions('odds', 1)$$);
CALL fails($$SELECT assay.attributions('odds', 1, 2, 3, 4)$$);
CALL fails($$SELECT assay.base_value('regions')$$);
CALL fails($$SELECT assay.base_value('regions', 'east')$$);
CALL fails($$SELECT assay.base_value('linear', 'east')$$);
CALL fails($$SELECT assay.base_value(NULL)$$);
CALL fails($$SELECT assay.explain_query(NULL, 'house', '{id}')$$);
CALL fails($$SELECT assay.explain_query('odds', NULL, '{id}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', NULL)$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{nothing}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{NULL}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', 0)$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', class => 'perhaps')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', baseline => 'SELECT * FROM house WHERE false')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', baseline => 'SELECT size FROM house')$$);
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', baseline => 'DELETE FROM house')$$);
CALL fails($$SELECT assay.explain_query('odds', 'SELECT id, size FROM house', '{id}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'SELECT id, size::text AS size, garden, region, rooms FROM house', '{id}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'SELECT id / 0 AS id, size, garden, region, rooms FROM house', '{id}')$$);
CALL fails($$SELECT assay.explain_query('odds', 'SELECT frm house', '{id}')$$);
CALL fails($$SELECT assay.global_explain('odds', 'SELECT * FROM house WHERE false')$$);
CALL fails($$SELECT assay.interactions('odds', 'house')$$);
CALL fails($$SELECT assay.interactions('trees', 'house', 0)$$);
CALL fails($$SELECT assay.interactions('trees', 'SELECT * FROM house WHERE false')$$);
CALL fails($$SELECT assay.interactions('trees', 'house', baseline => 'SELECT * FROM house WHERE false')$$);
CALL fails($$SELECT assay.interactions('trees', 'house', baseline => 'SELECT size FROM house')$$);
CALL fails($$SELECT assay.reason_codes('linear', 'house', '{id}')$$);
CALL fails($$SELECT assay.reason_codes('linear', 'house', '{id}', refused => 'up')$$);
CALL fails($$SELECT assay.reason_codes('regions', 'house', '{id}')$$);
CALL fails($$SELECT assay.reason_codes('odds', 'house', '{id}', refused => 'maybe')$$);
CALL fails($$SELECT assay.reason_codes('odds', 'house', '{id}', -1)$$);
CALL fails($$SELECT assay.describe_feature('odds', 'colour', 'its colour')$$);
CALL fails($$SELECT assay.describe_feature('odds', 'size', 'of {amount} metres')$$);
CALL fails($$SELECT assay.describe_feature('odds', 'size', '  ')$$);
CALL fails($$SELECT assay.describe_feature('odds', NULL, 'x')$$);
CALL fails($$SELECT assay.describe_feature('nobody', 'size', 'x')$$);

-- Who may predict may ask why; words are given by who manages the model.
CREATE ROLE explain_clerk;
CREATE ROLE explain_stranger;
GRANT SELECT ON house TO explain_clerk, explain_stranger;
SELECT assay.grant_model('odds', 'explain_clerk', 'predict');
SET ROLE explain_clerk;
SELECT count(*) FROM assay.explain_query('odds', 'house', '{id}', 1);
SELECT assay.base_value('odds') IS NOT NULL, assay.attributions('odds', 1, 2, 'west', 3) IS NOT NULL;
SELECT feature FROM assay.feature_descriptions;
CALL fails($$SELECT assay.describe_feature('odds', 'size', 'x')$$);
CALL fails('TABLE assay.model_feature_words');
SET ROLE explain_stranger;
CALL fails($$SELECT assay.explain_query('odds', 'house', '{id}', 1)$$);
CALL fails($$SELECT assay.attributions('odds', 1, 2, 'west', 3)$$);
SELECT count(*) FROM assay.feature_descriptions;
RESET ROLE;
-- The query runs as its caller, and only reads.
SET ROLE explain_clerk;
CALL fails($$SELECT assay.explain_query('odds', 'SELECT customer_id AS id, age AS size, 1 AS garden, job AS region, 2 AS rooms FROM german_credit', '{id}')$$);
RESET ROLE;

-- Words go with their model, and nothing is left of what was undone.
BEGIN;
SELECT assay.describe_feature('odds', 'rooms', 'gone');
ROLLBACK;
SELECT count(*) FROM assay.model_feature_words;
SELECT assay.drop_model('odds');
SELECT count(*) FROM assay.model_feature_words;

-- Any plan and any number of threads give the same.
CREATE TABLE explained AS SELECT * FROM assay.explain_query('bayes', 'SELECT h.*, g FROM house AS h, generate_series(1, 200) AS g ORDER BY g, id', '{id,g}', 2);
SET assay.threads = 1;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) FROM (TABLE explained EXCEPT SELECT * FROM assay.explain_query('bayes', 'SELECT h.*, g FROM house AS h, generate_series(1, 200) AS g ORDER BY g, id', '{id,g}', 2)) AS other;
RESET assay.threads;
RESET max_parallel_workers_per_gather;
SELECT count(*), count(DISTINCT key) FROM explained;

DROP OWNED BY explain_clerk, explain_stranger;
DROP TABLE explained;
SELECT assay.drop_owned('explain_clerk');
DROP ROLE explain_clerk, explain_stranger;

-- Without a query the one that gave the training rows is read again: as the caller, who must be one who may manage the model.
SELECT count(*) AS differ FROM assay.global_explain('bayes') AS own
FULL JOIN assay.global_explain('bayes', (SELECT query FROM assay.model_versions WHERE model = 'bayes' AND deployed)) AS given USING (feature)
WHERE own.attribution IS DISTINCT FROM given.attribution;
CREATE ROLE explain_scorer;
SELECT assay.grant_model('bayes', 'explain_scorer', 'predict');
SET ROLE explain_scorer;
CALL fails($$SELECT assay.global_explain('bayes')$$);
RESET ROLE;
SELECT assay.revoke_model('bayes', 'explain_scorer', 'predict');
DROP ROLE explain_scorer;

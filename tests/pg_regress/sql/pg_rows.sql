-- A whole row, wherever a query can have one, scores as its columns do; and is NULL where it is.
CREATE TABLE lot (id int PRIMARY KEY, gone int, size float8, region text);
INSERT INTO lot SELECT i, i, 20 + (i * 17) % 83, (ARRAY['north', 'south', 'west'])[i % 3 + 1] FROM generate_series(1, 30) AS i;
ALTER TABLE lot DROP COLUMN gone;
ANALYZE lot;
SELECT version FROM assay.train('lot', $$SELECT size, region, 2.5 * size + length(region) AS price FROM lot$$, 'price', 'linear_regression', split => 'none');
-- What every score is to be.
CREATE FUNCTION right_score(score float8, size float8, region text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT abs(score - 2.5 * size - length(region)) < 1e-6 $$;

-- The planner takes columns instead of the row, all of them, with their names.
EXPLAIN (VERBOSE, COSTS OFF) SELECT assay.predict('lot', l) FROM lot AS l;
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', l), size, region)) FROM lot AS l;
-- Other names of the columns in the query change nothing.
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', l), l.b, l.c)) FROM lot AS l (a, b, c);
-- What a person may write, too.
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', '{region,other,size}'::text[], region, id, size), size, region)) FROM lot;
CALL fails($$SELECT assay.predict('lot', '{region,size}'::text[], 'west')$$);
CALL fails($$SELECT assay.predict('lot', '{region,NULL}'::text[], 'west', 100)$$);
CALL fails($$SELECT assay.predict('lot', NULL::text[], 'west', 100)$$);
CALL fails($$SELECT assay.predict('lot', array_append('{region}'::text[], region), 'west', size) FROM lot$$);
CALL fails($$SELECT assay.predict('lot', '{region,height}'::text[], 'west', 100)$$);
CALL fails($$SELECT assay.predict('lot', '{region,size}'::text[], true, 100)$$);

-- Views, subqueries that are pulled up and that are not, WITH, LATERAL, sublinks.
CREATE VIEW lot_view AS SELECT region, size, id FROM lot;
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', v), size, region)) FROM lot_view AS v;
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', s), size, region)) FROM (SELECT region, size FROM lot) AS s;
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', s), size, region)) FROM (SELECT * FROM lot ORDER BY id LIMIT 20) AS s;
WITH s AS MATERIALIZED (SELECT region, size FROM lot) SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', s), size, region)) FROM s;
SELECT count(*) FILTER (WHERE right_score(p, size, region)) FROM lot AS l, LATERAL (SELECT assay.predict('lot', l) AS p OFFSET 0) AS s;
SELECT count(*) FILTER (WHERE right_score((SELECT assay.predict('lot', l)), size, region)) FROM lot AS l;
SELECT count(*) FROM lot AS l WHERE EXISTS (SELECT FROM lot AS m WHERE m.id = l.id AND assay.predict('lot', l) = assay.predict('lot', m));
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', ROW(size, region)), size, region)) FROM lot;

-- NULL where an outer join finds no match: a NULL row, not a row of NULLs.
SELECT count(assay.predict('lot', a)) AS of_a, count(assay.predict('lot', b)) AS of_b FROM lot AS a LEFT JOIN lot AS b ON b.id = a.id + 10;
SELECT count(assay.predict('lot', a)) AS of_a, count(assay.predict('lot', b)) AS of_b FROM lot AS a RIGHT JOIN lot AS b ON b.id = a.id + 10;
SELECT count(assay.predict('lot', a)) AS of_a, count(assay.predict('lot', b)) AS of_b FROM lot AS a FULL JOIN lot AS b ON b.id = a.id + 10;
SELECT count(assay.predict('lot', c)) AS of_c FROM lot AS a LEFT JOIN (lot AS b JOIN lot AS c ON c.id = b.id) ON c.id = a.id + 10;
SELECT count(assay.predict('lot', c)) AS of_c FROM lot AS a LEFT JOIN (SELECT size, region, id FROM lot) AS c ON c.id = a.id + 10;
SELECT count(assay.predict('lot', a)) AS of_a FROM lot AS a JOIN lot AS b ON b.id = a.id + 10;
-- The side that always has a row is as fast as without the join.
EXPLAIN (VERBOSE, COSTS OFF) SELECT assay.predict('lot', a), assay.predict('lot', b) FROM lot AS a LEFT JOIN lot AS b ON b.id = a.id + 10;
-- A row that groups is NULL in the sets of other columns.
SELECT count(p) AS scores, count(*) AS groups FROM (SELECT l, assay.predict('lot', l) AS p FROM lot AS l GROUP BY GROUPING SETS ((l), ())) AS g;
SELECT count(*) FILTER (WHERE right_score(p, size, region)) FROM (SELECT assay.predict('lot', l) AS p, size, region FROM lot AS l GROUP BY l.id) AS g;
SELECT count(p) FROM (SELECT assay.predict('lot', l) AS p FROM lot AS l GROUP BY l) AS g;
SELECT region, count(*) FILTER (WHERE right_score(assay.predict('lot', l), size, region)) FROM lot AS l GROUP BY region ORDER BY region;
SELECT max(rank) FROM (SELECT rank() OVER (ORDER BY assay.predict('lot', l)) FROM lot AS l ORDER BY assay.predict('lot', l) DESC, id) AS ranked;

-- Statements that change rows.
CREATE TEMP TABLE scored (id int PRIMARY KEY, size float8, region text, score float8);
INSERT INTO scored SELECT id, size, region, assay.predict('lot', l) FROM lot AS l;
UPDATE scored AS s SET score = assay.predict('lot', l) FROM lot AS l WHERE l.id = s.id;
UPDATE scored AS s SET size = size + 1 WHERE id <= 3 RETURNING id, right_score(assay.predict('lot', s), s.size, s.region);
INSERT INTO scored VALUES (1, 50, 'west') ON CONFLICT (id) DO UPDATE SET score = assay.predict('lot', excluded), size = excluded.size, region = excluded.region
RETURNING right_score(score, size, region);
MERGE INTO scored AS s USING lot AS l ON s.id = l.id + 10
    WHEN MATCHED THEN UPDATE SET score = assay.predict('lot', l) WHEN NOT MATCHED THEN INSERT VALUES (l.id + 10, l.size, l.region, assay.predict('lot', l));
SELECT count(*), count(*) FILTER (WHERE right_score(score, l.size, l.region)) AS right_scores FROM scored AS s JOIN lot AS l ON s.id = l.id + 10;
DELETE FROM scored AS s WHERE assay.predict('lot', s) > 100;
SELECT max(assay.predict('lot', s)) <= 100 AS none_above FROM scored AS s;
-- A trigger that scores the new row.
CREATE FUNCTION set_score() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.score = assay.predict('lot', NEW); RETURN NEW; END $$;
CREATE TRIGGER set_score BEFORE INSERT ON scored FOR EACH ROW EXECUTE FUNCTION set_score();
INSERT INTO scored VALUES (100, 40, 'north') RETURNING right_score(score, size, region);

-- Partitions whose columns stand elsewhere, children with more columns.
CREATE TABLE part (id int, size float8, region text) PARTITION BY LIST (region);
CREATE TABLE part_north (region text, gone int, size float8, id int);
ALTER TABLE part_north DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_north FOR VALUES IN ('north');
CREATE TABLE part_rest PARTITION OF part DEFAULT;
INSERT INTO part SELECT id, size, region FROM lot;
SELECT tableoid::regclass, count(*) FILTER (WHERE right_score(assay.predict('lot', p), size, region)) FROM part AS p GROUP BY 1 ORDER BY 1;
CREATE TABLE large_lot (garden boolean) INHERITS (lot);
INSERT INTO large_lot (id, size, region, garden) VALUES (31, 200, 'south', true);
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', l), size, region)) FROM lot AS l;

-- A column that comes or goes between two runs of a prepared statement; a version that needs other columns.
PREPARE ask AS SELECT count(*) FILTER (WHERE right_score(assay.predict('lot', l), size, region)) FROM lot AS l;
SET plan_cache_mode = force_generic_plan;
EXECUTE ask;
ALTER TABLE lot ADD COLUMN height float8 DEFAULT 2;
EXECUTE ask;
SELECT version FROM assay.train('lot', $$SELECT region, height * id AS high, 2.5 * size + length(region) AS price, size FROM (SELECT *, id % 7 AS h FROM lot) AS l$$, 'price', 'linear_regression', split => 'none', deploy => 'never');
SELECT assay.deploy('lot', 2);
EXECUTE ask;
ALTER TABLE lot ADD COLUMN high float8 DEFAULT 1;
EXECUTE ask;
SELECT assay.rollback('lot');
EXECUTE ask;
RESET plan_cache_mode;
DEALLOCATE ask;

-- More columns than a function takes arguments.
DO $$ BEGIN EXECUTE 'CREATE TABLE wide AS SELECT size, region, ' || (SELECT string_agg('0 AS c' || i, ', ') FROM generate_series(1, 120) AS i) || ' FROM lot'; END $$;
SELECT count(*) FILTER (WHERE right_score(assay.predict('lot@1', w), size, region)) FROM wide AS w;

SELECT assay.drop_model('lot');
DROP TABLE wide, part, scored, lot CASCADE;
DROP FUNCTION set_score, right_score;

-- What is missing in columns of double precision is the same whether they stand side by side, which is read at once, or apart.
CREATE TABLE gaps AS
SELECT CASE i % 5 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN 'Infinity' WHEN 2 THEN NULL ELSE i END AS a, i::float8 AS b,
       CASE WHEN i % 4 = 0 THEN '-Infinity'::float8 ELSE -i END AS c, i AS between, (i % 7)::float8 AS d, 2.0::float8 * i AS y
FROM generate_series(1, 100) AS i;
SELECT version FROM assay.train('gaps', 'SELECT a, b, c, d, a AS e, b AS f, c AS g, d AS h, y FROM gaps', 'y', 'ridge', deploy => 'never');
SELECT version FROM assay.train('gaps', 'SELECT a, between, b, c, d, a AS e, b AS f, c AS g, d AS h, y FROM gaps', 'y', 'ridge', deploy => 'never');
SELECT feature, together.nulls, together.min, together.max, together.nulls = apart.nulls AND together.mean = apart.mean AS same
FROM assay.feature_info('gaps@1') AS together JOIN assay.feature_info('gaps@2') AS apart USING (feature) ORDER BY feature;
SELECT assay.drop_model('gaps');
DROP TABLE gaps;

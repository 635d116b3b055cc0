-- The old and the new row of RETURNING, as PostgreSQL has them from 18 on: each is scored for itself.

CREATE TABLE point AS SELECT i AS x, 2 * i AS y, CASE WHEN i > 50 THEN 'large' ELSE 'small' END AS size FROM generate_series(1, 100) AS i;
SELECT algorithm FROM assay.train('doubled', 'SELECT x, y FROM point', 'y', 'linear_regression');
SELECT algorithm FROM assay.train('sized', 'SELECT x, size FROM point', 'size', 'decision_tree');
CREATE TABLE spot (id int PRIMARY KEY, x int);
INSERT INTO spot VALUES (1, 10), (2, 20);
CREATE VIEW seen AS SELECT id, x FROM spot;

-- Given whole, as columns, and as ROW.
UPDATE spot SET x = x + 1 WHERE id = 1
RETURNING round(assay.predict('doubled', old)) AS old, round(assay.predict('doubled', new)) AS new, round(assay.predict('doubled', old.x)) AS old_x, round(assay.predict('doubled', new.x)) AS new_x,
    round(assay.predict('doubled', old.*)) AS old_row, round(assay.predict('doubled', new.*)) AS new_row, round(assay.predict('doubled', spot)) AS plain;
UPDATE spot SET x = x + 1 WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) round(assay.predict('doubled', o)) AS old, round(assay.predict('doubled', n)) AS new;
-- The other functions that score.
UPDATE spot SET x = x + 80 WHERE id = 1
RETURNING assay.predict_label('sized', old) AS old, assay.predict_label('sized', new) AS new, assay.predict_proba('sized', old) AS old_proba, assay.predict_proba('sized', new) AS new_proba;
-- Where there was no row, or is none any more, there is no score.
INSERT INTO spot VALUES (3, 30) RETURNING assay.predict('doubled', old) AS old, round(assay.predict('doubled', new)) AS new;
DELETE FROM spot WHERE id = 3 RETURNING round(assay.predict('doubled', old)) AS old, assay.predict('doubled', new) AS new;
INSERT INTO spot VALUES (2, 25), (4, 40) ON CONFLICT (id) DO UPDATE SET x = excluded.x
RETURNING round(assay.predict('doubled', old)) AS old, round(assay.predict('doubled', new)) AS new;
WITH merged AS (
    MERGE INTO spot AS s USING (VALUES (2, 30), (4, 0), (5, 50)) AS v (id, x) ON s.id = v.id
    WHEN MATCHED AND v.x = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET x = v.x WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.x)
    RETURNING merge_action() AS action, round(assay.predict('doubled', old)) AS old, round(assay.predict('doubled', new)) AS new)
SELECT * FROM merged ORDER BY action COLLATE "C";
-- Through a view, and in a function and a prepared statement, whose plans are kept.
UPDATE seen SET x = x + 1 WHERE id = 2 RETURNING round(assay.predict('doubled', old)) AS old, round(assay.predict('doubled', new)) AS new;
INSERT INTO seen VALUES (6, 6) RETURNING assay.predict('doubled', old) AS old, round(assay.predict('doubled', new)) AS new;
CREATE FUNCTION moves(id int, by int) RETURNS text LANGUAGE sql
BEGIN ATOMIC
    UPDATE spot SET x = x + by WHERE spot.id = moves.id RETURNING round(assay.predict('doubled', old)) || ' to ' || round(assay.predict('doubled', new));
END;
SELECT moves(6, 1), moves(6, 2);
PREPARE move (int) AS UPDATE spot SET x = x + $1 WHERE id = 6 RETURNING round(assay.predict('doubled', old)) AS old, round(assay.predict('doubled', new)) AS new;
SET plan_cache_mode = force_generic_plan;
EXECUTE move(1);
SELECT version FROM assay.train('doubled', 'SELECT x, 3 * x AS y FROM point', 'y', 'linear_regression', deploy => 'always');
EXECUTE move(1);
RESET plan_cache_mode;
DEALLOCATE move;
DROP FUNCTION moves;
DROP VIEW seen;
DROP TABLE spot, point;
SELECT assay.drop_model('doubled'), assay.drop_model('sized');

-- Virtual generated columns, as PostgreSQL has them from 18 on: read like any column, though no row stores them.

CREATE TABLE made (
    id int PRIMARY KEY, width float8, height float8,
    area float8 GENERATED ALWAYS AS (width * height) VIRTUAL,
    stored_area float8 GENERATED ALWAYS AS (width * height) STORED,
    size text GENERATED ALWAYS AS (CASE WHEN width * height > 25 THEN 'large' ELSE 'small' END) VIRTUAL,
    half int GENERATED ALWAYS AS (id / 2) VIRTUAL,
    odd int GENERATED ALWAYS AS (CASE WHEN id % 2 = 1 THEN id END));
INSERT INTO made (id, width, height) SELECT i, i % 10, (i * 7) % 11 FROM generate_series(1, 600) AS i;

SELECT column_name, data_type, rows, nulls, distinct_estimate, min, max FROM assay.profile('made');
SELECT name, status, value, rows_failed FROM assay.validate('made', '[
    {"kind": "unique", "column_name": "half", "name": "unique"},
    {"kind": "not_null", "column_name": "odd", "name": "not_null"},
    {"kind": "accepted_values", "column_name": "size", "args": {"values": ["small"]}, "name": "accepted_values"},
    {"kind": "expression_is_true", "expression": "area = stored_area", "name": "expression_is_true"},
    {"kind": "relationships", "column_name": "half", "args": {"to": "made", "field": "id"}, "name": "relationships"},
    {"kind": "not_null", "column_name": "odd", "where": "size = ''large''", "group_by": ["size"], "name": "grouped"}]');
SELECT assay.add_check('made', 'accepted_range', 'half', '{"max_value": 299}', name => 'halves') > 0 AS added;
SELECT status, rows_failed FROM assay.run_checks('made');
SELECT key, "row" FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = 'halves'));
SELECT count(assay.drop_check(check_id)) FROM assay.checks WHERE name = 'halves';
SELECT column_name, drifted FROM assay.drift('SELECT * FROM made WHERE id <= 300', 'made') WHERE drifted;

-- Each constraint that is suggested can be added, to such columns too.
SELECT column_name, as_constraint FROM assay.suggest_checks('made') WHERE as_constraint IS NOT NULL ORDER BY column_name, as_constraint;
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT as_constraint FROM assay.suggest_checks('made') WHERE as_constraint IS NOT NULL LOOP EXECUTE statement; END LOOP;
END $$;

-- They are features and targets; a row that is scored has them, given whole or by name.
SELECT algorithm, features FROM assay.train('area', 'SELECT width, height, area, stored_area FROM made', 'stored_area', 'linear_regression', deploy => 'always');
SELECT count(*) AS rows, count(*) FILTER (WHERE abs(assay.predict('area', m) - stored_area) < 1e-6) AS exact FROM made AS m;
SELECT round(assay.predict('area', m.width, m.height, m.area)) = round(m.stored_area) AS same FROM made AS m WHERE id = 5;
SELECT algorithm, features FROM assay.train('size', 'made', 'size', 'decision_tree', exclude => '{id,half,odd,stored_area}', deploy => 'always');
SELECT assay.predict_label('size', m) = size AS same, count(*) FROM made AS m GROUP BY 1;
-- On the side of an outer join that has no row, and in a changed row.
SELECT i, round(assay.predict('area', m)) AS predicted FROM generate_series(599, 602) AS i LEFT JOIN made AS m ON m.id = i ORDER BY i;
UPDATE made SET width = 2, height = 3 WHERE id = 1 RETURNING round(assay.predict('area', old)) AS old, round(assay.predict('area', new)) AS new, round(assay.predict('area', made)) AS plain;
SELECT assay.drop_model('area'), assay.drop_model('size');
DROP TABLE made;

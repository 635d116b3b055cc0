#!/usr/bin/env bash
# What PostgreSQL has from 18 on: the old and the new row of RETURNING, and constraints that are declared but not checked.
set -euo pipefail

# check NAME EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        diff <(echo "$2") <(echo "$3") || true
    fi
}

run() { psql -X -q -A -t -v ON_ERROR_STOP=1; }

if (($(psql -X -A -t -c 'SHOW server_version_num') < 180000)); then
    echo "ok - this PostgreSQL has no old and new rows, nor constraints that are not checked"
    exit
fi

run <<'SQL'
CREATE TABLE point AS SELECT i AS x, 2 * i AS y FROM generate_series(1, 100) AS i;
SELECT FROM assay.train('line', 'point', 'y', 'linear_regression');
CREATE TABLE place (id int PRIMARY KEY, x int);
INSERT INTO place VALUES (1, 10), (2, 20);
CREATE VIEW seen AS SELECT id, x FROM place;
SQL

check "an UPDATE scores its old and its new row, given whole, as columns and as ROW" $'20|22|20|22|20|22|22' "$(run <<'SQL'
UPDATE place SET x = x + 1 WHERE id = 1
RETURNING round(assay.predict('line', old)), round(assay.predict('line', new)), round(assay.predict('line', old.x)), round(assay.predict('line', new.x)),
    round(assay.predict('line', old.*)), round(assay.predict('line', new.*)), round(assay.predict('line', place));
SQL
)"
check "renamed old and new rows" '22|24' "$(run <<'SQL'
UPDATE place SET x = x + 1 WHERE id = 1 RETURNING WITH (OLD AS o, NEW AS n) round(assay.predict('line', o)), round(assay.predict('line', n));
SQL
)"
check "the old row of an INSERT and the new one of a DELETE are NULL, and so is their score" $'t|60\n60|t' "$(run <<'SQL'
INSERT INTO place VALUES (3, 30) RETURNING assay.predict('line', old) IS NULL, round(assay.predict('line', new));
DELETE FROM place WHERE id = 3 RETURNING round(assay.predict('line', old)), assay.predict('line', new) IS NULL;
SQL
)"
check "INSERT ON CONFLICT has an old row where there was one" $'40|50\n|80' "$(run <<'SQL'
INSERT INTO place VALUES (2, 25), (4, 40) ON CONFLICT (id) DO UPDATE SET x = excluded.x
RETURNING round(assay.predict('line', old)), round(assay.predict('line', new));
SQL
)"
check "MERGE scores what it did" $'DELETE|80|\nINSERT||100\nUPDATE|50|60' "$(run <<'SQL'
WITH merged AS (
    MERGE INTO place AS p USING (VALUES (2, 30), (4, 0), (5, 50)) AS s (id, x) ON p.id = s.id
    WHEN MATCHED AND s.x = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET x = s.x WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.x)
    RETURNING merge_action() AS action, round(assay.predict('line', old)) AS before, round(assay.predict('line', new)) AS after)
SELECT * FROM merged ORDER BY action COLLATE "C";
SQL
)"
check "through a view, too" $'60|62\nt|12' "$(run <<'SQL'
UPDATE seen SET x = x + 1 WHERE id = 2 RETURNING round(assay.predict('line', old)), round(assay.predict('line', new));
INSERT INTO seen VALUES (6, 6) RETURNING assay.predict('line', old) IS NULL, round(assay.predict('line', new));
SQL
)"

# answers TABLE CHECKS...: status and failing rows of each check.
answers() {
    run <<SQL
SELECT kind, status, rows_failed FROM assay.validate('$1', '$2') ORDER BY kind;
SQL
}

run <<'SQL'
CREATE TABLE twice (a int, b int, UNIQUE (a, b));
INSERT INTO twice VALUES (1, NULL), (1, NULL), (2, 2);
ALTER TABLE twice ADD CONSTRAINT b_there NOT NULL b NOT VALID;
ALTER TABLE twice ALTER a SET NOT NULL;
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (1);
CREATE TABLE child (id int REFERENCES parent NOT ENFORCED);
INSERT INTO child VALUES (1), (7);
CREATE TABLE doubled (x int, y int GENERATED ALWAYS AS (x / 2) VIRTUAL);
INSERT INTO doubled VALUES (2), (3), (6);
SQL
check "a NOT NULL constraint that is NOT VALID proves nothing" 'unique_combination|fail|2' "$(answers twice '[{"kind": "unique_combination", "args": {"combination_of_columns": ["a", "b"]}}]')"
check "a foreign key that is NOT ENFORCED proves nothing" 'relationships|fail|1' "$(answers child '[{"kind": "relationships", "column_name": "id", "args": {"to": "parent", "field": "id"}}]')"
check "virtual generated columns are read" 'unique|fail|2' "$(answers doubled '[{"kind": "unique", "column_name": "y"}]')"

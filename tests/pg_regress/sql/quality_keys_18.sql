-- Constraints that PostgreSQL has from 18 on and that prove less than their names say: the rows are read instead.

CREATE PROCEDURE asks(relation regclass, VARIADIC checks text[]) LANGUAGE plpgsql AS $$
DECLARE found record;
BEGIN
    FOR found IN EXECUTE format('SELECT name, status, rows_failed FROM assay.validate(%L, %L)', relation, '[' || array_to_string(checks, ',') || ']') LOOP
        RAISE INFO '% of %: %, % rows fail', found.name, relation, found.status, found.rows_failed;
    END LOOP;
END $$;

-- Foreign keys that are not enforced, from the start or later.
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (1), (2);
CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT held REFERENCES parent);
CREATE TABLE orphan (id int PRIMARY KEY, parent int CONSTRAINT said REFERENCES parent NOT ENFORCED);
INSERT INTO child VALUES (1, 1), (2, 2);
INSERT INTO orphan VALUES (1, 1), (2, 7);
\set relationships '{"kind": "relationships", "column_name": "parent", "args": {"to": "parent", "field": "id"}, "name": "relationships"}'
CALL asks('child', :'relationships');
CALL asks('orphan', :'relationships');
SELECT assay.add_check(relation::regclass, 'relationships', 'parent', '{"to": "parent", "field": "id"}', name => 'parents') > 0 AS added FROM unnest('{child,orphan}'::text[]) AS relation;
SELECT relation, answered_by, message FROM assay.explain_checks() WHERE name = 'parents' ORDER BY 1;
ALTER TABLE child ALTER CONSTRAINT held NOT ENFORCED;
INSERT INTO child VALUES (3, 9);
SELECT relation, answered_by, message FROM assay.explain_checks() WHERE name = 'parents' ORDER BY 1;
SELECT relation, status, rows_failed FROM assay.run_checks('child');
DELETE FROM child WHERE id = 3;
ALTER TABLE child ALTER CONSTRAINT held ENFORCED;
SELECT relation, answered_by, message FROM assay.explain_checks('child');
SELECT count(assay.drop_check(check_id)) FROM assay.checks WHERE name = 'parents';
-- A condition that is not enforced is none.
CREATE TABLE priced (id int PRIMARY KEY, price int CONSTRAINT positive CHECK (price > 0) NOT ENFORCED, amount int CONSTRAINT counted NOT NULL);
INSERT INTO priced VALUES (1, -5, 1), (2, 5, 1);
CALL asks('priced', '{"kind": "accepted_range", "column_name": "price", "args": {"min_value": 0}, "name": "accepted_range"}',
    '{"kind": "expression_is_true", "expression": "price > 0", "name": "expression_is_true"}');

-- A column that holds NULL in spite of NOT NULL: the constraint is not valid yet.
CREATE TABLE twice (a int NOT NULL, b int, UNIQUE (a, b));
INSERT INTO twice VALUES (1, NULL), (1, NULL), (2, 2);
ALTER TABLE twice ADD CONSTRAINT b_there NOT NULL b NOT VALID;
\set combination '{"kind": "unique_combination", "args": {"combination_of_columns": ["a", "b"]}, "name": "unique_combination"}'
CALL asks('twice', :'combination', '{"kind": "not_null", "column_name": "b", "name": "not_null"}');
-- What is suggested for it is no constraint that it has.
DELETE FROM twice;
INSERT INTO twice SELECT i, i FROM generate_series(1, 100) AS i;
SELECT column_name, as_constraint FROM assay.suggest_checks('twice') WHERE kind = 'not_null' ORDER BY 1;
ALTER TABLE twice VALIDATE CONSTRAINT b_there;
SELECT column_name, as_constraint FROM assay.suggest_checks('twice') WHERE kind = 'not_null' ORDER BY 1;
CALL asks('twice', :'combination');

-- A key WITHOUT OVERLAPS: neither its columns nor one of them are unique. Ranges need no operator class of an extension here.
CREATE TABLE booked (room int4range, during tsrange, CONSTRAINT apart PRIMARY KEY (room, during WITHOUT OVERLAPS));
INSERT INTO booked VALUES ('[1,2)', '[2026-01-01, 2026-01-02)'), ('[1,2)', '[2026-01-03, 2026-01-04)'), ('[2,3)', '[2026-01-01, 2026-01-02)');
CALL asks('booked', '{"kind": "unique", "column_name": "room", "name": "unique"}',
    '{"kind": "unique_combination", "args": {"combination_of_columns": ["room", "during"]}, "name": "unique_combination"}');
SELECT assay.add_check('booked', 'unique', 'room', name => 'rooms') > 0 AS added;
SELECT assay.add_check('booked', 'unique_combination', args => '{"combination_of_columns": ["room", "during"]}', name => 'bookings') > 0 AS added;
SELECT name, answered_by, message FROM assay.explain_checks('booked') WHERE name IN ('rooms', 'bookings') ORDER BY 1;
SELECT "row" FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = 'rooms')) ORDER BY "row"::text;
-- A foreign key for a PERIOD is no proof for the columns alone.
CREATE TABLE guest (name text, room int4range, during tsrange, FOREIGN KEY (room, PERIOD during) REFERENCES booked (room, PERIOD during));
INSERT INTO guest VALUES ('Ada', '[1,2)', '[2026-01-01 06:00, 2026-01-01 18:00)'), ('Alan', NULL, '[2026-02-01, 2026-02-02)');
CALL asks('guest', '{"kind": "relationships", "column_name": "room", "args": {"to": "booked", "field": "room"}, "name": "relationships"}',
    '{"kind": "relationships", "column_name": "during", "args": {"to": "booked", "field": "during"}, "name": "periods"}');
SELECT count(assay.drop_check(check_id)) FROM assay.checks WHERE name IN ('rooms', 'bookings');
DROP TABLE guest, booked, twice, priced, orphan, child, parent;
DROP PROCEDURE asks;

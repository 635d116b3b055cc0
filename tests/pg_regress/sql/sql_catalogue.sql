-- What people say of their objects, who may say and see it, and examples of questions with their queries.

SET client_min_messages = warning;
CREATE ROLE catalogue_owner;
CREATE ROLE catalogue_reader;
CREATE ROLE catalogue_member;
GRANT catalogue_reader TO catalogue_member;
CREATE SCHEMA catalogue_test;
GRANT USAGE ON SCHEMA catalogue_test TO catalogue_owner, catalogue_reader;
GRANT CREATE ON SCHEMA catalogue_test TO catalogue_owner;
CREATE TABLE catalogue_test.sale (id int PRIMARY KEY, price numeric, secret text);
CREATE FUNCTION catalogue_test.net(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 1.19';
ALTER TABLE catalogue_test.sale OWNER TO catalogue_owner;
ALTER FUNCTION catalogue_test.net OWNER TO catalogue_owner;
GRANT SELECT (id, price) ON catalogue_test.sale TO catalogue_reader;

-- Its owner says what it is.
SET ROLE catalogue_owner;
SET search_path = catalogue_test;
SELECT assay.describe('catalogue_test.sale', 'Everything that was sold');
SELECT assay.describe('sale.price', 'in euros');
SELECT assay.describe('sale.secret', 'what nobody reads');
SELECT assay.describe('net(numeric)', 'a price without taxes');
SELECT assay.mark_private('sale.price');
SELECT object, kind, column_name, note, private, described_by FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
-- Others see what they may read, and say nothing.
SET ROLE catalogue_reader;
SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
SELECT assay.describe('sale', 'mine');
SELECT assay.mark_private('sale.price', false);
-- It goes with its object's name.
SET ROLE catalogue_owner;
ALTER TABLE sale RENAME COLUMN price TO amount;
ALTER TABLE sale RENAME TO sold;
SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
SELECT assay.describe('sold.amount', 'in dollars');
SELECT assay.describe('sold', NULL);
SELECT assay.mark_private('sold');
SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
-- A column that takes the name of one that is gone is what was said of it: what was private stays so.
ALTER TABLE sold DROP COLUMN amount;
ALTER TABLE sold ADD amount int;
SELECT object, column_name, note, private FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
-- What is wrong.
SELECT assay.describe('nothing', 'x');
SELECT assay.describe('sold.nothing', 'x');
SELECT assay.describe('net(int)', 'x');
SELECT assay.describe(NULL, 'x');
SELECT assay.describe('sold', repeat('x', 2001));
SELECT assay.mark_private('net(numeric)');
SELECT assay.mark_private('sold', NULL);
BEGIN READ ONLY;
SELECT assay.describe('sold', 'x');
ROLLBACK;
DROP TABLE sold;
DROP FUNCTION net;
SELECT count(*) FROM assay.descriptions;
-- The rows of what is gone go with the next that is said.
CREATE TABLE other (x int);
SELECT assay.describe('other', 'another');
RESET ROLE;
SELECT relation, note FROM assay.description;
DROP TABLE catalogue_test.other;

-- Examples are planned, not run, by the rules of run_sql; they belong to who adds them, and to who acts for that role.
CREATE TABLE catalogue_test.sale (id int PRIMARY KEY, region text);
GRANT SELECT ON catalogue_test.sale TO catalogue_reader;
SET ROLE catalogue_reader;
SELECT assay.add_sql_example('How many sales?', 'SELECT count(*) FROM sale') > 0 AS added;
SELECT assay.add_sql_example(' How many sales? ', 'SELECT count(*) AS sales FROM sale') > 0 AS replaced;
SELECT assay.add_sql_example('Which regions?', 'SELECT nothing FROM sale');
SELECT assay.add_sql_example('Which regions?', 'DELETE FROM sale');
SELECT assay.add_sql_example('Which regions?', 'SELECT pg_sleep(1)');
SELECT assay.add_sql_example('', 'SELECT 1');
SELECT assay.add_sql_example(NULL, 'SELECT 1');
SELECT question, sql, added_by FROM assay.sql_examples ORDER BY id;
SET ROLE catalogue_member;
SELECT question, added_by FROM assay.sql_examples ORDER BY id;
SET ROLE catalogue_owner;
SELECT count(*) FROM assay.sql_examples;
SELECT assay.drop_sql_example(1000000);
SELECT * FROM assay.sql_example;
SET ROLE catalogue_member;
SELECT assay.drop_sql_example(id) FROM assay.sql_examples;
SELECT assay.drop_sql_example(NULL);
SELECT count(*) FROM assay.sql_examples;
RESET ROLE;
RESET search_path;
DROP SCHEMA catalogue_test CASCADE;
DROP ROLE catalogue_member, catalogue_reader, catalogue_owner;

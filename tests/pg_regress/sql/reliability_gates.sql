-- Gates: what depends on something with an incident is not taken for good.

CREATE TABLE raw_order (id int, amount float8);
INSERT INTO raw_order SELECT i, 10 * i + (i * 7919) % 11 FROM generate_series(1, 200) AS i;
CREATE VIEW clean_order AS SELECT id, amount FROM raw_order WHERE amount IS NOT NULL;
CREATE TABLE order_report (id int, amount float8);
INSERT INTO order_report SELECT * FROM clean_order;
SELECT assay.add_lineage('public.clean_order', 'public.order_report');
CREATE TABLE other (x int);
INSERT INTO other VALUES (1);
SELECT assay.add_check('raw_order', 'not_null', 'amount', name => 'amount') IS NOT NULL AS a,
       assay.add_check('clean_order', 'not_empty', name => 'some') IS NOT NULL AS b,
       assay.add_check('order_report', 'not_empty', name => 'some') IS NOT NULL AS c, assay.add_check('other', 'not_empty', name => 'some') IS NOT NULL AS d;
SELECT version FROM assay.train('ordered', 'SELECT id, amount FROM clean_order', 'amount', 'linear_regression');
UPDATE raw_order SET amount = NULL WHERE id = 1;
SELECT name, status FROM assay.run_checks('raw_order');
SELECT id AS issue FROM assay.issues WHERE asset = 'public.raw_order' \gset
SELECT assay.declare_incident('no amounts', 'sev2', ARRAY[:issue]) AS incident \gset

-- Off by default.
SHOW assay.gate;
SELECT assay.assert_checks('order_report');
-- A notice, then an error; of what is strictly upstream only. The target itself and what does not depend on it go on.
SET assay.gate = notice;
SELECT assay.assert_checks('order_report');
SELECT count(assay.predict('ordered', id)) FROM raw_order;
SET assay.gate = error;
CALL fails($$SELECT assay.assert_checks('order_report')$$);
CALL fails($$SELECT assay.assert_checks('clean_order')$$);
CALL fails($$SELECT assay.predict('ordered', 3)$$);
CALL fails($$SELECT assay.log_predictions('ordered', 'SELECT id FROM raw_order', '{id}')$$);
SELECT assay.assert_checks('other');
-- The load that repairs the source passes its gate: what stops it is its own check, while that fails.
CALL fails($$SELECT assay.assert_checks('raw_order')$$);
UPDATE raw_order SET amount = 10 WHERE id = 1;
SELECT assay.assert_checks('raw_order');
-- Its issue is closed with that, and the gate is open again, though the incident is not over.
SELECT status FROM assay.issues WHERE id = :issue;
SELECT status FROM assay.incidents WHERE id = :incident;
SELECT assay.assert_checks('order_report');
SELECT round(assay.predict('ordered', 3)) IS NOT NULL AS predicts;
-- An acknowledged incident closes it, one whose effect has ended does not.
UPDATE raw_order SET amount = NULL WHERE id = 1;
SELECT name, status FROM assay.run_checks('raw_order');
SELECT assay.acknowledge(:incident);
CALL fails($$SELECT assay.assert_checks('order_report')$$);
-- Assets are named to those who may know of them.
CREATE ROLE order_consumer;
GRANT SELECT ON order_report TO order_consumer;
SET ROLE order_consumer;
CALL fails($$SELECT assay.assert_checks('order_report')$$);
RESET ROLE;
SELECT assay.mitigate(:incident, 'The amounts of yesterday are used.');
SELECT assay.assert_checks('order_report');
SELECT assay.resolve(:incident, 'The amounts are there.');
SELECT assay.assert_checks('order_report');

SET client_min_messages = warning;
DROP TABLE order_report;
DROP ROLE order_consumer;

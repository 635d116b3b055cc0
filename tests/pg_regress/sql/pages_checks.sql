-- assay.render_checks: how stored checks stand, as a page. No check is run for it.
\pset format unaligned
\pset tuples_only on
CREATE TABLE delivery (id int PRIMARY KEY, weight int, town text);
INSERT INTO delivery SELECT i, i % 50, (ARRAY['Bonn', 'Kiel'])[i % 2 + 1] FROM generate_series(1, 100) AS i;
SELECT assay.render_checks('delivery');
SELECT assay.add_check('delivery', 'accepted_range', 'weight', '{"max_value": 47}', name => 'light enough') IS NOT NULL;
SELECT assay.add_check('delivery', 'accepted_values', 'town', '{"values": ["Bonn"]}', name => 'known towns', severity => 'warn') IS NOT NULL;
SELECT assay.add_check('delivery', 'not_null', 'weight', name => 'weighed') IS NOT NULL;
SELECT assay.add_check('delivery', 'accepted_range', 'weight', '{"min_value": 5}', name => 'by town', group_by => '{town}') IS NOT NULL;

-- No run yet.
SELECT assay.render_checks('delivery');

-- What is about a run and when it was differs from run to run.
CREATE FUNCTION page(format text DEFAULT 'text') RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(assay.render_checks('delivery', format), '\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? [+-]\d\d:\d\d', '<time>', 'g'),
           '_Made .*', '_Made ..._'), 'as \S+$', 'as <role>', 'gn'), 'failing_rows\(\d+\)', 'failing_rows(<check>)', 'g')
$$;
SELECT count(*) FROM assay.run_checks('delivery');
DELETE FROM delivery WHERE id > 60;
SELECT count(*) FROM assay.run_checks('delivery');
SELECT page();
SELECT page('markdown');

-- Of all relations, each check is named with its own.
SELECT count(*) > 3 FROM regexp_matches(assay.render_checks(NULL), 'delivery: ', 'g');

-- Whoever may not read the relation sees nothing of its rows.
CREATE ROLE pages_checks_reader;
GRANT USAGE ON SCHEMA public TO pages_checks_reader;
SET ROLE pages_checks_reader;
SELECT assay.render_checks('delivery');
RESET ROLE;
GRANT SELECT (id) ON delivery TO pages_checks_reader;
SET ROLE pages_checks_reader;
SELECT assay.render_checks('delivery') ~ 'light enough' AS names, assay.render_checks('delivery') ~ 'Some rows' AS rows, assay.render_checks('delivery') ~ 'rows fail' AS found;
RESET ROLE;
GRANT SELECT ON delivery TO pages_checks_reader;
SET ROLE pages_checks_reader;
SELECT assay.render_checks('delivery') ~ 'Some rows' AS rows, assay.render_checks('delivery') ~ 'rows fail' AS found;
RESET ROLE;
DROP OWNED BY pages_checks_reader;
DROP ROLE pages_checks_reader;

CALL fails($$SELECT assay.render_checks('delivery', 'PDF')$$);
CALL fails($$SELECT assay.render_checks('delivery', NULL)$$);

-- An error in SQL that a function was given is PostgreSQL's: it points at the place in that text, and says in which functions it was met.
SELECT assay.train('m', 'SELECT * frm house', 'price');
SELECT assay.train('m', E'SELECT size,\n       prize\nFROM house', 'price');
SELECT * FROM assay.profile('nowhere');
SELECT * FROM assay.evaluate('m', 'SELECT size + ''x'' FROM house');
SELECT * FROM assay.drift('house', 'SELECT sise FROM house');
SELECT * FROM assay.validate('SELECT id, FROM house', '[{"kind": "not_null", "column_name": "id"}]');
-- Once it runs.
SELECT * FROM assay.profile('SELECT 1 / (id - 1) FROM house');
CREATE FUNCTION halve(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN x / (x - 1); END $$;
CREATE FUNCTION misspelt() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM * FROM hose; RETURN 1; END $$;
SELECT * FROM assay.profile('SELECT halve(id) FROM house');
SELECT * FROM assay.profile('SELECT misspelt()');
-- Within functions, each says where it was, once.
CREATE FUNCTION outer_profile(query text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN SELECT count(*) INTO n FROM assay.profile(query); RETURN n; END $$;
SELECT outer_profile('SELECT * frm house');
SELECT outer_profile('SELECT halve(id) FROM house');
SELECT * FROM assay.profile('SELECT outer_profile(''SELECT * frm house'')');
-- An error that was caught leaves nothing for the next one.
DO $$
BEGIN
    PERFORM assay.profile('SELECT * frm house');
EXCEPTION WHEN syntax_error THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
SELECT 1 / 0;
CALL fails($$SELECT assay.train('m', 'SELECT 1; SELECT 2', 'y')$$);
SELECT name, status, message FROM assay.validate('house', '[{"kind": "expression_is_true", "expression": "size >> ''a''::text"}]');
SELECT assay.train('m', '', 'price');
-- Notices of what is run keep their text.
CREATE FUNCTION tells(x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'told %', x; RETURN x; END $$;
SELECT rows FROM assay.profile('SELECT tells(1) AS x');
DROP FUNCTION halve, misspelt, outer_profile, tells;

-- assay.render_drift: what assay.drift finds, as a page.
\pset format unaligned
\pset tuples_only on
CREATE TABLE before AS SELECT i AS id, i % 100 AS amount, (ARRAY['red', 'green', 'blue'])[i % 3 + 1] AS colour, CASE WHEN i % 10 > 0 THEN i % 7 END AS days FROM generate_series(1, 1000) AS i;
CREATE TABLE after AS SELECT i AS id, i % 100 + 60 AS amount, (ARRAY['red', 'green', 'black'])[i % 3 + 1] AS colour, CASE WHEN i % 2 > 0 THEN i % 7 END AS days FROM generate_series(1, 1000) AS i;

SELECT assay.render_drift('before', 'after');
SELECT assay.render_drift('before', 'before', '{"columns": ["amount"]}', 'text');
SELECT regexp_replace(assay.render_drift('before', 'after', '{"columns": ["amount", "colour"]}', 'markdown'), '_Made .*', '_Made ..._');

-- Figures of what has drifted come first, and both sides are in each.
SELECT array(SELECT m[1] FROM regexp_matches(page, '<h2[^>]*><bdi>([^<]*)</bdi>', 'g') AS m) AS sections,
       (SELECT count(*) FROM regexp_matches(page, '<svg viewBox="0 0 360', 'g')) AS figures
FROM assay.render_drift('before', 'after', format => 'html') AS page;

CALL fails($$SELECT assay.render_drift('before', 'after', format => 'pdf')$$);
CALL fails($$SELECT assay.render_drift('before', 'after', format => NULL)$$);
CALL fails($$SELECT assay.render_drift(NULL, 'after')$$);
CALL fails($$SELECT assay.render_drift('before', 'after', '{"colums": []}')$$);

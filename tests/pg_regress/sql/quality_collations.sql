-- Collations to which other bytes are equal. A PostgreSQL without ICU has none (but lists one, unicode): there this ends at once.
SELECT count(*) = 0 AS without_icu FROM pg_collation WHERE collprovider = 'i' AND collname <> 'unicode' \gset
\if :without_icu
\quit
\endif
-- Runs of equal values, which suggestions count in one read of the rows, are left to the check.
CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE measured AS SELECT (ARRAY['s1', 's2', 's3'])[i % 3 + 1] AS sensor, date_trunc('day', now()) - i / 6 * interval '1 hour' AS at, (i * 37 % 101) / 10.0 AS changing, (i / 30 * 37 % 101) / 10.0::float8 AS slow,
    CASE WHEN i BETWEEN 300 AND 500 THEN 7 ELSE i * 53 % 97 END AS hanging, CASE WHEN i % 5 > 0 THEN (i * 71 % 89) END AS sparse, CASE WHEN i % 9 = 0 THEN 'NaN' ELSE (i * 59 % 83) / 8.0 END AS unsure FROM generate_series(1, 3000) AS i;
SELECT count(*) AS same FROM assay.suggest_checks('measured') AS a JOIN assay.suggest_checks('SELECT sensor COLLATE caseless AS sensor, at, changing, slow, hanging, sparse, unsure FROM measured') AS b
    USING (kind, column_name, args) WHERE kind = 'stuck_values';
SELECT column_name, args->'max_run' AS max_run FROM assay.suggest_checks('SELECT CASE WHEN sensor = $$s1$$ THEN upper(sensor) ELSE sensor END COLLATE caseless AS sensor, at, changing, slow FROM measured UNION ALL SELECT sensor, at, changing, slow FROM measured WHERE sensor = $$s1$$') WHERE kind = 'stuck_values';

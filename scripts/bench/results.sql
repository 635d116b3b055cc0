-- Puts 90 days of results of the checks of levels.sql into their history, one of each check every so many seconds, by the variable every.
SET timezone = 'UTC';
TRUNCATE assay.quality_history;
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, metric, value, threshold, rows_evaluated, ran_as, added_by)
SELECT t + c.id % 300 * interval '1 second', c.id, c.name, c.kind, c.relation, c.relation_name, CASE WHEN (c.id * 31 + n) % 97 = 0 THEN 'fail' ELSE 'pass' END,
       'error', 'age_seconds', n, 'within 1 day', 1000, c.added_by, c.added_by
FROM generate_series(0, 90 * 86400 / :every - 1) AS n, LATERAL (SELECT '2026-04-02'::timestamptz + n * :every * interval '1 second' AS t) AS x, assay.quality_check AS c;
VACUUM ANALYZE assay.quality_history;

-- What tools that chart tables want of reliability, beside the views of its parts.

CREATE VIEW assay.uptime_by_week WITH (security_barrier) AS
    SELECT p.name AS product, p.priority, w.week, u.uptime, u.down, u.maintenance, u.incidents
    FROM assay.data_products p
    CROSS JOIN LATERAL pg_catalog.generate_series(
        (pg_catalog.date_trunc('week', pg_catalog.now()) OPERATOR(pg_catalog.-) '77 days'::pg_catalog.interval), pg_catalog.now(), '7 days'::pg_catalog.interval) AS w(week)
    CROSS JOIN LATERAL assay.uptime(('product:' OPERATOR(pg_catalog.||) p.name), w.week, LEAST((w.week OPERATOR(pg_catalog.+) '7 days'::pg_catalog.interval), pg_catalog.now())) u
    WHERE w.week OPERATOR(pg_catalog.<) pg_catalog.now();
COMMENT ON VIEW assay.uptime_by_week IS
'How much of each of the last twelve weeks each data product was up, as assay.uptime has it, for tools that chart tables. Weeks begin on Mondays in the session''s time zone; the last one is of what of it has passed.
Example: SELECT product, week, uptime FROM assay.uptime_by_week ORDER BY product, week';
COMMENT ON COLUMN assay.uptime_by_week.product IS 'The data product.';
COMMENT ON COLUMN assay.uptime_by_week.priority IS 'p1, the highest, to p3.';
COMMENT ON COLUMN assay.uptime_by_week.week IS 'When the week began.';
COMMENT ON COLUMN assay.uptime_by_week.uptime IS 'The share of its time without an incident of sev1 or sev2; NULL where all of it was maintenance.';
COMMENT ON COLUMN assay.uptime_by_week.down IS 'How long there was one.';
COMMENT ON COLUMN assay.uptime_by_week.maintenance IS 'How long there was maintenance, which does not count.';
COMMENT ON COLUMN assay.uptime_by_week.incidents IS 'How many incidents touched it.';
GRANT SELECT ON assay.uptime_by_week TO PUBLIC;

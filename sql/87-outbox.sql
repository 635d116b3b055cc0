-- What owners are told, when, and who takes it to them.

-- How an owner is told. A digest is of at most a day.
CREATE VIEW assay_internal.owner_contact WITH (security_barrier) AS
    SELECT o.id AS owner_id,
           LEAST(GREATEST(EXTRACT(epoch FROM COALESCE(o.contacts OPERATOR(pg_catalog.->>) 'digest', '5 minutes')::pg_catalog.interval)::pg_catalog.float8, 0), 86400) AS digest_seconds,
           (q.hours OPERATOR(pg_catalog.->>) 'from')::pg_catalog.time AS quiet_from,
           (q.hours OPERATOR(pg_catalog.->>) 'until')::pg_catalog.time AS quiet_until,
           COALESCE(q.hours OPERATOR(pg_catalog.->>) 'time_zone', o.contacts OPERATOR(pg_catalog.->>) 'time_zone', 'UTC') AS time_zone
    FROM assay.owner o
    CROSS JOIN LATERAL (SELECT o.contacts OPERATOR(pg_catalog.->) 'quiet_hours' AS hours) q;
COMMENT ON VIEW assay_internal.owner_contact IS 'How owners want to be told: what of that decides when.';
COMMENT ON COLUMN assay_internal.owner_contact.owner_id IS 'The owner.';
COMMENT ON COLUMN assay_internal.owner_contact.digest_seconds IS 'How long issues are gathered before they are told.';
COMMENT ON COLUMN assay_internal.owner_contact.quiet_from IS 'The time of day from which it is not to be disturbed; NULL for never.';
COMMENT ON COLUMN assay_internal.owner_contact.quiet_until IS 'And until when, on the next day where that is earlier.';
COMMENT ON COLUMN assay_internal.owner_contact.time_zone IS 'Where that is the time, and in which it reads times.';

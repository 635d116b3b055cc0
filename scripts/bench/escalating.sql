-- Fills an empty database for assay.escalate: ten thousand open issues, each with an incident of its own, a hundred owners, a rotation, working hours.
SET client_min_messages = warning;
CREATE EXTENSION assay;
SELECT count(assay.add_owner('owner' || i, 'person')) AS owners FROM generate_series(1, 100) AS i;
SELECT assay.add_calendar('office', '{"mon-fri": "09:00-17:00"}', 'Europe/Berlin');
SELECT assay.add_rotation('platform', '{owner1,owner2}', '2026-01-01', '7 days', 'UTC');
SELECT assay.incident_policy(severity, '1 hour', '8 hours', calendar => calendar,
    steps => '[{"after": "0 minutes", "tell": "owner"}, {"after": "30 minutes", "tell": "rotation:platform"}]')
FROM (VALUES ('sev1', NULL), ('sev2', NULL), ('sev3', 'office'), ('sev4', 'office')) AS p(severity, calendar);
INSERT INTO assay.asset (kind, name, added_by) SELECT 'source', 's' || i, CURRENT_USER::regrole FROM generate_series(1, 10000) AS i;
INSERT INTO assay.incident (title, severity, status, owner_id, started_at, declared_at)
SELECT 'Incident ' || i, 'sev' || i % 4 + 1, CASE WHEN i % 3 = 0 THEN 'acknowledged' ELSE 'open' END, o.id, t.at, t.at
FROM generate_series(1, 10000) AS i CROSS JOIN LATERAL (SELECT timestamptz '2026-06-01 00:00+00' + i * interval '1 minute' AS at) AS t
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM assay.owner) AS o ON o.place = i % 100 + 1;
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
SELECT a.id, a.name, 'check', 'c', 'error', '2026-06-01', '2026-06-01', i.id
FROM (SELECT id, name, row_number() OVER (ORDER BY id) AS place FROM assay.asset) AS a
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM assay.incident) AS i ON i.place = a.place;
ANALYZE;

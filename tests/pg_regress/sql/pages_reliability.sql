-- assay.render_reliability: the weekly page. What it draws is put into the tables here, with times of its own; other tests say how it comes there.
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
CREATE FUNCTION page(format text DEFAULT 'text') RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(assay.render_reliability(format, '2026-06-10 12:00+00'), '_Made .*', '_Made ..._')
$$;
-- Of a database in which nothing has happened.
SELECT page();

CREATE ROLE pages_reliability_owner;
CREATE ROLE pages_reliability_stranger;
CREATE TABLE weekly_order (id int, amount int);
CREATE TABLE weekly_revenue (day date, amount int);
ALTER TABLE weekly_order OWNER TO pages_reliability_owner;
INSERT INTO assay.owner (id, name, kind, role, added_by) VALUES (1, 'ingest', 'team', 'pages_reliability_owner', current_user::regrole), (2, 'sales', 'team', NULL, current_user::regrole);
INSERT INTO assay.asset (id, kind, name, relation, relation_name, relation_owner, added_by, added_at) VALUES
    (1, 'relation', 'public.weekly_order', 'weekly_order', 'public.weekly_order', 'pages_reliability_owner', current_user::regrole, '2026-01-01'),
    (2, 'relation', 'public.weekly_revenue', 'weekly_revenue', 'public.weekly_revenue', current_user::regrole, current_user::regrole, '2026-01-01');
INSERT INTO assay.ownership (owner_id, asset_id, said_by) VALUES (1, 1, 'somebody');
INSERT INTO assay.data_product (id, name, priority, owner_id, added_by) VALUES (1, 'revenue', 'p1', 2, current_user::regrole);
INSERT INTO assay.product_asset VALUES (1, 1, 'inner'), (1, 2, 'output');
INSERT INTO assay.incident (id, title, severity, status, owner_id, declared_by, started_at, declared_at, acknowledged_at, mitigated_at, ended_at) VALUES
    (1, 'Orders are missing', 'sev2', 'resolved', 1, current_user::regrole, '2026-06-05 22:30+00', '2026-06-05 22:40+00', '2026-06-06 00:40+00', '2026-06-06 06:30+00', '2026-06-06 09:00+00'),
    (2, 'No revenue since this morning', 'sev1', 'open', 2, current_user::regrole, '2026-06-10 08:00+00', '2026-06-10 08:05+00', NULL, NULL, NULL),
    (3, 'A false alarm', 'sev1', 'cancelled', 2, current_user::regrole, '2026-06-08 08:00+00', '2026-06-08 08:05+00', NULL, NULL, '2026-06-08 09:00+00'),
    (4, 'Late orders', 'sev3', 'resolved', 1, current_user::regrole, '2026-05-11 06:00+00', '2026-05-11 06:05+00', '2026-05-11 07:00+00', NULL, '2026-05-12 18:00+00'),
    (5, 'What comes later', 'sev1', 'open', 2, current_user::regrole, '2026-06-11 08:00+00', '2026-06-11 08:05+00', NULL, NULL, NULL);
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, status, severity, occurrences, started_at, last_seen_at, ended_at, incident_id, message, ran_as) VALUES
    (1, 'public.weekly_order', 'check', 'amounts are known', 'closed', 'error', 4, '2026-06-05 22:30+00', '2026-06-06 06:00+00', '2026-06-06 08:55+00', 1, '7 of 10 rows fail', current_user::regrole),
    (2, 'public.weekly_revenue', 'check', 'each day has revenue', 'open', 'error', 2, '2026-06-10 08:00+00', '2026-06-10 11:00+00', NULL, 2, '1 of 9 rows fails', current_user::regrole),
    (1, 'public.weekly_order', 'check', 'few | returns', 'open', 'warn', 1, '2026-06-09 10:00+00', '2026-06-09 10:00+00', NULL, NULL, '2 of 10 rows fail', current_user::regrole),
    (1, 'public.weekly_order', 'check', 'orders come in time', 'closed', 'error', 9, '2026-05-11 06:00+00', '2026-05-12 10:00+00', '2026-05-12 18:00+00', 4, NULL, current_user::regrole);
INSERT INTO assay.sla (asset_id, sli, objective, period, options, added_by, added_at) VALUES (1, 'availability', 0.995, 'month', '{"from": "2026-01-01"}', current_user::regrole, '2026-01-01');
INSERT INTO assay.response_policy (severity, ack_within, resolve_within, changed_by) VALUES ('sev1', '30 minutes', '4 hours', 'somebody');
SELECT page();
SELECT page('markdown');
SELECT page('html') LIKE '%</html>%' AS whole, length(page('html')) < 100000 AS small, page('html') LIKE '%few | returns%' AS says;

-- A day is one of the session's time zone: of what was until 09:00 in Berlin, other hours fall on the Friday.
SET timezone = 'Europe/Berlin';
SELECT (regexp_match(page(), 'Fri .*'))[1];
SET timezone = 'UTC';
SELECT (regexp_match(page(), 'Fri .*'))[1];

-- Whoever owns one thing sees that, and a stranger nothing.
GRANT EXECUTE ON FUNCTION page TO PUBLIC;
SET ROLE pages_reliability_owner;
SELECT page() ~ 'Orders are missing' AS own, page() ~ 'No revenue' AS others;
SET ROLE pages_reliability_stranger;
SELECT page();
RESET ROLE;

CALL fails($$SELECT assay.render_reliability('PDF')$$);
CALL fails($$SELECT assay.render_reliability(NULL)$$);
CALL fails($$SELECT assay.render_reliability('text', NULL)$$);
CALL fails($$SELECT assay.render_reliability('text', 'infinity')$$);
DROP TABLE weekly_order, weekly_revenue;

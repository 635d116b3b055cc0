-- What owners are told: gathered, held back, delivered, and by whom it may be read.
SET timezone = 'UTC';
SET datestyle = ISO;

CREATE TABLE told (id int, amount numeric);
INSERT INTO told VALUES (1, 10), (2, NULL), (3, -987654);
CREATE TABLE other (id int);
CREATE ROLE notified_ann;
CREATE ROLE notified_bob;
CREATE ROLE notified_sender;
SELECT count(assay.add_owner(name, kind, role::regrole, contacts::jsonb)) AS owners
FROM (VALUES ('ann', 'person', 'notified_ann', '{"email": "ann@example.org", "digest": "1 hour", "time_zone": "Europe/Berlin"}'),
             ('bob', 'person', 'notified_bob', '{"slack": "https://hooks.example.org/b", "digest": "0 minutes"}'),
             ('data', 'team', NULL, '{}')) AS o(name, kind, role, contacts);
SELECT assay.own('ann', 'public.told');
SELECT assay.own('bob', 'public.told', min_severity => 'error');
SELECT count(assay.add_check('told', kind, 'amount', args::jsonb, severity => severity, name => name)) AS checks
FROM (VALUES ('not_null', '{}', 'error', 'amount is there'), ('accepted_range', '{"min_value": 0}', 'warn', 'amount is positive')) AS c(kind, args, severity, name);

-- One for each owner: who is told at once, and who has things gathered for an hour; who wants errors only is told of these.
SELECT count(*) FILTER (WHERE status <> 'pass') AS failed FROM assay.run_checks('told');
SELECT owner, kind, subject, status, due_at > created_at AS waits, due_at <= created_at + interval '1 hour' AS not_long,
       date_trunc('hour', due_at) = due_at AS at_the_hour, jsonb_path_query_array(items, '$[*].subject') AS subjects
FROM assay.notifications ORDER BY owner;
-- Nothing of the rows is in it.
SELECT count(*) AS with_values FROM assay.notifications WHERE items::text ~ '987654';
-- Found again it is not told again; closed it is, in the same digest, in its place.
SELECT count(*) FILTER (WHERE status <> 'pass') AS failed FROM assay.run_checks('told');
SELECT owner, subject FROM assay.notifications ORDER BY owner, id;
UPDATE told SET amount = 1 WHERE amount IS NULL;
SELECT count(*) FILTER (WHERE status <> 'pass') AS failed FROM assay.run_checks('told');
SELECT owner, subject, jsonb_path_query_array(items, '$[*].status') AS states FROM assay.notifications ORDER BY owner, id;

-- Claimed, when it is due: body and addresses. A claim holds for its lease.
SELECT owner, subject, regexp_replace(body, '\d{4}-\d\d-\d\d \d\d:\d\d', '<time>', 'g') AS body, channels, attempts, repeated FROM assay.pending_notifications(lease => '3 hours') ORDER BY id;
SELECT count(*) FROM assay.pending_notifications();
SELECT owner, subject, regexp_replace(body, '\d{4}-\d\d-\d\d \d\d:\d\d', '<time>', 'g') AS body, channels, attempts, repeated
FROM assay.pending_notifications(at => (SELECT due_at FROM assay.notifications WHERE owner = 'ann')) ORDER BY owner;
-- It ran out: given again, and says so.
SELECT owner, attempts, repeated, split_part(body, E'\n', 1) AS first_line FROM assay.pending_notifications(at => now() + interval '4 hours') WHERE owner = 'bob';
SELECT assay.mark_notification(id, 'failed', 'no answer', now() + interval '4 hours') FROM assay.notifications WHERE owner = 'bob';
SELECT status, attempts, due_at - now() > interval '4 hours 1 minute' AS later, detail FROM assay.notifications WHERE owner = 'bob';
SELECT owner, attempts, repeated FROM assay.pending_notifications(at => now() + interval '1 day') ORDER BY owner;
SELECT owner, assay.mark_notification(id, 'sent') FROM assay.notifications ORDER BY owner;
-- What is sent stays so.
SELECT owner, assay.mark_notification(id, 'failed') FROM assay.notifications ORDER BY owner;
SELECT count(*) FROM assay.pending_notifications(at => now() + interval '2 days');

-- Backoff: in one minute, two, four, up to an hour; after ten attempts it is given up.
DELETE FROM assay.notification;
INSERT INTO assay.notification (owner_id, kind, key, subject, items, created_at, due_at) SELECT id, 'burn', 'burn:1#0', 'A budget burns', '[{"text": "half of it is gone"}]', '2026-06-01', '2026-06-01' FROM assay.owner WHERE name = 'ann';
CREATE TABLE attempt (place int, waited interval, status text);
DO $$
DECLARE
    at timestamptz := '2026-06-01 00:00+00';
    note record;
BEGIN
    FOR place IN 1 .. 12 LOOP
        SELECT * INTO note FROM assay.pending_notifications(1, at);
        EXIT WHEN note.id IS NULL;
        PERFORM assay.mark_notification(note.id, 'failed', 'attempt ' || place, at);
        INSERT INTO attempt SELECT place, n.due_at - at, n.status FROM assay.notification n;
        SELECT due_at INTO at FROM assay.notification;
    END LOOP;
END $$;
SELECT * FROM attempt ORDER BY place;
SELECT status, attempts, detail FROM assay.notifications;
-- Where no sender ever comes back it is given up, too.
UPDATE assay.notification SET status = 'sending', attempts = 10, claimed_until = '2026-06-02', detail = NULL;
SELECT count(*) FROM assay.pending_notifications(at => '2026-06-03');
SELECT status, detail FROM assay.notifications;

-- What is about the same and was begun by several transactions is put together; more than a hundred items are counted.
DELETE FROM assay.notification;
INSERT INTO assay.notification (owner_id, kind, key, subject, items, created_at, due_at)
SELECT o.id, 'issues', 'issues:1#' || g, '70 issues', (SELECT jsonb_agg(jsonb_build_object('issue', 100 * g + i, 'status', 'open', 'subject', 's' || i, 'asset', 'a')) FROM generate_series(1, 70) AS i), '2026-06-01', '2026-06-01'
FROM assay.owner o, generate_series(1, 3) AS g WHERE o.name = 'ann';
SELECT owner, subject, cardinality(string_to_array(body, E'\n')) AS lines, right(body, 12) AS last FROM assay.pending_notifications(at => '2026-06-01');
SELECT count(*), sum(jsonb_array_length(items)), sum(more) FROM assay.notifications;

-- Quiet hours hold it back, until they end; an incident of severity sev1 passes through.
DELETE FROM assay.notification;
UPDATE assay.owner SET contacts = jsonb_build_object('digest', '0 minutes', 'quiet_hours', jsonb_build_object('from', to_char(now() - interval '1 hour', 'HH24:MI'), 'until', to_char(now() + interval '2 hours', 'HH24:MI')))
WHERE name = 'ann';
UPDATE told SET amount = NULL WHERE id = 2;
SELECT count(*) FILTER (WHERE status <> 'pass') AS failed FROM assay.run_checks('told');
SELECT owner, due_at BETWEEN now() + interval '117 minutes' AND now() + interval '121 minutes' AS when_they_end, due_at <= now() AS at_once FROM assay.notifications ORDER BY owner;
INSERT INTO assay.incident (id, title, severity, owner_id, started_at, declared_at)
SELECT i.id, i.title, i.severity, o.id, now() - interval '1 hour', now() - interval '1 hour'
FROM (VALUES (1, 'Worst', 'sev1'), (2, 'Mild', 'sev4')) AS i(id, title, severity), assay.owner o WHERE o.name = 'ann';
SELECT assay.incident_policy('sev1', '5 minutes'), assay.incident_policy('sev4', '5 minutes');
SELECT incident, told FROM assay.escalate() ORDER BY incident;
SELECT incident_id, subject, due_at <= now() AS at_once FROM assay.notifications WHERE kind = 'escalation' ORDER BY incident_id;
-- So does maintenance of the asset, for as long as it goes on.
DELETE FROM assay.notification;
UPDATE assay.owner SET contacts = '{"digest": "0 minutes"}' WHERE name = 'ann';
SELECT assay.add_maintenance('public.told', tstzrange(now() - interval '1 hour', now() + interval '3 hours'), 'new disks') > 0 AS announced;
UPDATE told SET amount = 1 WHERE id = 2;
SELECT count(*) FILTER (WHERE status <> 'pass') AS failed FROM assay.run_checks('told');
SELECT owner, due_at BETWEEN now() + interval '178 minutes' AND now() + interval '181 minutes' AS when_it_is_over FROM assay.notifications ORDER BY owner;

-- Who reads it: who acts for the owner, and the owner of the database. Who claims: these, and whom it was granted to.
SET ROLE notified_bob;
SELECT owner FROM assay.notifications;
SELECT owner FROM assay.pending_notifications(at => now() + interval '1 day');
CALL fails($$SELECT assay.mark_notification(-1, 'sent')$$);
CALL fails($$SELECT assay.prune_notifications('1 day')$$);
RESET ROLE;
CREATE TABLE ann_has AS SELECT id FROM assay.notifications WHERE owner = 'ann';
GRANT SELECT ON ann_has TO PUBLIC;
SET ROLE notified_bob;
CALL fails($$SELECT assay.mark_notification((SELECT min(id) FROM ann_has), 'dropped')$$);
RESET ROLE;
SET ROLE notified_sender;
SELECT count(*) FROM assay.notifications;
SELECT count(*) FROM assay.pending_notifications(at => now() + interval '1 day');
RESET ROLE;
GRANT UPDATE ON assay.notification TO notified_sender;
SET ROLE notified_sender;
SELECT DISTINCT owner FROM assay.pending_notifications(at => now() + interval '2 days') ORDER BY owner;
RESET ROLE;
REVOKE UPDATE ON assay.notification FROM notified_sender;

CALL fails($$SELECT * FROM assay.pending_notifications(0)$$);
CALL fails($$SELECT * FROM assay.pending_notifications(1001)$$);
CALL fails($$SELECT * FROM assay.pending_notifications(NULL)$$);
CALL fails($$SELECT * FROM assay.pending_notifications(lease => '0 seconds')$$);
CALL fails($$SELECT * FROM assay.pending_notifications(at => 'infinity')$$);
CALL fails($$SELECT assay.mark_notification(1, 'read')$$);
CALL fails($$SELECT assay.mark_notification(NULL, 'sent')$$);
CALL fails($$SELECT assay.prune_notifications('-1 day')$$);
BEGIN READ ONLY;
CALL fails($$SELECT * FROM assay.pending_notifications()$$);
ROLLBACK;

-- Only what came to an end is forgotten, in batches.
DELETE FROM assay.notification;
INSERT INTO assay.notification (owner_id, kind, key, subject, items, status, created_at, due_at)
SELECT o.id, 'burn', 'burn:' || g, 's', '[]', (ARRAY['sent', 'pending', 'failed', 'dropped'])[g % 4 + 1], '2026-01-01', '2026-01-01' FROM assay.owner o, generate_series(1, 40) AS g WHERE o.name = 'ann';
SELECT assay.prune_notifications('1 day', 7) AS pruned;
SELECT assay.prune_notifications('1 day', NULL) AS pruned;
SELECT status, count(*) FROM assay.notifications GROUP BY status;

-- A title that a policy made names the root. Owners of that read it; others, who may not see the root, do not, whatever they are told of the incident.
DELETE FROM assay.notification;
DELETE FROM assay.incident;
CREATE ROLE notified_carol;
CREATE TABLE hidden_source AS SELECT NULL::int AS x;
CREATE VIEW shown AS SELECT x FROM hidden_source;
GRANT SELECT ON shown TO notified_bob;
SELECT assay.add_owner('carol', 'person', 'notified_carol', '{"digest": "0 minutes"}') > 0 AS added;
SELECT assay.own('carol', 'hidden_source'), assay.own('bob', 'shown');
SELECT count(assay.add_check(t::regclass, 'not_null', 'x', name => t || ' has x')) AS checks FROM unnest('{hidden_source,shown}'::text[]) AS t;
SELECT assay.incident_policy('sev2', '1 hour', auto_declare => '{"severity": "error"}', steps => '[{"after": "0 minutes", "tell": ["owner", "person:bob"]}]');
CREATE VIEW of_title AS SELECT o.name AS owner, n.kind, regexp_replace(n.subject, 'Incident \d+', 'Incident N') AS subject,
    concat(n.subject, n.items) ~ 'hidden' AS names_root
FROM assay.notification n JOIN assay.owner o ON o.id = n.owner_id ORDER BY o.name, n.id;
SELECT status FROM assay.run_checks('hidden_source') UNION ALL SELECT status FROM assay.run_checks('shown');
SELECT assay.change_incident(max(id), lead => 'bob') FROM assay.incidents;
SELECT count(*) AS steps FROM assay.escalate(now() + interval '2 hours');
TABLE of_title;
SET ROLE notified_bob;
SELECT title, root, assets FROM assay.incidents WHERE title ~ 'fails|hidden';
SELECT count(*) > 0 AS told, bool_or(concat(subject, body) ~ 'hidden') AS names_root FROM assay.pending_notifications(at => now() + interval '1 day');
RESET ROLE;
-- Nobody owns the root: those are told who own what its issues are about.
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;
SELECT assay.disown('carol', 'hidden_source');
DELETE FROM assay.issue WHERE asset_name ~ 'hidden|shown';
DELETE FROM assay.notification;
SELECT status FROM assay.run_checks('shown');
SELECT status FROM assay.run_checks('hidden_source');
SELECT title, owner, issues FROM assay.incidents WHERE ended_at IS NULL;
TABLE of_title;
DELETE FROM assay.notification;
DELETE FROM assay.incident;
SELECT assay.incident_policy('sev2');
DROP VIEW shown, of_title;

-- What is rolled back is not told.
DELETE FROM assay.notification;
INSERT INTO assay.incident (id, title, severity, owner_id, started_at, declared_at) SELECT 3, 'New', 'sev1', id, '2039-01-01', '2039-01-01' FROM assay.owner WHERE name = 'ann';
BEGIN;
SELECT count(*) FROM assay.escalate('2040-01-01');
ROLLBACK;
SELECT count(*) FROM assay.notifications;
DELETE FROM assay.incident;
UPDATE assay.owner SET role = NULL;
DROP ROLE notified_ann;
DROP ROLE notified_bob;
DROP ROLE notified_carol;
DROP ROLE notified_sender;

-- Working hours, rotations, policies and escalation: who has to act, and by when.
SET timezone = 'UTC';
SET datestyle = ISO;
\x off

-- Calendars.
SELECT assay.add_calendar('office', '{"mon-thu": "09:00-17:00", "Friday": ["13:00-15:30", "9:00-12:00"]}', 'Europe/Berlin', '{2026-04-03,2026-04-06,2026-04-03}');
SELECT assay.add_calendar('night', '{"mon-sun": ["22:00-24:00", "00:00-06:00"]}', 'Europe/Berlin');
SELECT assay.add_calendar('leap', '{"mon-sun": "00:00-24:00"}', 'America/New_York', '{2028-02-29}');
SELECT name, time_zone, hours, holidays FROM assay.calendars ORDER BY name COLLATE "C";

-- Beside a wall clock that is looked at each minute: over both changes of the clocks, a leap day and holidays. Nothing differs.
CREATE TABLE hours (calendar text, zone text, day int, begins time, ends time);
INSERT INTO hours
SELECT 'office', 'Europe/Berlin', d, '09:00'::time, '17:00'::time FROM generate_series(1, 4) AS d
UNION ALL SELECT 'office', 'Europe/Berlin', 5, '09:00', '12:00' UNION ALL SELECT 'office', 'Europe/Berlin', 5, '13:00', '15:30'
UNION ALL SELECT 'night', 'Europe/Berlin', d, '22:00', '24:00' FROM generate_series(1, 7) AS d
UNION ALL SELECT 'night', 'Europe/Berlin', d, '00:00', '06:00' FROM generate_series(1, 7) AS d
UNION ALL SELECT 'leap', 'America/New_York', d, '00:00', '24:00' FROM generate_series(1, 7) AS d;
CREATE TABLE minute AS
SELECT c.name AS calendar, m AS at,
       EXISTS (SELECT FROM hours h WHERE h.calendar = c.name AND h.day = extract(isodow FROM m AT TIME ZONE h.zone)
               AND (m AT TIME ZONE h.zone)::time >= h.begins AND (m AT TIME ZONE h.zone)::time < h.ends
               AND (m AT TIME ZONE h.zone)::date <> ALL (c.holidays)) AS working
FROM assay.calendars c,
     (VALUES ('2026-03-27 00:00+00'::timestamptz, '2026-04-08 00:00+00'::timestamptz), ('2026-10-23 00:00+00', '2026-10-28 00:00+00'), ('2028-02-27 00:00+00', '2028-03-02 00:00+00')) AS span(since, until),
     generate_series(span.since, span.until, '1 minute') AS m;
CREATE INDEX ON minute (calendar, at);
ANALYZE minute;
SELECT count(*) AS compared, count(*) FILTER (WHERE assay.working_time(calendar, since, until) <> worked) AS different
FROM (SELECT s.calendar, s.at AS since, s.at + d AS until,
             (SELECT count(*) FILTER (WHERE m.working) FROM minute m WHERE m.calendar = s.calendar AND m.at >= s.at AND m.at < s.at + d) * interval '1 minute' AS worked
      FROM minute s, unnest('{1 minute,3 hours,1 day,37 hours}'::interval[]) AS d
      WHERE extract(epoch FROM s.at)::bigint / 60 % 97 = 0 AND EXISTS (SELECT FROM minute e WHERE e.calendar = s.calendar AND e.at = s.at + d)) AS one;
-- The other way round: by a deadline as much time has passed as was given, and a minute before it had not.
SELECT count(*) AS compared, count(*) FILTER (WHERE assay.working_time(calendar, since, deadline) <> given OR assay.working_time(calendar, since, deadline - interval '1 minute') >= given) AS different
FROM (SELECT s.calendar, s.at AS since, d AS given, assay.add_working_time(s.calendar, s.at, d) AS deadline
      FROM minute s, unnest('{1 minute,4 hours,20 hours}'::interval[]) AS d WHERE extract(epoch FROM s.at)::bigint / 60 % 397 = 0) AS one;
-- By hand: Friday before Easter is a holiday, and so is Monday after.
SELECT assay.add_working_time('office', '2026-04-02 16:00+02', '4 hours') AT TIME ZONE 'Europe/Berlin' AS due;
SELECT assay.add_working_time('office', '2026-04-02 16:00+02', '1 hour') AT TIME ZONE 'Europe/Berlin' AS at_the_end_of_the_day;
SELECT assay.working_time('office', '2026-04-02 16:00+02', '2026-04-07 10:00+02') AS worked;
SELECT assay.working_time('office', '2026-04-07', '2026-04-02') AS backwards, assay.working_time(NULL, now(), now()) AS none;

CALL fails($$SELECT assay.add_calendar('x', '{}')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": []}')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"someday": "09:00-17:00"}')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": "17:00-09:00"}')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": ["09:00-12:00", "11:00-13:00"]}')$$);
CALL fails($$SELECT assay.add_calendar('x', '[]')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": "09:00-17:00"}', 'Europe/Nowhere')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": "09:00-17:00"}', 'UTC', '{NULL}')$$);
CALL fails($$SELECT assay.add_calendar('x', '{"mon": "09:00-17:00"}', 'UTC', '{infinity}')$$);
CALL fails($$SELECT assay.add_calendar('x', NULL)$$);
CALL fails($$SELECT assay.add_calendar(' ', '{"mon": "09:00-17:00"}')$$);
CALL fails($$SELECT assay.working_time('none', now(), now())$$);
CALL fails($$SELECT assay.working_time('office', '1990-01-01', '2026-01-01')$$);
CALL fails($$SELECT assay.add_working_time('office', now(), '-1 hour')$$);
CALL fails($$SELECT assay.add_working_time('office', now(), '1 month')$$);
CALL fails($$SELECT assay.add_working_time('office', 'infinity', '1 hour')$$);
CALL fails($$SELECT assay.add_working_time('office', '294276-12-30', '1 hour')$$);
CALL fails($$SELECT assay.working_time('office', '4713-01-01 BC', now())$$);
CALL fails($$SELECT assay.drop_calendar('none')$$);

-- Rotations.
SELECT count(assay.add_owner(name, kind)) AS owners FROM (VALUES ('ann', 'person'), ('bob', 'person'), ('cyd', 'person'), ('data', 'team'), ('platform', 'team')) AS o(name, kind);
SELECT assay.add_rotation('weekly', '{ann,bob,cyd}', '2026-03-02 09:00+01', '7 days', 'Europe/Berlin');
SELECT assay.add_rotation('daily', '{bob,ann}', '2026-10-19 20:00+02', '12 hours', 'Europe/Berlin');
-- Shifts begin at nine in Berlin before and after the clocks change, and one of them is an hour shorter.
SELECT DISTINCT person, since AT TIME ZONE 'Europe/Berlin' AS since, until AT TIME ZONE 'Europe/Berlin' AS until, until - since AS length
FROM generate_series('2026-03-02 08:00+00'::timestamptz, '2026-04-14 00:00+00', '6 hours') AS t, LATERAL assay.on_call_at('weekly', t) ORDER BY since;
SELECT DISTINCT person, since AT TIME ZONE 'Europe/Berlin' AS since, until - since AS length
FROM generate_series('2026-10-24 00:00+00'::timestamptz, '2026-10-26 12:00+00', '1 hour') AS t, LATERAL assay.on_call_at('daily', t) ORDER BY since;
-- Each instant is in one shift, the one that it is shown in.
SELECT count(*) AS hours, count(*) FILTER (WHERE shifts <> 1 OR NOT fits) AS wrong
FROM (SELECT count(*) AS shifts, bool_and(t >= since AND t < until) AS fits
      FROM generate_series('2026-10-24 00:00+00'::timestamptz, '2026-10-26 12:00+00', '10 minutes') AS t, LATERAL assay.on_call_at('daily', t) GROUP BY t) AS one;
-- Nobody is on call before it begins.
SELECT count(*) FROM assay.on_call_at('weekly', '2026-03-02 08:59+01');
-- Somebody stands in; what was said last counts.
SELECT assay.override_rotation('weekly', 'cyd', tstzrange('2026-03-04 00:00+00', '2026-03-06 00:00+00')) > 0 AS overridden;
SELECT assay.override_rotation('weekly', 'bob', tstzrange('2026-03-05 00:00+00', '2026-03-05 12:00+00')) > 0 AS overridden;
SELECT t, person, since, until FROM unnest('{2026-03-03 12:00+00,2026-03-04 12:00+00,2026-03-05 06:00+00,2026-03-05 12:00+00,2026-03-06 00:00+00}'::timestamptz[]) AS t, LATERAL assay.on_call_at('weekly', t);
SELECT name, people, shift, time_zone, overrides FROM assay.rotations ORDER BY name COLLATE "C";
SELECT count(*) FROM assay.on_call;
CALL fails($$SELECT assay.add_rotation('x', '{nobody}', now(), '1 day')$$);
CALL fails($$SELECT assay.add_rotation('x', '{data}', now(), '1 day')$$);
CALL fails($$SELECT assay.add_rotation('x', '{}', now(), '1 day')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann,NULL}', now(), '1 day')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann}', now(), '59 minutes')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann}', now(), '1 month')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann}', 'infinity', '1 day')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann}', now(), '1 day', 'Nowhere')$$);
CALL fails($$SELECT assay.override_rotation('none', 'ann', tstzrange(now(), now() + interval '1 day'))$$);
CALL fails($$SELECT assay.override_rotation('weekly', 'ann', tstzrange(now(), NULL))$$);
CALL fails($$SELECT assay.override_rotation('weekly', 'ann', 'empty')$$);
CALL fails($$SELECT * FROM assay.on_call_at('none', now())$$);
CALL fails($$SELECT * FROM assay.on_call_at('weekly', NULL)$$);

-- Policies.
SELECT assay.incident_policy('sev1', '30 minutes', '4 hours', steps => '[{"after": "0 minutes", "tell": "owner"}, {"after": "30 minutes", "tell": ["rotation:weekly", "lead"]}, {"after": "2 hours", "tell": "team:data"}]');
SELECT assay.incident_policy('sev3', '4 hours', calendar => 'office', auto_declare => '{"priority": "p1", "severity": "error"}');
SELECT severity, ack_within, resolve_within, calendar, auto_declare, steps FROM assay.incident_policies ORDER BY severity;
CALL fails($$SELECT assay.incident_policy('sev5')$$);
CALL fails($$SELECT assay.incident_policy(NULL)$$);
CALL fails($$SELECT assay.incident_policy('sev1', '-1 hour')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 month')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '367 days')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '4 hours', '30 minutes')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', calendar => 'none')$$);
CALL fails($$SELECT assay.incident_policy('sev1', auto_declare => '{"priority": "p4"}')$$);
CALL fails($$SELECT assay.incident_policy('sev1', auto_declare => '{"prio": "p1"}')$$);
CALL fails($$SELECT assay.incident_policy('sev1', calendar => 'office')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '{}')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour", "tell": []}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour", "tell": "everybody"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour", "tell": "rotation:none"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour", "tell": "person:data"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "soon", "tell": "owner"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "2 hours", "tell": "owner"}, {"after": "1 hour", "tell": "owner"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "-1 hour", "tell": "owner"}]')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour', steps => '[{"after": "1 hour", "tell": "owner", "more": 1}]')$$);
CALL fails($$SELECT assay.drop_calendar('office')$$);
CALL fails($$SELECT assay.drop_rotation('weekly')$$);

-- Escalation, the clock turned by hand. Incident 1 is declared on a Friday night, 2 in the afternoon before, 3 is acknowledged, 4 cancelled, 5 merged.
INSERT INTO assay.incident (id, title, severity, status, owner_id, lead_id, started_at, declared_at, merged_into)
SELECT i.id, i.title, i.severity, i.status, o.id, NULL, i.at::timestamptz, i.at::timestamptz, i.merged
FROM (VALUES (1, 'Orders are missing', 'sev1', 'open', 'ann', '2026-06-05 21:00+00', NULL), (2, 'Late', 'sev3', 'open', 'bob', '2026-06-05 12:00+00', NULL),
             (3, 'Seen', 'sev1', 'acknowledged', NULL, '2026-06-05 21:00+00', NULL), (4, 'Nothing', 'sev1', 'cancelled', 'ann', '2026-06-05 21:00+00', NULL),
             (5, 'Part', 'sev1', 'open', 'ann', '2026-06-05 21:00+00', 1), (6, 'No policy', 'sev2', 'open', 'ann', '2026-06-05 21:00+00', NULL)) AS i(id, title, severity, status, owner, at, merged)
LEFT JOIN assay.owner o ON o.name = i.owner;
SELECT * FROM assay.escalate('2026-06-05 21:29+00');
SELECT * FROM assay.escalate('2026-06-05 21:30+00');
SELECT * FROM assay.escalate('2026-06-05 21:30+00');
SELECT * FROM assay.escalate('2026-06-05 21:00+00');
-- Nobody called for ten hours: what fell due is made up for in order, once.
SELECT * FROM assay.escalate('2026-06-06 08:00+00');
SELECT * FROM assay.escalate('2026-06-06 08:00+00');
-- Four hours of the office from Friday at two are over on Monday at half past eleven.
SELECT assay.add_working_time('office', '2026-06-05 12:00+00', '4 hours') AS due;
SELECT * FROM assay.escalate('2026-06-08 09:29:59+00');
SELECT * FROM assay.escalate('2026-06-08 09:30+00');
SELECT incident_id, cause, step, due_at, at, told FROM assay.escalation ORDER BY due_at, incident_id, cause, step;
SELECT incident_id, at, actor, kind, details FROM assay.incident_event ORDER BY id;
-- One notification for each owner and incident, as long as it is not claimed.
SELECT owner, kind, incident_id, subject, jsonb_array_length(items) AS items, status, due_at FROM assay.notifications ORDER BY id;
-- Reopened, it begins anew.
INSERT INTO assay.incident_event (incident_id, at, actor, kind) VALUES (1, '2026-06-10 10:00+00', 'ann', 'reopened');
SELECT * FROM assay.escalate('2026-06-10 10:29+00');
SELECT * FROM assay.escalate('2026-06-10 10:30+00');
SELECT * FROM assay.escalate('2026-06-10 10:30+00');
-- By when, as assay.incidents has it: what the first steps went by; in a day that lasts 25 hours, too, and in a calendar without as many hours.
SELECT id, severity, status, ack_due_at, resolve_due_at FROM assay.incidents ORDER BY id;
SELECT i.id, e.due_at = i.ack_due_at AS same FROM assay.incidents i JOIN assay.escalation e ON e.incident_id = i.id AND e.step = 1 AND e.cause = 'acknowledge' ORDER BY i.id;
BEGIN;
SELECT assay.incident_policy('sev4', '1 day', '366 days', calendar => NULL);
INSERT INTO assay.incident (id, title, severity, started_at, declared_at) VALUES (8, 'Clocks change', 'sev4', '2026-10-24 12:00+00', '2026-10-24 12:00+00');
SET LOCAL timezone = 'Europe/Berlin';
SELECT ack_due_at - declared_at AS ack_within, resolve_due_at - declared_at AS resolve_within FROM assay.incidents WHERE id = 8;
SELECT assay.add_calendar('rare', '{"mon": "00:00-00:01"}', 'UTC');
SELECT assay.incident_policy('sev4', '2 minutes', '366 days', calendar => 'rare');
SELECT ack_due_at, resolve_due_at FROM assay.incidents WHERE id = 8;
UPDATE assay.incident SET declared_at = '4713-01-01 BC' WHERE id = 8;
SELECT ack_due_at, resolve_due_at FROM assay.incidents WHERE id = 8;
ROLLBACK;
CALL fails($$SELECT * FROM assay.escalate(NULL)$$);
CALL fails($$SELECT * FROM assay.escalate('infinity')$$);
BEGIN READ ONLY;
CALL fails($$SELECT * FROM assay.escalate()$$);
ROLLBACK;
-- Rolled back, it was not.
BEGIN;
SELECT count(*) FROM assay.escalate('2026-06-11 00:00+00');
ROLLBACK;
SELECT count(*) FROM assay.escalate('2026-06-11 00:00+00');
-- Without a policy nothing is late.
SELECT assay.incident_policy('sev1'), assay.incident_policy('sev3');
SELECT count(*) FROM assay.incident_policies;
SELECT count(*) AS incidents, count(ack_due_at) AS ack_due, count(resolve_due_at) AS resolve_due FROM assay.incidents;
SELECT count(*) FROM assay.escalate('2027-01-01');
SELECT assay.drop_rotation('weekly'), assay.drop_calendar('office');

-- Who may: what holds for everybody takes the owner of the database.
CREATE ROLE response_ann;
CREATE ROLE response_sch;
SET ROLE response_ann;
CALL fails($$SELECT assay.add_calendar('x', '{"mon": "09:00-17:00"}')$$);
CALL fails($$SELECT assay.drop_calendar('night')$$);
CALL fails($$SELECT assay.add_rotation('x', '{ann}', now(), '1 day')$$);
CALL fails($$SELECT assay.drop_rotation('daily')$$);
CALL fails($$SELECT assay.incident_policy('sev1', '1 hour')$$);
CALL fails($$SELECT assay.override_rotation('daily', 'ann', tstzrange(now(), now() + interval '1 day'))$$);
SELECT count(*) AS calendars, (SELECT count(*) FROM assay.rotations) AS rotations FROM assay.calendars;
RESET ROLE;
-- One of the people may have somebody stand in.
UPDATE assay.owner SET role = 'response_ann' WHERE name = 'ann';
SET ROLE response_ann;
SELECT assay.override_rotation('daily', 'bob', tstzrange('2030-01-01', '2030-01-02')) > 0 AS overridden;
-- Who calls escalate takes the steps of what it takes part in, and learns of no other.
RESET ROLE;
SELECT assay.incident_policy('sev2', '1 hour');
INSERT INTO assay.incident (id, title, severity, owner_id, started_at, declared_at) SELECT 7, 'Another''s', 'sev2', id, '2026-06-05', '2026-06-05' FROM assay.owner WHERE name = 'bob';
UPDATE assay.incident SET started_at = '2020-06-05', declared_at = '2020-06-05' WHERE severity = 'sev2';
SET ROLE response_ann;
CALL fails($$SELECT * FROM assay.escalate('2026-07-01')$$);
SELECT * FROM assay.escalate();
RESET ROLE;
GRANT INSERT ON assay.escalation TO response_sch;
SET ROLE response_sch;
SELECT * FROM assay.escalate('2026-07-01');
RESET ROLE;
REVOKE INSERT ON assay.escalation FROM response_sch;
UPDATE assay.owner SET role = NULL WHERE name = 'ann';
DROP ROLE response_sch;
DROP ROLE response_ann;

-- A role that added a calendar or rotation cannot be dropped without a word.
CREATE ROLE response_steward;
GRANT response_steward TO CURRENT_USER;
UPDATE assay.business_calendar SET added_by = 'response_steward' WHERE name = 'night';
UPDATE assay.rotation SET added_by = 'response_steward';
DROP ROLE response_steward;
UPDATE assay.business_calendar SET added_by = CURRENT_USER::regrole WHERE name = 'night';
UPDATE assay.rotation SET added_by = CURRENT_USER::regrole;
DROP ROLE response_steward;

-- Who has to act and by when, as people set it, and what they are told.

CREATE VIEW assay.calendars WITH (security_barrier) AS
    SELECT c.name, c.time_zone, c.hours, c.holidays, c.added_by::pg_catalog.regrole AS added_by, c.added_at
    FROM assay.business_calendar c;
COMMENT ON VIEW assay.calendars IS
'Calendars of working hours, in which policies count time (assay.add_calendar).
Example: SELECT name, time_zone, hours FROM assay.calendars';
COMMENT ON COLUMN assay.calendars.name IS 'The calendar''s name.';
COMMENT ON COLUMN assay.calendars.time_zone IS 'The time zone of its hours.';
COMMENT ON COLUMN assay.calendars.hours IS 'The hours of each day of the week that has some.';
COMMENT ON COLUMN assay.calendars.holidays IS 'Days without working hours.';
COMMENT ON COLUMN assay.calendars.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.calendars.added_at IS 'When it did.';

CREATE VIEW assay.rotations WITH (security_barrier) AS
    SELECT r.name, ARRAY(SELECT o.name FROM pg_catalog.unnest(r.people) WITH ORDINALITY AS p(id, place)
                         JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) p.id ORDER BY p.place) AS people,
           r.starts_at, r.shift, r.time_zone,
           (SELECT pg_catalog.count(*) FROM assay.rotation_override v WHERE v.rotation_id OPERATOR(pg_catalog.=) r.id) AS overrides,
           r.added_by::pg_catalog.regrole AS added_by, r.added_at
    FROM assay.rotation r;
COMMENT ON VIEW assay.rotations IS
'Rotations of people who are on call in turn (assay.add_rotation). Who it is now stands in assay.on_call.
Example: SELECT name, people, shift, time_zone FROM assay.rotations';
COMMENT ON COLUMN assay.rotations.name IS 'The rotation''s name.';
COMMENT ON COLUMN assay.rotations.people IS 'The people, in the order of their turns.';
COMMENT ON COLUMN assay.rotations.starts_at IS 'When the first of them begins.';
COMMENT ON COLUMN assay.rotations.shift IS 'How long each has.';
COMMENT ON COLUMN assay.rotations.time_zone IS 'In which shifts begin at the same hour all the year.';
COMMENT ON COLUMN assay.rotations.overrides IS 'How many shifts somebody else takes or took (assay.override_rotation).';
COMMENT ON COLUMN assay.rotations.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.rotations.added_at IS 'When it did.';

CREATE VIEW assay.incident_policies WITH (security_barrier) AS
    SELECT p.severity, p.ack_within, p.resolve_within, p.calendar, p.auto_declare, p.steps, p.changed_by, p.changed_at
    FROM assay.response_policy p;
COMMENT ON VIEW assay.incident_policies IS
'How soon incidents are to be dealt with, by severity (assay.incident_policy).
Example: SELECT severity, ack_within, resolve_within, calendar, steps FROM assay.incident_policies ORDER BY severity';
COMMENT ON COLUMN assay.incident_policies.severity IS 'sev1 to sev4.';
COMMENT ON COLUMN assay.incident_policies.ack_within IS 'How soon somebody is to take an incident on; NULL for no limit.';
COMMENT ON COLUMN assay.incident_policies.resolve_within IS 'How soon it is to be resolved; NULL for no limit.';
COMMENT ON COLUMN assay.incident_policies.calendar IS 'The calendar in whose working hours that is counted; NULL for all hours.';
COMMENT ON COLUMN assay.incident_policies.auto_declare IS 'Of which issues an incident of the severity is declared at once; NULL for none.';
COMMENT ON COLUMN assay.incident_policies.steps IS 'Who is told when a limit has passed, and how long after.';
COMMENT ON COLUMN assay.incident_policies.changed_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.incident_policies.changed_at IS 'When it did.';

-- Stewards see all, as they see to delivery; others what is for owners for whom they act.
CREATE VIEW assay.notifications WITH (security_barrier) AS
    SELECT n.id, o.name AS owner, n.kind, n.incident_id, n.subject, n.items, n.more, n.status, n.attempts, n.repeated,
           n.created_at, n.due_at, n.sent_at, n.detail
    FROM assay.notification n
    JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) n.owner_id
    WHERE EXISTS (SELECT FROM pg_catalog.pg_database d
                  WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
       OR EXISTS (SELECT FROM assay_internal.acting_owner a WHERE a.owner_id OPERATOR(pg_catalog.=) n.owner_id);
COMMENT ON VIEW assay.notifications IS
'What owners are told, or were: of owners for whom the current role acts, by the owner''s role or that of one of a team; all of them for the owner of the database. A transaction that writes one notifies the channel assay, so PostgreSQL does not prepare it (PREPARE TRANSACTION, 0A000).
Example: SELECT owner, kind, subject, status, attempts FROM assay.notifications ORDER BY id';
COMMENT ON COLUMN assay.notifications.id IS 'The notification''s number, which assay.mark_notification takes.';
COMMENT ON COLUMN assay.notifications.owner IS 'Who is told.';
COMMENT ON COLUMN assay.notifications.kind IS 'issues, incident, escalation or burn.';
COMMENT ON COLUMN assay.notifications.incident_id IS 'The incident, if it is about one.';
COMMENT ON COLUMN assay.notifications.subject IS 'One line.';
COMMENT ON COLUMN assay.notifications.items IS 'What there is to tell: names, states, counts and times, at most a hundred; values of rows never.';
COMMENT ON COLUMN assay.notifications.more IS 'How much more there is.';
COMMENT ON COLUMN assay.notifications.status IS 'pending, sending (a sender has claimed it), sent, failed (given up after ten attempts) or dropped.';
COMMENT ON COLUMN assay.notifications.attempts IS 'How often a sender has claimed it.';
COMMENT ON COLUMN assay.notifications.repeated IS 'Whether a sender did not say what became of it, so that it may have been delivered more than once; it says so when it is delivered again.';
COMMENT ON COLUMN assay.notifications.created_at IS 'When it was written.';
COMMENT ON COLUMN assay.notifications.due_at IS 'From when on it is to be delivered: when its digest, quiet hours or maintenance are over, or the next attempt.';
COMMENT ON COLUMN assay.notifications.sent_at IS 'When it was delivered.';
COMMENT ON COLUMN assay.notifications.detail IS 'What the sender said last.';

CREATE FUNCTION assay.add_calendar(name text, hours jsonb, time_zone text DEFAULT NULL, holidays date[] DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_calendar_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_calendar(text, jsonb, text, date[]) IS
'Adds a calendar of working hours, or replaces the one of its name.
hours: {day: hours}, where day is mon to sun, or a stretch of these such as mon-fri, and hours is "09:00-17:00" or an array of such, at most 24 a day, which do not overlap; 24:00 is midnight. time_zone: in which that is the time, the session''s if NULL. holidays: days without working hours, at most 10,000.
A time that a day lacks or has twice, as clocks change, is what PostgreSQL takes it for. Takes the rights of the database''s owner. Errors: 22023 hours that are none, no working hours at all, an unknown time zone, 22004 a NULL among the holidays, 42602 the name, 54000, 42501, 25006.
Example: SELECT assay.add_calendar(''office'', ''{"mon-thu": "09:00-17:00", "fri": ["09:00-12:00", "13:00-15:30"]}'', ''Europe/Berlin'', ''{2026-12-25,2026-12-26}'')';

CREATE FUNCTION assay.drop_calendar(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_calendar_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_calendar(text) IS
'Drops a calendar. Takes the rights of the database''s owner. Errors: ML023 no such calendar, 2BP01 a policy counts in its hours, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_calendar(name) FROM assay.calendars WHERE name = ''branch''';

CREATE FUNCTION assay.working_time(calendar text, since timestamptz, until timestamptz) RETURNS interval
AS 'MODULE_PATHNAME', 'working_time_between_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay.working_time(text, timestamptz, timestamptz) IS
'How much working time passes in a calendar between two instants, at most ten years apart; nothing where the second is not later, NULL for a NULL. Errors: ML023 no such calendar, 22023 a time outside of the years 1 to 9999.
Example: SELECT name, assay.working_time(name, ''2026-06-05 16:00+02'', ''2026-06-08 10:00+02'') FROM assay.calendars';

CREATE FUNCTION assay.add_working_time(calendar text, start timestamptz, duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'add_working_time_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay.add_working_time(text, timestamptz, interval) IS
'The first instant by which a duration of working time has passed since start: what deadlines of incidents are counted by. A day of duration has 24 hours, months have no length here. NULL for a NULL. Errors: ML023 no such calendar, 22023 a time outside of the years 1 to 9999, a duration that is negative, has months or is longer than the working hours of the next three years.
Example: SELECT name, assay.add_working_time(name, ''2026-06-05 16:00+02'', ''4 hours'') FROM assay.calendars';

CREATE FUNCTION assay.add_rotation(name text, people text[], starts_at timestamptz, shift interval, time_zone text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_rotation(text, text[], timestamptz, interval, text) IS
'Adds a rotation of people who are on call in turn, or replaces the one of its name; who stands in for whom (assay.override_rotation) stays.
people: owners of kind person (assay.add_owner), in the order of their turns, at most 1,000; who comes twice has two turns. starts_at: when the first begins. shift: how long each has, from an hour to 366 days; no months, which differ. time_zone: shifts are counted on its clock, the session''s if NULL, so that they begin at the same hour in summer and winter, and that in which clocks change is an hour longer or shorter.
Takes the rights of the database''s owner. Errors: ML023 no such person, 22023 a team, a shift or a time zone that is none, 54000, 42602, 42501, 25006.
Example: SELECT assay.add_rotation(''platform'', array_agg(name), ''2026-06-01 09:00+02'', ''7 days'', ''Europe/Berlin'') FROM assay.owners WHERE kind = ''person'' HAVING count(*) > 0';

CREATE FUNCTION assay.override_rotation(rotation text, person text, during tstzrange) RETURNS bigint
AS 'MODULE_PATHNAME', 'override_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.override_rotation(text, text, tstzrange) IS
'Has a person stand in for whose turn it is, and gives the number of that. Where two of these overlap the one that was said last counts; so saying it of whose turn it is takes it back. during: from its lower end on, up to its upper end, both of which it needs. Takes the role of one of the rotation''s people, or the rights of the database''s owner. Errors: ML023 no such rotation or person, 22023, 42501, 25006.
Example: SELECT assay.override_rotation(name, people[1], tstzrange(''2026-06-03 09:00+02'', ''2026-06-04 09:00+02'')) FROM assay.rotations WHERE name = ''platform''';

CREATE FUNCTION assay.drop_rotation(name text) RETURNS void
AS 'MODULE_PATHNAME', 'drop_rotation_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_rotation(text) IS
'Drops a rotation. Takes the rights of the database''s owner. Errors: ML023 no such rotation, 2BP01 a policy tells who is on call in it, 22023 a NULL, 42501, 25006.
Example: SELECT assay.drop_rotation(name) FROM assay.rotations WHERE name = ''weekend''';

CREATE FUNCTION assay.on_call_at(rotation text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (rotation text, person text, since timestamptz, until timestamptz)
AS 'MODULE_PATHNAME', 'on_call_at_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION assay.on_call_at(text, timestamptz) IS
'Who is on call at a time, and from when until when: of a rotation, or of all. Before a rotation begins nobody is; the turn of a person who is gone is the next one''s. Errors: ML023 no such rotation, 22023.
Example: SELECT * FROM assay.on_call_at(at => ''2026-06-09 12:00+02'')';

CREATE VIEW assay.on_call WITH (security_barrier) AS
    SELECT c.rotation, c.person, c.since, c.until FROM assay.on_call_at(NULL, pg_catalog.now()) AS c;
COMMENT ON VIEW assay.on_call IS
'Who is on call now. assay.on_call_at tells it of other times.
Example: SELECT rotation, person, until FROM assay.on_call';
COMMENT ON COLUMN assay.on_call.rotation IS 'The rotation.';
COMMENT ON COLUMN assay.on_call.person IS 'Who is on call.';
COMMENT ON COLUMN assay.on_call.since IS 'Since when.';
COMMENT ON COLUMN assay.on_call.until IS 'Until when.';

CREATE FUNCTION assay.incident_policy(
    severity text, ack_within interval DEFAULT NULL, resolve_within interval DEFAULT NULL, auto_declare jsonb DEFAULT NULL,
    calendar text DEFAULT NULL, steps jsonb DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'incident_policy_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.incident_policy(text, interval, interval, jsonb, text, jsonb) IS
'Sets how soon incidents of a severity are to be dealt with, in place of what was set before; with nothing but the severity there is no policy any more.
severity: sev1, the worst, to sev4. ack_within: how soon somebody is to acknowledge one, resolve_within: to resolve it, no sooner; counted from when it was declared, or reopened, a day having 24 hours, at most 366 days; NULL for no limit. calendar: in whose working hours these and the waits of steps are counted (assay.add_calendar); NULL for all hours.
auto_declare: of which issues an incident is declared at once: {"priority": "p1", "severity": "error"}, of products of at least that priority (any asset without it) and of at least that severity (warn without it).
steps: who is told when a limit has passed, at most 20: [{"after": "30 minutes", "tell": ["owner", "rotation:NAME"]}, ...], after counted from the limit, in the order of time; tell is one or up to ten of owner, lead, rotation:NAME (who is on call), team:NAME, person:NAME. NULL tells the owner at once. assay.escalate takes them.
Takes the rights of the database''s owner. Errors: 22023 parameters, ML023 no such calendar, rotation or owner, 22007 an interval that is none, 42501, 25006.
Example: SELECT assay.incident_policy(''sev1'', ''30 minutes'', ''4 hours'', auto_declare => ''{"priority": "p1", "severity": "error"}'')';

CREATE FUNCTION assay.escalate(at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (incident bigint, severity text, cause text, step integer, due_at timestamptz, told text[])
AS 'MODULE_PATHNAME', 'escalate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.escalate(timestamptz) IS
'Does what is to happen because time has passed until at, and gives the steps of escalation that it took: whom a policy names is told (assay.notifications), and the trail of the incident says so. Each step is taken once, whoever calls how often; what fell due while nobody called is made up for, in order. Any scheduler may call it, each minute.
cause: acknowledge, until somebody has acknowledged the incident, or resolve, until it is resolved. due_at: when the step fell due. told: who was told; on call is who is so at the time at. Incidents that are resolved, cancelled or part of another are left alone; a reopened one begins anew.
It also declares what policies want of issues that were found while another transaction was declaring incidents, tells the owners of service levels whose error budget has begun to burn fast (assay.sla_status), remembers which tables now bear the names of assets, so that a later rename takes along what is recorded of these, and forgets notifications that are older than assay.history_retention; none of that for those who only take part in some incidents.
For the owner of the database and whom it granted INSERT on assay.escalation, such as a scheduler''s role, it is of all incidents, at any time; for others of those in which they take part, and of now only. Errors: 22023, 42501, 25006.
Example: SELECT * FROM assay.escalate()';

CREATE FUNCTION assay.pending_notifications(
    max integer DEFAULT 100, at timestamptz DEFAULT pg_catalog.now(), lease interval DEFAULT '5 minutes')
RETURNS TABLE (id bigint, owner text, kind text, incident bigint, subject text, body text, channels jsonb, attempts integer, repeated boolean)
AS 'MODULE_PATHNAME', 'pending_notifications_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.pending_notifications(integer, timestamptz, interval) IS
'Claims notifications that are due, the oldest first, for who delivers them and then says by assay.mark_notification what became of each. Commit before you deliver.
max: at most so many, 1 to 1,000. at: the time. lease: until when the claim holds, a second to a day; what is not marked by then is given again, with repeated true and the first line of body saying that it may have been told before. What somebody else claims at the same time is left out; what is about the same for an owner is put together.
body: plain text, one line for each thing. channels: {"email": [...], "webhook": [...], "slack": [...]}, the owner''s addresses, of a team without any those of its members, as far as the caller delivers everybody''s or acts for the member. attempts: which attempt this is; after ten a notification is given up.
For the owner of the database and whom it granted UPDATE on assay.notification, such as a sender''s role, it gives all; for others those of owners for whom they act. Errors: 22023, 25006.
Example: SELECT id, owner, subject, body, repeated FROM assay.pending_notifications(10)';

CREATE FUNCTION assay.mark_notification(id bigint, status text, detail text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now()) RETURNS text
AS 'MODULE_PATHNAME', 'mark_notification_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mark_notification(bigint, text, text, timestamptz) IS
'Says what became of a notification, and gives the status that it has now: sent, failed (it was not delivered, and is pending again: in a minute, then in two, four and so on up to an hour; after ten attempts it stays failed) or dropped (it is not to be delivered). What is sent or dropped stays so. detail: what there is to say, of which 1,000 characters are kept. Where it is not known whether it got through, mark nothing: once the claim has run out it is given again as one that may be a repeat.
Takes what assay.pending_notifications takes. Errors: ML030 no such notification, or not for you, 22023, 25006.
Example: SELECT assay.mark_notification(id, ''dropped'', ''told by telephone'') FROM assay.notifications WHERE status = ''failed''';

CREATE FUNCTION assay.prune_notifications(older_than interval, most bigint DEFAULT 10000) RETURNS bigint
AS 'MODULE_PATHNAME', 'prune_notifications_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.prune_notifications(interval, bigint) IS
'Deletes notifications that are sent, given up or dropped and were due longer ago than an age, the oldest first; gives how many. most: at most so many, NULL for all. assay.escalate does it by assay.history_retention. Takes the rights of the database''s owner, or UPDATE on assay.notification. Errors: 22023, 42501, 25006.
Example: SELECT assay.prune_notifications(''90 days'')';

GRANT SELECT ON assay.calendars, assay.rotations, assay.on_call, assay.incident_policies, assay.notifications TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.business_calendar REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.business_calendar REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.business_calendar REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('calendars', 'added_by');
CREATE TRIGGER inserted AFTER INSERT ON assay.rotation REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.rotation REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.rotation REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('rotations', 'added_by');

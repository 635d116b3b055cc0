-- Incidents: who sees them, who may act on them, and the functions by which people do.

-- The assets that an incident is about: its root, and those of its issues.
CREATE VIEW assay_internal.incident_asset WITH (security_barrier) AS
    SELECT s.incident_id, s.asset_id FROM assay.issue s WHERE s.incident_id IS NOT NULL
    UNION
    SELECT i.id, i.root_id FROM assay.incident i WHERE i.root_id IS NOT NULL;
COMMENT ON VIEW assay_internal.incident_asset IS 'The assets that an incident is about: its root, and those of its issues.';
COMMENT ON COLUMN assay_internal.incident_asset.incident_id IS 'The incident.';
COMMENT ON COLUMN assay_internal.incident_asset.asset_id IS 'One of its assets.';

-- The owners of assets are asked for by their numbers: a join with the view would make it give those of all assets.
CREATE VIEW assay_internal.visible_incident WITH (security_barrier) AS
    SELECT i.id, t.takes_part, t.is_own, t.is_in_charge OR (t.takes_part AND NOT t.has_owner) AS may_act
    FROM assay.incident i
    CROSS JOIN LATERAL (
        SELECT COALESCE(pg_catalog.pg_has_role(i.declared_by, 'USAGE'), false) AS is_own,
               EXISTS (SELECT FROM pg_catalog.pg_database d
                       WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database() AND pg_catalog.pg_has_role(d.datdba, 'USAGE'))
                   OR COALESCE(i.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a)), false)
                   OR COALESCE(i.lead_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a)), false) AS is_in_charge,
               EXISTS (SELECT FROM assay.owner o JOIN pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) o.role::pg_catalog.oid
                       WHERE o.id OPERATOR(pg_catalog.=) i.owner_id
                          OR EXISTS (SELECT FROM assay.team_member m
                                     WHERE m.team_id OPERATOR(pg_catalog.=) i.owner_id AND m.person_id OPERATOR(pg_catalog.=) o.id)) AS has_owner
        OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT p.is_own, p.is_in_charge, p.has_owner,
               p.is_own OR p.is_in_charge
                   OR EXISTS (SELECT FROM assay_internal.asset_owner w
                              WHERE w.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
                                        SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                                AND w.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a))) AS takes_part
        OFFSET 0) AS t
    WHERE t.takes_part
       OR EXISTS (SELECT FROM assay_internal.asset_now a
                  WHERE a.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                            SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                    AND assay_internal.may_see_asset(a.kind, a.name, a.relation));
COMMENT ON VIEW assay_internal.visible_incident IS
'The incidents that the current role may know of: those that it takes part in, and those of whose assets it may see one.';
COMMENT ON COLUMN assay_internal.visible_incident.id IS 'The incident.';
COMMENT ON COLUMN assay_internal.visible_incident.takes_part IS 'Whether the current role declared it, acts for its owner, its lead or an owner of one of its assets, or for the owner of the database: then it reads the notes, and may add some.';
COMMENT ON COLUMN assay_internal.visible_incident.is_own IS 'Whether it declared it: then it may resolve and cancel it, too, and add issues.';
COMMENT ON COLUMN assay_internal.visible_incident.may_act IS 'Whether it may do everything to it: it acts for the incident''s owner or lead, or for the owner of the database; where no role acts for the owner, whoever takes part may.';
GRANT SELECT ON assay_internal.visible_incident TO PUBLIC;

CREATE FUNCTION assay_internal.deadline(calendar text, start timestamptz, duration interval) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'deadline_wrapper' LANGUAGE c STABLE PARALLEL RESTRICTED;
COMMENT ON FUNCTION assay_internal.deadline(text, timestamptz, interval) IS
'When a limit that began to run at start is over: in the working hours of a calendar, or of all hours where that is NULL. A day of duration has 24 hours. NULL without a start or a duration, and where the calendar is gone or has fewer working hours in the next three years.';

-- The clock of an incident runs from when it was declared, or opened again.
CREATE VIEW assay_internal.incident_clock AS
    SELECT i.id AS incident_id, COALESCE(r.at, i.declared_at) AS since
    FROM assay.incident i
    LEFT JOIN (SELECT e.incident_id, pg_catalog.max(e.at) AS at FROM assay.incident_event e
               WHERE e.kind OPERATOR(pg_catalog.=) 'reopened' GROUP BY e.incident_id) r ON r.incident_id OPERATOR(pg_catalog.=) i.id;
COMMENT ON VIEW assay_internal.incident_clock IS 'From when on the limits of incidents are counted.';
COMMENT ON COLUMN assay_internal.incident_clock.incident_id IS 'The incident.';
COMMENT ON COLUMN assay_internal.incident_clock.since IS 'When it was declared, or last opened again.';

CREATE VIEW assay.incidents WITH (security_barrier) AS
    SELECT i.id, CASE WHEN i.names_root AND r.label IS NULL THEN 'Something upstream fails' ELSE i.title END AS title,
           i.severity, i.status, o.name AS owner, l.name AS lead, r.label AS root,
           ARRAY(SELECT a.label FROM assay_internal.asset_now a
                 WHERE a.id OPERATOR(pg_catalog.=) ANY (ARRAY(
                           SELECT n.asset_id FROM assay_internal.incident_asset n WHERE n.incident_id OPERATOR(pg_catalog.=) i.id))
                   AND assay_internal.may_see_asset(a.kind, a.name, a.relation)
                 ORDER BY 1) AS assets,
           (SELECT pg_catalog.count(*) FROM assay.issue s WHERE s.incident_id OPERATOR(pg_catalog.=) i.id) AS issues,
           (SELECT pg_catalog.count(*) FROM assay.issue s
            WHERE s.incident_id OPERATOR(pg_catalog.=) i.id AND s.status OPERATOR(pg_catalog.=) 'open') AS open_issues,
           i.declared_by::pg_catalog.regrole AS declared_by, i.by_policy, i.started_at, i.declared_at, i.acknowledged_at, i.acknowledged_by,
           i.mitigated_at, i.ended_at, i.merged_into,
           assay_internal.deadline(p.calendar, c.since, p.ack_within) AS ack_due_at,
           assay_internal.deadline(p.calendar, c.since, p.resolve_within) AS resolve_due_at
    FROM assay_internal.visible_incident v
    JOIN assay.incident i ON i.id OPERATOR(pg_catalog.=) v.id
    JOIN assay_internal.incident_clock c ON c.incident_id OPERATOR(pg_catalog.=) v.id
    LEFT JOIN assay.response_policy p ON p.severity OPERATOR(pg_catalog.=) i.severity
    LEFT JOIN assay.owner o ON o.id OPERATOR(pg_catalog.=) i.owner_id
    LEFT JOIN assay.owner l ON l.id OPERATOR(pg_catalog.=) i.lead_id
    LEFT JOIN LATERAL (SELECT a.label FROM assay_internal.asset_now a
                       WHERE a.id OPERATOR(pg_catalog.=) i.root_id AND assay_internal.may_see_asset(a.kind, a.name, a.relation)) AS r ON true;
COMMENT ON VIEW assay.incidents IS
'Incidents: those that the current role declared, leads or owns, those of whose assets it owns one or may see one, and for the owner of the database all.
Example: SELECT id, title, severity, status, owner, issues FROM assay.incidents WHERE status = ''open'' ORDER BY id';
COMMENT ON COLUMN assay.incidents.id IS 'The number that the functions take.';
COMMENT ON COLUMN assay.incidents.title IS 'What it is about. A title that policy made names the root, and is told only to who may see that.';
COMMENT ON COLUMN assay.incidents.severity IS 'sev1, the worst, to sev4.';
COMMENT ON COLUMN assay.incidents.status IS 'open, acknowledged, mitigated, resolved or cancelled.';
COMMENT ON COLUMN assay.incidents.owner IS 'Who is to see to it.';
COMMENT ON COLUMN assay.incidents.lead IS 'Who leads the work on it.';
COMMENT ON COLUMN assay.incidents.root IS 'The asset where its cause lies; NULL where that is not known, or not visible.';
COMMENT ON COLUMN assay.incidents.assets IS 'The assets that it is about, as far as they are visible.';
COMMENT ON COLUMN assay.incidents.issues IS 'How many issues belong to it.';
COMMENT ON COLUMN assay.incidents.open_issues IS 'How many of them are open.';
COMMENT ON COLUMN assay.incidents.declared_by IS 'The role that declared it; NULL for one declared by policy.';
COMMENT ON COLUMN assay.incidents.by_policy IS 'Whether a policy declared it.';
COMMENT ON COLUMN assay.incidents.started_at IS 'When what it is about began.';
COMMENT ON COLUMN assay.incidents.declared_at IS 'When it was declared.';
COMMENT ON COLUMN assay.incidents.acknowledged_at IS 'When somebody first took it on.';
COMMENT ON COLUMN assay.incidents.acknowledged_by IS 'The name of the role that did, as it was then.';
COMMENT ON COLUMN assay.incidents.mitigated_at IS 'When its effect ended.';
COMMENT ON COLUMN assay.incidents.ended_at IS 'When it was resolved or cancelled.';
COMMENT ON COLUMN assay.incidents.merged_into IS 'The incident of which it is part since assay.merge_incidents.';
COMMENT ON COLUMN assay.incidents.ack_due_at IS 'By when somebody is to take it on, as the policy of its severity is now; NULL where that has no such limit.';
COMMENT ON COLUMN assay.incidents.resolve_due_at IS 'By when it is to be resolved; NULL where the policy has no such limit.';

CREATE VIEW assay.incident_events WITH (security_barrier) AS
    SELECT e.incident_id, e.at, e.actor, e.kind, e.note, e.details, e.id
    FROM assay_internal.visible_incident v
    JOIN assay.incident_event e ON e.incident_id OPERATOR(pg_catalog.=) v.id
    WHERE v.takes_part;
COMMENT ON VIEW assay.incident_events IS
'The audit trail of incidents that the current role takes part in: that it declared, owns or leads, or of whose assets it owns one; for the owner of the database of all. No function and no role changes it: PostgreSQL''s superusers could, by disabling the trigger that forbids it.
Example: SELECT at, actor, kind, note FROM assay.incident_events WHERE incident_id = 1 ORDER BY id';
COMMENT ON COLUMN assay.incident_events.incident_id IS 'The incident.';
COMMENT ON COLUMN assay.incident_events.at IS 'When it happened.';
COMMENT ON COLUMN assay.incident_events.actor IS 'The name of the role that did it, as it was then; assay for what a policy did.';
COMMENT ON COLUMN assay.incident_events.kind IS 'declared, acknowledged, mitigated, resolved, cancelled, reopened, merged, split, annotated, changed, issue_added, issue_closed or escalated.';
COMMENT ON COLUMN assay.incident_events.note IS 'What was said.';
COMMENT ON COLUMN assay.incident_events.details IS 'What changed, from what to what. said_at: when it was said, where the time was given by hand.';
COMMENT ON COLUMN assay.incident_events.id IS 'The event''s key, in the order in which events were written.';
GRANT SELECT ON assay.incidents, assay.incident_events TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.incident REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.incident REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.incident REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('incidents', 'declared_by');

CREATE FUNCTION assay.declare_incident(title text, severity text, issues bigint[] DEFAULT '{}', owner text DEFAULT NULL, lead text DEFAULT NULL,
    root text DEFAULT NULL, started_at timestamptz DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'declare_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.declare_incident IS
'Declares an incident; gives its number. Every role may, of what it may see. title: one line of at most 200 characters. severity: sev1, the worst, to sev4. issues: those that it is about, at most 10,000, none of which belongs to another active incident. owner: who is to see to it; NULL for the owner of root, else of the asset of the first issue. lead: who leads the work. root: the asset where the cause lies; NULL for the broken one that by lineage explains all of the issues that are open, if there is one, also where the caller may not see it: whoever owns it is told. Later issues of that cause belong to the incident, too. started_at: when what it is about began; NULL for when the first issue did, or now. at: when it was declared; NULL for now, another time takes the owner of the database.
Errors: 22023 an argument out of range, 22004, ML022 no such asset, ML023 no such owner, ML025 no such issue, ML027 an issue of another incident, 42501, 25006.
Example: SELECT assay.declare_incident(''Orders are late'', ''sev2'', root => ''application'') > 0 AS declared';

CREATE FUNCTION assay.acknowledge(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'acknowledge_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.acknowledge(bigint, text, timestamptz) IS
'Takes an open incident on. It takes a role that acts for its owner or lead, or for the owner of the database; where no role acts for the owner, one that takes part in the incident. note: at most 20,000 characters. at: when; NULL for now, another time takes the owner of the database. Of two at once one does, the other is told who did. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.acknowledge(id, ''I look into it'') FROM assay.incidents WHERE status = ''open''';

CREATE FUNCTION assay.mitigate(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'mitigate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.mitigate(bigint, text, timestamptz) IS
'Says that an incident that is open or acknowledged has no effect any more, though its cause may be there. Roles and arguments: as assay.acknowledge. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.mitigate(id, ''Loaded again by hand'') FROM assay.incidents WHERE status = ''acknowledged''';

CREATE FUNCTION assay.resolve(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'resolve_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.resolve(bigint, text, timestamptz) IS
'Ends an incident that is open, acknowledged or mitigated: its cause is gone. Roles: as assay.acknowledge, and who declared it. Its issues stay as they are. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.resolve(id, ''The load checks its source first'') FROM assay.incidents WHERE status = ''mitigated''';

CREATE FUNCTION assay.cancel(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'cancel_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.cancel(bigint, text, timestamptz) IS
'Ends an incident that was none, which then counts in no measure. Roles: as assay.acknowledge, and who declared it. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.cancel(id, ''A false alarm'') FROM assay.incidents WHERE severity = ''sev4''';

CREATE FUNCTION assay.reopen_incident(incident bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'reopen_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.reopen_incident(bigint, text, timestamptz) IS
'Opens an incident again that was mitigated, resolved or cancelled, but not merged: it is acknowledged where somebody had taken it on, else open. Roles and arguments: as assay.acknowledge. Errors: ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.reopen_incident(id, ''It is back'') FROM assay.incidents WHERE status = ''resolved''';

CREATE FUNCTION assay.annotate(incident bigint, note text, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'annotate_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.annotate(bigint, text, timestamptz) IS
'Adds a note of at most 20,000 characters to an incident of any state. It takes a role that takes part: that declared it, or acts for its owner, its lead, an owner of one of its assets, or the owner of the database. at: when; NULL for now, another time takes the owner of the database. Errors: ML026 no such incident, 42501, 22023 an argument out of range, 25006.
Example: SELECT assay.annotate(id, ''The vendor knows'') FROM assay.incidents WHERE status = ''acknowledged''';

CREATE FUNCTION assay.change_incident(incident bigint, severity text DEFAULT NULL, owner text DEFAULT NULL, lead text DEFAULT NULL, title text DEFAULT NULL,
    at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'change_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.change_incident IS
'Changes the severity, the owner, the lead or the title of an active incident; NULL leaves each as it is. The trail says from what to what. Roles: as assay.acknowledge. at: when; NULL for now, another time takes the owner of the database. Errors: ML023 no such owner, ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.change_incident(id, severity => ''sev1'') FROM assay.incidents WHERE status = ''open'' AND severity = ''sev2''';

CREATE FUNCTION assay.add_to_incident(incident bigint, issues bigint[], at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'add_to_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_to_incident(bigint, bigint[], timestamptz) IS
'Lets issues, at most 10,000 at a time, belong to an active incident. Roles: as assay.acknowledge, and who declared it. at: when; NULL for now, another time takes the owner of the database. Errors: ML025 no such issue, ML026 no such incident, ML027 the incident''s state, or an issue of another active one, 42501, 22023 an argument out of range, 22004, 40001, 25006.
Example: SELECT assay.add_to_incident(n.id, array_agg(s.id)) FROM assay.incidents n, assay.issues s WHERE n.status = ''open'' AND s.incident_id IS NULL GROUP BY n.id';

CREATE FUNCTION assay.merge_incidents(incident bigint, duplicate bigint, note text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'merge_incidents_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.merge_incidents(bigint, bigint, text, timestamptz) IS
'Makes one active incident part of another: its issues move, and it is cancelled. The other began when the earlier of the two did. Roles: as assay.acknowledge, for both. note: at most 20,000 characters, in both trails. at: when; NULL for now, another time takes the owner of the database. Errors: ML026 no such incident, ML027 the state of one of them, 42501, 22023 an argument out of range, 40001, 25006.
Example: SELECT assay.merge_incidents(a.id, b.id) FROM assay.incidents a JOIN assay.incidents b ON a.root = b.root AND a.id < b.id WHERE a.ended_at IS NULL AND b.ended_at IS NULL';

CREATE FUNCTION assay.split_incident(incident bigint, issues bigint[], title text, severity text DEFAULT NULL, at timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'split_incident_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.split_incident(bigint, bigint[], text, text, timestamptz) IS
'Takes issues out of an active incident and declares another one of them; gives its number. title: as assay.declare_incident. severity: NULL for that of the incident. The owner is that of the asset of the first issue. Roles: as assay.acknowledge. at: when; NULL for now, another time takes the owner of the database. Errors: ML025 no such issue of the incident, ML026 no such incident, ML027 its state, 42501, 22023 an argument out of range, or all issues of an incident that a policy declared, 22004, 40001, 25006.
Example: SELECT assay.split_incident(incident_id, array_agg(id), ''Something else'') > 0 AS split FROM assay.issues WHERE incident_id IS NOT NULL AND kind = ''drift'' GROUP BY incident_id';

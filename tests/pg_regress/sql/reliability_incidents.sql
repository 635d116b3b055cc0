-- Incidents: what people do about them, in which state, and what the trail keeps of it.
SET timezone = 'UTC';
SET jit = off;
SET datestyle = 'ISO';
\set VERBOSITY default
CREATE TABLE incident_order (id int, amount int);
SELECT assay.add_owner('order team', 'team') IS NOT NULL AS added, assay.add_owner('ann', 'person') IS NOT NULL AS added;
SELECT assay.own('order team', 'incident_order');

-- declared by a person, of an asset: its owner is to see to it
SELECT assay.declare_incident('Orders are late', 'sev2', root => 'incident_order', lead => 'ann', started_at => '2026-03-06 21:00',
    at => '2026-03-06 22:00') AS incident;
\x on
SELECT * FROM assay.incidents;
\x off
SELECT incident_id, at, actor = current_user AS mine, kind, note, details - 'said_at' AS details, details ? 'said_at' AS said FROM assay.incident_events ORDER BY id;

-- from state to state
SELECT assay.acknowledge(1, 'I look', '2026-03-06 22:10');
SELECT assay.acknowledge(1);
SELECT assay.reopen_incident(1);
SELECT assay.annotate(1, 'The vendor knows', '2026-03-06 22:20');
SELECT assay.mitigate(1, at => '2026-03-06 22:30');
SELECT assay.mitigate(1);
SELECT assay.acknowledge(1);
SELECT assay.reopen_incident(1, 'It is back', '2026-03-06 22:40');
SELECT status, acknowledged_at, mitigated_at FROM assay.incidents;
SELECT assay.resolve(1, 'Loaded again', '2026-03-06 23:00');
SELECT assay.resolve(1);
SELECT assay.cancel(1);
SELECT assay.change_incident(1, severity => 'sev1');
SELECT assay.annotate(1, 'Two weeks later', '2026-03-20');
SELECT status, acknowledged_at, mitigated_at, ended_at FROM assay.incidents;
SELECT assay.reopen_incident(1, at => '2026-03-07');
SELECT status, acknowledged_at, mitigated_at, ended_at FROM assay.incidents;
SELECT assay.change_incident(1, severity => 'sev1', owner => 'ann', lead => 'ann', title => 'Orders are lost', at => '2026-03-07 01:00');
SELECT assay.change_incident(1, severity => 'sev1', owner => 'ann');
SELECT at, kind, note, details - 'said_at' AS details FROM assay.incident_events WHERE incident_id = 1 ORDER BY id;

-- resolved at once: taken on, and mitigated, by that
SELECT assay.declare_incident('Short', 'sev4', at => '2026-03-08 10:00') AS incident;
SELECT assay.resolve(2, at => '2026-03-08 10:05');
SELECT owner, lead, root, assets, issues, acknowledged_at, mitigated_at, ended_at, acknowledged_by = current_user AS mine FROM assay.incidents WHERE id = 2;
-- one that was none is taken on by nobody
SELECT assay.declare_incident('None', 'sev4', at => '2026-03-08 11:00') AS incident;
SELECT assay.cancel(3, 'A false alarm', '2026-03-08 11:05');
SELECT status, acknowledged_at, mitigated_at, ended_at FROM assay.incidents WHERE id = 3;
SELECT assay.reopen_incident(3, at => '2026-03-08 11:10');
SELECT status FROM assay.incidents WHERE id = 3;

-- the clock: never before what is known
SELECT assay.acknowledge(3, at => '2026-03-08 10:59');
SELECT assay.acknowledge(3, at => 'infinity');
SELECT assay.declare_incident('Ahead', 'sev4', at => '2999-01-01') AS incident;
SELECT assay.acknowledge(4);
SELECT acknowledged_at FROM assay.incidents WHERE id = 4;

-- without "at" the clock says when
SELECT assay.declare_incident('Now', 'sev4') AS incident;
SELECT assay.acknowledge(5);
SELECT declared_at = started_at AS at_once, acknowledged_at >= declared_at AS after, now() - declared_at < interval '1 minute' AS now,
       (SELECT array_agg(details) FROM assay.incident_events WHERE incident_id = 5) AS details FROM assay.incidents WHERE id = 5;

-- arguments
SELECT assay.declare_incident(NULL, 'sev1');
SELECT assay.declare_incident(' ', 'sev1');
SELECT assay.declare_incident(repeat('x', 201), 'sev1');
SELECT assay.declare_incident(E'a\u202eb', 'sev1');
SELECT assay.declare_incident('Two' || chr(10) || 'lines', 'sev1');
SELECT assay.declare_incident('One', 'worst');
SELECT assay.declare_incident('One', 'sev1', owner => 'nobody');
SELECT assay.declare_incident('One', 'sev1', root => 'no_such_table');
SELECT assay.declare_incident('One', 'sev1', '{1,NULL}');
SELECT assay.declare_incident('One', 'sev1', '{12345}');
SELECT assay.declare_incident('One', 'sev1', (SELECT array_agg(i) FROM generate_series(1, 10001) AS i));
SELECT assay.declare_incident('One', 'sev1', started_at => '2026-03-08', at => '2026-03-07');
SELECT assay.acknowledge(NULL);
SELECT assay.acknowledge(99);
SELECT assay.acknowledge(3, repeat('x', 20001));
SELECT assay.annotate(3, NULL);
SELECT assay.annotate(3, repeat('x', 20001));
SELECT assay.annotate(3, E'\'; DROP TABLE assay.incident; --\n<script>', '2026-03-08 12:00');
SELECT assay.annotate(3, repeat('ü', 20000), '2026-03-08 12:00');
SELECT length(note), left(note, 40) AS note FROM assay.incident_events WHERE incident_id = 3 AND kind = 'annotated' ORDER BY id;
SELECT assay.merge_incidents(3, 3);
SELECT assay.split_incident(3, '{}', 'Other');
SELECT assay.add_to_incident(3, NULL);
BEGIN READ ONLY;
SELECT assay.acknowledge(3);
ROLLBACK;

-- what is rolled back has left no trace
BEGIN;
SELECT assay.acknowledge(3, 'never', '2026-03-08 13:00');
ROLLBACK;
SELECT status, (SELECT count(*) FROM assay.incident_events WHERE note = 'never') AS events FROM assay.incidents WHERE id = 3;

-- issues: declared of, added to, merged and split
CREATE TABLE incident_source (a int, b int, c int);
INSERT INTO incident_source VALUES (NULL, NULL, NULL);
SELECT assay.add_check('incident_source', 'not_null', x, name => x || ' is there') > 0 AS added FROM unnest('{a,b,c}'::text[]) AS x;
SELECT name, status FROM assay.run_checks('incident_source') ORDER BY 1;
SELECT id, subject, status, incident_id FROM assay.issues ORDER BY subject;
SELECT assay.declare_incident('Source is empty', 'sev3', array_agg(id)) AS incident FROM assay.issues WHERE subject LIKE 'a %';
SELECT title, started_at = (SELECT min(started_at) FROM assay.issues) AS since_issue, assets, issues, open_issues FROM assay.incidents WHERE id = 6;
SELECT assay.declare_incident('Again', 'sev3', array_agg(id)) AS incident FROM assay.issues;
SELECT assay.add_to_incident(6, array_agg(id)) FROM assay.issues WHERE subject LIKE 'b %';
SELECT assay.split_incident(6, array_agg(id), 'B is another matter') AS incident FROM assay.issues WHERE subject LIKE 'c %';
SELECT assay.split_incident(6, array_agg(id), 'B is another matter') AS incident FROM assay.issues WHERE subject LIKE 'b %';
SELECT assay.declare_incident('C', 'sev1', array_agg(id)) AS incident FROM assay.issues WHERE subject LIKE 'c %';
SELECT assay.merge_incidents(8, 7, 'The same');
SELECT id, title, severity, status, issues, merged_into FROM assay.incidents WHERE id >= 6 ORDER BY id;
SELECT subject, incident_id FROM assay.issues ORDER BY subject;
SELECT assay.reopen_incident(7);
SELECT assay.acknowledge(7);
SELECT assay.merge_incidents(6, 7);
SELECT assay.merge_incidents(7, 6);
SELECT assay.add_to_incident(7, array_agg(id)) FROM assay.issues WHERE subject LIKE 'a %';
SELECT assay.split_incident(8, array_agg(id), 'B again') AS incident FROM assay.issues WHERE subject LIKE 'b %';
SELECT incident_id, kind, note, details FROM assay.incident_events WHERE incident_id >= 6 ORDER BY id;
-- an issue of an incident that is over is free
SELECT assay.cancel(9);
SELECT assay.declare_incident('B, third', 'sev3', array_agg(id)) AS incident FROM assay.issues WHERE subject LIKE 'b %';
-- that they pass is noted; what people declared is for them to judge
UPDATE incident_source SET a = 1, b = 2, c = 3;
SELECT name, status FROM assay.run_checks('incident_source') ORDER BY 1;
SELECT id, status, issues, open_issues FROM assay.incidents WHERE id >= 6 ORDER BY id;
SELECT incident_id, actor, kind, details FROM assay.incident_events WHERE kind = 'issue_closed' ORDER BY id;

-- the trail is written once, also for who owns its table, and whatever goes
UPDATE assay.incident_event SET note = 'other';
DELETE FROM assay.incident_event;
TRUNCATE assay.incident_event;
MERGE INTO assay.incident_event AS e USING assay.incident AS i ON e.incident_id = i.id WHEN MATCHED THEN DELETE;
SELECT count(*) AS events FROM assay.incident_events WHERE incident_id = 9 \gset
DELETE FROM assay.incident WHERE id = 9;
SELECT count(*) = :events AS kept FROM assay.incident_event WHERE incident_id = 9;
SELECT assay.drop_owner('ann');
SELECT owner, lead FROM assay.incidents WHERE id = 1;
SELECT details #>> '{owner,to}' AS owner FROM assay.incident_events WHERE incident_id = 1 AND kind = 'changed';

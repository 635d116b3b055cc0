-- Incidents that policies declare: of which issues, one for each root cause, and what becomes of them when their issues pass.
SET timezone = 'UTC';
SET jit = off;
CREATE TABLE pol_raw AS SELECT 1 AS x, 1 AS y;                          -- the source
CREATE VIEW pol_clean AS SELECT x, y FROM pol_raw;
CREATE VIEW pol_report AS SELECT x FROM pol_clean;
CREATE VIEW pol_other_report AS SELECT x FROM pol_clean;
CREATE TABLE pol_alone AS SELECT NULL::int AS x;
SELECT assay.add_check(c.relation::regclass, 'not_null', 'x', name => c.relation || ' has x', severity => c.severity) > 0 AS added
FROM (VALUES ('pol_raw', 'error'), ('pol_clean', 'error'), ('pol_report', 'error'), ('pol_other_report', 'error'), ('pol_alone', 'warn')) AS c (relation, severity);
SELECT assay.add_owner('pol raw team', 'team') IS NOT NULL AS a, assay.add_owner('pol report team', 'team') IS NOT NULL AS b;
SELECT assay.own('pol raw team', 'pol_raw'), assay.own('pol report team', 'pol_report');
-- what is asked of a run: everything that is open, and who would be told
CREATE VIEW told AS SELECT i.id, i.title, i.severity, i.status, i.owner, i.root, i.issues, i.open_issues, i.merged_into FROM assay.incidents i ORDER BY i.id;
CREATE FUNCTION run(VARIADIC relations text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(r.name || ' ' || r.status, ', ' ORDER BY r.name) FROM unnest(relations) AS t, assay.run_checks(t::regclass) AS r $$;
CREATE FUNCTION trail(incident bigint) RETURNS TABLE (actor text, kind text, details jsonb) LANGUAGE sql AS $$
    SELECT actor, kind, details FROM assay.incident_events WHERE incident_id = incident ORDER BY id $$;

-- without a policy nothing is declared
UPDATE pol_raw SET x = NULL;
SELECT run('pol_report', 'pol_alone');
SELECT * FROM told;
UPDATE pol_raw SET x = 1;
SELECT run('pol_report');

-- errors anywhere, and anything in a product of high priority
INSERT INTO assay.response_policy (severity, auto_declare, changed_by) VALUES ('sev3', '{"severity": "error"}', 'test'), ('sev1', '{"priority": "p1"}', 'test');
DELETE FROM assay.issue;
SELECT run('pol_alone');
SELECT * FROM told;
SELECT assay.add_data_product('pol product', 'p1') > 0 AS added;
SELECT assay.add_to_product('pol product', 'pol_report', 'output');

-- an effect is found first, then another one, then the cause
UPDATE pol_raw SET x = NULL;
SELECT run('pol_other_report');
SELECT * FROM told;
SELECT run('pol_clean');
SELECT * FROM told;
SELECT run('pol_report');
SELECT * FROM told;
SELECT assay.acknowledge(2, 'Ours');
SELECT run('pol_raw');
SELECT * FROM told;
SELECT * FROM trail(1);
SELECT * FROM trail(2);
SELECT * FROM trail(3);
-- the same again is nothing new
SELECT run('pol_raw', 'pol_clean', 'pol_report', 'pol_other_report');
SELECT * FROM told;

-- what passes: when the last one does, the incident is mitigated; when one fails again, it is back
SELECT assay.acknowledge(3);
UPDATE pol_raw SET x = 1;
SELECT run('pol_raw', 'pol_clean', 'pol_report');
SELECT status, open_issues, mitigated_at IS NULL AS not_yet FROM assay.incidents WHERE id = 3;
SELECT run('pol_other_report');
SELECT status, open_issues, mitigated_at IS NOT NULL AS mitigated FROM assay.incidents WHERE id = 3;
UPDATE pol_raw SET x = NULL;
SELECT run('pol_report');
SELECT status, open_issues, mitigated_at FROM assay.incidents WHERE id = 3;
SELECT * FROM trail(3);

-- what is ended by people is over: a new failure is a new incident
SELECT assay.resolve(3);
UPDATE pol_raw SET x = 1;
SELECT run('pol_report');
UPDATE pol_raw SET x = NULL;
SELECT run('pol_report');
SELECT * FROM told WHERE status = 'open';
-- its issues are not all split off, for none would be left to end it by passing
SELECT max(id) AS it FROM assay.incidents WHERE status = 'open' \gset
SELECT array_agg(id) AS issues FROM assay.issues WHERE incident_id = :it \gset
CALL fails(format('SELECT assay.split_incident(%s, %L, ''Another'')', :it, :'issues'));

-- what a person has declared gathers, too, but is judged by people
SELECT count(assay.cancel(id)) AS cancelled FROM assay.incidents WHERE ended_at IS NULL;
DELETE FROM assay.issue;
SELECT assay.declare_incident('The source is broken', 'sev4', root => 'pol_raw') AS incident;
SELECT run('pol_report', 'pol_other_report');
SELECT * FROM told WHERE status = 'open';
SELECT assay.mitigate(max(id)) FROM assay.incidents;
SELECT run('pol_raw');
SELECT * FROM told WHERE status = 'mitigated';
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;

-- under maintenance nothing is declared
DELETE FROM assay.issue;
SELECT assay.add_maintenance('pol_report', tstzrange(now() - interval '1 hour', now() + interval '1 hour'), 'Moved') > 0 AS added;
SELECT run('pol_report');
SELECT count(*) AS open FROM assay.incidents WHERE ended_at IS NULL;
DELETE FROM assay.maintenance;
SELECT run('pol_other_report');
SELECT title, severity, issues FROM told WHERE status = 'open';

-- declared by a person from an effect it is of the cause, also where that is not visible; later effects of the cause belong to it, too
DELETE FROM assay.response_policy;
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;
DELETE FROM assay.issue;
CREATE ROLE pol_person;
GRANT SELECT ON pol_report TO pol_person;
SELECT run('pol_raw', 'pol_report');
SET ROLE pol_person;
SELECT assay.declare_incident('The report is empty', 'sev3', array_agg(id)) IS NOT NULL AS declared FROM assay.issues;
SELECT title, owner, root, assets, issues FROM assay.incidents WHERE status = 'open';
RESET ROLE;
SELECT title, owner, root, issues FROM told WHERE status = 'open';
SELECT run('pol_other_report');
SELECT title, owner, root, issues FROM told WHERE status = 'open';
-- what is named counts for more, and issues of two causes have none in common; what is closed says nothing
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;
SELECT assay.declare_incident('The view is wrong', 'sev3', array_agg(id), root => 'pol_clean') IS NOT NULL AS declared FROM assay.issues WHERE subject ~ 'pol_report';
SELECT title, root, issues FROM told WHERE status = 'open';
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;
SELECT run('pol_alone');
SELECT assay.declare_incident('All is wrong', 'sev3', array_agg(id)) IS NOT NULL AS declared FROM assay.issues;
SELECT title, root, issues FROM told WHERE status = 'open';
SELECT count(assay.resolve(id)) AS resolved FROM assay.incidents WHERE ended_at IS NULL;
UPDATE pol_raw SET x = 1;
SELECT run('pol_raw', 'pol_report', 'pol_other_report');
SELECT assay.declare_incident('It was empty', 'sev3', array_agg(id)) IS NOT NULL AS declared FROM assay.issues WHERE subject ~ 'pol_report';
SELECT title, root, issues FROM told WHERE status = 'open';

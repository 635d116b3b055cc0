-- What somebody without rights might do with the functions of reliability: break them for others, read what is others', say what is not so.
SET timezone = 'UTC';
SET jit = off;
CREATE ROLE hostile_mallory;
CREATE ROLE hostile_ann;
CREATE SCHEMA hostile AUTHORIZATION hostile_mallory;
CREATE SCHEMA hostile_secret;
CREATE FUNCTION tried(act text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN EXECUTE act; RETURN 'done'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM; END $$;
SET ROLE hostile_mallory;
CREATE TABLE hostile.t AS SELECT -1 AS x;

-- A time zone that only the session of who names it knows would be an error in all others, which read all service levels.
SET timezone_abbreviations = 'Australia';
SELECT tried($$SELECT assay.add_sla('hostile.t', 'error_rate', 0.9, 'day', '{"time_zone": "SAT"}')$$);
RESET timezone_abbreviations;
-- So would a beginning that the clock does not have.
SELECT point, tried(format($$SELECT assay.add_sla('hostile.t', 'error_rate', 0.9, 'day', jsonb_build_object('from', %L))$$, point))
FROM unnest('{0044-03-15 BC,4713-01-01 BC,294276-12-31 23:59:59.999999 UTC,10000-01-01 UTC,infinity,0001-01-01 UTC,9999-12-31 UTC}'::text[]) AS point;
SELECT count(*) AS levels, count(*) FILTER (WHERE total = 0) AS without_results FROM assay.sla_status();
RESET ROLE;
SELECT count(*) FROM assay.escalate();
SELECT assay.drop_sla(id) FROM assay.slas;

-- Quiet hours that PostgreSQL cannot read would be an error whenever anybody is told anything.
SELECT time, tried(format($$SELECT assay.add_owner('hostile', 'person', contacts => jsonb_build_object('quiet_hours', jsonb_build_object('from', %L, 'until', '12:34')))$$, time))
FROM unnest('{"22:00:00,5",22:00:00.123456789,24:00,22:00Z,T22:00,22:00:30,23:59:60}'::text[]) AS time;
SELECT tried($$SELECT assay.add_owner('hostile', 'person', contacts => '{"digest": "+5 minutes"}')$$);
SELECT count(*) AS owners, count(quiet_from) AS quiet FROM assay_internal.owner_contact;
SELECT assay.drop_owner('hostile');

-- Times that no clock has.
SELECT call, tried(format('SELECT assay.%s', replace(call, '?', quote_literal(at)))) AS outcome
FROM unnest('{-infinity,4713-01-01 BC,294276-12-31 23:59:59 UTC}'::text[]) AS at,
     unnest('{sla_status(?),escalate(?),on_call_at(at => ?),"uptime(''hostile.t'', ?)","reliability_metrics(?)","pending_notifications(at => ?)","mark_notification(1, ''failed'', at => ?)",
              "check_performance(at => ?)","record_load(''hostile.t'', ?)","record_measurement(''hostile.t'', ''m'', 1, ?)","declare_incident(''x'', ''sev4'', at => ?)",
              "declare_incident(''x'', ''sev4'', started_at => ?)","render_reliability(at => ?)","add_maintenance(''hostile.t'', tstzrange(?, ''2030-01-01''), ''x'')",
              "add_rotation(''r'', ''{x}'', ?, ''1 day'')"}'::text[]) WITH ORDINALITY AS c (call, place)
ORDER BY place, at;
SELECT tried($$SELECT assay.prune_notifications('100000 years')$$);

-- Whom a team is made of says nothing of how to reach them.
SELECT assay.add_owner('hostile ann', 'person', 'hostile_ann', '{"email": "ann@secret.example", "slack": "https://hooks.example.com/SECRET"}') > 0 AS added;
SET ROLE hostile_mallory;
SELECT assay.add_owner('hostile team', 'team', 'hostile_mallory', '{"digest": "0 minutes"}') > 0 AS added;
SELECT assay.add_to_team('hostile team', 'hostile ann');
SELECT assay.own('hostile team', 'hostile.t');
SELECT assay.add_check('hostile.t', 'accepted_range', 'x', '{"min_value": 0}', name => 'positive') > 0 AS added;
SELECT status FROM assay.run_checks('hostile.t');
BEGIN;
SELECT owner, subject, channels FROM assay.pending_notifications(at => now() + interval '1 hour');
ROLLBACK;
RESET ROLE;
-- who delivers everybody's does have it, and who acts for the member, too
GRANT hostile_ann TO hostile_mallory;
SET ROLE hostile_mallory;
BEGIN;
SELECT owner, channels FROM assay.pending_notifications(at => now() + interval '1 hour');
ROLLBACK;
RESET ROLE;
REVOKE hostile_ann FROM hostile_mallory;
BEGIN;
SELECT owner, channels FROM assay.pending_notifications(at => now() + interval '1 hour');
ROLLBACK;

-- Numbers say nothing of what they stand for.
CREATE TABLE hostile_secret.payroll AS SELECT 1 AS x;
SELECT assay.add_data_product('hostile merger', 'p1') > 0 AS added;
SELECT assay.add_to_product('hostile merger', 'hostile_secret.payroll');
SET ROLE hostile_mallory;
SELECT assay_internal.target_label(a, NULL) FROM generate_series(1, 1000) AS a WHERE assay_internal.target_label(a, NULL) IS NOT NULL AND assay_internal.target_label(a, NULL) !~ '^(source|dashboard|schema):';
SELECT count(assay_internal.target_label(NULL, p)) AS products FROM generate_series(1, 1000) AS p;
RESET ROLE;

-- Who takes part in an incident may have its steps taken, at the time that it is.
SELECT assay.incident_policy('sev1', '30 minutes', '4 hours');
SELECT assay.add_owner('hostile boss', 'person') > 0 AS added;
SET ROLE hostile_mallory;
SELECT assay.declare_incident('Mine', 'sev1', owner => 'hostile boss') > 0 AS declared;
SELECT tried($$SELECT assay.escalate(now() + interval '1 day')$$);
SELECT tried($$SELECT assay.escalate(now() - interval '1 day')$$);
SELECT count(*) FROM assay.escalate();
SELECT count(*) FROM assay.escalate(clock_timestamp());
SELECT kind FROM assay.incident_events;
RESET ROLE;

-- A calendar with fewer hours than a policy counts in it makes nothing late, and no page fail.
SELECT assay.add_calendar('hostile', '{"mon": "09:00-09:01"}', 'UTC');
SELECT assay.incident_policy('sev1', '30 days', '60 days', calendar => 'hostile');
SELECT count(*) FROM assay.escalate(now() + interval '5 years');
SELECT assay.render_reliability('text') LIKE '%Mine%' AS is_shown;

-- Who knows the name of a project of dbt does not learn by it what is in there.
SELECT action, name, asset FROM assay.import_dbt_manifest('{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "hostile_shop"}, "nodes": {"model.hostile_shop.payroll": {"resource_type": "model", "name": "payroll", "relation_name": "\"hostile_secret\".\"payroll\"", "depends_on": {"nodes": []}}}, "sources": {}, "groups": {}, "exposures": {}}');
SET ROLE hostile_mallory;
SELECT action, name, asset FROM assay.import_dbt_manifest('{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "hostile_shop"}, "nodes": {}, "sources": {}, "groups": {}, "exposures": {}}');
SELECT action, name, asset, message FROM assay.import_dbt_manifest('{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "hostile_shop"}, "nodes": {"model.hostile_shop.payroll": {"resource_type": "model", "name": "payroll", "relation_name": "\"hostile\".\"t\"", "depends_on": {"nodes": []}}}, "sources": {}, "groups": {}, "exposures": {}}');
SELECT action, name, asset, message FROM assay.import_dbt_run_results('{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": "2024-05-01T06:00:00Z", "invocation_id": "5f0e"}, "results": [{"unique_id": "model.hostile_shop.payroll", "status": "error"}]}');
RESET ROLE;
SELECT asset, unique_id FROM assay.dbt_nodes WHERE project = 'hostile_shop';

-- As it was.
SELECT assay.incident_policy('sev1');
DROP OWNED BY hostile_mallory CASCADE;

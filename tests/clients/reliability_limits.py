"""What is long on the floor of reliability ends in time when it is cancelled, and takes no more memory than it should, whatever it is given.

What runs as one long statement of PostgreSQL's own ends by that; what matters here is what is computed before, between and after.
"""

import json
import sys

import psycopg

import promises
from promises import check, check_ends_anywhere, undone

connection = psycopg.connect("", autocommit=True)
connection.execute("SET client_min_messages = error; SET jit = off")
connection.execute("""
    SELECT count(assay.add_owner('owner' || i, 'person')) FROM generate_series(1, 100) AS i;
    SELECT assay.add_calendar('office', '{"mon-fri": "09:00-17:00"}', 'Europe/Berlin');
    SELECT assay.incident_policy(severity, '1 hour', '8 hours', calendar => 'office', steps => '[{"after": "0 minutes", "tell": "owner"}]') FROM unnest('{sev1,sev2,sev3,sev4}'::text[]) AS severity;
    INSERT INTO assay.asset (kind, name, added_by) SELECT 'source', 's' || i, CURRENT_USER::regrole FROM generate_series(1, 50000) AS i;
    INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by)
    SELECT DISTINCT a.id, b.id, 'test', 'test'
    FROM (SELECT i, greatest(1, (i * 0.3)::int + ((i::bigint * 7919 + k * 104729) % greatest(1, (i * 0.6)::int))::int) AS p FROM generate_series(2, 50000) AS i, generate_series(1, 4) AS k) AS x
    JOIN assay.asset AS a ON a.kind = 'source' AND a.name = 's' || x.p
    JOIN assay.asset AS b ON b.kind = 'source' AND b.name = 's' || x.i WHERE x.p < x.i;
    INSERT INTO assay.incident (title, severity, status, owner_id, started_at, declared_at)
    SELECT 'Incident ' || i, 'sev' || i % 4 + 1, 'open', o.id, t.at, t.at
    FROM generate_series(1, 10000) AS i CROSS JOIN LATERAL (SELECT timestamptz '2026-06-01 00:00+00' + i * interval '1 minute' AS at) AS t
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM assay.owner) AS o ON o.place = i % 100 + 1;
    INSERT INTO assay.issue (asset_id, asset_name, kind, subject, severity, started_at, last_seen_at, incident_id)
    SELECT a.id, a.name, 'check', 'c', 'error', '2026-06-01', '2026-06-01', i.id
    FROM (SELECT id, name, row_number() OVER (ORDER BY id) AS place FROM assay.asset) AS a
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM assay.incident) AS i ON i.place = a.place;
    SELECT count(assay.add_sla('source:s' || i, 'availability', 0.99, '90 days', '{"from": "2026-01-01 UTC"}')) FROM generate_series(1, 500) AS i;
    SELECT count(assay.add_data_product('p' || i, 'p1')) FROM generate_series(1, 40) AS i;
    SELECT count(assay.add_to_product('p' || i % 40 + 1, 'source:s' || i)) FROM generate_series(1, 2000) AS i;
    CREATE TABLE loaded (x int)""")
connection.execute("ANALYZE")


for what, statement in {
    "everything upstream": "SELECT count(*) FROM assay.upstream('source:s50000')",
    "everything downstream": "SELECT count(*) FROM assay.downstream('source:s1')",
    "what an incident touches": "SELECT count(*) FROM assay.incident_impact((SELECT min(id) FROM assay.incident))",
    "all dependencies": "SELECT count(*) FROM assay.lineage",
    "how 500 service levels stand": "SELECT count(*) FROM assay.sla_status('2026-06-20')",
    "figures of 10,000 incidents": "SELECT count(*) FROM assay.reliability_metrics('2026-05-01', '2026-07-01')",
    "the uptime of a product": "SELECT * FROM assay.uptime('product:p1', '2000-01-01', '2026-07-01')",
    "the page of a week": "SELECT assay.render_reliability('html', '2026-06-20')",
    "the working time of ten years": "SELECT count(assay.working_time('office', '2020-01-01', '2029-12-01')) FROM generate_series(1, 20)",
    "escalating 10,000 incidents": undone("count(*) FROM assay.escalate('2026-06-20')"),
    "claiming a thousand notifications": undone("(SELECT count(*) FROM assay.escalate('2026-06-20')), (SELECT count(*) FROM assay.pending_notifications(1000, '2026-06-20'))"),
    "declaring one of ten thousand issues": undone("assay.split_incident(1, ARRAY[1], 'x'), assay.declare_incident('x', 'sev1', (SELECT array_agg(id) FROM assay.issue WHERE incident_id IS NULL))"),
    "adding to an incident": undone("assay.merge_incidents(a, b) FROM generate_series(1, 500, 2) AS a, LATERAL (SELECT a + 1 AS b) AS other"),
}.items():
    check_ends_anywhere(connection, what, statement, None, 5)

# A manifest as large as a value may be, of things that nobody has.
connection.execute("CREATE TABLE manifest (what text, file jsonb)")
begin = '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "big"}, '
model = '"model.big.a": {"resource_type": "model", "name": "a", "relation_name": "\\"public\\".\\"loaded\\"", "depends_on": {"nodes": [%s]}%s}'
empty = {"nodes": "", "sources": "", "exposures": "", "groups": ""}


def put(what, count, entry, *, part="nodes", frame="%s"):
    """Keeps a manifest of which a part is made of so many entries, in which %s is the number."""
    parts = ", ".join(f'"{name}": {{{"@" if name == part else ""}}}' for name in empty)
    before, after = (begin + parts + "}").split("@")
    before, after = before + frame.split("%s")[0], frame.split("%s")[1] + after
    connection.execute("INSERT INTO manifest SELECT %s, (%s || (SELECT string_agg(replace(%s, '%%s', i::text), ', ') FROM generate_series(1, %s) AS i) || %s)::jsonb",
                       (what, before, entry, count, after))


put("groups", 20_000, '"group.big.g%s": {"name": "g%s", "owner": {"name": "o%s", "email": "a%s@example.org"}}', part="groups")
put("more groups", 20_001, '"group.big.g%s": {"name": "g%s"}', part="groups")
put("dependencies", 900_000, '"model.big.x%s"', frame=model.replace("%s", "@", 1).replace("%s", "").replace("@", "%s"))
put("more dependencies", 1_000_001, '"model.big.x%s"', frame=model.replace("%s", "@", 1).replace("%s", "").replace("@", "%s"))
put("keys", 1_000_000, '"k%s": 1', frame=model.replace("%s", "", 1).replace("%s", ", %s"))
put("owners", 300_000, '"o%s"', frame=model.replace("%s", "", 1).replace("%s", ', "config": {"meta": {"owner": [%s]}}'))
put("exposures", 50_000, '"exposure.big.e%s": {"name": "e%s", "type": "dashboard", "depends_on": {"nodes": []}}', part="exposures")
imported = "count(*) FROM manifest, assay.import_dbt_manifest(file) WHERE what = '{}'"
for what in ("groups", "dependencies", "keys", "exposures"):
    check_ends_anywhere(connection, f"a manifest of many {what}", undone(imported.format(what)), None, 5)


def ending(statement):
    """What a statement answers, or its SQLSTATE, and the length of the error's text."""
    try:
        return connection.execute(statement).fetchone()[0], 0
    except psycopg.Error as error:
        return error.sqlstate, len(str(error))


def outcome(statement):
    return ending(statement)[0]


connection.execute("SET statement_timeout = '60s'")
for what in ("more groups", "more dependencies"):
    check(f"a manifest of {what} than are taken is refused", outcome(f"SELECT {imported.format(what)}") == "54000")
found = outcome("SELECT string_agg(action || ' ' || kind, ',' ORDER BY kind) FROM manifest, assay.import_dbt_manifest(file) WHERE what = 'owners'")
check("who would have more owners than a thing has has none", found == "added model,skipped owner", found)

results = '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "generated_at": "2024-05-01T06:00:00Z", "invocation_id": "x"}, "results": ['
connection.execute("INSERT INTO manifest SELECT 'results', (%s || (SELECT string_agg(format('{\"unique_id\": \"test.big.t%%s\", \"status\": \"fail\"}', i), ', ') FROM generate_series(1, 200000) AS i) || ']}')::jsonb", (results,))
connection.execute("RESET statement_timeout")
check_ends_anywhere(connection, "results of 200,000 tests", undone("count(*) FROM manifest, assay.import_dbt_run_results(file) WHERE what = 'results'"), None, 5)

# Long texts are refused, and not only once they have been read many times.
connection.execute("SET statement_timeout = '20s'")
LONG = {
    "declare_incident(repeat('x', 100000000), 'sev1')": "22023", "add_owner(repeat('x', 100000000), 'person')": "42602", "own('owner1', repeat('a.', 50000000))": "42602",
    "annotate((SELECT min(id) FROM assay.incident), repeat('x', 100000000))": "22023", "triage((SELECT min(id) FROM assay.issue), 'fixed', repeat('x', 100000000))": "22023",
    "add_lineage('source:' || repeat('x', 100000000), 'loaded')": "42602", "add_lineage('source:s1', 'loaded', repeat('x', 100000000))": "42602",
    "add_sla('loaded', 'error_rate', 0.9, repeat('1', 10000000))": ("22007", "22008", "22023"), "add_sla('loaded', 'error_rate', 0.9, 'day', jsonb_build_object('from', repeat('1', 10000000)))": ("22007", "22008", "22023"),
    "add_sla('loaded', 'performance', 0.9, 'day', jsonb_build_object('metric', repeat('1', 10000000), 'at_least', 1))": "22023",
    "add_sla('loaded', 'error_rate', 0.9, 'day', jsonb_build_object('tags', jsonb_build_array(repeat('1', 10000000))))": "22023",
    "add_sla('loaded', 'error_rate', 0.9, 'day', jsonb_build_object('time_zone', repeat('1', 10000000)))": "22023",
    "add_maintenance('loaded', tstzrange(now(), now() + interval '1 hour'), repeat('x', 100000000))": "22023", "record_measurement('loaded', repeat('x', 100000000), 1)": "42602",
    "incident_policy(repeat('x', 100000000))": "22023", "incident_policy('sev2', '1 hour', calendar => repeat('x', 10000000))": "ML023",
    "incident_policy('sev2', '1 hour', steps => (SELECT jsonb_agg('x'::text) FROM generate_series(1, 1000000)))": "22023",
    "add_data_product('x', 'p1', description => repeat('x', 100000000))": "22023", "add_calendar('x', jsonb_build_object('mon', (SELECT jsonb_agg('09:00-10:00'::text) FROM generate_series(1, 1000000))))": "22023",
    "uptime('loaded', severities => array_fill('sev1'::text, ARRAY[1000000]))": ("22023", "(,00:00:00,00:00:00,0)", "(1,00:00:00,00:00:00,0)"), "reliability_metrics(time_zone => repeat('x', 100000000))": "22023",
    "on_call_at(repeat('x', 10000000))": "ML023", "working_time(repeat('x', 10000000), now(), now())": "ML023", "upstream(repeat('x', 100000000))": "42602",
    "set_performance_limit('x', repeat('x', 10000000), 1)": "ML001", "add_rotation('x', array_fill('owner1'::text, ARRAY[1000000]), now(), '1 day')": "54000",
}
for call, expected in LONG.items():
    found, length = ending(f"SELECT assay.{call}::text")
    check(f"it is refused, in few words: {call}", found in (expected if isinstance(expected, tuple) else (expected,)) and length < 35_000, (found, length))
check("the server went on", connection.execute("SELECT 1").fetchone() == (1,))
sys.exit(promises.failed > 0)

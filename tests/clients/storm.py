"""Sessions that do at random what people, schedulers and loads do to incidents, all at once; then nothing may be stuck, broken, or told twice.

First in transactions of one statement, none of which may wait for one that waits for it; then in transactions of several, which may.

STORM_SECONDS  how long (10)
STORM_SEED     the seed (1)
"""

import collections
import json
import os
import random as randoms
import sys
import threading
import time

import psycopg

import promises
from promises import check

SECONDS = float(os.environ.get("STORM_SECONDS", 10))
SEED = int(os.environ.get("STORM_SEED", 1))
SESSIONS = 4
TABLES = 4
# What a session may be told: that there is nothing to be done to, that it is to try again, that it was given too little time, or that a table is gone.
EXPECTED = {"22023", "40001", "42P01", "55P03", "57014"}

setup = psycopg.connect("", autocommit=True)
setup.execute("SET client_min_messages = error")
for number in range(TABLES):
    setup.execute(f"CREATE TABLE storm_{number} (x int); INSERT INTO storm_{number} VALUES (1)")
    setup.execute(f"SELECT assay.add_check('storm_{number}', 'accepted_range', 'x', '{{\"min_value\": 0}}', name => 'positive {number}')")
    setup.execute(f"SELECT assay.add_owner('storm owner {number}', 'person', contacts => '{{\"digest\": \"0 minutes\"}}')")
    setup.execute(f"SELECT assay.own('storm owner {number}', 'storm_{number}')")
setup.execute("SELECT assay.add_owner('storm team', 'team'); SELECT assay.add_to_team('storm team', 'storm owner 0')")
setup.execute("SELECT assay.add_lineage('storm_0', 'storm_1'), assay.add_lineage('storm_1', 'storm_2')")
setup.execute("SELECT assay.add_data_product('storm', 'p1', 'storm team'); SELECT assay.add_to_product('storm', 'storm_2')")
setup.execute("""SELECT assay.incident_policy('sev1', '10 minutes', '1 hour', '{"priority": "p1"}', steps => '[{"after": "0 minutes", "tell": "owner"}, {"after": "1 hour", "tell": ["lead", "team:storm team"]}]'),
    assay.incident_policy('sev3', '1 day', auto_declare => '{"severity": "error"}')""")


def manifest(random):
    nodes = {}
    for number in random.sample(range(TABLES), random.randrange(TABLES)):
        upstream = [f"model.storm.storm_{other}" for other in range(TABLES) if random.random() < 0.3]
        nodes[f"model.storm.storm_{number}"] = {
            "resource_type": "model", "name": f"storm_{number}", "relation_name": f'"public"."storm_{number}"', "depends_on": {"nodes": upstream},
            "config": {"meta": {"owner": f"storm owner {random.randrange(TABLES)}"}}}
    return json.dumps({"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "project_name": "storm"},
                       "nodes": nodes, "sources": {}, "groups": {}, "exposures": {}})


def act(random):
    """A statement, or some, that somebody might send."""
    table = f"storm_{random.randrange(TABLES)}"
    incident = "(SELECT id FROM assay.incidents WHERE ended_at IS NULL OR random() < 0.1 ORDER BY random() LIMIT 1)"
    issues = "ARRAY(SELECT id FROM assay.issues WHERE status = 'open' ORDER BY random() LIMIT 2)"
    later = f"now() + interval '{random.randrange(7200)} minutes'"
    severity = random.choice(["sev1", "sev2", "sev3", "sev4"])
    owner = f"storm owner {random.randrange(TABLES)}"
    return random.choices([
        f"UPDATE {table} SET x = {random.choice([-1, 1])}; SELECT * FROM assay.run_checks('{table}')",
        f"SELECT * FROM assay.run_checks('{table}')",
        f"UPDATE {table} SET x = -1; SELECT assay.assert_checks('{table}')",
        f"SELECT assay.declare_incident('Something', '{severity}', {issues}, owner => '{owner}')",
        f"SELECT assay.{random.choice(['acknowledge', 'mitigate', 'resolve', 'cancel', 'reopen_incident'])}({incident})",
        f"SELECT assay.annotate({incident}, 'note')",
        f"SELECT assay.change_incident({incident}, '{severity}', owner => '{owner}')",
        f"SELECT assay.add_to_incident({incident}, {issues})",
        f"SELECT assay.merge_incidents({incident}, {incident})",
        "SELECT assay.split_incident(incident_id, ARRAY[id], 'Another') FROM (SELECT id, incident_id FROM assay.issues WHERE incident_id IS NOT NULL ORDER BY random() LIMIT 1) AS s",
        f"SELECT assay.triage(id, '{random.choice(['investigating', 'expected', 'fixed', 'false_positive'])}') FROM (SELECT id FROM assay.issues ORDER BY random() LIMIT 1) AS s",
        f"SELECT * FROM assay.escalate({later})",
        f"SELECT id FROM assay.pending_notifications(5, {later}, '1 second')",
        f"SELECT assay.mark_notification(id, '{random.choice(['sent', 'failed', 'dropped'])}') FROM (SELECT id FROM assay.notifications ORDER BY random() LIMIT 1) AS s",
        f"SELECT count(*) FROM assay.import_dbt_manifest('{manifest(random)}')",
        f"SELECT assay.own('storm team', '{table}')",
        "SELECT assay.disown('storm team', a.asset) FROM assay.ownerships AS a WHERE a.owner = 'storm team' AND a.asset IS NOT NULL",
        f"SELECT assay.add_owner('storm passing', 'person'); SELECT assay.own('storm passing', '{table}')",
        "SELECT assay.drop_owner(name) FROM assay.owners WHERE name = 'storm passing'",
        f"DROP TABLE {table}; CREATE TABLE {table} AS SELECT {random.choice([-1, 1])} AS x",
        f"SELECT assay.add_sla('{table}', 'error_rate', 0.9, '1 day')",
        "SELECT assay.drop_sla(id) FROM (SELECT id FROM assay.slas ORDER BY random() LIMIT 1) AS s",
        "SELECT count(*) FROM assay.sla_status()",
        f"SELECT count(*) FROM assay.upstream('{table}'), assay.downstream('{table}')",
        f"SELECT assay.add_maintenance('{table}', tstzrange(now(), now() + interval '1 second'), 'storm')",
        "SELECT length(assay.render_reliability('text'))",
    ], weights=[8, 4, 4, 3, 6, 1, 2, 3, 3, 2, 2, 4, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0.3])[0]


def storm(number, most, end, found):
    random = randoms.Random(f"{SEED} {number}")
    connection = psycopg.connect("", autocommit=True, prepare_threshold=None)
    connection.execute("SET client_min_messages = error; SET jit = off; SET lock_timeout = '10 s'; SET deadlock_timeout = '200 ms'")
    while time.monotonic() < end:
        level = random.choice(["READ COMMITTED", "READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
        statements = [act(random) for _ in range(random.randint(1, most))]
        # Now and then one has too little time.
        timeout = random.choice(["0", "0", "0", "0", f"{random.randrange(1, 60)} ms"])
        begun = time.monotonic()
        try:
            connection.execute(f"BEGIN ISOLATION LEVEL {level}; SET LOCAL statement_timeout = '{timeout}'")
            for place, statement in enumerate(statements):
                if random.random() < 0.3:
                    connection.execute("SAVEPOINT before")
                    try:
                        connection.execute(statement)
                    except psycopg.Error as error:
                        note(found, error, most, statement)
                        if error.sqlstate is None:
                            raise
                        connection.execute("ROLLBACK TO before")
                else:
                    connection.execute(statement)
            connection.execute("ROLLBACK" if random.random() < 0.15 else "COMMIT")
        except psycopg.Error as error:
            note(found, error, most, "; ".join(statements))
            if connection.closed:
                return
            connection.execute("ROLLBACK")
        found["longest"] = max(found["longest"], time.monotonic() - begun)
        found["transactions"] += 1
    connection.close()


def note(found, error, most, statement):
    state = error.sqlstate or "no state"
    found["states"][state] += 1
    if not (state.startswith("ML") or state in EXPECTED or state == "40P01" and most > 1) and len(found["wrong"]) < 20:
        found["wrong"].append(f"{state}: {str(error).splitlines()[0]} | {getattr(error.diag, 'message_detail', None)} | {error.diag.context} | {statement}"[:1500])


found = {"states": collections.Counter(), "wrong": [], "longest": 0.0, "transactions": 0}
for most in (1, 3):
    end = time.monotonic() + SECONDS / 2
    threads = [threading.Thread(target=storm, args=(number, most, end, found), daemon=True) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS + 120)
    check(f"no session is stuck, with {most} in a transaction", not any(thread.is_alive() for thread in threads))
print(f"# {found['transactions']} transactions, {dict(found['states'])}, the longest took {found['longest']:.1f} s", flush=True)
check("there was a storm", found["transactions"] > 3 * SECONDS, found["transactions"])
check("no error is PostgreSQL's own, and nobody waits for who waits for him", not found["wrong"], f"STORM_SEED={SEED}\n" + "\n".join(found["wrong"]))

RULES = {
    "issues that are open have not ended, and others have": "SELECT id FROM assay.issue WHERE (status = 'open') <> (ended_at IS NULL)",
    "issues belong to incidents that are there and no part of another":
        "SELECT s.id FROM assay.issue s LEFT JOIN assay.incident i ON i.id = s.incident_id WHERE s.incident_id IS NOT NULL AND (i.id IS NULL OR i.merged_into IS NOT NULL)",
    "incidents that are over have ended, and others have not": "SELECT id FROM assay.incident WHERE (status IN ('resolved', 'cancelled')) <> (ended_at IS NOT NULL)",
    "what is part of another is cancelled, and the other is there":
        "SELECT i.id FROM assay.incident i LEFT JOIN assay.incident w ON w.id = i.merged_into WHERE i.merged_into IS NOT NULL AND (i.status <> 'cancelled' OR w.id IS NULL)",
    "each incident was declared once": "SELECT i.id FROM assay.incident i LEFT JOIN assay.incident_event e ON e.incident_id = i.id AND e.kind = 'declared' GROUP BY i.id HAVING count(e.id) <> 1",
    "the trail ends in the state that the incident has": """SELECT i.id FROM assay.incident i
        CROSS JOIN LATERAL (SELECT e.kind FROM assay.incident_event e WHERE e.incident_id = i.id
            AND e.kind IN ('declared', 'acknowledged', 'mitigated', 'resolved', 'cancelled', 'reopened')
              OR e.incident_id = i.id AND e.kind = 'merged' AND e.details ? 'into' ORDER BY e.id DESC LIMIT 1) AS l
        WHERE CASE l.kind WHEN 'declared' THEN i.status <> 'open' WHEN 'reopened' THEN i.status NOT IN ('open', 'acknowledged')
              WHEN 'merged' THEN i.status <> 'cancelled' ELSE i.status <> l.kind END""",
    "nobody acknowledges what is acknowledged": """SELECT incident_id FROM (
        SELECT e.incident_id, e.kind, lag(e.kind) OVER (PARTITION BY e.incident_id ORDER BY e.id) AS before FROM assay.incident_event e
        WHERE e.kind IN ('declared', 'acknowledged', 'mitigated', 'resolved', 'cancelled', 'reopened')) AS pairs WHERE kind = before""",
    "times of an incident are in their order": "SELECT id FROM assay.incident WHERE declared_at > acknowledged_at OR declared_at > mitigated_at OR acknowledged_at > ended_at OR mitigated_at > ended_at",
    "each step of escalation that was taken is in the trail": """SELECT s.incident_id FROM assay.escalation s WHERE NOT EXISTS (
        SELECT FROM assay.incident_event e WHERE e.incident_id = s.incident_id AND e.kind = 'escalated' AND e.details ->> 'cause' = s.cause AND (e.details ->> 'step')::int = s.step)""",
    "no step is taken twice while an incident is open": """SELECT e.incident_id FROM assay.incident_event e WHERE e.kind = 'escalated'
        GROUP BY e.incident_id, e.details ->> 'cause', e.details ->> 'step'
        HAVING count(*) > 1 + (SELECT count(*) FROM assay.incident_event r WHERE r.incident_id = e.incident_id AND r.kind = 'reopened')""",
    "incidents that a policy declared have or had an issue": """SELECT i.id FROM assay.incident i WHERE i.by_policy AND NOT EXISTS (
        SELECT FROM assay.incident_event e WHERE e.incident_id = i.id AND e.kind = 'declared' AND jsonb_array_length(e.details -> 'issues') > 0)""",
    "notifications that are sent say when": "SELECT id FROM assay.notification WHERE (status = 'sent') AND sent_at IS NULL",
    "notifications are of owners that are there": "SELECT n.id FROM assay.notification n WHERE NOT EXISTS (SELECT FROM assay.owner o WHERE o.id = n.owner_id)",
    "what is recorded of an asset is of one that is there": """SELECT 1 FROM assay.ownership o WHERE o.asset_id IS NOT NULL AND NOT EXISTS (SELECT FROM assay.asset a WHERE a.id = o.asset_id)
        UNION ALL SELECT 1 FROM assay.lineage_edge l WHERE NOT EXISTS (SELECT FROM assay.asset a WHERE a.id = l.upstream_id) OR NOT EXISTS (SELECT FROM assay.asset a WHERE a.id = l.downstream_id)
        UNION ALL SELECT 1 FROM assay.ownership o WHERE NOT EXISTS (SELECT FROM assay.owner w WHERE w.id = o.owner_id)
        UNION ALL SELECT 1 FROM assay.sla_alarm l WHERE NOT EXISTS (SELECT FROM assay.sla s WHERE s.id = l.sla_id)
        UNION ALL SELECT 1 FROM assay.dbt_node n WHERE NOT EXISTS (SELECT FROM assay.asset a WHERE a.id = n.asset_id)""",
}
for rule, query in RULES.items():
    broken = [row[0] for row in setup.execute(query).fetchmany(10)]
    check(f"after a storm {rule}", not broken, f"STORM_SEED={SEED} {broken}")
check("the floor works on", setup.execute("SELECT count(*) FROM assay.escalate(now() + interval '100 days')").fetchone() is not None)
sys.exit(promises.failed > 0)

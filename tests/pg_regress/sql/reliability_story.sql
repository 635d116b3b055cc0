-- The story of a weekend: a source breaks on a Friday night, checks fail in three places, and there is one incident. Whoever owns the source is told, and as
-- he does not act, who is on call; the effect ends, the data are mended, and what it has cost stands in budgets and metrics, which are computed here
-- again from the trail alone.
SET timezone = 'UTC';
CREATE ROLE story_ingest LOGIN;
CREATE ROLE story_sales LOGIN;
CREATE ROLE story_ann LOGIN;
CREATE ROLE story_stranger LOGIN;
CREATE SCHEMA story;
GRANT USAGE, CREATE ON SCHEMA story TO story_ingest, story_sales;
GRANT USAGE ON SCHEMA story TO story_ann, story_stranger;
SET ROLE story_ingest;
CREATE TABLE story.sale AS SELECT i AS id, i % 5 AS branch, 10.0 * i AS amount, date '2025-09-01' + i % 18 AS sold FROM generate_series(1, 100) AS i;
GRANT SELECT ON story.sale TO story_sales;
SET ROLE story_sales;
CREATE VIEW story.clean_sale AS SELECT * FROM story.sale WHERE amount IS NOT NULL;
CREATE VIEW story.revenue AS SELECT branch, sum(amount) AS amount FROM story.clean_sale GROUP BY branch;
RESET ROLE;

-- Who answers for what.
SELECT assay.add_owner('ingest', 'team', 'story_ingest', '{"email": "ingest@example.org", "digest": "5 minutes"}');
SELECT assay.add_owner('sales', 'team', 'story_sales', '{"email": "sales@example.org"}');
SELECT assay.add_owner('ann', 'person', 'story_ann', '{"email": "ann@example.org", "digest": "0 minutes"}');
SELECT assay.own('ingest', 'story.sale'), assay.own('sales', 'story.clean_sale'), assay.own('sales', 'story.revenue');
SELECT assay.add_data_product('revenue', 'p1', 'sales');
SELECT assay.add_to_product('revenue', 'story.sale', 'input'), assay.add_to_product('revenue', 'story.clean_sale', 'inner'), assay.add_to_product('revenue', 'story.revenue', 'output');
SELECT assay.add_rotation('weekend', '{ann}', '2025-09-01 00:00+00', '7 days', 'UTC');
SELECT assay.incident_policy('sev2', '30 minutes', '12 hours', '{"priority": "p1", "severity": "error"}',
    steps => '[{"after": "0 minutes", "tell": ["owner"]}, {"after": "1 hour", "tell": ["rotation:weekend"]}]');
SELECT assay.add_sla('product:revenue', 'availability', 0.99, 'month', '{"from": "2025-01-01", "time_zone": "UTC"}') > 0 AS promised;
SELECT count(*) FROM (SELECT assay.add_check('story.sale', 'accepted_range', 'amount', '{"min_value": 0}', name => 'amounts are positive')
    UNION ALL SELECT assay.add_check('story.clean_sale', 'accepted_range', 'amount', '{"min_value": 0}', name => 'clean amounts are positive')
    UNION ALL SELECT assay.add_check('story.revenue', 'accepted_range', 'amount', '{"min_value": 0}', name => 'no branch loses money')) AS c(added);

-- Friday, 22:30: the source delivers cents with a sign that is wrong. At 22:40 the checks run.
UPDATE story.sale SET amount = -1000 * amount WHERE branch = 2;
SELECT relation, name, status, rows_failed FROM assay.run_checks() WHERE relation LIKE 'story.%' ORDER BY relation;
-- The test turns the clock: what is of this minute is of that night.
CREATE TEMP TABLE tonight AS SELECT max(id) AS incident FROM assay.incident;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE assay.issue SET started_at = '2025-09-19 22:40+00', last_seen_at = '2025-09-19 22:40+00' WHERE incident_id = (SELECT incident FROM tonight);
UPDATE assay.incident SET started_at = '2025-09-19 22:30+00', declared_at = '2025-09-19 22:40+00' WHERE id = (SELECT incident FROM tonight);
UPDATE assay.incident_event SET at = '2025-09-19 22:40+00' WHERE incident_id = (SELECT incident FROM tonight);
UPDATE assay.notification SET created_at = '2025-09-19 22:40+00', due_at = '2025-09-19 22:45+00';
UPDATE assay.quality_history SET run_at = '2025-09-19 22:40+00' WHERE relation_name LIKE 'story.%';
COMMIT;

CREATE PROCEDURE turn(happened text, moment timestamptz) LANGUAGE sql AS $$
    SELECT set_config('session_replication_role', 'replica', true);
    UPDATE assay.incident_event SET at = moment WHERE kind = happened AND incident_id = (SELECT incident FROM tonight);
    UPDATE assay.incident SET acknowledged_at = CASE WHEN happened = 'acknowledged' THEN moment ELSE acknowledged_at END,
        mitigated_at = CASE WHEN happened = 'mitigated' THEN moment ELSE mitigated_at END, ended_at = CASE WHEN happened = 'resolved' THEN moment ELSE ended_at END
    WHERE id = (SELECT incident FROM tonight)
$$;

-- One incident of three issues, whose root is the source, for who owns that.
SELECT title, severity, status, owner, root, assets, issues, open_issues, by_policy FROM assay.incidents WHERE id = (SELECT incident FROM tonight);
SELECT asset, subject, severity, status, occurrences, owner, incident_id = (SELECT incident FROM tonight) AS gathered FROM assay.issues WHERE asset LIKE 'story.%' ORDER BY asset;
SELECT kind, actor, at FROM assay.incident_events WHERE incident_id = (SELECT incident FROM tonight) ORDER BY id;
-- It is told once, to the right one, and not for each issue to everybody downstream.
SELECT owner, kind, subject, status FROM assay.notifications WHERE incident_id = (SELECT incident FROM tonight) ORDER BY id;

-- Saturday: nobody has acknowledged it by 23:10, nor an hour later. Whoever calls, and how often, each step is taken once.
SELECT severity, cause, step, due_at, told FROM assay.escalate('2025-09-19 23:05+00');
SELECT severity, cause, step, due_at, told FROM assay.escalate('2025-09-19 23:15+00');
SELECT severity, cause, step, due_at, told FROM assay.escalate('2025-09-19 23:15+00');
SELECT severity, cause, step, due_at, told FROM assay.escalate('2025-09-20 00:20+00');
SELECT severity, cause, step, due_at, told FROM assay.escalate('2025-09-20 00:30+00');
SELECT owner, kind, subject, status FROM assay.notifications WHERE incident_id = (SELECT incident FROM tonight) ORDER BY id;

-- A stranger sees nothing of it; the owner acknowledges.
SET ROLE story_stranger;
SELECT count(*) FROM assay.incidents;
SELECT count(*) FROM assay.incident_events;
SELECT count(*) FROM assay.issues;
RESET ROLE;
GRANT SELECT ON tonight TO story_ingest, story_stranger;
SET ROLE story_stranger;
SELECT assay.acknowledge(incident, 'me') FROM tonight;
SET ROLE story_ingest;
SELECT assay.acknowledge(incident, 'the file is in cents, and of returns') FROM tonight;
RESET ROLE;
CALL turn('acknowledged', '2025-09-20 00:40+00');
SELECT count(*) FROM assay.escalate('2025-09-20 02:00+00');
-- The wrong rows are taken out: the effect is over. They are loaded again, the checks pass, and the incident is resolved.
SET ROLE story_ingest;
SELECT assay.mitigate(incident, 'branch 2 is left out') FROM tonight;
RESET ROLE;
CALL turn('mitigated', '2025-09-20 06:30+00');
UPDATE story.sale SET amount = amount / -1000 WHERE branch = 2;
SELECT relation, status FROM assay.run_checks() WHERE relation LIKE 'story.%' ORDER BY relation;
UPDATE assay.issue SET ended_at = '2025-09-20 08:55+00' WHERE incident_id = (SELECT incident FROM tonight);
SET ROLE story_ingest;
SELECT assay.resolve(incident, 'loaded again') FROM tonight;
RESET ROLE;
CALL turn('resolved', '2025-09-20 09:00+00');
SELECT status, owner, started_at, declared_at, acknowledged_at, acknowledged_by, mitigated_at, ended_at, open_issues FROM assay.incidents WHERE id = (SELECT incident FROM tonight);
SELECT at, actor, kind, note FROM assay.incident_events WHERE incident_id = (SELECT incident FROM tonight) AND kind NOT LIKE 'issue%' ORDER BY id;
-- The trail cannot be changed, not even by its superuser as long as the trigger stands.
DELETE FROM assay.incident_event;

-- What it has cost: eight hours of a month of thirty days, more than the hundredth that may fail. By the trail: from when it began to when it was mitigated.
SELECT good, bad, unknown, total, round(attained::numeric, 6) AS attained, met, round(budget_left::numeric, 6) AS budget_left FROM assay.sla_status('2025-09-30 23:55+00') WHERE target = 'product:revenue';
WITH trail AS (SELECT (SELECT started_at FROM assay.incidents WHERE id = incident) AS began,
                      (SELECT at FROM assay.incident_events AS e WHERE e.incident_id = incident AND kind = 'mitigated') AS ended FROM tonight),
     slices AS (SELECT count(*) AS all, count(*) FILTER (WHERE s < ended AND s + interval '5 minutes' > began) AS bad
                FROM trail, generate_series(timestamptz '2025-09-01 00:00+00', '2025-09-30 23:50+00', '5 minutes') AS s)
SELECT slices.all - bad AS good, bad, slices.all AS total, round((slices.all - bad)::numeric / slices.all, 6) AS attained, round(1 - bad / (0.01 * 30 * 24 * 12), 6) AS budget_left FROM slices;
SELECT round(uptime::numeric, 6) AS uptime, down, incidents FROM assay.uptime('product:revenue', '2025-08-23 00:00+00', '2025-09-22 00:00+00');
SELECT round((1 - extract(epoch FROM ended - began) / extract(epoch FROM interval '30 days'))::numeric, 6) AS uptime, ended - began AS down
FROM (SELECT (SELECT started_at FROM assay.incidents WHERE id = incident) AS began,
             (SELECT at FROM assay.incident_events AS e WHERE e.incident_id = incident AND kind = 'mitigated') AS ended FROM tonight) AS t;
-- How fast people were, by the trail alone: the first issue was found when the checks ran, somebody took it on two hours later, and it was over in the morning.
WITH trail AS (SELECT i.started_at, i.declared_at, (SELECT min(started_at) FROM assay.issues WHERE incident_id = i.id) AS found,
                      (SELECT at FROM assay.incident_events AS e WHERE e.incident_id = i.id AND kind = 'acknowledged') AS acknowledged,
                      (SELECT at FROM assay.incident_events AS e WHERE e.incident_id = i.id AND kind = 'resolved') AS resolved
               FROM tonight JOIN assay.incidents AS i ON i.id = incident)
SELECT m.metric, m.severity, m.week, m.value, m.n, m.value = CASE
    WHEN m.metric LIKE 'time_to_detect%' THEN extract(epoch FROM least(found, declared_at) - started_at)
    WHEN m.metric LIKE 'time_to_acknowledge%' THEN extract(epoch FROM acknowledged - declared_at)
    WHEN m.metric LIKE 'time_to_resolve%' THEN extract(epoch FROM resolved - declared_at)
    WHEN m.metric IN ('incidents', 'share_found_by_checks') THEN 1 END AS as_by_hand
FROM assay.reliability_metrics('2025-09-15 00:00+00', '2025-09-22 00:00+00', 'UTC') AS m, trail
WHERE m.metric NOT LIKE 'share_of%' AND m.metric <> 'uptime' AND m.n > 0 ORDER BY m.metric, m.severity NULLS FIRST;
SELECT metric, product, round(value::numeric, 6) AS value, n FROM assay.reliability_metrics('2025-08-23 00:00+00', '2025-09-22 00:00+00', 'UTC') WHERE product = 'revenue';
-- The page of the week after.
\pset format unaligned
\pset tuples_only on
SELECT assay.render_reliability('text', '2025-09-22 08:00+00');

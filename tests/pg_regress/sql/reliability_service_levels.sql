-- Service levels against minutes that are looked at one by one: weeks in which clocks change, a leap day, maintenance, what is not known, budgets.
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE ROLE level_owner;
CREATE ROLE level_reader;
CREATE ROLE level_stranger;
CREATE ROLE level_guest;
CREATE SCHEMA level;
GRANT USAGE ON SCHEMA level TO level_owner, level_reader, level_stranger;
CREATE TABLE level.orders (id int, amount float8, sold_at timestamptz);
CREATE TABLE level.stock (id int);
ALTER TABLE level.orders OWNER TO level_owner;
ALTER TABLE level.stock OWNER TO level_owner;
GRANT SELECT ON level.orders TO level_reader;

-- Maintenance is of an asset, a schema or a product, and has an end.
SET ROLE level_owner;
SELECT assay.add_check('level.orders', 'recency', 'sold_at', '{"interval": "3 hours"}', name => 'recent', tags => '{daily}') > 0 AS recent,
       assay.add_check('level.orders', 'not_null', 'amount', name => 'amount') > 0 AS amount,
       assay.add_check('level.stock', 'row_count_between', args => '{"min_value": 1}', name => 'stock') > 0 AS stock;
SELECT assay.add_maintenance('level.orders', tstzrange('2026-03-25 22:00+00', '2026-03-26 04:30+00'), 'new disks') > 0 AS added;
SELECT target, during, reason, announced, added_by FROM assay.maintenance_windows;
CALL fails($$SELECT assay.add_maintenance('level.orders', 'empty', 'none')$$);
CALL fails($$SELECT assay.add_maintenance('level.orders', tstzrange('2026-01-01', NULL), 'for ever')$$);
CALL fails($$SELECT assay.add_maintenance('level.orders', tstzrange('2026-01-01', 'infinity'), 'for ever')$$);
CALL fails($$SELECT assay.add_maintenance('level.orders', tstzrange('2026-01-01', '2026-01-02'), ' ')$$);
CALL fails($$SELECT assay.add_maintenance('level.nothing', tstzrange('2026-01-01', '2026-01-02'), 'what?')$$);
CALL fails($$SELECT assay.add_maintenance('product:nothing', tstzrange('2026-01-01', '2026-01-02'), 'what?')$$);
CALL fails($$SELECT assay.add_maintenance(NULL, tstzrange('2026-01-01', '2026-01-02'), 'what?')$$);
CALL fails($$SELECT assay.drop_maintenance(0)$$);
RESET ROLE;
SET ROLE level_reader;
SELECT target FROM assay.maintenance_windows;
CALL fails($$SELECT assay.add_maintenance('level.orders', tstzrange('2026-01-01', '2026-01-02'), 'mine')$$);
SELECT min(id) AS window FROM assay.maintenance_windows \gset
CALL fails(format('SELECT assay.drop_maintenance(%s)', :window));
RESET ROLE;
SET ROLE level_stranger;
SELECT target FROM assay.maintenance_windows;
CALL fails($$SELECT assay.drop_maintenance(1)$$);
RESET ROLE;

-- What cannot be promised.
SET ROLE level_owner;
CALL fails($$SELECT assay.add_sla('level.orders', 'speed', 0.9)$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 1)$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 'NaN')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, '1 month')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, '10 minutes')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, 'fortnight')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"slices": 1}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"metric": "auc"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'availability', 0.9, options => '{"by": "occurrences"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"slice": "7 minutes"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"valid_for": "1 month"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"valid_for": -1}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"time_zone": "Mars"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"from": "infinity"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"burn": [{"long": 3600, "short": 300, "factor": 14.4}]}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"burn": [{"long": 300, "short": 3600, "factor": 2}]}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'latency', 0.9)$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'performance', 0.9, options => '{"metric": "auc"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"checks": []}')$$);
CALL fails($$SELECT assay.drop_sla(0)$$);
RESET ROLE;
SET ROLE level_reader;
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9)$$);
RESET ROLE;

-- Results of runs, as the history keeps them. Every fifty minutes, with gaps; some fail, some could not run.
CREATE PROCEDURE ran(check_name text, run_at timestamptz, status text, value float8 DEFAULT NULL, segment jsonb DEFAULT NULL) LANGUAGE sql AS $$
    INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, segment, status, severity, metric, value, ran_as, added_by)
    SELECT run_at, c.id, c.name, c.kind, c.relation, c.relation_name, segment, status, 'error',
           CASE WHEN value IS NOT NULL THEN 'age_seconds' END, value, c.added_by, c.added_by
    FROM assay.quality_check c WHERE c.name = check_name $$;
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, ran_as, added_by)
SELECT t, c.id, c.name, c.kind, c.relation, c.relation_name,
       CASE WHEN n % 17 = 3 THEN 'fail' WHEN n % 29 = 5 THEN 'error' WHEN n % 11 = 1 THEN 'warn' ELSE 'pass' END, 'error', c.added_by, c.added_by
FROM assay.quality_check c,
     LATERAL (VALUES ('2026-03-20 00:07+00'::timestamptz, 230), ('2026-10-18 23:11+00', 260), ('2028-01-30 12:03+00', 900)) AS s(begins, runs),
     generate_series(0, runs) AS n, LATERAL (SELECT begins + n * interval '50 minutes' AS t) AS at
WHERE c.name = 'recent' AND NOT (n % 40 BETWEEN 20 AND 25);

-- What each slice was, minute by minute.
CREATE FUNCTION by_minutes(check_names text[], begins timestamptz, ends timestamptz, slice interval, valid_for interval, maintenance tstzrange[], warn_is_bad boolean DEFAULT false)
RETURNS TABLE (good bigint, bad bigint, unknown bigint, excluded bigint) LANGUAGE sql AS $$
    WITH minute AS MATERIALIZED (
        SELECT m, date_bin(slice, m, '2000-01-01 00:00+00') AS slot, COALESCE(m <@ ANY (maintenance), false) AS excluded
        FROM generate_series(begins, ends - interval '1 minute', '1 minute') AS m),
    told AS MATERIALIZED (
        SELECT m.m, l.status FROM minute m, assay.quality_check c,
        LATERAL (SELECT h.status FROM assay.quality_history h WHERE h.check_id = c.id AND h.run_at <= m.m AND h.run_at > m.m - valid_for
                 AND h.run_at = (SELECT max(run_at) FROM assay.quality_history x WHERE x.check_id = c.id AND x.run_at <= m.m)) AS l
        WHERE c.name = ANY (check_names)),
    slot AS (
        SELECT m.slot, bool_and(m.excluded) AS excluded,
               COALESCE(bool_or(NOT m.excluded AND (t.status = 'fail' OR warn_is_bad AND t.status = 'warn')), false) AS bad,
               COALESCE(bool_or(NOT m.excluded AND t.status IN ('pass', 'warn')), false) AS good
        FROM minute m LEFT JOIN told t USING (m) GROUP BY m.slot)
    SELECT count(*) FILTER (WHERE good AND NOT bad), count(*) FILTER (WHERE bad), count(*) FILTER (WHERE NOT good AND NOT bad AND NOT excluded),
           count(*) FILTER (WHERE excluded) FROM slot $$;

-- Weeks in Berlin: clocks go forward on 2026-03-29, and back on 2026-10-25. February 2028 has 29 days.
SET ROLE level_owner;
SELECT assay.add_sla('level.orders', 'freshness', 0.9, 'week', '{"time_zone": "Europe/Berlin", "valid_for": "2 hours", "from": "2026-01-01"}') AS week \gset
SELECT assay.add_sla('level.orders', 'freshness', 0.95, 'month', '{"time_zone": "Europe/Berlin", "valid_for": "70 minutes", "slice": "1 hour", "severity": "warn", "from": "2026-01-01"}') AS month \gset
SELECT assay.add_sla('level.orders', 'freshness', 0.99, '7 days', '{"valid_for": "1 hour", "slice": 60, "from": "2026-01-01", "unknown": "left_out"}') AS days \gset
SELECT target, sli, objective, period, options - 'burn' AS options FROM assay.slas ORDER BY id;
SELECT period, options -> 'burn' AS burn FROM assay.slas ORDER BY id;
RESET ROLE;
SELECT w.name, s.window_end - s.window_start AS length, s.good, s.bad, s.unknown, s.excluded, s.total,
       (s.good, s.bad, s.unknown, s.excluded) = (b.good, b.bad, b.unknown, b.excluded) AS as_by_minutes
FROM (VALUES ('forward', '2026-03-29 21:59:59.5+00'::timestamptz, '2026-03-22 23:00+00'::timestamptz, '2026-03-29 22:00+00'::timestamptz),
             ('back', '2026-10-25 22:59:59.5+00', '2026-10-18 22:00+00', '2026-10-25 23:00+00')) AS w(name, at, begins, ends),
     LATERAL assay.sla_status(w.at) s,
     LATERAL by_minutes('{recent}', w.begins, w.ends - interval '5 minutes', '5 minutes', '2 hours', (SELECT array_agg(during) FROM assay.maintenance)) b
WHERE s.id = :week ORDER BY w.name DESC;
SELECT s.window_start, s.window_end, s.good, s.bad, s.unknown, s.excluded, (s.good, s.bad, s.unknown, s.excluded) = (b.good, b.bad, b.unknown, b.excluded) AS as_by_minutes
FROM assay.sla_status('2028-02-29 22:30+00') s, by_minutes('{recent}', '2028-01-31 23:00+00', '2028-02-29 22:00+00', '1 hour', '70 minutes', NULL, true) b WHERE s.id = :month;
-- What of the month is still to come is in its budget: 5 % of 29 days.
SELECT s.budget_left_time = interval '1 hour' * (0.05 * 29 * 24 - s.bad - s.unknown) AS as_by_hand,
       abs(s.budget_left - (1 - (s.bad + s.unknown) / (0.05 * 29 * 24))) < 1e-9 AS share_as_by_hand, s.met, s.attained = s.good::float8 / s.total AS attained
FROM assay.sla_status('2028-02-10 12:00+00') s WHERE s.id = :month;
-- A window that rolls, with the same end as no slice.
SELECT s.good, s.bad, s.unknown, s.excluded, (s.good, s.bad, s.unknown, s.excluded) = (b.good, b.bad, b.unknown, b.excluded) AS as_by_minutes,
       s.attained = s.good::float8 / (s.good + s.bad) AS left_out
FROM assay.sla_status('2026-03-27 10:00:30+00') s,
     by_minutes('{recent}', '2026-03-20 10:01+00', '2026-03-27 10:00+00', '1 minute', '1 hour', (SELECT array_agg(during) FROM assay.maintenance)) b WHERE s.id = :days;

-- Without from, counting begins with the first evidence in the window.
SET ROLE level_owner;
SELECT assay.add_sla('level.orders', 'freshness', 0.9, '30 days', '{"valid_for": "2 hours"}') AS rolling \gset
RESET ROLE;
SELECT counted_from, total, good + bad + unknown = total AS adds_up FROM assay.sla_status('2026-03-24 00:00+00') WHERE id = :rolling;
-- Before there is anything nothing counts, and nothing is met.
SELECT good, bad, unknown, total, attained, met, budget_left, burn_rate, fast_burn FROM assay.sla_status('2026-01-05 00:00+00') WHERE id = :rolling;

-- By occurrences: runs, of which the worst segment counts.
CALL ran('amount', '2026-05-01 06:00+00', 'pass');
CALL ran('amount', '2026-05-02 06:00+00', 'warn');
CALL ran('amount', '2026-05-03 06:00+00', 'pass', NULL, '{"region": "north"}');
CALL ran('amount', '2026-05-03 06:00+00', 'fail', NULL, '{"region": "south"}');
CALL ran('amount', '2026-05-04 06:00+00', 'error');
CALL ran('amount', '2026-05-05 06:00+00', 'skipped');
CALL ran('amount', '2026-05-06 06:00+00', 'fail');
CALL ran('stock', '2026-05-06 06:00+00', 'pass');
SET ROLE level_owner;
SELECT assay.add_sla('level.orders', 'error_rate', 0.5, 'month', '{"checks": ["amount"]}') AS rate,
       assay.add_sla('level.orders.amount', 'completeness', 0.5, 'month', '{"unknown": "left_out", "severity": "warn"}') AS complete \gset
RESET ROLE;
SELECT assay.add_sla('schema:level', 'error_rate', 0.5, 'month', '{"kinds": ["not_null", "row_count_between"]}') AS schema \gset
SELECT assay.add_maintenance('level.orders', tstzrange('2026-05-06', '2026-05-07'), 'a move') AS moved \gset
SELECT target, sli, counted_by, good, bad, unknown, excluded, total, attained, met, budget_left, budget_left_time
FROM assay.sla_status('2026-05-31 00:00+00') WHERE id IN (:rate, :complete, :schema) ORDER BY id;
SELECT assay.drop_maintenance(:moved);
SELECT target, good, bad, unknown, excluded, met FROM assay.sla_status('2026-05-31 00:00+00') WHERE id = :rate;

-- Freshness by how old data are, as the check measured it, whatever it made of that.
SET ROLE level_owner;
SELECT assay.add_sla('level.orders', 'freshness', 0.5, 'day', '{"max_age": "2 hours", "by": "occurrences", "from": "2026-06-01"}') AS aged \gset
RESET ROLE;
CALL ran('recent', '2026-06-01 06:00+00', 'pass', 7200);
CALL ran('recent', '2026-06-01 07:00+00', 'pass', 7201);
CALL ran('recent', '2026-06-01 08:00+00', 'fail', 60);
SELECT good, bad, unknown FROM assay.sla_status('2026-06-01 12:00+00') WHERE id = :aged;

-- Latency of loads, and metrics.
SET ROLE level_owner;
SELECT assay.record_load('level.orders', '2026-06-01 01:00+00', '2026-06-01 02:00+00'),
       assay.record_load('level.orders', '2026-06-02 01:00+00', '2026-06-02 03:00:01+00'),
       assay.record_load('level.orders', '2026-06-03 01:00+00', '2026-06-03 03:00+00');
SELECT assay.record_measurement('level.orders', 'share', value, at)
FROM (VALUES (0.8, '2026-06-01'::timestamptz), (0.6, '2026-06-02'), ('NaN', '2026-06-03'), (0.95, '2026-06-04'), (0.7, '2026-06-05')) AS m(value, at);
SELECT assay.add_sla('level.orders', 'latency', 0.6, 'month', '{"max_duration": "2 hours"}') AS latency,
       assay.add_sla('level.orders', 'performance', 0.6, 'month', '{"metric": "share", "at_least": 0.7, "at_most": 0.9}') AS performance \gset
SELECT asset, metric, at, value, recorded_by FROM assay.measurements ORDER BY metric, at;
CALL fails($$SELECT assay.record_load('level.orders', '2026-06-02', '2026-06-01')$$);
CALL fails($$SELECT assay.record_load('level.orders', NULL)$$);
CALL fails($$SELECT assay.record_measurement('level.orders', '', 1)$$);
CALL fails($$SELECT assay.record_measurement('level.orders', 'load_seconds', -5)$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'performance', 0.9, options => '{"metric": "share", "at_least": 2, "at_most": 1}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, 'fortnight')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, '1 month')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"valid_for": "a while"}')$$);
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9, options => '{"from": "some day"}')$$);
CALL fails($$SELECT assay.record_measurement('level.orders', 'share', 1, 'infinity')$$);
RESET ROLE;
SET ROLE level_reader;
CALL fails($$SELECT assay.record_load('level.orders', '2026-06-02', '2026-06-03')$$);
RESET ROLE;
SELECT sli, good, bad, unknown, met FROM assay.sla_status('2026-06-30 00:00+00') WHERE id IN (:latency, :performance) ORDER BY id;

-- Availability: a sev1 and a sev2 that overlap, a sev3, one that was cancelled, one that lasts; and the product that is made of it.
SELECT assay.add_data_product('sales', 'p1') > 0 AS added;
SELECT assay.add_to_product('sales', 'level.orders', 'output'), assay.add_to_product('sales', 'level.stock', 'input');
INSERT INTO assay.incident (id, title, severity, status, started_at, declared_at, mitigated_at, ended_at) VALUES
    (101, 'late', 'sev1', 'resolved', '2026-07-01 10:00+00', '2026-07-01 10:30+00', '2026-07-01 12:00+00', '2026-07-02 12:00+00'),
    (102, 'wrong', 'sev2', 'resolved', '2026-07-01 11:00+00', '2026-07-01 11:00+00', NULL, '2026-07-01 13:02+00'),
    (103, 'odd', 'sev3', 'resolved', '2026-07-02 00:00+00', '2026-07-02 00:00+00', NULL, '2026-07-03 00:00+00'),
    (104, 'no', 'sev1', 'cancelled', '2026-07-03 00:00+00', '2026-07-03 00:00+00', NULL, '2026-07-03 01:00+00'),
    (105, 'gone', 'sev2', 'open', '2026-07-05 00:00+00', '2026-07-05 00:00+00', NULL, NULL);
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, segment_key, severity, started_at, last_seen_at, incident_id)
SELECT a.id, 'level.orders', 'check', 'recent', i::text, 'error', '2026-07-01', '2026-07-01', i
FROM assay.asset a, generate_series(101, 105) AS i WHERE a.name = 'level.orders' AND a.kind = 'relation';
SET ROLE level_owner;
SELECT assay.add_maintenance('level.orders', tstzrange('2026-07-01 12:30+00', '2026-07-01 12:50+00'), 'restart') > 0 AS added,
       assay.add_sla('level.orders', 'availability', 0.99, '7 days', '{"from": "2026-07-01"}') AS available,
       assay.add_sla('level.orders', 'availability', 0.99, 'day', '{"from": "2026-07-01"}') AS day \gset
CALL fails($$SELECT assay.add_sla('product:sales', 'availability', 0.99)$$);
RESET ROLE;
SELECT assay.add_sla('product:sales', 'availability', 0.99, '7 days', '{"from": "2026-07-01", "severities": ["sev1", "sev2", "sev3"]}') AS product \gset
-- 10:00 to 12:30 and 12:50 to 13:02: 30 and 3 slices; from 05 00:00 to 12:00 144.
SELECT target, good, bad, unknown, excluded, total, met FROM assay.sla_status('2026-07-05 12:00+00') WHERE id IN (:available, :product) ORDER BY id;
SELECT * FROM assay.uptime('level.orders', '2026-07-01 00:00+00', '2026-07-02 00:00+00');
SELECT 1 - (162 * 60) / (86400.0 - 20 * 60) AS by_hand;
SELECT * FROM assay.uptime('product:sales', '2026-07-01 00:00+00', '2026-07-02 00:00+00', '{sev1}');
SELECT * FROM assay.uptime('level.orders', '2026-07-01 12:35+00', '2026-07-01 12:40+00');
SELECT * FROM assay.uptime('level.stock', '2026-07-01 00:00+00', '2026-07-02 00:00+00');
CALL fails($$SELECT assay.uptime('level.orders', '2026-07-02', '2026-07-01')$$);
CALL fails($$SELECT assay.uptime('level.orders', '-infinity', '2026-07-01')$$);
CALL fails($$SELECT assay.uptime('level.orders', '2026-07-01', '2026-07-02', '{sev9}')$$);
CALL fails($$SELECT assay.uptime('level.orders', '2026-07-01', '2026-07-02', '{}')$$);

-- Burn rates: all of the last hour was bad, a hundred times what 99 % allow. After the end of an incident the short windows say that it is over.
SELECT round(burn_rate::numeric, 3) AS long, round(burn_rate_short::numeric, 3) AS short, fast_burn, burn_rates FROM assay.sla_status('2026-07-05 12:00+00') WHERE id = :available;
SELECT round(burn_rate::numeric, 3) AS long, round(burn_rate_short::numeric, 3) AS short, fast_burn FROM assay.sla_status('2026-07-01 13:40+00') WHERE id = :available;
-- That nothing is known alone is none.
SELECT unknown > 0 AS unknown, bad, round(burn_rate::numeric, 3) AS long, fast_burn FROM assay.sla_status('2026-04-20 00:00+00') WHERE id = :week;

-- An alarm is told once while it lasts, ends, and begins again.
SELECT assay.add_owner('level team', 'team') > 0 AS added;
SELECT assay.own('level team', 'level.orders');
SELECT count(*) FROM assay.escalate('2026-07-01 12:20+00');
SELECT count(*) FROM assay.escalate('2026-07-01 12:25+00');
SELECT began_at, ended_at FROM assay.sla_alarms WHERE sla_id = :available ORDER BY began_at;
SELECT count(*) FROM assay.escalate('2026-07-01 13:40+00');
SELECT count(*) FROM assay.escalate('2026-07-05 12:00+00');
SELECT target, sli, began_at, ended_at, burn_rates -> 0 ->> 'long_rate' AS long_rate FROM assay.sla_alarms WHERE sla_id = :available ORDER BY began_at;
SELECT at, s.alarm_since FROM (VALUES ('2026-07-01 12:00+00'::timestamptz), ('2026-07-01 12:30+00'), ('2026-07-01 14:00+00'), ('2026-07-05 13:00+00')) AS a(at),
    LATERAL assay.sla_status(at) s WHERE s.id = :available ORDER BY at;
SELECT n.kind, i ->> 'text' AS text FROM assay.notification n, jsonb_array_elements(n.items) AS i WHERE n.kind = 'burn' AND n.subject ~ 'availability' ORDER BY n.id, 2;

-- Who sees what: who may see the target.
SET ROLE level_reader;
SELECT target, sli FROM assay.slas ORDER BY id;
SELECT count(*) = (SELECT count(*) FROM assay.slas) AS same FROM assay.sla_status;
SELECT count(*) FROM assay.measurements;
SELECT incidents FROM assay.uptime('level.orders', '2026-07-01 00:00+00', '2026-07-02 00:00+00');
CALL fails($$SELECT assay.uptime('level.stock')$$);
CALL fails(format('SELECT assay.drop_sla(%s)', :week));
RESET ROLE;
SET ROLE level_stranger;
SELECT target FROM assay.slas;
SELECT target FROM assay.sla_status;
SELECT count(*) FROM assay.measurements;
CALL fails($$SELECT assay.uptime('level.orders')$$);
CALL fails($$SELECT * FROM assay.sla$$);
CALL fails($$SELECT assay.drop_sla(1)$$);
RESET ROLE;
-- Of a schema who may use it, and its owner.
SELECT assay.add_maintenance('schema:level', tstzrange('2026-08-01', '2026-08-02'), 'a move') > 0 AS added;
CREATE VIEW of_schema AS
SELECT (SELECT count(*) FROM assay.slas WHERE target = 'schema:level') AS slas, (SELECT count(*) FROM assay.sla_status WHERE target = 'schema:level') AS standing,
       (SELECT count(*) FROM assay.maintenance_windows WHERE target = 'schema:level') AS maintenance, (SELECT count(*) FROM assay.assets WHERE kind = 'schema') AS assets;
GRANT SELECT ON of_schema TO level_stranger, level_guest;
SET ROLE level_guest;
SELECT * FROM of_schema;
CALL fails($$SELECT assay.uptime('schema:level')$$);
RESET ROLE;
SET ROLE level_stranger;
SELECT * FROM of_schema;
SELECT incidents FROM assay.uptime('schema:level', '2026-07-01 00:00+00', '2026-07-02 00:00+00');
RESET ROLE;
ALTER SCHEMA level OWNER TO level_guest;
REVOKE USAGE ON SCHEMA level FROM level_guest;
SET ROLE level_guest;
SELECT has_schema_privilege('level', 'USAGE') AS may_use, * FROM of_schema;
RESET ROLE;
ALTER SCHEMA level OWNER TO CURRENT_USER;

-- A promise survives the table that is rebuilt, and goes by hand only. A role with promises is not dropped.
SET ROLE level_owner;
SELECT assay.drop_sla(:days);
CALL fails(format('SELECT assay.drop_sla(%s)', :days));
CALL fails($$SELECT * FROM assay.sla_status(NULL)$$);
CALL fails($$SELECT * FROM assay.sla_status('infinity')$$);
RESET ROLE;
CREATE TABLE level.orders_new (LIKE level.orders);
ALTER TABLE level.orders_new OWNER TO level_owner;
DROP TABLE level.orders;
ALTER TABLE level.orders_new RENAME TO orders;
SELECT target, good, bad FROM assay.sla_status('2026-05-31 00:00+00') WHERE id = :rate;
REASSIGN OWNED BY level_owner TO CURRENT_USER;
REVOKE ALL ON SCHEMA level FROM level_owner;
CALL fails('DROP ROLE level_owner');
BEGIN READ ONLY;
CALL fails($$SELECT assay.add_sla('level.orders', 'freshness', 0.9)$$);
SELECT count(*) > 0 AS reads FROM assay.sla_status;
ROLLBACK;

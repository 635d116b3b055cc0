-- How well promises are kept: what is measured beside checks, how service levels stand, and when their budgets burn fast.

CREATE TABLE assay.measurement (
    asset_id    bigint NOT NULL REFERENCES assay.asset ON DELETE CASCADE,
    metric      text COLLATE "C" NOT NULL,
    at          timestamptz NOT NULL,
    value       double precision NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT measurement_pkey PRIMARY KEY (asset_id, metric, at)
);
ALTER TABLE assay.measurement DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.measurement IS 'What was measured of assets beside checks. Read the view assay.measurements instead.';
COMMENT ON COLUMN assay.measurement.asset_id IS 'The asset.';
COMMENT ON COLUMN assay.measurement.metric IS 'What the figure is: load_seconds, or the name of a metric.';
COMMENT ON COLUMN assay.measurement.at IS 'When it was so: of a load when it finished.';
COMMENT ON COLUMN assay.measurement.value IS 'The figure.';
COMMENT ON COLUMN assay.measurement.recorded_by IS 'The name of the role that recorded it, as it was then.';

CREATE TABLE assay.sla_alarm (
    sla_id     bigint NOT NULL REFERENCES assay.sla ON DELETE CASCADE,
    began_at   timestamptz NOT NULL,
    ended_at   timestamptz,
    burn_rates jsonb NOT NULL,
    CONSTRAINT sla_alarm_pkey PRIMARY KEY (sla_id, began_at)
);
ALTER TABLE assay.sla_alarm DISABLE TRIGGER ALL;
-- An alarm is given once, whoever sees it first.
CREATE UNIQUE INDEX sla_alarm_open_idx ON assay.sla_alarm (sla_id) WHERE ended_at IS NULL;
COMMENT ON TABLE assay.sla_alarm IS 'When budgets burnt fast. Read the view assay.sla_alarms instead.';
COMMENT ON COLUMN assay.sla_alarm.sla_id IS 'The service level.';
COMMENT ON COLUMN assay.sla_alarm.began_at IS 'When it was first seen that its budget burns fast.';
COMMENT ON COLUMN assay.sla_alarm.ended_at IS 'When it was first seen that it does not any more.';
COMMENT ON COLUMN assay.sla_alarm.burn_rates IS 'The rates when it began, as assay.sla_status shows them.';

CREATE VIEW assay.slas WITH (security_barrier) AS
    SELECT s.id, assay_internal.target_label(s.asset_id, s.product_id) AS target, s.sli, s.objective, s.period, s.options,
           s.added_by::pg_catalog.regrole AS added_by, s.added_at
    FROM assay.sla s
    WHERE assay_internal.may_see_target(s.asset_id, s.product_id);
COMMENT ON VIEW assay.slas IS
'What is promised of the targets that the current role may know of. How well it is kept is in assay.sla_status.
Example: SELECT target, sli, objective, period FROM assay.slas ORDER BY id';
COMMENT ON COLUMN assay.slas.id IS 'The service level''s key, which assay.drop_sla takes.';
COMMENT ON COLUMN assay.slas.target IS 'The asset, or product: with a data product''s name.';
COMMENT ON COLUMN assay.slas.sli IS 'What is measured: freshness, error_rate, availability, completeness, latency or performance.';
COMMENT ON COLUMN assay.slas.objective IS 'The share of slices or occurrences that are to be good.';
COMMENT ON COLUMN assay.slas.period IS 'The window: an interval that rolls, or day, week, month, quarter or year of the calendar.';
COMMENT ON COLUMN assay.slas.options IS 'How it is measured: the options of assay.add_sla, all that apply, with durations in seconds.';
COMMENT ON COLUMN assay.slas.added_by IS 'The role that added it.';
COMMENT ON COLUMN assay.slas.added_at IS 'When.';
GRANT SELECT ON assay.slas TO PUBLIC;

CREATE VIEW assay.measurements WITH (security_barrier) AS
    SELECT assay_internal.target_label(m.asset_id, NULL) AS asset, m.metric, m.at, m.value, m.recorded_by
    FROM assay.measurement m
    WHERE assay_internal.may_see_target(m.asset_id, NULL);
COMMENT ON VIEW assay.measurements IS
'What assay.record_load and assay.record_measurement keep of assets that the current role may know of.
Example: SELECT asset, metric, at, value FROM assay.measurements ORDER BY at DESC LIMIT 5';
COMMENT ON COLUMN assay.measurements.asset IS 'The asset.';
COMMENT ON COLUMN assay.measurements.metric IS 'load_seconds, or the name of a metric.';
COMMENT ON COLUMN assay.measurements.at IS 'When it was so: of a load when it finished.';
COMMENT ON COLUMN assay.measurements.value IS 'The figure.';
COMMENT ON COLUMN assay.measurements.recorded_by IS 'The name of the role that recorded it, as it was then.';
GRANT SELECT ON assay.measurements TO PUBLIC;

CREATE VIEW assay.sla_alarms WITH (security_barrier) AS
    SELECT a.sla_id, assay_internal.target_label(s.asset_id, s.product_id) AS target, s.sli, a.began_at, a.ended_at, a.burn_rates
    FROM assay.sla_alarm a
    JOIN assay.sla s ON s.id OPERATOR(pg_catalog.=) a.sla_id
    WHERE assay_internal.may_see_target(s.asset_id, s.product_id);
COMMENT ON VIEW assay.sla_alarms IS
'When budgets burnt fast, as assay.escalate saw it, of targets that the current role may know of.
Example: SELECT target, sli, began_at, ended_at FROM assay.sla_alarms ORDER BY began_at';
COMMENT ON COLUMN assay.sla_alarms.sla_id IS 'The service level.';
COMMENT ON COLUMN assay.sla_alarms.target IS 'What it is about.';
COMMENT ON COLUMN assay.sla_alarms.sli IS 'What is measured.';
COMMENT ON COLUMN assay.sla_alarms.began_at IS 'When it was first seen that its budget burns fast.';
COMMENT ON COLUMN assay.sla_alarms.ended_at IS 'When it was first seen that it does not any more; NULL while it does.';
COMMENT ON COLUMN assay.sla_alarms.burn_rates IS 'The rates when it began.';
GRANT SELECT ON assay.sla_alarms TO PUBLIC;

CREATE FUNCTION assay.add_sla(target text, sli text, objective double precision, period text DEFAULT '30 days', options jsonb DEFAULT '{}') RETURNS bigint
AS 'MODULE_PATHNAME', 'add_sla_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.add_sla(text, text, double precision, text, jsonb) IS
'Promises a service level, and gives its number. target: an asset (a relation stands for its columns and checks, schema:NAME for what is in it), or product:NAME for the product''s assets but for its inputs. objective: the share that is to be good, above 0 and below 1. period: an interval that rolls, from an hour to 366 days, or day, week, month, quarter, year of the calendar.
sli: freshness: checks of kind recency pass; with max_age their age_seconds is at most that. error_rate: results of checks are no failures. completeness: those of checks that nothing is missing (not_null, not_null_proportion, not_empty, row_count_between, row_count_ratio, equal_rowcount, null_share_by_segment, no_gaps). availability: no incident of severities ([sev1, sev2]), from when it started until it was mitigated or resolved. latency: loads that assay.record_load keeps take at most max_duration. performance: the metric that assay.record_measurement keeps is at_least and at_most that, and no issue of performance is open.
Options: by: slices (of time, as long as slice, 5 minutes) or occurrences (results, loads); by default slices for freshness and availability, which knows no other. valid_for (1 day): how long a result speaks until the next one. checks, tags, kinds: which checks count. severity: error (warnings are good) or warn (they are bad). unknown: bad, where nothing is known counts as not good, or left_out. from: when counting begins; without a zone in it by the session''s. time_zone (UTC): of the calendar. burn: pairs of windows and how many times faster than it may a budget has to burn by both of them, such as [{"long": "1 hour", "short": "5 minutes", "factor": 14.4}]; by default 2 % of the budget in an hour and 5 % in six, the short window a twelfth, if that is no slower than it may. Durations are texts or seconds.
Takes who may say things of the target. Errors: 22023 an argument or option, ML022 no such asset, ML024 no such product, 42501, 25006.
Example: SELECT assay.add_sla(''public.application'', ''error_rate'', 0.95, ''week'', ''{"tags": ["daily"], "time_zone": "Europe/Berlin"}'')';

CREATE FUNCTION assay.drop_sla(id bigint) RETURNS void
AS 'MODULE_PATHNAME', 'drop_sla_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.drop_sla(bigint) IS
'Takes a promise back, with its alarms. Takes who may make it. Errors: 22023 a NULL, ML029 no such service level, 42501, 25006.
Example: SELECT assay.drop_sla(id) FROM assay.slas WHERE target = ''public.application''';

CREATE FUNCTION assay.record_load(asset text, started_at timestamptz, finished_at timestamptz DEFAULT pg_catalog.clock_timestamp()) RETURNS void
AS 'MODULE_PATHNAME', 'record_load_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.record_load(text, timestamptz, timestamptz) IS
'Keeps how long a load of an asset took, for service levels of latency: to be called when it has finished. Two that finish at one time are one. What is older than 800 days goes by and by. Takes who may say things of the asset. Errors: 22023 a NULL, a time that is infinite, a load that finished before it started, ML022 no such asset, 42501, 25006.
Example: SELECT assay.record_load(''public.application'', now() - interval ''20 minutes'')';

CREATE FUNCTION assay.record_measurement(asset text, metric text, value double precision, at timestamptz DEFAULT pg_catalog.now()) RETURNS void
AS 'MODULE_PATHNAME', 'record_measurement_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.record_measurement(text, text, double precision, timestamptz) IS
'Keeps a figure of an asset, such as a metric of a model that assay.performance gives, for service levels of performance. Another one of the same metric and time takes its place. What is older than 800 days goes by and by. Takes who may say things of the asset. Errors: 22023 a NULL, a time that is infinite, the metric load_seconds, which assay.record_load keeps, 42602 a name that cannot be used, ML022 no such asset, 42501, 25006.
Example: SELECT assay.record_measurement(''model:credit'', ''roc_auc'', 0.81)';

CREATE FUNCTION assay.sla_status(at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (id bigint, target text, sli text, objective double precision, period text, counted_by text, window_start timestamptz, window_end timestamptz,
               counted_from timestamptz, good bigint, bad bigint, unknown bigint, excluded bigint, total bigint, attained double precision, met boolean,
               budget_left double precision, budget_left_time interval, burn_rate double precision, burn_rate_short double precision, fast_burn boolean,
               alarm_since timestamptz, burn_rates jsonb)
AS 'MODULE_PATHNAME', 'sla_status_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 30;
COMMENT ON FUNCTION assay.sla_status(timestamptz) IS
'How each service level stands at a time, of targets that the current role may know of: figures over all evidence there is, which are counts and no values of rows. A slice of time is bad where it was bad at any time of it, else good where something said so, else unknown; what is unknown is not good. Slices that have not ended do not count yet; one under maintenance all the time is excluded. A result of a check speaks from its run on, until the next one; one that could not run says nothing. By occurrences, results are counted; several of one run of a check are one, the worst.
Counting begins at the option from, else when the service level was added or, if earlier, with the first evidence in the window; of availability when the target was recorded.
attained: good of total, or with unknown left_out of good and bad. budget_left: the share of the error budget, (1 - objective) of the whole window, that is left, below 0 where more was spent; budget_left_time: the same as time, where slices are counted. burn_rate, burn_rate_short: how many times faster than it may the budget burns by the windows of the first pair; fast_burn: whether it is too fast by both windows of any pair, and something was bad; burn_rates: all pairs. Errors: 22023 a NULL or infinite time.
Example: SELECT target, sli, good, total, unknown, attained, met, budget_left FROM assay.sla_status() ORDER BY id';

CREATE VIEW assay.sla_status WITH (security_barrier) AS
    SELECT id, target, sli, objective, period, counted_by, window_start, window_end, counted_from, good, bad, unknown, excluded, total, attained, met,
           budget_left, budget_left_time, burn_rate, burn_rate_short, fast_burn, alarm_since, burn_rates
    FROM assay.sla_status();
COMMENT ON VIEW assay.sla_status IS
'How each service level stands now: assay.sla_status() as a view, for tools that list tables.
Example: SELECT target, sli, attained, objective FROM assay.sla_status WHERE NOT met';
COMMENT ON COLUMN assay.sla_status.id IS 'The service level.';
COMMENT ON COLUMN assay.sla_status.target IS 'What it is about.';
COMMENT ON COLUMN assay.sla_status.sli IS 'What is measured.';
COMMENT ON COLUMN assay.sla_status.objective IS 'The share that is to be good.';
COMMENT ON COLUMN assay.sla_status.period IS 'The window: an interval that rolls, or a unit of the calendar.';
COMMENT ON COLUMN assay.sla_status.counted_by IS 'slices or occurrences.';
COMMENT ON COLUMN assay.sla_status.window_start IS 'When the window begins.';
COMMENT ON COLUMN assay.sla_status.window_end IS 'When it ends: of one that rolls, now.';
COMMENT ON COLUMN assay.sla_status.counted_from IS 'From when on it counts.';
COMMENT ON COLUMN assay.sla_status.good IS 'Good slices or occurrences.';
COMMENT ON COLUMN assay.sla_status.bad IS 'Bad ones.';
COMMENT ON COLUMN assay.sla_status.unknown IS 'Those of which there is no evidence.';
COMMENT ON COLUMN assay.sla_status.excluded IS 'Those under maintenance, which are in none of the others.';
COMMENT ON COLUMN assay.sla_status.total IS 'Good, bad and unknown ones.';
COMMENT ON COLUMN assay.sla_status.attained IS 'The share that was good; NULL where nothing counts.';
COMMENT ON COLUMN assay.sla_status.met IS 'Whether that is at least the objective.';
COMMENT ON COLUMN assay.sla_status.budget_left IS 'The share of the error budget that is left, below 0 where more was spent.';
COMMENT ON COLUMN assay.sla_status.budget_left_time IS 'The same as time; NULL where occurrences are counted.';
COMMENT ON COLUMN assay.sla_status.burn_rate IS 'How many times faster than it may the budget burns, by the long window of the first pair.';
COMMENT ON COLUMN assay.sla_status.burn_rate_short IS 'The same by the short window.';
COMMENT ON COLUMN assay.sla_status.fast_burn IS 'Whether it burns too fast by both windows of a pair.';
COMMENT ON COLUMN assay.sla_status.alarm_since IS 'Since when there is an alarm, as assay.escalate saw it; NULL without one.';
COMMENT ON COLUMN assay.sla_status.burn_rates IS 'Each pair of windows: long and short in seconds, factor, long_rate, short_rate and fast_burn.';
GRANT SELECT ON assay.sla_status TO PUBLIC;

CREATE FUNCTION assay.uptime(target text, "from" timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) '30 days'::pg_catalog.interval, "to" timestamptz DEFAULT pg_catalog.now(),
    severities text[] DEFAULT '{sev1,sev2}')
RETURNS TABLE (uptime double precision, down interval, maintenance interval, incidents bigint)
AS 'MODULE_PATHNAME', 'uptime_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.uptime(text, timestamptz, timestamptz, text[]) IS
'The uptime of an asset or a product: 1 minus the share of the time in incidents of the severities, from when each started until it was mitigated or resolved. Overlaps count once, time under maintenance (shown in maintenance) not at all; cancelled incidents are none. target: as assay.add_sla takes it. uptime is NULL where all of the time was maintenance. Takes who may know of the target. Errors: 22023 an argument, ML022 no such asset, ML024 no such product, 42501.
Example: SELECT uptime, down, maintenance, incidents FROM assay.uptime(''public.application'')';

CREATE TRIGGER inserted AFTER INSERT ON assay.sla REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.sla REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.sla REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('slas', 'added_by');

SELECT pg_catalog.pg_extension_config_dump('assay.measurement', '');
SELECT pg_catalog.pg_extension_config_dump('assay.sla_alarm', '');

-- Whether somebody looks after what assay.unowned_assets would list without an owner: who asks learns of no other assets. A dbt test of a column is
-- one of its table; a check that does not run, or whose place a stranger's table has taken, is none.
CREATE VIEW assay_internal.watched_asset WITH (security_barrier) AS
    SELECT a.asset, a.kind, a.owner IS NOT NULL AS has_owner,
           c.relation IS NOT NULL OR d.asset_id IS NOT NULL AS has_tests,
           p.asset_id IS NOT NULL OR s.schema_name IS NOT NULL AS has_sla
    FROM assay.assets a
    LEFT JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) r.relnamespace
    LEFT JOIN (
        SELECT DISTINCT t.relation
        FROM assay.quality_check q
        CROSS JOIN LATERAL assay_internal.asset_relation(q.relation::pg_catalog.oid, q.relation_name, q.relation_owner::pg_catalog.oid,
            q.added_by::pg_catalog.oid) AS t(relation)
        WHERE q.enabled AND t.relation IS NOT NULL) c ON c.relation OPERATOR(pg_catalog.=) r.oid
    LEFT JOIN (
        SELECT DISTINCT COALESCE(x.base_id, x.id) AS asset_id
        FROM assay.dbt_node t JOIN assay.asset x ON x.id OPERATOR(pg_catalog.=) t.asset_id
        WHERE t.kind OPERATOR(pg_catalog.=) ANY ('{test,unit_test}')) d ON d.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT l.asset_id FROM assay.sla l WHERE l.asset_id IS NOT NULL
        UNION
        SELECT m.asset_id FROM assay.sla l JOIN assay.product_asset m ON m.product_id OPERATOR(pg_catalog.=) l.product_id
        WHERE m.role OPERATOR(pg_catalog.<>) 'input') p ON p.asset_id OPERATOR(pg_catalog.=) a.id
    LEFT JOIN (
        SELECT DISTINCT x.name AS schema_name
        FROM assay.sla l JOIN assay.asset x ON x.id OPERATOR(pg_catalog.=) l.asset_id
        WHERE x.kind OPERATOR(pg_catalog.=) 'schema') s ON s.schema_name OPERATOR(pg_catalog.=) n.nspname::pg_catalog.text
    WHERE a.kind OPERATOR(pg_catalog.<>) ALL ('{column,check,schema}')
      AND (a.relation IS NOT NULL OR a.kind OPERATOR(pg_catalog.<>) 'relation');
COMMENT ON VIEW assay_internal.watched_asset IS
'The tables and views, models, dashboards and sources that the current role may know of, and whether somebody looks after each: the base of the shares of assay.reliability_metrics.';
COMMENT ON COLUMN assay_internal.watched_asset.asset IS 'The asset, as people write it.';
COMMENT ON COLUMN assay_internal.watched_asset.kind IS 'relation, model, dashboard or source.';
COMMENT ON COLUMN assay_internal.watched_asset.has_owner IS 'Whether somebody answers for it.';
COMMENT ON COLUMN assay_internal.watched_asset.has_tests IS 'Whether a stored check of it runs, or a manifest of dbt has a test of it.';
COMMENT ON COLUMN assay_internal.watched_asset.has_sla IS 'Whether a service level is promised of it, of its schema, or of a product that it is an inner part or an output of.';
GRANT SELECT ON assay_internal.watched_asset TO PUBLIC;

CREATE FUNCTION assay.reliability_metrics("from" timestamptz DEFAULT pg_catalog.now() OPERATOR(pg_catalog.-) '90 days'::pg_catalog.interval, "to" timestamptz DEFAULT pg_catalog.now(), time_zone text DEFAULT 'UTC')
RETURNS TABLE (metric text, severity text, product text, week date, value double precision, n bigint)
AS 'MODULE_PATHNAME', 'reliability_metrics_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 50;
COMMENT ON FUNCTION assay.reliability_metrics(timestamptz, timestamptz, text) IS
'How reliable things are, one figure per row, over incidents that were declared from a time on, before another; cancelled ones and those merged into another are none.
time_to_detect_median and _p75: seconds from when an incident started until its first issue was found or it was declared; time_to_acknowledge: from when it was declared until somebody took it on; time_to_resolve: until it was resolved; each of all, and per severity, with n the incidents that it is known of. incidents: their number per severity and week (its Monday in time_zone). share_found_by_checks: of incidents that a policy declared, or of which an issue was found before people declared them. uptime: per product, as assay.uptime gives it; n incidents. share_of_assets_with_tests: of the n tables and views of assay.assets those of which a stored check runs or a manifest of dbt has a test; share_of_assets_with_owner, _with_sla: of its n tables and views, models, dashboards and sources, those that assay.unowned_assets does not list, and those of which, or of whose schema or data product, a service level is promised.
Incidents count that the current role may see, for roles with the rights of the database''s owner all; products and assets that it may see. Errors: 22023 an argument.
Example: SELECT metric, severity, value, n FROM assay.reliability_metrics(now() - interval ''30 days'') WHERE metric LIKE ''time%''';

CREATE VIEW assay.reliability_metrics WITH (security_barrier) AS
    SELECT metric, severity, product, week, value, n FROM assay.reliability_metrics();
COMMENT ON VIEW assay.reliability_metrics IS
'How reliable things have been for 90 days: assay.reliability_metrics() as a view, for tools that list tables.
Example: SELECT metric, value, n FROM assay.reliability_metrics WHERE metric LIKE ''share%''';
COMMENT ON COLUMN assay.reliability_metrics.metric IS 'What the figure is.';
COMMENT ON COLUMN assay.reliability_metrics.severity IS 'Of incidents of which severity; NULL for all.';
COMMENT ON COLUMN assay.reliability_metrics.product IS 'Of which data product; NULL for all.';
COMMENT ON COLUMN assay.reliability_metrics.week IS 'Of which week, by its Monday; NULL for all of the time.';
COMMENT ON COLUMN assay.reliability_metrics.value IS 'The figure: seconds, a number or a share.';
COMMENT ON COLUMN assay.reliability_metrics.n IS 'Of how many incidents or assets.';
GRANT SELECT ON assay.reliability_metrics TO PUBLIC;

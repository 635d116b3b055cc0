#!/usr/bin/env python3
"""What assay.sla_status takes: 500 service levels over 90 days of slices of 5 minutes, by how often their checks ran.

    scripts/bench/reliability_levels.py DATABASE [SERVICE_LEVELS]

DATABASE is one of its own with the extension in it, and nothing else; psql finds the server as usual. A superuser runs it. Prints the median of five
calls and the slowest, for results every day, every six hours and every hour, with an incident a week and maintenance.
"""

import re
import statistics
import subprocess
import sys

DAYS = 90
PREPARE = """
CREATE SCHEMA IF NOT EXISTS level_bench;
DO $$ BEGIN FOR i IN 1..{count} LOOP
    EXECUTE format('CREATE TABLE IF NOT EXISTS level_bench.t%s (at timestamptz)', i);
    PERFORM assay.add_check(format('level_bench.t%s', i)::regclass, 'recency', 'at', '{{"interval": "1 day"}}', name => 'level_bench_' || i);
    PERFORM assay.add_sla(format('level_bench.t%s', i), CASE i % 4 WHEN 0 THEN 'availability' WHEN 1 THEN 'error_rate' ELSE 'freshness' END, 0.99, '90 days',
        '{{"from": "2026-01-01"}}');
    IF i % 10 = 0 THEN
        PERFORM assay.add_maintenance(format('level_bench.t%s', i), tstzrange('2026-06-06 22:00', '2026-06-07 04:00'), 'bench');
    END IF;
END LOOP; END $$;
INSERT INTO assay.incident (id, title, severity, status, started_at, declared_at, ended_at)
SELECT 1000000 + w, 'bench', 'sev2', 'resolved', at, at, at + interval '3 hours'
FROM generate_series(1, 12) AS w, LATERAL (SELECT '2026-04-05 10:00'::timestamptz + w * interval '7 days' AS at) AS x;
INSERT INTO assay.issue (asset_id, asset_name, kind, subject, segment_key, severity, started_at, last_seen_at, incident_id)
SELECT a.id, a.name, 'check', 'bench', i.id::text, 'error', i.started_at, i.started_at, i.id
FROM assay.asset a, assay.incident i WHERE a.name LIKE 'level\\_bench.%' AND a.id % 12 = i.id % 12;
"""
RESULTS = """
DELETE FROM assay.quality_history WHERE name LIKE 'level\\_bench\\_%';
INSERT INTO assay.quality_history (run_at, check_id, name, kind, relation, relation_name, status, severity, metric, value, threshold, rows_evaluated, ran_as, added_by)
SELECT t + c.id % 300 * interval '1 second', c.id, c.name, c.kind, c.relation, c.relation_name, CASE WHEN (c.id * 31 + n) % 97 = 0 THEN 'fail' ELSE 'pass' END,
       'error', 'age_seconds', n, 'within 1 day', 1000, c.added_by, c.added_by
FROM generate_series(0, {days} * 86400 / {every} - 1) AS n, LATERAL (SELECT '2026-04-02'::timestamptz + n * {every} * interval '1 second' AS t) AS x, assay.quality_check c
WHERE c.name LIKE 'level\\_bench\\_%';
VACUUM ANALYZE assay.quality_history;
"""
STATUS = "SELECT count(*), sum(good), sum(bad), sum(unknown), sum(excluded) FROM assay.sla_status('2026-07-01 00:00+00');"


def run(database, script):
    command = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", database]
    return subprocess.run(command, input=script, text=True, check=True, stdout=subprocess.PIPE).stdout


def main():
    database, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500
    run(database, "SET timezone = 'UTC'; SET client_min_messages = error;" + PREPARE.format(count=count))
    for name, every in [("every day", 86400), ("every 6 hours", 21600), ("every hour", 3600)]:
        run(database, "SET timezone = 'UTC';" + RESULTS.format(days=DAYS, every=every))
        output = run(database, "\\timing on\n" + STATUS * 6)
        times = [float(time) for time in re.findall(r"Time: ([0-9.]+) ms", output)][1:]
        rows = run(database, "SELECT count(*) FROM assay.quality_history").strip()
        print(f"{count} service levels, results {name} ({rows}): median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms; {output.splitlines()[0]}")


main()

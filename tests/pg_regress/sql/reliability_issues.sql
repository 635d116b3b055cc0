-- Issues: what is found wrong is one issue until it passes, and whoever may know of it sees it.

CREATE TABLE parcel (id int, weight float8, depot text, seen timestamptz);
INSERT INTO parcel SELECT i, i, (ARRAY['north', 'south'])[i % 2 + 1], now() FROM generate_series(1, 40) AS i;
SELECT assay.add_check('parcel', 'not_null', 'weight', name => 'weighed') AS weighed \gset
SELECT assay.add_check('parcel', 'not_null', 'weight', name => 'by depot', group_by => '{depot}') AS by_depot \gset
SELECT assay.add_check('parcel', 'accepted_range', 'weight', '{"max_value": 100}', name => 'heavy', severity => 'warn') AS heavy \gset
SELECT assay.add_check('parcel', 'recency', 'seen', '{"interval": "1 day"}', name => 'fresh') AS fresh \gset
CREATE VIEW told AS
    SELECT asset, subject, kind, segment, status, severity, occurrences AS times, passes, reopenings AS again, flapping, message
    FROM assay.issues WHERE asset LIKE 'public.parcel%';
SELECT count(*) FROM assay.run_checks('parcel');
SELECT * FROM told;

-- The first failure opens one issue for each check and segment, further ones are counted. A warning is one, and so is a check that is late.
UPDATE parcel SET weight = NULL WHERE id IN (2, 4);
UPDATE parcel SET weight = 200 WHERE id = 6;
UPDATE parcel SET seen = now() - interval '3 days';
SELECT count(*) FROM assay.run_checks('parcel');
SELECT count(*) FROM assay.run_checks('parcel');
SELECT asset, subject, kind, segment, status, severity, times, regexp_replace(message, '3 days.* old', '...') AS message FROM told ORDER BY subject;
SELECT count(*) AS issues, bool_and(started_at < last_seen_at AND ended_at IS NULL) AS are_open FROM assay.issues;
-- A pass closes it; what fails in another segment is another issue.
UPDATE parcel SET weight = 1 WHERE id IN (2, 4, 6);
UPDATE parcel SET weight = NULL WHERE id = 1;
UPDATE parcel SET seen = now();
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, segment, status, severity, times, passes FROM told ORDER BY subject, segment::text;
-- Found again within 24 hours it is the same issue; after that it is a new one. From the third time on it is told that it comes and goes.
UPDATE parcel SET weight = 1 WHERE id = 1;
SELECT count(*) FROM assay.run_checks('parcel');
UPDATE parcel SET weight = NULL WHERE id = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, times, again, flapping FROM told WHERE subject = 'weighed';
UPDATE assay.issue SET reopenings = 2 WHERE subject = 'weighed';
UPDATE parcel SET weight = 1;
SELECT count(*) FROM assay.run_checks('parcel');
UPDATE parcel SET weight = NULL WHERE id = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, times, again, flapping FROM told WHERE subject = 'weighed';
UPDATE parcel SET weight = 1;
SELECT count(*) FROM assay.run_checks('parcel');
UPDATE assay.issue SET ended_at = ended_at - interval '24 hours 1 minute';
UPDATE parcel SET weight = NULL WHERE id = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, times, again, flapping FROM told WHERE subject = 'weighed' ORDER BY status;
-- After so many passes as were asked for.
SELECT assay.close_after(:weighed, 3);
UPDATE parcel SET weight = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, passes FROM told WHERE subject = 'weighed' AND again = 0;
SELECT count(*) FROM assay.run_checks('parcel');
UPDATE parcel SET weight = NULL WHERE id = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, passes FROM told WHERE subject = 'weighed' AND again = 0;
UPDATE parcel SET weight = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT count(*) FROM assay.run_checks('parcel');
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, passes FROM told WHERE subject = 'weighed' AND again = 0;
SELECT assay.close_after(:weighed, 1);
CALL fails(format('SELECT assay.close_after(%s, 0)', :weighed));
CALL fails('SELECT assay.close_after(1, NULL)');
CALL fails('SELECT assay.close_after(-1, 1)');
-- What becomes worse is worse from then on.
SELECT assay.add_check('parcel', 'accepted_range', 'weight', '{"max_value": 100}', name => 'limit', warn_if => '>0', error_if => '>2') AS limit_id \gset
UPDATE parcel SET weight = 200 WHERE id = 6;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, severity FROM told WHERE subject = 'limit';
UPDATE parcel SET weight = 200 WHERE id < 6;
SELECT count(*) FROM assay.run_checks('parcel');
UPDATE parcel SET weight = 1 WHERE id < 6;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, severity, times FROM told WHERE subject = 'limit';
-- A check that cannot run is an issue, told as such; its segments' issues are neither counted nor closed by that.
UPDATE parcel SET weight = NULL WHERE id IN (1, 2);
SELECT count(*) FROM assay.run_checks('parcel');
ALTER TABLE parcel RENAME weight TO mass;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, segment, status, times, message FROM told WHERE subject = 'by depot' ORDER BY status, segment::text;
ALTER TABLE parcel RENAME mass TO weight;
-- A segment that is no longer there passes. Without rows there is nothing to judge: nothing is closed.
DELETE FROM parcel WHERE depot = 'north';
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, segment, status FROM told WHERE subject = 'by depot' ORDER BY status, segment::text;
DELETE FROM parcel;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, segment, status FROM told WHERE subject = 'by depot' AND status = 'open';
-- What is dropped will never pass.
SELECT assay.drop_check(:by_depot);
SELECT subject, segment, status FROM told WHERE subject = 'by depot' AND status = 'open';

-- A rollback takes an issue along, but for an assertion's, which is tested elsewhere. Where nothing can be written that is said, but not where nobody wants them.
INSERT INTO parcel SELECT i, NULL, 'west', now() FROM generate_series(1, 3) AS i;
BEGIN;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, times FROM told WHERE subject = 'weighed' AND status = 'open';
ROLLBACK;
SELECT subject, status, times FROM told WHERE subject = 'weighed' AND status = 'open';
BEGIN READ ONLY;
SELECT count(*) FROM assay.run_checks('parcel');
ROLLBACK;
SET assay.issues = off;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT subject, status, times FROM told WHERE subject = 'weighed' AND status = 'open';
RESET assay.issues;
-- Segments may be long, and full of anything.
CREATE TABLE sack (label text, content int);
INSERT INTO sack VALUES (repeat('x', 5000) || 'a', NULL), (repeat('x', 5000) || 'b', NULL), ('", "label": "', NULL), (E'\u202e', NULL), (NULL, NULL);
SELECT assay.add_check('sack', 'not_null', 'content', group_by => '{label}', name => 'filled') AS filled \gset
SELECT count(*) FROM assay.run_checks('sack');
SELECT count(*) FROM assay.run_checks('sack');
SELECT length(segment ->> 'label') AS length, occurrences, length(message) < 100 AS is_short FROM assay.issues WHERE check_id = :filled ORDER BY 1;
-- A table that is rebuilt is the same asset, and so is one that is renamed.
CREATE TABLE sack_new AS SELECT * FROM sack LIMIT 0;
DROP TABLE sack;
SELECT count(*) FROM assay.run_checks();
ALTER TABLE sack_new RENAME TO sack;
INSERT INTO sack VALUES ('a', NULL);
SELECT count(*) FROM assay.run_checks('sack');
SELECT asset, count(*) FROM assay.issues WHERE check_id = :filled GROUP BY 1 ORDER BY 1;

-- Who sees what: that something is wrong, who may know of the relation; what was found, who might see the result.
CREATE ROLE parcel_reader;
CREATE ROLE parcel_glancer;
CREATE ROLE parcel_stranger;
CREATE ROLE parcel_team;
GRANT SELECT ON told TO PUBLIC;
GRANT SELECT ON parcel TO parcel_reader;
GRANT SELECT (id) ON parcel TO parcel_glancer;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT id AS weighed_issue FROM assay.issues WHERE subject = 'weighed' AND status = 'open' \gset
SET ROLE parcel_reader;
SELECT asset, subject, status, message FROM assay.issues WHERE id = :weighed_issue;
SET ROLE parcel_glancer;
SELECT asset, subject, status, message FROM assay.issues WHERE id = :weighed_issue;
CALL fails(format('SELECT assay.triage(%s, ''expected'')', :weighed_issue));
SET ROLE parcel_stranger;
SELECT count(*) FROM assay.issues;
CALL fails(format('SELECT assay.triage(%s, ''expected'')', :weighed_issue));
RESET ROLE;
-- An owner sees it, and says what becomes of it.
INSERT INTO assay.owner (name, kind, role, added_by) VALUES ('parcels', 'team', 'parcel_team', current_user::regrole);
INSERT INTO assay.ownership (owner_id, asset_id, said_by) SELECT o.id, a.id, current_user FROM assay.owner o, assay.asset a WHERE o.name = 'parcels' AND a.name = 'public.parcel';
SET ROLE parcel_team;
SELECT asset, subject, owner, message FROM assay.issues WHERE id = :weighed_issue;
SELECT assay.triage(:weighed_issue, 'expected', 'The scale is being repaired.');
SELECT triage, triage_note, triaged_by, triaged_at <= clock_timestamp() AS past FROM assay.issues WHERE id = :weighed_issue;
CALL fails(format('SELECT assay.triage(%s, ''forgotten'')', :weighed_issue));
CALL fails(format('SELECT assay.triage(%s, NULL)', :weighed_issue));
CALL fails(format('SELECT assay.triage(%s, ''fixed'', repeat(''x'', 2001))', :weighed_issue));
CALL fails('SELECT assay.triage(NULL, ''fixed'')');
CALL fails('SELECT assay.triage(-1, ''fixed'')');
SET ROLE parcel_glancer;
SELECT triage, triage_note FROM assay.issues WHERE id = :weighed_issue;
RESET ROLE;
-- What is called fixed is closed by the next pass, however many were asked for; failing after that it is news.
SELECT assay.close_after(:weighed, 5);
SELECT assay.triage(:weighed_issue, 'fixed');
SELECT count(*) FROM assay.run_checks('parcel');
SELECT status, triage FROM assay.issues WHERE id = :weighed_issue;
UPDATE parcel SET weight = 1;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT status, triage, passes FROM assay.issues WHERE id = :weighed_issue;
UPDATE parcel SET weight = NULL;
SELECT count(*) FROM assay.run_checks('parcel');
SELECT status, triage, passes, reopenings FROM assay.issues WHERE id = :weighed_issue;
-- A role that found an issue is not dropped while it is there.
CREATE ROLE parcel_finder;
CREATE TABLE found (x int);
ALTER TABLE found OWNER TO parcel_finder;
INSERT INTO found VALUES (NULL);
SET ROLE parcel_finder;
SELECT assay.add_check('found', 'not_null', 'x') IS NOT NULL AS added;
SELECT status FROM assay.run_checks('found');
RESET ROLE;
SELECT count(*) FROM pg_shdepend d WHERE d.refobjid = 'parcel_finder'::regrole AND d.objid = 'assay.issues'::regclass;
DROP TABLE found;

-- Models: drift, rows unlike those of training, and performance below its limit are issues of the model.
CREATE TABLE cottage AS SELECT i AS id, i AS size, 10 * i + (i * 7919) % 11 AS price FROM generate_series(1, 400) AS i;
SELECT version FROM assay.train('cottage', 'SELECT size, price FROM cottage', 'price', 'linear_regression');
SELECT column_name, drifted FROM assay.record_drift('cottage', 'SELECT size + 300 AS size FROM cottage');
SELECT asset, kind, subject, status, severity, occurrences AS times, message FROM assay.issues WHERE asset = 'model:cottage';
SELECT column_name, drifted FROM assay.record_drift('cottage', 'SELECT size FROM cottage');
SELECT asset, kind, subject, status FROM assay.issues WHERE asset = 'model:cottage';
SET assay.guard = notice;
SELECT assay.log_predictions('cottage', 'SELECT id, 10 * size AS size, timestamptz ''2026-03-02 12:00+00'' AS at FROM cottage', '{id}', at => 'at');
SELECT kind, subject, status, message FROM assay.issues WHERE asset = 'model:cottage' AND kind = 'guard';
RESET assay.guard;
SELECT assay.record_labels('cottage', 'SELECT id, price FROM cottage', '{id}');
SET timezone = 'UTC';
SELECT assay.set_performance_limit('cottage', 'mae', highest => 100);
SELECT model, metric, lowest, highest, bucket, judged_status FROM assay.performance_limits;
-- The day is not over; then it is, and is judged once.
SELECT metric, bucket, status FROM assay.check_performance('cottage', '2026-03-02 23:00+00');
SELECT metric, bucket, labelled, value > 1000 AS is_high, highest, status FROM assay.check_performance('cottage', '2026-03-03 00:00+00');
SELECT metric, bucket, status FROM assay.check_performance(at => '2026-03-04 00:00+00');
SELECT kind, subject, status, occurrences AS times, message LIKE 'mae is %, but must be at most 100.' AS is_told FROM assay.issues WHERE asset = 'model:cottage' AND kind = 'performance';
SELECT assay.log_predictions('cottage', 'SELECT id + 1000 AS id, size, timestamptz ''2026-03-05 12:00+00'' AS at FROM cottage', '{id}', at => 'at');
SELECT metric, bucket, labelled, status FROM assay.check_performance('cottage', '2026-03-06 00:00+00');
SELECT assay.record_labels('cottage', 'SELECT id + 1000 AS id, price FROM cottage', '{id}');
SELECT metric, bucket, labelled, value < 10 AS is_low, status FROM assay.check_performance('cottage', '2026-03-06 00:00+00');
SELECT kind, subject, status, occurrences AS times FROM assay.issues WHERE asset = 'model:cottage' AND kind = 'performance';
SELECT assay.set_performance_limit('cottage', 'mae');
SELECT count(*) FROM assay.performance_limits;
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''beauty'', 1)');
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''mae'', 2, 1)');
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''mae'', ''NaN'')');
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''mae'', 1, bucket => ''fortnight'')');
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''mae'', 1, maturity => ''-1 day'')');
CALL fails('SELECT * FROM assay.check_performance(''cottage'', NULL)');
SET ROLE parcel_stranger;
CALL fails('SELECT assay.set_performance_limit(''cottage'', ''mae'', 1)');
CALL fails('SELECT * FROM assay.check_performance(''cottage'')');
SELECT count(*) FROM assay.check_performance();
RESET ROLE;

-- An anomaly check does not learn from what was so while an incident lasted: of four weeks the last two had ten rows a day instead of a hundred, and so has the
-- day that is judged. What is usual is then what it is without these two weeks.
CREATE TABLE sale (sold timestamptz);
INSERT INTO sale SELECT timestamptz '2026-02-01 00:00+00' + d * interval '1 day' + i * interval '1 minute'
FROM generate_series(0, 28) AS d, generate_series(1, 120) AS i WHERE i <= CASE WHEN d >= 14 THEN 10 + d % 3 ELSE 100 + d % 3 END;
SELECT status, value, threshold FROM assay.validate('sale', '[
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-03-02 00:00+00", "training_period": "28 days"},
    {"kind": "anomaly", "timestamp_column": "sold", "at": "2026-03-02 00:00+00", "training_period": "28 days", "exclude": [["2026-02-15", "2026-02-28"]]}]');
SELECT assay.add_check('sale', 'anomaly', args => '{"timestamp_column": "sold", "at": "2026-03-02 00:00+00", "training_period": "28 days"}', name => 'sales') AS sales \gset
SELECT assay.add_check('sale', 'not_empty', name => 'some', "where" => 'sold > now()') AS some \gset
SELECT name, status, value, threshold FROM assay.run_checks('sale') WHERE name = 'sales';
INSERT INTO assay.incident (title, severity, declared_by, started_at, declared_at, ended_at, status)
VALUES ('too few', 'sev2', current_user::regrole, '2026-02-15 00:00+00', now(), '2026-03-01 00:00+00', 'resolved') RETURNING id AS incident \gset
UPDATE assay.issue SET incident_id = :incident WHERE check_id = :some;
SELECT name, status, value, threshold FROM assay.run_checks('sale') WHERE name = 'sales';
-- What is expected is learned from, and so is what turned out to be no incident.
UPDATE assay.issue SET triage = 'expected' WHERE check_id = :some;
SELECT name, status, value, threshold FROM assay.run_checks('sale') WHERE name = 'sales';
UPDATE assay.issue SET triage = NULL WHERE check_id = :some;
UPDATE assay.incident SET status = 'cancelled' WHERE id = :incident;
SELECT name, status, value, threshold FROM assay.run_checks('sale') WHERE name = 'sales';
-- The incident of another relation says nothing of this one.
UPDATE assay.incident SET status = 'resolved' WHERE id = :incident;
UPDATE assay.issue SET incident_id = NULL WHERE check_id = :some;
UPDATE assay.issue SET incident_id = :incident WHERE id = :weighed_issue;
SELECT name, status, value, threshold FROM assay.run_checks('sale') WHERE name = 'sales';

SET client_min_messages = warning;
DELETE FROM assay.issue;
SELECT checks FROM assay.drop_owned('parcel_finder');
DELETE FROM assay.asset WHERE added_by = 'parcel_finder'::regrole;
DELETE FROM assay.owner WHERE name = 'parcels';
DROP VIEW told;
DROP TABLE parcel;
DROP ROLE parcel_reader, parcel_glancer, parcel_stranger, parcel_team, parcel_finder;

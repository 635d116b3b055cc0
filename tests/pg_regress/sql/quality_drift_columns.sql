-- Drift of what lies between columns, or within them: the hours of the day of points in time, and how columns go together.
SET timezone = 'UTC';
-- Points in time move on; their hours do so with another time zone.
CREATE TABLE visit AS SELECT i AS id, timestamptz '2026-01-01 08:00+00' + (i % 30) * interval '1 day' + (i * 7 % 10) * interval '1 hour' + i % 60 * interval '1 minute' AS at,
    timestamp '2026-01-01 08:00' + (i % 30) * interval '1 day' + (i * 7 % 10) * interval '1 hour' AS local, date '2026-01-01' + i % 30 AS day FROM generate_series(1, 3000) AS i;
CREATE VIEW later AS SELECT id, at + interval '30 days' AS at, local + interval '30 days' AS local, day + 30 AS day FROM visit;
CREATE VIEW shifted AS SELECT id, at + interval '30 days 2 hours' AS at, CASE WHEN id > 5 THEN local + interval '30 days' ELSE 'infinity' END AS local, day + 30 AS day FROM visit;
SELECT column_name, method, round(statistic::numeric, 3) AS statistic, drifted, message FROM assay.drift('visit', 'later', '{"exclude": ["id"]}') ORDER BY column_name, method;
SELECT column_name, method, round(statistic::numeric, 3) AS statistic, drifted, new_categories, gone_categories FROM assay.drift('visit', 'shifted', '{"exclude": ["id", "day"]}') ORDER BY column_name, method;
-- The same by hand: two of ten hours are new, two are gone.
SELECT round(sqrt(0.5 * (2 * 0.1 * ln(0.1 / 0.05) + 2 * 0.1 * ln(0.1 / 0.05)))::numeric, 3) AS js_distance;
-- In every session the same, and by a baseline.
SELECT assay.save_baseline('visits', 'visit', '{"exclude": ["id"]}') AS rows;
SELECT columns FROM assay.baselines WHERE name = 'visits';
SET timezone = 'America/New_York';
SELECT column_name, drifted FROM assay.drift_from('visits', 'later') WHERE drifted IS NOT NULL ORDER BY 1;
SELECT column_name, drifted FROM assay.drift_from('visits', 'shifted') WHERE drifted IS NOT NULL ORDER BY 1, 2;
SET timezone = 'UTC';
SELECT column_name, drifted FROM assay.drift_from('visits', 'later', '{"compat": "evidently"}') ORDER BY 1;
SELECT * FROM assay.drift_from('visits', 'visit', '{"correlations": true}');
SELECT assay.drop_baseline('visits');
-- By name, without them, and by segment; no other tool has them; a column that has the name is itself.
SELECT column_name, method, drifted FROM assay.drift('visit', 'shifted', '{"columns": ["hour(at)"]}');
SELECT column_name FROM assay.drift('visit', 'shifted', '{"exclude": ["id", "day", "local", "hour(at)"]}');
SELECT segment->>'odd' AS odd, column_name, drifted FROM assay.drift('SELECT *, id % 2 AS odd FROM visit', 'SELECT *, id % 2 AS odd FROM shifted', '{"columns": ["hour(at)"], "group_by": ["odd"]}') ORDER BY 1;
SELECT column_name FROM assay.drift('visit', 'shifted', '{"exclude": ["id", "day"], "compat": "nannyml"}') ORDER BY 1;
SELECT column_name, method FROM assay.drift('SELECT at, 1 AS "hour(at)" FROM visit', 'SELECT at, 1 AS "hour(at)" FROM later') ORDER BY 1;
SELECT count(*) FROM assay.drift('SELECT at FROM visit WHERE false', 'SELECT at FROM later');
SELECT * FROM assay.drift('visit', 'later', '{"columns": ["hour(nowhere)"]}');

-- Columns that go together: heights and widths were swapped, while each looks as before.
CREATE TABLE parcel AS SELECT i AS id, 50 + 10 * sin(i) + 5 * cos(i * 1.7) AS height, 50 + 10 * sin(i * 2.3) + 5 * cos(i * 1.1) AS width, 2 * (50 + 10 * sin(i) + 5 * cos(i * 1.7)) + sin(i * 5.1) AS weight, exp(3 * sin(i * 3.7))::numeric AS price, i % 2 = 0 AS express FROM generate_series(1, 2000) AS i;
SELECT round(corr(height, weight)::numeric, 2) AS height, round(corr(width, weight)::numeric, 2) AS width FROM parcel;
SELECT column_name, method, round(statistic::numeric, 2) AS statistic, threshold, p_value < 1e-6 AS sure, drifted, reference_rows, current_rows, message, round((details->>'reference')::numeric, 2) AS was, round((details->>'current')::numeric, 2) AS is
FROM assay.drift('parcel', 'SELECT id, width AS height, height AS width, weight, price, express FROM parcel', '{"correlations": true, "exclude": ["id"]}') WHERE method = 'correlation' AND drifted ORDER BY 1;
-- Weights that belong to other rows: each column is as before.
SELECT column_name, method, drifted FROM assay.drift('parcel', 'SELECT id, height, CASE WHEN id % 2 = 0 THEN lead(weight, 7) OVER (ORDER BY id) ELSE weight END AS weight, width, price, express FROM parcel', '{"correlations": true, "exclude": ["id"]}') WHERE drifted;
-- Nothing: the same rows, others of the same kind; one column; no rows; constants; NULL, NaN and infinity.
SELECT count(*) FILTER (WHERE drifted) AS drifted, count(*) FILTER (WHERE method = 'correlation') AS pairs FROM assay.drift('SELECT * FROM parcel WHERE id <= 1000', 'SELECT * FROM parcel WHERE id > 1000', '{"correlations": true, "exclude": ["id"]}');
SELECT count(*) FILTER (WHERE method = 'correlation') AS pairs FROM assay.drift('SELECT height FROM parcel', 'SELECT height FROM parcel', '{"correlations": true}');
SELECT count(*) FILTER (WHERE method = 'correlation') AS pairs FROM assay.drift('SELECT height, width FROM parcel WHERE false', 'SELECT height, width FROM parcel', '{"correlations": true}');
SELECT column_name, statistic, drifted FROM assay.drift('SELECT 1 AS a, id AS b FROM parcel', 'SELECT id AS a, id AS b FROM parcel', '{"correlations": true}') WHERE method = 'correlation';
SELECT column_name, round(statistic::numeric, 6) AS statistic, reference_rows, current_rows FROM assay.drift('SELECT id AS a, CASE WHEN id % 10 = 0 THEN ''NaN''::float8 WHEN id % 10 = 1 THEN ''-Infinity'' WHEN id % 10 > 2 THEN id END AS b FROM parcel', 'SELECT id AS a, id AS b FROM parcel', '{"correlations": true}') WHERE method = 'correlation';
SELECT assay.save_baseline('parcels', 'parcel', '{"correlations": true}');
SELECT format('SELECT %s FROM generate_series(1, 20) AS i', string_agg(format('i %% %s AS c%s', 2 + c, c), ', ')) AS wider FROM generate_series(1, 41) AS c \gset
SELECT count(*) FROM assay.drift(:'wider', :'wider', '{"correlations": true}');
SELECT format('SELECT %s FROM generate_series(1, 300) AS i', string_agg(format('i %% %s AS "c %s"', 2 + c, c), ', ')) AS wide FROM generate_series(1, 40) AS c \gset
SELECT count(*) FILTER (WHERE method = 'correlation') AS pairs, count(*) FILTER (WHERE drifted) AS drifted FROM assay.drift(:'wide', :'wide', '{"correlations": true}');
DROP VIEW later, shifted;
DROP TABLE visit, parcel;
RESET timezone;

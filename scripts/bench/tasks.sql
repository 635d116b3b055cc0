-- The table of the tasks without a target: 20 numbers around 8 centres, with each row's class: the centre it was drawn around, one in ten told
-- wrong. One session draws every number in the order of id. Variables: name, rows.
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.17) \g /dev/null

CREATE TABLE :name WITH (autovacuum_enabled = false) AS
WITH drawn AS MATERIALIZED (
    SELECT i AS id, floor(random() * 8)::int AS c, random() AS luck,
           ARRAY(SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) FROM generate_series(1, 20) WHERE i = i) AS noise
    FROM generate_series(1, :rows) AS i
), spread AS (
    -- Centres are far enough apart to be found, and near enough to overlap.
    SELECT *, (ARRAY(SELECT noise[k] * (1 + k % 3) + 4 * sin(c * 7 + k * 3) FROM generate_series(1, 20) AS k)) AS x FROM drawn
)
SELECT id, x[1] AS x1, x[2] AS x2, x[3] AS x3, x[4] AS x4, x[5] AS x5, x[6] AS x6, x[7] AS x7, x[8] AS x8, x[9] AS x9, x[10] AS x10,
       x[11] AS x11, x[12] AS x12, x[13] AS x13, x[14] AS x14, x[15] AS x15, x[16] AS x16, x[17] AS x17, x[18] AS x18, x[19] AS x19,
       x[20] AS x20, CASE WHEN luck < 0.9 THEN c ELSE floor(luck * 80)::int % 8 END AS class,
       (CASE WHEN luck < 0.9 THEN c ELSE floor(luck * 80)::int % 8 END) % 2 = 0 AS label
FROM spread;

VACUUM ANALYZE :name;

-- The table of the benchmarks: 20 numbers (3 of them 5% NULL), two categories of 10 and 50 levels, a class and a number to predict, and
-- is_test for every fifth row. One session draws every number in the order of id, so on one version of PostgreSQL a table of fewer rows is
-- the beginning of one of more. Variables: name, rows.
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.42) \g /dev/null

CREATE TABLE :name WITH (autovacuum_enabled = false) AS
WITH drawn AS MATERIALIZED (
    SELECT i AS id,
           random() * 2 - 1 AS x1, random() * 2 - 1 AS x2, random() * 2 - 1 AS x3, random() * 2 - 1 AS x4,
           random() * 2 - 1 AS x5, random() * 100 AS x6, random() * 100 AS x7, random() * 1000 AS x8,
           sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS x9,
           sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS x10,
           sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) AS x11,
           exp(random() * 5) AS x12, exp(random() * 5) AS x13, random() AS x14, random() AS x15,
           CASE WHEN random() >= 0.05 THEN random() * 2 - 1 END AS x16,
           CASE WHEN random() >= 0.05 THEN random() * 10 END AS x17,
           CASE WHEN random() >= 0.05 THEN random() * 2 - 1 END AS x18,
           floor(random() * 20) AS x19, floor(random() * 5) AS x20,
           floor(random() * 10)::int AS a, floor(random() * 50)::int AS b,
           random() AS luck, random() - 0.5 AS noise
    FROM generate_series(1, :rows) AS i
), scored AS (
    SELECT *, 1.6 * sin(3 * x1) + 2.4 * x2 * x3 + CASE WHEN x4 > 0.3 THEN 1.1 ELSE -0.4 END + 0.02 * (x6 - 50) + 0.5 * x9 * abs(x10)
              - 0.8 * ln(x12) / 5 + coalesce(0.9 * x16, -0.7) + 0.15 * (a - 5) + CASE WHEN b % 7 = 0 THEN 1.2 ELSE -0.2 END AS signal
    FROM drawn
)
SELECT id, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15, x16, x17, x18, x19, x20,
       'a' || a AS a, 'b' || b AS b, luck < 1 / (1 + exp(-signal)) AS label, 3 * signal + noise AS amount, id % 5 = 0 AS is_test
FROM scored;

VACUUM ANALYZE :name;

-- Features that tell of the target what they will not tell of new rows.

-- Real rows have an identifier and nothing else.
SELECT feature, reason, evidence FROM assay.find_leakage('german_credit', 'is_risky');
SELECT count(*) FROM assay.find_leakage('SELECT * FROM german_credit', 'credit_amount') WHERE feature <> 'customer_id';

-- Leaks of each kind, each planted in these rows by itself: what is planted is found as what it is, and nothing else is.
CREATE TABLE planted (leak text PRIMARY KEY, as_of text, column_sql text NOT NULL, reason text NOT NULL);
INSERT INTO planted VALUES
    ('same', NULL, 'is_risky', 'copy of the target'),
    ('as number', NULL, 'is_risky::int', 'copy of the target'),
    ('as text', NULL, 'CASE WHEN is_risky THEN ''default'' ELSE ''paid'' END', 'copy of the target'),
    ('only when risky', NULL, 'CASE WHEN is_risky THEN 1 END', 'copy of the target'),
    ('nearly the same', NULL, 'is_risky <> (customer_id % 200 = 0)', 'predicts the target alone'),
    ('loss', NULL, 'CASE WHEN is_risky THEN credit_amount * 0.5 ELSE customer_id % 7 END', 'predicts the target alone'),
    ('letters sent', NULL, 'CASE WHEN is_risky THEN 5 + age % 3 ELSE age % 5 END', 'predicts the target alone'),
    ('collector', NULL, 'CASE WHEN is_risky THEN (ARRAY[''smith'', ''jones'', ''none''])[age % 3 + 1] ELSE ''none'' END', 'constant within a class'),
    ('refund', NULL, 'CASE WHEN is_risky THEN age % 3 ELSE 0 END', 'constant within a class'),
    ('number', NULL, 'customer_id + 4000', 'identifier'),
    ('loan_id', NULL, 'hashint4(customer_id)', 'identifier'),
    ('uuid', NULL, 'md5(customer_id::text)::uuid', 'identifier'),
    ('mail', NULL, 'md5(customer_id::text) || ''@example.org''', 'identifier'),
    ('closed_on', 'decided', 'date ''2026-01-01'' + age + CASE WHEN age % 10 = 0 THEN 3 ELSE -3 END', 'known after as_of'),
    ('closed_at', 'decided', 'timestamptz ''2026-01-01'' + age * interval ''1 day'' + interval ''36 hours''', 'known after as_of'),
    ('opened_at', 'decided', 'timestamp ''2026-01-01 23:59'' + age * interval ''1 day'' - customer_id % 7 * interval ''1 day''', 'none'),
    ('noise', NULL, 'hashint4(customer_id) % 1000', 'none'),
    ('review', NULL, '''They said that this was number '' || customer_id', 'none');
CREATE FUNCTION found(target text, leak text, as_of text, column_sql text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(feature || ': ' || split_part(reason, ':', 1), ', ' ORDER BY feature), 'none')
    FROM assay.find_leakage(format('SELECT g.*, date ''2026-01-01'' + age AS decided, %s AS %I FROM german_credit AS g', column_sql, leak), target, as_of)
    WHERE feature <> 'customer_id'
$$;
SELECT leak, reason, found('is_risky', leak, as_of, column_sql) AS found, found('is_risky', leak, as_of, column_sql) = concat_ws(': ', nullif(leak, CASE reason WHEN 'none' THEN leak END), reason) AS ok
FROM planted ORDER BY reason, leak;
-- Of numbers.
SELECT leak, found('credit_amount', leak, NULL, column_sql)
FROM (VALUES ('same', 'credit_amount'), ('in cents', 'credit_amount * 100'), ('gross', 'round(credit_amount * 1.19, 1)'), ('noisy', 'credit_amount + hashint4(customer_id) % 5000')) AS planted (leak, column_sql);
-- Of three classes, and of a number of two values.
SELECT found('job', 'copy', NULL, 'upper(job)'), found('dependents', 'copy', NULL, 'dependents * 3');

-- The figures, and what to do.
\x
SELECT * FROM assay.find_leakage('SELECT g.*, date ''2026-01-01'' + age AS decided, date ''2026-01-03'' + age + customer_id % 4 AS paid, CASE WHEN is_risky THEN age % 3 ELSE 0 END AS refund,
    CASE WHEN is_risky THEN credit_amount * 0.5 ELSE customer_id % 7 END AS loss FROM german_credit AS g', 'is_risky', 'decided');
\x

-- Training warns of them, of each column once.
\set VERBOSITY default
SELECT rows FROM assay.train('leaky', 'SELECT age, credit_amount, is_risky, is_risky::int AS flag, CASE WHEN is_risky THEN age % 3 ELSE 0 END AS refund FROM german_credit', 'is_risky', 'naive_bayes');
\set VERBOSITY terse

-- The rows' order does not matter.
SELECT (SELECT jsonb_agg(l) FROM assay.find_leakage('SELECT *, age * 2 + is_risky::int * 60 AS x FROM german_credit ORDER BY age', 'is_risky') AS l)
     = (SELECT jsonb_agg(l) FROM assay.find_leakage('SELECT *, age * 2 + is_risky::int * 60 AS x FROM german_credit ORDER BY md5(customer_id::text)', 'is_risky') AS l) AS same;

-- NULLs: in the target, in as_of, and everywhere.
SELECT feature, reason FROM assay.find_leakage('SELECT age, CASE WHEN age <= 60 THEN is_risky END AS is_risky, is_risky::int AS flag FROM german_credit', 'is_risky');
SELECT feature, reason FROM assay.find_leakage('SELECT age, is_risky, CASE WHEN age < 40 THEN now() END AS asked, now() + interval ''2 hours'' * (age % 2) AS seen FROM german_credit', 'is_risky', 'asked');
CALL fails($$SELECT assay.find_leakage('SELECT age, is_risky, NULL::date AS asked FROM german_credit', 'is_risky', 'asked')$$);
CALL fails($$SELECT assay.find_leakage('SELECT age, NULL::text AS y FROM german_credit', 'y')$$);
-- Columns that no model reads are told of, and few rows.
SELECT feature FROM assay.find_leakage('SELECT age, is_risky, to_jsonb(job) AS job FROM german_credit LIMIT 60', 'is_risky');
-- What is wrong.
CALL fails($$SELECT assay.find_leakage(NULL, 'is_risky')$$);
CALL fails($$SELECT assay.find_leakage('german_credit', NULL)$$);
CALL fails($$SELECT assay.find_leakage('german_credit', 'risky')$$);
CALL fails($$SELECT assay.find_leakage('german_credit', 'is_risky', 'day')$$);
CALL fails($$SELECT assay.find_leakage('german_credit', 'is_risky', 'age')$$);
CALL fails($$SELECT assay.find_leakage('german_credit', 'is_risky', 'is_risky')$$);
CALL fails($$SELECT assay.find_leakage('SELECT to_jsonb(job) AS job, age FROM german_credit', 'job')$$);
CALL fails($$SELECT assay.find_leakage('DROP TABLE german_credit', 'is_risky')$$);
CALL fails($$SELECT assay.find_leakage('SELECT is_risky FROM german_credit', 'is_risky')$$);
BEGIN TRANSACTION READ ONLY;
SELECT count(*) FROM assay.find_leakage('german_credit', 'is_risky');
COMMIT;
SET assay.max_memory = '1MB';
CALL fails($$SELECT assay.find_leakage('SELECT g.*, 1.0 * i AS x, 2 * i AS z FROM german_credit AS g, generate_series(1, 100) AS i', 'is_risky')$$);
RESET assay.max_memory;

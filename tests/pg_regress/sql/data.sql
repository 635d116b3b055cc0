-- What the other tests share: the German credit data, a small made-up table, and a way to show an error whole.

-- Runs a statement that has to fail, and shows its SQLSTATE, message, detail and hint.
CREATE PROCEDURE fails(statement text) LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    hint text;
BEGIN
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RAISE INFO '%', concat_ws(E'\n', SQLSTATE || ': ' || message, 'DETAIL:  ' || nullif(detail, ''), 'HINT:  ' || nullif(regexp_replace(hint, 'kinds are: .*', 'kinds are: ...'), ''));
        RETURN;
    END;
    RAISE EXCEPTION 'this statement should have failed: %', statement;
END $$;

-- It is a test of its own that a statement which succeeds is told.
\set VERBOSITY terse
CALL fails('SELECT 1');
CALL fails('SELECT 1 / 0');
\set VERBOSITY default

CREATE TABLE german_credit (
    customer_id             int PRIMARY KEY,
    checking_status         text,
    duration_months         int,
    credit_history          text,
    purpose                 text,
    credit_amount           int,
    savings                 text,
    employment              text,
    installment_rate        int,
    personal_status         text,
    other_debtors           text,
    residence_since         int,
    property                text,
    age                     int,
    other_installment_plans text,
    housing                 text,
    existing_credits        int,
    job                     text,
    dependents              int,
    telephone               boolean,
    foreign_worker          boolean,
    is_risky                boolean
);
\getenv folder ASSAY_DATA
\set file :folder '/german_credit.csv'
COPY german_credit FROM :'file' WITH (FORMAT csv, HEADER);
ANALYZE german_credit;
SELECT is_risky, count(*), count(savings) AS savings, round(avg(credit_amount)) AS amount FROM german_credit GROUP BY is_risky ORDER BY 1;

-- Sixty houses. The price is a line in size and garden; whether a house sold depends on its price and its region.
CREATE TYPE speed AS ENUM ('slow', 'medium', 'fast');
CREATE TABLE house AS
SELECT i AS id,
       50 + (i * 37) % 101 AS size,
       CASE WHEN i % 10 <> 0 THEN (i * 13) % 29 END AS garden,
       (ARRAY['north', 'south', 'west'])[i % 3 + 1] AS region,
       (ARRAY['slow', 'medium', 'fast'])[i % 3 + 1]::speed AS trend,
       i % 4 AS rooms,
       2.5::numeric * (50 + (i * 37) % 101) + 10 AS price,
       (i * 37) % 101 < 40 OR i % 3 = 0 AND (i * 37) % 101 < 70 AS sold
FROM generate_series(1, 60) AS i;
ANALYZE house;
TABLE house LIMIT 3;
SELECT sold, count(*) FROM house GROUP BY sold ORDER BY sold;

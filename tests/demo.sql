-- The story of a credit-risk model, told by `make demo`. Runs from the repository's folder in an empty database.
\set QUIET on
\pset footer off

CREATE EXTENSION assay;

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
\copy german_credit FROM 'tests/data/german_credit.csv' WITH (FORMAT csv, HEADER)
ANALYZE german_credit;

\echo
\echo 'A thousand bank customers, three in ten of whom did not pay back:'
\echo
SELECT is_risky, count(*) AS customers, round(avg(credit_amount)) AS mean_credit, round(avg(duration_months), 1) AS mean_months,
       round(avg(age), 1) AS mean_age, count(*) FILTER (WHERE savings IS NULL) AS savings_unknown
FROM german_credit
GROUP BY is_risky
ORDER BY is_risky;

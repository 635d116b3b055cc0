-- The table of german_credit.csv: run in this folder, or where the file has been copied to.
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
\copy german_credit FROM 'german_credit.csv' WITH (FORMAT csv, HEADER)
ANALYZE german_credit;

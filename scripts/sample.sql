-- The sample database that docs/ and the comments of functions speak of: `psql -d DATABASE -f scripts/sample.sql` in an empty database, from the
-- repository's folder. `make demo` begins with it, too.
\set QUIET on
\set ON_ERROR_STOP on
\encoding UTF8

CREATE EXTENSION assay;

-- A thousand bank customers with a loan. Every fifth one is kept for testing.
\cd tests/data
\i german_credit.sql
\cd ../..
CREATE VIEW customers AS SELECT *, customer_id % 5 = 0 AS is_test FROM german_credit;

-- This morning's file of applications, with faults planted in it.
CREATE TABLE application AS
SELECT customer_id AS id, (ARRAY['Berlin', 'Hamburg', 'Munich', 'Vienna'])[customer_id % 4 + 1] AS branch,
       date '2026-06-01' + customer_id % 90 AS day, age, purpose, credit_amount::numeric AS amount, duration_months AS months,
       to_char(date '2026-06-01' + customer_id % 90, CASE customer_id % 4 WHEN 3 THEN 'MM/DD/YYYY' ELSE 'DD/MM/YYYY' END) AS applied
FROM german_credit;
UPDATE application SET amount = amount * 100 WHERE branch = 'Hamburg';                                -- in cents
UPDATE application SET age = NULL WHERE branch = 'Munich' AND id % 3 = 0;                             -- a form lost a field
UPDATE application SET months = -months WHERE id % 333 = 0;                                           -- a sign
UPDATE application SET purpose = upper(purpose) WHERE id % 40 = 0;                                    -- another spelling
INSERT INTO application SELECT * FROM application WHERE id % 250 = 0;                                 -- sent twice
ANALYZE application;

-- A year later loans are larger, half of the new cars are electric, and the savings of tenants are lost.
CREATE TABLE applicants AS TABLE german_credit;
UPDATE applicants SET credit_amount = credit_amount * 1.25, savings = CASE housing WHEN 'rent' THEN NULL ELSE savings END,
       purpose = CASE WHEN purpose = 'new car' AND customer_id % 2 = 0 THEN 'electric car' ELSE purpose END;
ANALYZE applicants;

-- Eight weeks of sales. On the last day few of the south's came in.
CREATE TABLE sale AS
SELECT row_number() OVER (ORDER BY day, i) AS id, (ARRAY['north', 'south'])[i % 2 + 1] AS region, day + i * interval '7 minutes' AS sold,
       round(20 + i * 7919 % 1000 / 100.0, 2) AS price
FROM generate_series(timestamp '2026-01-02', '2026-02-26', '1 day') AS day,
     generate_series(1, 100 + CASE WHEN extract(isodow FROM day) < 6 THEN 40 ELSE 0 END + extract(doy FROM day)::int * 37 % 11) AS i
WHERE NOT (day = '2026-02-26' AND i % 2 = 1 AND i > 20);
ANALYZE sale;

-- People to write to.
CREATE TABLE contact (id int PRIMARY KEY, name text, street text, email text, phone text, branch text);
INSERT INTO contact VALUES
    (1, 'Anna Schmidt', 'Lindenstrasse 12', 'anna.schmidt@example.org', '+493012345678', 'Berlin'),
    (2, 'Schmidt, Anna', 'Lindenstraße 12', 'anna.schmidt@example.org', '+493012345678', 'Berlin'),
    (3, 'Bora Yilmaz', 'Hafenweg 3', 'bora@yilmaz@example.org', '+494098765432', 'Hamburg'),
    (4, 'Carla Rossi', 'Marienplatz 8', 'carla.rossi@example.org', '089 555 0123', 'Munich'),
    (5, 'Dana Novak', 'Ring 40', '', '+43155501234', 'Wien'),
    (6, 'Emil Berg', 'Seestrasse 5', NULL, NULL, 'Berlin');
CREATE TABLE branch (name text PRIMARY KEY);
INSERT INTO branch VALUES ('Berlin'), ('Hamburg'), ('Munich'), ('Vienna');

-- What things cost, and from when to when: a range that goes on too long, and a sum that is wrong.
CREATE TABLE tariff (product text, valid_from date, valid_to date, net numeric(8, 2), tax numeric(8, 2), gross numeric(8, 2));
INSERT INTO tariff VALUES
    ('basic', '2026-01-01', '2026-04-01', 10.00, 2.00, 12.00), ('basic', '2026-04-01', '2026-08-01', 11.00, 2.20, 13.20), ('basic', '2026-07-01', '9999-12-31', 11.50, 2.30, 13.80),
    ('plus', '2026-01-01', '2026-06-01', 20.00, 4.00, 24.00), ('plus', '2026-06-01', '9999-12-31', 21.00, 4.20, 26.20);

-- Two weeks of a station: -999 and n/a where nothing was measured, and hours in which the sensor hung.
CREATE TABLE weather AS
SELECT i AS id, timestamp '2026-01-01' + i * interval '1 hour' AS at, CASE WHEN i % 50 = 0 THEN -999 WHEN i BETWEEN 203 AND 215 THEN 4.5 ELSE 5 + i * 17 % 83 / 10.0 END AS temperature,
       CASE WHEN i % 60 = 0 THEN 'n/a' ELSE 'observer ' || i % 3 END AS observer
FROM generate_series(1, 336) AS i;

-- The bank's policies, in Markdown, and questions of customers, who use other words, with the policies that answer them.
CREATE TABLE policy (id int PRIMARY KEY, title text, body text);
INSERT INTO policy VALUES
    (1, 'Early repayment', E'# Early repayment\n\nA borrower may repay a loan at any time, in whole or in part. Notice is given in writing, or in the app.\n\n## What it costs\n\nFor a fixed rate we charge 1 % of the sum that is repaid, and 0.5 % in the last twelve months of the term. For a variable rate it is free.'),
    (2, 'Withdrawal', E'# Withdrawal\n\nA borrower may withdraw from the contract within 14 days after it was signed, without giving reasons. What was paid out is returned within 30 days, with interest for these days only.'),
    (3, 'Hardship', E'# Hardship\n\nWho becomes unemployed or ill, and tells us before an instalment is due, may suspend up to three instalments in a year. The term grows by as many months.\n\n## Evidence\n\nA notice of the employment agency, or a doctor''s certificate, is enough.'),
    (4, 'Late instalments', E'# Late instalments\n\nAfter 10 days we send a reminder, which is free. After 30 days a reminder costs 5 euros, and interest for default is charged. After two missed instalments in a row the loan may be called in; we call the borrower first.'),
    (5, 'Documents for an application', E'# Documents for an application\n\nWe need an identity card or passport, the last three payslips, and the statement of the account that the salary is paid into.\n\n## Self-employed\n\nInstead of payslips: the tax assessments of the last two years.'),
    (6, 'Co-borrowers and guarantors', E'# Co-borrowers and guarantors\n\nTwo people may apply together; both owe the whole sum. A guarantor pays only when the borrower has failed to after a second reminder. Either can be released when the rest of the loan is below 30 % of the income of those who stay.'),
    (7, 'Death of a borrower', E'# Death of a borrower\n\nThe heirs take over the contract. With the death certificate and the certificate of inheritance we suspend all instalments for six months. Where there is residual debt insurance, it pays what is left.'),
    (8, 'Interest rates', E'# Interest rates\n\nThe rate depends on the term, the sum and the credit score. A fixed rate holds for the whole term. A variable rate follows the reference rate of the central bank; changes are announced two months ahead.'),
    (9, 'Stolen and lost cards', E'# Stolen and lost cards\n\nBlock the card at once: in the app, or at 116 116, at any hour. From then on we bear all losses; before that the holder bears 50 euros at most, unless he was grossly negligent. A new card comes within five working days and costs nothing.'),
    (10, 'Complaints', E'# Complaints\n\nA complaint may be made in any branch, by letter, or online. It is confirmed within 3 working days and answered within 15. Who does not agree may go to the ombudsman, whose decision binds us up to 10,000 euros.'),
    (11, 'Data and privacy', E'# Data and privacy\n\nApplications that were refused are deleted after 6 months, contracts 10 years after their end. Everybody may see what is stored about them, and have mistakes corrected. We report loans to the credit agency; we do not sell data.'),
    (12, 'Change of address', E'# Change of address\n\nTell us a new address within two weeks, in the app or in writing. Letters that come back are charged with 3 euros. Who moves abroad keeps the loan, but needs an account in the euro area.');
CREATE TABLE policy_question (question text, key int, grade int);
INSERT INTO policy_question VALUES
    ('Can I pay back the money sooner than agreed?', 1, 3), ('Can I pay back the money sooner than agreed?', 2, 1),
    ('I have changed my mind about the contract that I signed last week', 2, 3),
    ('I lost my job and cannot pay next month', 3, 3), ('I lost my job and cannot pay next month', 4, 1),
    ('What happens if I forget to pay?', 4, 3),
    ('Which papers do I have to bring to the appointment?', 5, 3),
    ('My brother wants to help me get the loan', 6, 3),
    ('My mother has passed away, who has to pay for her loan now?', 7, 3),
    ('Will my loan become more expensive over time?', 8, 3),
    ('Somebody took my wallet', 9, 3),
    ('I am unhappy with your service, whom can I tell?', 10, 3),
    ('How long do you keep my details after you said no?', 11, 3),
    ('We are moving to Spain', 12, 3);

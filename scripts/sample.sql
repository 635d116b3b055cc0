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

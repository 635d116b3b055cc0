-- The tables of adult_train.csv and adult_test.csv: run where the files have been unpacked to.
CREATE TABLE adult_train (
    age int, workclass text, fnlwgt int, education text, education_num int, marital_status text, occupation text, relationship text, race text, sex text,
    capital_gain int, capital_loss int, hours_per_week int, native_country text, income text);
CREATE TABLE adult_test (LIKE adult_train);
\copy adult_train FROM 'adult_train.csv' WITH (FORMAT csv, HEADER)
\copy adult_test FROM 'adult_test.csv' WITH (FORMAT csv, HEADER)

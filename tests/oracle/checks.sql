-- The tables of checks.json. Run by psql in this folder.
CREATE TABLE checks_parent (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE checks (
    id int, ref int, parent_id int, status text, quantity int, price numeric(10, 2), ratio float8, score float8, email text, code text,
    born date, placed timestamp, starts timestamptz, ends timestamptz, flag boolean, nothing text, same smallint
);
\copy checks_parent FROM 'checks_parent.csv' (FORMAT csv, HEADER)
\copy checks FROM 'checks.csv' (FORMAT csv, HEADER)

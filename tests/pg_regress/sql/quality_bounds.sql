-- A lower bound above the upper one is an error: of every kind that has both, whatever the type of the column. Which kinds there are, and their
-- arguments, is read from errors, so that a kind to come is among them.

CREATE TABLE bounded (id int, x numeric, f float8, s text, d date, ts timestamptz, i interval, t time, b boolean, u uuid, c speed);
CREATE TABLE pair (type text, low jsonb, high jsonb);
INSERT INTO pair VALUES
    ('id', '1', '2'), ('id', '"9"', '"10"'), ('x', '0.1', '0.2'), ('x', '"9"', '"10"'), ('f', '0.1', '0.2'), ('f', '1', '1e300'), ('s', '"a"', '"b"'), ('s', '1', '2'),
    ('d', '"2026-02-01"', '"2026-10-01"'), ('ts', '"2026-01-01 00:00+02"', '"2026-01-01 00:00+01"'), ('i', '"9 days"', '"10 days"'), ('i', '"1 month"', '"31 days"'), ('t', '"09:00"', '"10:00"'),
    ('u', '"00000000-0000-0000-0000-000000000000"', '"00000000-0000-0000-0000-000000000001"'), ('c', '"slow"', '"fast"');
CREATE VIEW argument AS
SELECT k.kind, (SELECT array_agg(found[1]) FROM regexp_matches(substring(v.message FROM 'Expected is.*'), '"(\w+)"', 'g') AS found) AS keys
FROM assay.validate('bounded', '[{"kind": "none of them"}]') AS unknown,
     regexp_split_to_table(substring(unknown.message FROM 'The kinds are: (.*)\.$'), ', ') AS k (kind),
     assay.validate('bounded', jsonb_build_array(jsonb_build_object('kind', k.kind, 'column_name', 'id', 'args', '{"no such key": 1}'::jsonb))) AS v;
CREATE VIEW range AS
SELECT a.kind, low.key AS low, high.key AS high, a.keys
FROM argument AS a, unnest(a.keys) AS low (key), unnest(a.keys) AS high (key)
WHERE (low.key, high.key) IN (SELECT prefix[1] || rest, prefix[2] || rest FROM
    (VALUES ('{min,max}'::text[]), ('{low,high}'), ('{lower,upper}'), ('{least,greatest}'), ('{at_least,at_most}'), ('{from,to}'), ('{begin,end}'), ('{start,end}'), ('{start,stop}'), ('{after,before}')) AS p (prefix),
    (VALUES (''), ('_value'), ('_bound'), ('_length'), ('_rows'), ('_count'), ('_date')) AS r (rest));
SELECT count(*) > 50 AS kinds, count(keys) > 40 AS with_arguments FROM argument;

-- What else a kind needs, of what it takes; with a column and without.
CREATE FUNCTION judged(kind text, keys text[], low text, high text, column_name text, lesser jsonb, higher jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    WITH args AS (
        SELECT jsonb_object_agg(key, value) FILTER (WHERE key = ANY (keys)) AS args
        FROM jsonb_each('{"quantile": 0.5, "values": [1], "value_set": [1], "column_A": "x", "column_B": "f", "compare_model": "bounded"}'::jsonb || jsonb_build_object(low, lesser, high, higher))
    )
    SELECT v.message FROM args, (VALUES (column_name), (NULL)) AS c (column_name),
        assay.validate('bounded', jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('kind', kind, 'column_name', c.column_name)) || jsonb_build_object('args', args.args))) AS v
    WHERE v.status = 'error'
$$;
CREATE VIEW tried AS
SELECT r.kind, r.low, r.high, p.type, p.low AS lesser, p.high AS higher,
       (SELECT array_agg(m ORDER BY m) FROM judged(r.kind, r.keys, r.low, r.high, p.type, p.high, p.low) AS m) AS swapped,
       (SELECT array_agg(m ORDER BY m) FROM judged(r.kind, r.keys, r.low, r.high, p.type, p.low, p.high) AS m) AS in_order
FROM range AS r, pair AS p;
-- Nothing passes for the wrong way round, and what passes the right way fails for no other reason than its order.
SELECT kind, type, lesser, higher, swapped FROM tried WHERE cardinality(swapped) < 2 OR swapped IS NULL;
SELECT kind, low, high, string_agg(DISTINCT type, ' ' ORDER BY type) AS types
FROM tried, unnest(swapped) AS message
WHERE message ~ 'must not be above|, and in order' AND NOT message = ANY (coalesce(in_order, '{}'))
GROUP BY kind, low, high ORDER BY kind;
SELECT kind, type, lesser, higher, swapped, in_order FROM tried
WHERE cardinality(coalesce(in_order, '{}')) < 2 AND NOT EXISTS (SELECT FROM unnest(swapped) AS message WHERE message ~ 'must not be above|, and in order');

-- Conditions on counts, and the edges of bins.
SELECT status, message FROM assay.validate('bounded', '[{"kind": "not_null", "column_name": "x", "error_if": "between 5 and 1"}, {"kind": "not_null", "column_name": "x", "warn_if": "between 10% and 1%"}]');
CALL fails($$SELECT assay.add_check('bounded', 'not_null', 'x', error_if => 'between 5 and 1')$$);
CALL fails($$SELECT * FROM assay.drift('bounded', 'bounded', '{"bins": [3, 2, 1]}')$$);

DROP VIEW tried;
DROP FUNCTION judged;
DROP VIEW range, argument;
DROP TABLE pair, bounded;

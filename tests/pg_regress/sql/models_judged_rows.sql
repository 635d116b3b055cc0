-- Rows judged where they are: the aggregate that the nodes of a cluster compute, on one server.
CREATE TABLE judged_loan AS
SELECT i AS id, i % 97 AS a, CASE WHEN i % 11 <> 0 THEN (i * 7) % 53 END AS b, CASE WHEN i % 50 = 0 AND i > 600 THEN 'new' ELSE (ARRAY['x', 'y', 'z'])[i % 3 + 1] END AS c,
       CASE WHEN i % 40 <> 0 THEN (i % 97 + (i * 7) % 53 + i * 7919 % 40) > 95 END AS bad, 1 + i % 5 AS cost, (i % 97) * 1.5::float8 + i * 7919 % 40 AS amount
FROM generate_series(1, 1200) AS i;
SELECT version FROM assay.train('judged', 'SELECT a, b, c, bad FROM judged_loan WHERE id <= 600', 'bad', 'logistic_regression');
SELECT version FROM assay.train('judged_amount', 'SELECT a, b, c, amount FROM judged_loan WHERE id <= 600', 'amount', 'linear_regression', intervals => '{"level": 0.9}');

CREATE FUNCTION asked(model text, extra text DEFAULT '[]') RETURNS bytea STABLE LANGUAGE sql AS $$
    SELECT convert_to(format('{"model": %s, "hash": %s, "extra": %s}', to_json(model || '@1'), to_json(v.hash), extra), 'UTF8') FROM assay.model_versions AS v WHERE v.model = asked.model
$$;
SELECT asked('judged') AS bad, asked('judged_amount') AS amount, asked('judged', '[["cost", "what a miss costs"]]') AS costs \gset
-- Of two classes ten or eleven bytes are kept of each row, of numbers sixteen; of rows without a label nothing.
SELECT octet_length(assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c))::bytea) / count(bad) AS bytes_of_classes,
       octet_length(assay_internal.judged(assay_internal.judged_row(:'amount', amount, a, b, c))::bytea) / count(*) AS bytes_of_numbers FROM judged_loan;
-- Parts merge to a state as large as that of all rows.
SELECT octet_length(assay.merge_states(s)::bytea) - (SELECT octet_length(assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c))::bytea) FROM judged_loan) AS more
FROM (SELECT assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c)) AS s FROM judged_loan GROUP BY id % 4) AS parts;
SELECT octet_length(assay_internal.judged(assay_internal.judged_row(:'costs', bad, a, b, c, cost))::bytea) / count(bad) AS bytes_with_costs FROM judged_loan;
-- In one call, as it is sent to another server; there a name is enough, for the version that has the hash.
SELECT assay_internal.judged(:'bad', bad, a, b, c)::bytea = assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c))::bytea AS same,
       assay_internal.judged(:'bad', bad, a, b, c)::bytea = assay_internal.judged(convert_to(replace(convert_from(:'bad', 'UTF8'), '@1', ''), 'UTF8'), bad, a, b, c)::bytea AS by_name FROM judged_loan;
SELECT assay_internal.judged(NULL::bytea) IS NULL AS nothing, assay_internal.judged_row(NULL, true, 1, 2, 'x'::text) IS NULL AS not_asked,
       assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c)) IS NULL AS no_rows FROM judged_loan WHERE id < 0;
SELECT assay.metric_of(assay_internal.judged(assay_internal.judged_row(:'bad', bad, a, b, c))) AS no_one_number FROM judged_loan;

-- Where it cannot be.
CALL fails($$SELECT assay_internal.judged_row('\xff', bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row('{"model": "judged@1"}', bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row('{"model": "judged@1", "hash": "0", "extra": []}', bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged('{"model": "judged", "hash": "0", "extra": []}', bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_values_step(NULL, '{"model": "nowhere", "hash": "0", "extra": []}', true, 1)$$);
CALL fails($$SELECT assay_internal.judged_row('{"model": "nowhere@1", "hash": "0", "extra": []}', bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged'), bad, a, b) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged'), bad, a, b, c, cost) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged'), bad, c, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged'), 'odd'::text, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged_amount'), c, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged', '[["c", "what a miss costs"]]'), bad, a, b, c, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged', '[["cost", "what a miss costs"]]'), bad, a, b, c, -cost) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(CASE WHEN id < 5 THEN asked('judged') ELSE asked('judged', '[["cost", "x"]]') END, bad, a, b, c) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged_row(asked('judged'), bad, VARIADIC ARRAY[a, b]) FROM judged_loan$$);
CALL fails($$SELECT assay_internal.judged('\x00')$$);
CALL fails($$SELECT assay_internal.judged('\x01020000000000000001000000')$$);
CALL fails($$SELECT assay_internal.judged(r) FROM (SELECT assay_internal.judged_row(asked('judged'), bad, a, b, c) AS r FROM judged_loan UNION ALL SELECT assay_internal.judged_row(asked('judged_amount'), amount, a, b, c) FROM judged_loan) AS r$$);
CALL fails($$SELECT assay.merge_states(s) FROM (SELECT assay_internal.judged(assay_internal.judged_row(asked('judged'), bad, a, b, c)) AS s FROM judged_loan UNION ALL SELECT assay.metric_state('rmse', amount, amount) FROM judged_loan) AS s$$);
CALL fails($$SELECT assay_internal.judged_step(NULL, '\x00')$$);
-- Who may not predict does not judge.
CREATE ROLE assay_judge;
GRANT SELECT ON judged_loan TO assay_judge;
SET ROLE assay_judge;
CALL fails(format($$SELECT assay_internal.judged_row(%L, bad, a, b, c) FROM judged_loan$$, :'bad'));
RESET ROLE;
DROP OWNED BY assay_judge;
DROP ROLE assay_judge;

-- Rows that a foreign server has are fetched, and a NOTICE says why. Without a foreign server there is none.
SELECT count(*) > 0 AS judged FROM assay.evaluate('judged', 'judged_loan');

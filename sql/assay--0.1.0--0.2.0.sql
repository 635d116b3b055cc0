\echo Use "ALTER EXTENSION assay UPDATE" to load this file. \quit
-- From 0.1.0 to 0.2.0. Whoever changes a numbered file of sql/ writes here what turns the older schema into the newer one;
-- tests/clients/upgrade.sh compares the two.

CREATE FUNCTION assay_internal.state_from(bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_from_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_from(bytea) IS 'The cast from bytea to assay.state, validated. ML011 for bytes that are no state.';

CREATE CAST (bytea AS assay.state) WITH FUNCTION assay_internal.state_from(bytea) AS ASSIGNMENT;
COMMENT ON CAST (bytea AS assay.state) IS 'What a client has read as bytes becomes a state again: $1::assay.state takes a parameter of bytes.';
CREATE CAST (assay.state AS bytea) WITH FUNCTION assay_internal.state_send(assay.state);
COMMENT ON CAST (assay.state AS bytea) IS 'The bytes of a state, for clients that do not know the type.';

CREATE FUNCTION assay.predict_row(model text, features jsonb) RETURNS double precision
AS 'MODULE_PATHNAME', 'predict_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_row(text, jsonb) IS
'What assay.predict gives, for features in one object of JSON, so that an application needs no cast.
features: a key for each of assay.features(model), in any order. A value is read as if it were cast to the type that its column had in training: numbers also as texts, dates and timestamps as texts, vectors as arrays, categories as texts; null is missing. A NULL model or object gives NULL.
Errors: ML003 a key is missing, 22023 an unknown key or no object, ML004 a value that cannot be cast, and those of assay.predict.
Example: SELECT assay.predict_row(''amount'', ''{"age": 30, "job": "skilled", "duration_months": 24}'')';

CREATE FUNCTION assay.predict_label_row(model text, features jsonb) RETURNS text
AS 'MODULE_PATHNAME', 'predict_label_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_label_row(text, jsonb) IS
'What assay.predict_label gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.predict_label_row(''credit'', to_jsonb(c) - ''{customer_id,is_risky,is_test}''::text[]) FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_proba_row(model text, features jsonb) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_proba_row_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_proba_row(text, jsonb) IS
'What assay.predict_proba gives, for features in one object of JSON; see assay.predict_row.
Example: SELECT assay.predict_proba_row(''credit'', to_jsonb(c) - ''{customer_id,is_risky,is_test}''::text[]) FROM customers c WHERE is_test';

CREATE FUNCTION assay.predict_values(model text, features text[]) RETURNS double precision
AS 'MODULE_PATHNAME', 'predict_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_values(text, text[]) IS
'What assay.predict gives, for features as texts in the order of assay.features(model), so that an application needs no cast.
features: each is read as if it were cast to the type that its column had in training; a vector is ''{1,2}''; NULL is missing. A NULL model or array gives NULL.
Errors: ML003 another number of values than features, ML004 a value that cannot be cast, and those of assay.predict.
Example: SELECT assay.predict_values(''amount'', ''{30,skilled,24}'')';

CREATE FUNCTION assay.predict_label_values(model text, features text[]) RETURNS text
AS 'MODULE_PATHNAME', 'predict_label_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_label_values(text, text[]) IS
'What assay.predict_label gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.predict_label_values(''credit'', array_agg(to_jsonb(c) ->> name ORDER BY place)) FROM customers c, unnest(assay.features(''credit'')) WITH ORDINALITY AS f (name, place) GROUP BY customer_id';

CREATE FUNCTION assay.predict_proba_values(model text, features text[]) RETURNS double precision[]
AS 'MODULE_PATHNAME', 'predict_proba_values_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.predict_proba_values(text, text[]) IS
'What assay.predict_proba gives, for features as texts in the order of assay.features(model); see assay.predict_values.
Example: SELECT assay.predict_proba_values(''credit'', array_agg(to_jsonb(c) ->> name ORDER BY place)) FROM customers c, unnest(assay.features(''credit'')) WITH ORDINALITY AS f (name, place) GROUP BY customer_id';

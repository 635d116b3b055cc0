-- The state of a pass over rows: what aggregates hand from worker to worker, and what can be stored and merged later.

CREATE TYPE assay.state;

CREATE FUNCTION assay_internal.state_in(cstring) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_in_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_in(cstring) IS 'Text input of assay.state: as of bytea in hexadecimal, validated. ML011 for anything else.';

CREATE FUNCTION assay_internal.state_out(assay.state) RETURNS cstring
AS 'MODULE_PATHNAME', 'state_out_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_out(assay.state) IS 'Text output of assay.state.';

CREATE FUNCTION assay_internal.state_recv(internal) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_recv_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_recv(internal) IS 'Binary input of assay.state, validated.';

CREATE FUNCTION assay_internal.state_send(assay.state) RETURNS bytea
AS 'MODULE_PATHNAME', 'state_send_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_send(assay.state) IS 'Binary output of assay.state.';

CREATE TYPE assay.state (
    INPUT = assay_internal.state_in, OUTPUT = assay_internal.state_out, RECEIVE = assay_internal.state_recv, SEND = assay_internal.state_send,
    INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE assay.state IS
'A pass over rows, kept: flat, versioned and checked bytes that can be stored, sent and merged with those of other rows.
Example: CREATE TABLE kept (day date, state assay.state)';

CREATE FUNCTION assay_internal.state_from(bytea) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_from_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_from(bytea) IS 'The cast from bytea to assay.state, validated. ML011 for bytes that are no state.';

CREATE CAST (bytea AS assay.state) WITH FUNCTION assay_internal.state_from(bytea) AS ASSIGNMENT;
COMMENT ON CAST (bytea AS assay.state) IS 'What a client has read as bytes becomes a state again: $1::assay.state takes a parameter of bytes.';
CREATE CAST (assay.state AS bytea) WITH FUNCTION assay_internal.state_send(assay.state);
COMMENT ON CAST (assay.state AS bytea) IS 'The bytes of a state, for clients that do not know the type.';

CREATE FUNCTION assay_internal.state_combine(assay.state, assay.state) RETURNS assay.state
AS 'MODULE_PATHNAME', 'state_combine_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.state_combine(assay.state, assay.state) IS 'How the aggregates of assay combine the states of parallel workers. Works inside aggregates only.';

CREATE FUNCTION assay.merge_states(assay.state, assay.state) RETURNS assay.state
AS 'MODULE_PATHNAME', 'merge_states_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.merge_states(assay.state, assay.state) IS
'The state of the rows of both, which must have been made for the same thing (ML012). With one of them NULL, the other.
Example: SELECT assay.metric_of(assay.merge_states(a.auc, b.auc)) FROM daily a JOIN daily b ON b.day = a.day + 1';

CREATE AGGREGATE assay.merge_states(assay.state) (
    SFUNC = assay_internal.state_combine, STYPE = assay.state, COMBINEFUNC = assay_internal.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.merge_states(assay.state) IS
'The state of the rows of all; NULLs are skipped.
Example: SELECT assay.metric_of(assay.merge_states(auc)) FROM daily WHERE day >= ''2026-06-01''';

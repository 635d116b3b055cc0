-- Data quality: one pass over a relation answers its profile and its checks.

CREATE FUNCTION assay.scan_step(assay.state, text, VARIADIC "any") RETURNS assay.state
AS 'MODULE_PATHNAME', 'scan_step_wrapper' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION assay.scan_step(assay.state, text, "any") IS 'A row of the aggregate assay.scan.';

CREATE AGGREGATE assay.scan(plan text, VARIADIC columns "any") (
    SFUNC = assay.scan_step, STYPE = assay.state, COMBINEFUNC = assay.state_combine, PARALLEL = safe);
COMMENT ON AGGREGATE assay.scan(text, "any") IS
'One pass over rows that answers a plan: profiles of columns, and any number of checks with their segments. plan: JSON that names the columns and their kinds, as assay.profile and assay.validate write it; the columns follow, in its order. The state can be stored and merged with those of other rows. O(columns + checks) a row; memory is bounded whatever the rows. Errors: 22023 a plan that does not suit the arguments.';

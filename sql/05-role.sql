-- A role as assay's tables hold it: a number inside, as regrole, but its name outside. So a role may be renamed, and a dump carries names, which
-- mean the same role in another cluster, or none. Its output is the role's name as of now; public is everyone; none a role that is gone.

CREATE TYPE assay.role;

CREATE FUNCTION assay_internal.role_in(cstring) RETURNS assay.role
AS 'MODULE_PATHNAME', 'role_in_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.role_in(cstring) IS 'Text input of assay.role: a role''s name, quoted as SQL needs it, or public. A role that does not exist gives none, with a WARNING. Errors: 42602 no name.';

CREATE FUNCTION assay_internal.role_out(assay.role) RETURNS cstring
AS 'MODULE_PATHNAME', 'role_out_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.role_out(assay.role) IS 'Text output of assay.role.';

CREATE FUNCTION assay_internal.role_recv(internal) RETURNS assay.role
AS 'MODULE_PATHNAME', 'role_recv_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.role_recv(internal) IS 'Binary input of assay.role: its text.';

CREATE FUNCTION assay_internal.role_send(assay.role) RETURNS bytea
AS 'MODULE_PATHNAME', 'role_send_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION assay_internal.role_send(assay.role) IS 'Binary output of assay.role: its text.';

CREATE TYPE assay.role (
    INPUT = assay_internal.role_in, OUTPUT = assay_internal.role_out, RECEIVE = assay_internal.role_recv, SEND = assay_internal.role_send,
    INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4);
COMMENT ON TYPE assay.role IS
'A role, by its number inside and its name outside: a dump has names, so what it restores belongs to who has the name, and to nobody''s number.
Example: SELECT ''public''::assay.role';

-- With the first, comparisons and indexes are those of oid.
CREATE CAST (assay.role AS pg_catalog.oid) WITHOUT FUNCTION AS IMPLICIT;
CREATE CAST (assay.role AS pg_catalog.regrole) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (pg_catalog.oid AS assay.role) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE CAST (pg_catalog.regrole AS assay.role) WITHOUT FUNCTION AS ASSIGNMENT;

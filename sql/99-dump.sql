-- Who installs the extension may dump and restore it. A superuser may anyway; the owner of a database, for whom the extension is trusted, needs
-- to read assay's tables for pg_dump, and to fill them for a restore. So he may read every model and baseline of his database; and the triggers
-- on the tables see to it that the rows he makes are his own. He changes and deletes nothing.

CREATE FUNCTION assay_internal.grant_dump() RETURNS void
AS 'MODULE_PATHNAME', 'grant_dump_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay_internal.grant_dump() IS
'For the install script, and those that update the extension: grants SELECT and INSERT on the tables that a dump carries, and SELECT and UPDATE on their sequences, to the role that installed the extension, unless it is a superuser.';
REVOKE EXECUTE ON FUNCTION assay_internal.grant_dump() FROM PUBLIC;

SELECT assay_internal.grant_dump();

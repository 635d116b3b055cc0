#!/usr/bin/env bash
# CREATE EXTENSION in a database that somebody has prepared for it: with a schema of its name of his own, or with operators, functions and types on
# the search path. Nothing of his is built into the extension, and nobody but a superuser can add to its schema afterwards.
set -euo pipefail

house=${PGDATABASE:?}_house
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$house" "$@"; }
finish() {
    dropdb --if-exists --force "$house"
    psql -X -q -c "DROP ROLE IF EXISTS assay_guest, assay_host"
}
trap finish EXIT

# check NAME EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        diff <(echo "$2") <(echo "$3") || true
    fi
}

psql -X -q -v ON_ERROR_STOP=1 -c "CREATE ROLE assay_guest" -c "CREATE ROLE assay_host LOGIN" -c "CREATE DATABASE $house OWNER assay_host"
psql -X -q -v ON_ERROR_STOP=1 -d "$house" -c "GRANT CREATE ON DATABASE $house TO assay_guest" -c "GRANT CREATE ON SCHEMA public TO assay_guest"

run <<'SQL'
SET ROLE assay_guest;
CREATE SCHEMA assay;
GRANT CREATE ON SCHEMA assay TO PUBLIC;
CREATE FUNCTION assay.divide(float8, bigint) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0';
CREATE OPERATOR assay./ (LEFTARG = float8, RIGHTARG = bigint, FUNCTION = assay.divide);
CREATE FUNCTION assay.predict(text, int) RETURNS float8 LANGUAGE sql AS 'SELECT 1.0';
SQL
check "a schema assay that is there already is refused" 'ERROR:  schema "assay" already exists' \
    "$(run -c 'CREATE EXTENSION assay' 2>&1 | head -n 1)"
check "and nothing of the extension stays behind" "0|2" \
    "$(run -c "SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'assay'), count(*) FROM pg_proc WHERE pronamespace = 'assay'::regnamespace")"
run -c 'DROP SCHEMA assay CASCADE' 2>/dev/null
run -c "SET ROLE assay_guest" -c 'CREATE SCHEMA assay_internal'
check "so is a schema assay_internal" 'ERROR:  schema "assay_internal" already exists' "$(run -c 'CREATE EXTENSION assay' 2>&1 | head -n 1)"
run -c 'DROP SCHEMA assay_internal'

# In front of everything: in a schema of the session's search path, and in its temporary one.
trap='
CREATE TYPE text AS (x int);
CREATE TYPE jsonb AS (x int);
CREATE TYPE regclass AS (x int);
CREATE FUNCTION now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT pg_catalog.now() $$;
CREATE FUNCTION pg_has_role(oid, pg_catalog.text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION count() RETURNS bigint LANGUAGE sql AS $$ SELECT 1::bigint $$;
CREATE FUNCTION same(pg_catalog.text, pg_catalog.text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION same(bigint, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE FUNCTION share(double precision, bigint) RETURNS double precision LANGUAGE sql AS $$ SELECT 1.0 $$;
CREATE OPERATOR = (LEFTARG = pg_catalog.text, RIGHTARG = pg_catalog.text, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = same);
CREATE OPERATOR > (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = same);
CREATE OPERATOR / (LEFTARG = double precision, RIGHTARG = bigint, FUNCTION = share);
CREATE TABLE pg_extension (extname pg_catalog.text, extowner oid);
'
# What a member of the extension, or a rule, default or condition of one, depends on outside of pg_catalog (of which nothing is recorded) and its own schemas.
foreign="
WITH RECURSIVE member (classid, objid) AS (
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON d.refobjid = e.oid
    WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e' AND e.extname = 'assay'
    UNION
    SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d JOIN member AS m ON d.refclassid = m.classid AND d.refobjid = m.objid
    WHERE d.deptype IN ('a', 'i'))
SELECT DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, 0) || ' -> ' || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0)
FROM pg_catalog.pg_depend AS d JOIN member USING (classid, objid),
    LATERAL pg_catalog.pg_identify_object(d.refclassid, d.refobjid, d.refobjsubid) AS named
WHERE d.deptype <> 'e' AND coalesce(named.schema, 'assay') NOT IN ('assay', 'assay_internal', 'pg_catalog', 'pg_toast')
"
for role in postgres assay_host; do
    printf 'CREATE SCHEMA trap AUTHORIZATION %s; GRANT USAGE ON SCHEMA trap TO PUBLIC; SET search_path = trap;\n%s' "$role" "$trap" | run
    check "what lies in front on the search path of $role is not built in" "" "$(
        {
            echo "SET SESSION AUTHORIZATION $role; SET search_path = pg_temp, trap, pg_catalog; CREATE TEMPORARY TABLE first (x int);"
            echo "$trap"
            echo "CREATE EXTENSION assay; RESET search_path; $foreign"
        } | run 2>&1
    )"
    check "both schemas are a superuser's, and nobody else's to add to, after $role" "2|t|f|f|f" "$(run -c "
        SELECT count(*), bool_and(nspowner = 10), bool_or(has_schema_privilege('assay_host', oid, 'CREATE')),
            bool_or(has_schema_privilege('assay_guest', oid, 'CREATE')), bool_or(has_schema_privilege('public', oid, 'CREATE'))
        FROM pg_namespace WHERE nspname IN ('assay', 'assay_internal')")"
    check "both go with the extension of $role" "0" \
        "$(run -c "SET SESSION AUTHORIZATION $role" -c 'DROP EXTENSION assay' -c 'DROP SCHEMA trap CASCADE' -c "SELECT count(*) FROM pg_namespace WHERE nspname IN ('assay', 'assay_internal')" 2>/dev/null)"
done
check "another schema is refused" 'ERROR:  extension "assay" must be installed in schema "pg_catalog"' \
    "$(run -c 'CREATE EXTENSION assay SCHEMA public' 2>&1 || true)"

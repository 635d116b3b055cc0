#!/usr/bin/env bash
# The release before: its script with this library, and its databases, upgraded. Schemas end up the same, and what it has made goes on to work.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../format"
fresh=${PGDATABASE:?}
databases=()
finish() { for database in ${databases[@]+"${databases[@]}"}; do dropdb --if-exists --force "$database"; done; }
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

ask() { psql -X -q -v ON_ERROR_STOP=1 -d "$1" "${@:2}"; }
version() { ask "$1" -A -t -c "SELECT extversion FROM pg_extension WHERE extname = 'assay'"; }
answers() { ask "$1" -f answers.sql 2>&1; }
# What the C functions of a database's extension take and return, by their symbols.
signatures() {
    ask "$1" -A -t -c "SELECT p.prosrc, p.proargtypes::regtype[], p.proallargtypes::regtype[], p.prorettype::regtype, p.proretset
                       FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
                       JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'assay'
                       WHERE p.probin IS NOT NULL" | LC_ALL=C sort -u
}
# Those whose symbol is called with other arguments or results now: bytes would be taken for what they are not.
changed_signatures() {
    LC_ALL=C comm -23 <(signatures "$1") <(signatures "$2") | while IFS='|' read -r symbol rest; do
        if signatures "$2" | grep -q "^$symbol|"; then echo "$symbol $rest: give the new function a symbol of its own"; fi
    done
}
database() {
    databases+=("$1")
    createdb "$1"
}

newest=$(version "$fresh")
schema=$(ask "$fresh" -f schema.sql)
shopt -s nullglob
releases=(*/)
((${#releases[@]} > 0)) || echo "not ok - no release is there"
for folder in ${releases[@]+"${releases[@]}"}; do
    release=${folder%/}
    old=${fresh}_old dumped=${fresh}_dumped restored=${fresh}_restored
    database "$old"
    # PostgreSQL looks for the symbol of each function.
    check "$release: its script finds its functions in this library" "" "$(ask "$old" -c "CREATE EXTENSION assay VERSION '$release'" 2>&1 || true)"
    check "$release: no C function that its script calls takes or returns something else now" "" "$(changed_signatures "$old" "$fresh")"
    # The schema that the release itself has, whatever later ones change in it.
    check "$release: its script works with this library" "" "$(ask "$old" -c 'SET client_min_messages = warning' -f make.sql 2>&1 >/dev/null || true)"
    before=$(answers "$old")
    ask "$old" -c 'ALTER EXTENSION assay UPDATE'
    check "$release: it is upgraded" "$newest" "$(version "$old")"
    check "$release: the upgraded schema is that of a fresh installation" "$schema" "$(ask "$old" -f schema.sql)"
    check "$release: what it made before answers the same" "$before" "$(answers "$old")"

    database "$dumped"
    check "$release: its dump loads into it" "" \
        "$(sed "s/^CREATE EXTENSION IF NOT EXISTS assay .*/CREATE EXTENSION assay VERSION '$release';/" "$folder/dump.sql" | ask "$dumped" 2>&1 >/dev/null)"
    check "$release: what is in the dump answers with this library" "$(<"$folder/answers.txt")" "$(answers "$dumped")"
    ask "$dumped" -c 'ALTER EXTENSION assay UPDATE'
    check "$release: and after the upgrade" "$(<"$folder/answers.txt")" "$(answers "$dumped")"

    database "$restored"
    check "$release: its dump loads into the newest" "" "$(ask "$restored" -f "$folder/dump.sql" 2>&1 >/dev/null)"
    check "$release: and what is in it answers there" "$newest $(<"$folder/answers.txt")" "$(version "$restored") $(answers "$restored")"
    check "$release: its models are explained" "t" "$(ask "$restored" -A -t -c \
        "SELECT bool_and(g.error < 1e-9) FROM assay.model_versions AS v, LATERAL assay.global_explain(model || '@' || version, query) AS g")"
    check "$release: training and checking go on" "6 t" "$(ask "$restored" -A -t -F ' ' -c \
        "SELECT version, assay.add_check('visit', 'not_empty') > 6 FROM assay.train('returned', 'SELECT age, returned FROM visit', 'returned', 'naive_bayes')")"
    finish
    databases=()
done

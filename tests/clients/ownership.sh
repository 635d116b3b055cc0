#!/usr/bin/env bash
# Dumps by the owner of a database, who is no superuser, and restores where roles are missing: everything is carried, and nothing becomes the
# property of somebody it is not meant for. And a role's number that is used again owns nothing.
set -euo pipefail

house=${PGDATABASE:?}_house
folder=$(mktemp -d)
cluster=$(dirname "${BASH_SOURCE[0]}")/../../scripts/cluster.sh
finish() {
    rm -rf -- "$folder"
    "$cluster" remove ownership
    local database
    for database in "$house" "${copies[@]}"; do dropdb --if-exists --force "$database"; done
    psql -X -q -c 'DROP ROLE IF EXISTS assay_host, assay_lodger, assay_visitor, assay_leaver' || true
}
copies=()
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
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

roles='CREATE ROLE assay_host LOGIN; CREATE ROLE assay_lodger LOGIN; CREATE ROLE assay_visitor LOGIN; CREATE ROLE assay_leaver LOGIN; GRANT assay_lodger TO assay_host;'
run -c "$roles" -c "CREATE DATABASE $house OWNER assay_host"

# assay_host installs the extension as SET ROLE makes him; each role has things of its own. assay_host may act as assay_lodger, not as assay_leaver.
run -d "$house" <<'SQL' >/dev/null
SET ROLE assay_host;
CREATE EXTENSION assay;
CREATE TABLE public.loan AS SELECT i AS id, i % 7 AS x, i % 2 = 0 AS y FROM generate_series(1, 100) AS i;
GRANT SELECT, TRIGGER ON public.loan TO assay_lodger, assay_leaver;
SET ROLE assay_lodger;
SELECT assay.train('lodger', 'public.loan', 'y', 'naive_bayes');
SELECT assay.set_threshold('lodger@1', 0.3);
SELECT assay.train('lodger', 'public.loan', 'y', 'naive_bayes', deploy => 'if_better');
SELECT assay.save_baseline('lodger', 'public.loan');
SELECT assay.log_predictions('lodger', 'public.loan', '{id}'), assay.set_retention('lodger', '2 years');
SELECT assay.add_check('public.loan', 'not_null', 'x');
SET ROLE assay_leaver;
SELECT assay.train('leaver', 'SELECT i AS x, i % 3 = 0 AS y FROM generate_series(1, 60) AS i', 'y', 'naive_bayes', deploy => 'always') FROM generate_series(1, 3);
SELECT assay.deploy('leaver', 2), assay.set_alias('leaver', 'first', 1);
SELECT assay.grant_model('leaver', 'assay_visitor', 'predict'), assay.grant_model('leaver', 'public', 'manage');
SELECT assay.save_baseline('leaver', 'SELECT i AS x FROM generate_series(1, 50) AS i');
SELECT assay.log_predictions('leaver', 'SELECT i AS x, i AS id FROM generate_series(1, 50) AS i', '{id}', challengers => '{leaver@3}');
SELECT assay.record_labels('leaver', 'SELECT i AS id, i % 3 = 0 AS y FROM generate_series(1, 30) AS i', '{id}'), assay.set_unlabelled('leaver', '{true}');
SELECT assay.add_check('public.loan', 'unique', 'id');
SET ROLE assay_host;
SELECT assay.train('host', 'SELECT i AS x, i AS y FROM generate_series(1, 60) AS i', 'y', 'ridge');
SELECT assay.grant_model('host', 'assay_leaver', 'manage');
SELECT assay.add_check('public.loan', 'accepted_range', 'x', '{"max_value": 6}');
RESET ROLE;
SELECT assay.run_checks();
SQL
run -d "$house" -c 'SET ROLE assay_lodger' -c 'SELECT assay.run_checks()' >/dev/null

# What there is, whosever it is; and whose it is.
everything="
SELECT model, version, deployed, aliases, hash, trained_by, threshold FROM assay.model_versions ORDER BY 1, 2;
SELECT model, version, deployed_by, replaced, deployed_at FROM assay.deployments ORDER BY deployed_at;
SELECT name, query, rows, columns, saved_at, bytes FROM assay.baselines ORDER BY 1;
SELECT check_id, name, kind, relation, column_name, args, added_at FROM assay.checks ORDER BY 1;
SELECT run_at, name, status, rows_evaluated, cpu_seconds FROM assay.check_history ORDER BY 1, 2;
SELECT model, champion, challenger, deployed, decided_by, decided_at, reason FROM assay.promotions ORDER BY decided_at;
SELECT model, version, relation, relation_name FROM assay.model_sources ORDER BY 1, 2;
SELECT id, model, version, key, score, decision, at, label FROM assay.predictions ORDER BY 1;
SELECT model, key, label, recorded_at FROM assay.prediction_labels ORDER BY 3, 4;
SELECT model, retention, unlabelled, oldest FROM assay.prediction_policies ORDER BY 1;
SELECT assay.predict('leaver@first', 1) < 0.5, assay.predict('host', 5) > 4.9;
SELECT last_value FROM assay.model_id_seq;"
owners="
SELECT 'model ' || model, owner FROM assay.models UNION ALL SELECT 'baseline ' || name, owner FROM assay.baselines
UNION ALL SELECT 'check ' || name, added_by FROM assay.checks UNION ALL SELECT DISTINCT 'result ' || name, ran_as FROM assay.check_history
UNION ALL SELECT DISTINCT 'logged ' || model, logged_by FROM assay.predictions ORDER BY 1, 2;"
grants="SELECT model, role, privilege FROM assay.model_grants ORDER BY 1, 2;"
there=$(run -d "$house" -c "$everything")
check "there is something to carry" "6 3" "$(grep -cE '^(host|leaver|lodger)\|[0-9]\|[tf]\|' <<<"$there") $(run -d "$house" -c "$grants" | wc -l)"

check "the owner of the database, who installed the extension, dumps it" $'0\n0' "$(
    for options in "-f $folder/plain.sql" "-Fc -f $folder/custom"; do
        # shellcheck disable=SC2086 # options
        if pg_dump -U assay_host $options "$house" 2>"$folder/errors"; then echo 0; else cat "$folder/errors"; fi
    done
)"

# He restores into another database of his: as a script, in one transaction, in parallel, and without owners.
restore() {
    local name=$1
    shift
    copies+=("${house}_$name")
    run -c "CREATE DATABASE ${house}_$name OWNER assay_host"
    "$@" -d "${house}_$name" >"$folder/$name.log" 2>&1 || { echo "the restore failed:"; cat "$folder/$name.log"; }
}
restore script psql -X -q -v ON_ERROR_STOP=1 -U assay_host -f "$folder/plain.sql"
restore single pg_restore -U assay_host --exit-on-error -1 "$folder/custom"
restore parallel pg_restore -U assay_host --exit-on-error -j2 "$folder/custom"
restore ownerless pg_restore -U assay_host --exit-on-error --no-owner --no-privileges "$folder/custom"
restore role pg_restore -U postgres --exit-on-error --role=assay_host "$folder/custom"
restore superuser pg_restore -U postgres --exit-on-error "$folder/custom"
his=$(run -d "$house" -c "$owners" | sed -E 's/assay_leaver$/assay_host/' | sort -u)
for copy in script single parallel ownerless role; do
    check "a restore by him ($copy) brings back everything" "$there" "$(run -d "${house}_$copy" -c "$everything" 2>&1 || cat "$folder/$copy.log")"
    check "what is of roles that he may not act as becomes his ($copy)" "$his" "$(run -d "${house}_$copy" -c "$owners" 2>&1 | sort -u)"
    check "grants are as they were ($copy)" "$(run -d "$house" -c "$grants")" "$(run -d "${house}_$copy" -c "$grants" 2>&1)"
done
check "he is told, once for each table" "5" "$(grep -c 'may not act as role "assay_leaver"' "$folder/script.log")"
check "a superuser's restore leaves everything to whom it belongs" "$there$(run -d "$house" -c "$owners$grants")" \
    "$(run -d "${house}_superuser" -c "$everything" 2>&1)$(run -d "${house}_superuser" -c "$owners$grants" 2>&1)"

# What he may do with the tables is what a dump and a restore take.
check "he reads and fills assay's tables, and changes nothing there" "t|t|f|f|f|f" "$(run -d "$house" -c "
    SELECT bool_and(has_table_privilege('assay_host', c.oid, 'SELECT')), bool_and(has_table_privilege('assay_host', c.oid, 'INSERT')),
        bool_or(has_table_privilege('assay_host', c.oid, 'UPDATE')), bool_or(has_table_privilege('assay_host', c.oid, 'DELETE, TRUNCATE, TRIGGER, REFERENCES')),
        bool_or(has_table_privilege('assay_lodger', c.oid, 'SELECT, INSERT')), bool_or(has_table_privilege('public', c.oid, 'SELECT, INSERT'))
    FROM pg_class AS c JOIN pg_extension AS e ON c.oid = ANY (e.extconfig) WHERE c.relkind = 'r'")"

# DROP ROLE is refused in the databases that were restored, too.
check "a role is not dropped while a restored database has something of it" "privileges for view assay.baselines" "$(
    run -d "${house}_superuser" -c 'DROP ROLE assay_leaver' 2>&1 | grep -o 'privileges for view assay.baselines' | head -n 1 || true
)"

# Another cluster, with other numbers, where roles are missing.
"$cluster" start ownership
other=$("$cluster" home ownership)
pg_dump -U postgres -Fc -f "$folder/superuser" "$house"
elsewhere() { PGHOST=$other PGDATABASE=postgres run "$@"; }
elsewhere -c 'CREATE ROLE assay_other' -c 'CREATE ROLE assay_host LOGIN' -c 'CREATE ROLE assay_visitor' -c 'CREATE DATABASE mine' -c 'CREATE DATABASE his OWNER assay_host'
PGHOST=$other pg_restore -U postgres -v --no-owner --no-privileges --exit-on-error -d mine "$folder/superuser" >"$folder/mine.log" 2>&1 || cat "$folder/mine.log"
PGHOST=$other pg_restore -U assay_host -v --no-owner --no-privileges --exit-on-error -d his "$folder/custom" >"$folder/his.log" 2>&1 || cat "$folder/his.log"
for database in mine his; do
    [[ $database == mine ]] && heir=postgres || heir=assay_host
    check "where roles are missing everything is carried ($database)" "$there" "$(elsewhere -d "$database" -c "$everything" 2>&1)"
    check "what was of a missing role is the restorer's ($database)" \
        "$(run -d "$house" -c "$owners" | sed -E "s/assay_(leaver|lodger)\$/$heir/; $([[ $database == mine ]] || echo 's/\|postgres$/|assay_host/')" | sort -u)" \
        "$(elsewhere -d "$database" -c "$owners" | sort -u)"
    check "a grant to a missing role is left out, not given to somebody else ($database)" $'leaver|assay_visitor|predict\nleaver|public|manage' \
        "$(elsewhere -d "$database" -c "$grants")"
    check "each missing role is named ($database)" $'assay_leaver\nassay_lodger' \
        "$(grep -oE 'role "assay_[a-z]+" does not exist' "$folder/$database.log" | sed -E 's/.*"(.*)".*/\1/' | sort -u)"
done

# A role's number that is used again: DROP ROLE waits until nothing is left, and then the number owns nothing.
elsewhere -d mine <<'SQL' >/dev/null
CREATE ROLE assay_first;
GRANT CREATE ON SCHEMA public TO assay_first;
SELECT assay.grant_model('host', 'assay_first', 'manage');
SET ROLE assay_first;
SELECT assay.train('first', 'SELECT i AS x, i AS y FROM generate_series(1, 60) AS i', 'y', 'ridge');
SELECT assay.train('host', 'SELECT i AS x, i AS y FROM generate_series(1, 60) AS i', 'y', 'ridge', deploy => 'always');
SELECT assay.save_baseline('first', 'SELECT 1 AS x');
SQL
number=$(elsewhere -c "SELECT oid::bigint FROM pg_roles WHERE rolname = 'assay_first'")
check "DROP ROLE names what is in the way" "privileges for view assay.models privileges for view assay.baselines privileges for view assay.model_grants" "$(
    elsewhere -d mine -c 'DROP OWNED BY assay_first' -c 'DROP ROLE assay_first' 2>&1 | grep -oE 'privileges for view assay\.[a-z_]+' |
        sort -u -k4,4 -r | sort -k4,4 -r | awk '{ print ($4 == "assay.models" ? 1 : $4 == "assay.baselines" ? 2 : 3), $0 }' | sort | cut -d' ' -f2- | paste -sd ' '
)"
check "assay.drop_owned takes it away" "1|0|1|0|1" "$(elsewhere -d mine -c "SELECT * FROM assay.drop_owned('assay_first')")"
# A number is free for reuse when nothing is left of the row.
elsewhere -d mine -c 'DROP ROLE assay_first' -c 'VACUUM pg_catalog.pg_authid'
"$cluster" stop ownership
as_server=()
[[ $(id -u) == 0 ]] && as_server=(runuser -u "$(stat -c %U "$other/data")" --)
"${as_server[@]}" pg_resetwal -o "$number" "$other/data" >/dev/null
"$cluster" start ownership
elsewhere -d mine -c 'CREATE ROLE assay_second LOGIN'
check "the next role has the number" "$number" "$(elsewhere -c "SELECT oid::bigint FROM pg_roles WHERE rolname = 'assay_second'")"
empty="SELECT (SELECT count(*) FROM assay.models WHERE model <> 'leaver'), (SELECT count(*) FROM assay.baselines), (SELECT count(*) FROM assay.check_history)"
check "it has nothing of the other's" "0|0|0" "$(elsewhere -U assay_second -d mine -c "$empty")"
check "nor did it do what the other did" "assay_first|assay_first" "$(elsewhere -d mine -c "
    SELECT (SELECT trained_by FROM assay.model_versions WHERE model = 'host' AND version = 2), (SELECT deployed_by FROM assay.deployments WHERE model = 'host' AND version = 2)")"
elsewhere -c 'CREATE DATABASE again'
PGHOST=$other pg_dump -U postgres mine | PGHOST=$other psql -X -q -v ON_ERROR_STOP=1 -U postgres -d again >/dev/null
check "nor after a dump and a restore" "0|0|0" "$(elsewhere -U assay_second -d again -c "$empty")"

# A database made of another, and dropped, takes the dependencies along.
elsewhere -d mine -c 'SET ROLE assay_second' -c "SELECT assay.save_baseline('second', 'SELECT 1 AS x')" >/dev/null
elsewhere -c 'CREATE DATABASE twin TEMPLATE mine'
elsewhere -d mine -c "SELECT assay.drop_owned('assay_second')" >/dev/null
check "a copy of the database holds the role, too" "1" "$(elsewhere -c 'DROP ROLE assay_second' 2>&1 | grep -c '1 object in database twin' || true)"
elsewhere -d twin -c 'DROP EXTENSION assay'
check "DROP EXTENSION and DROP DATABASE let it go" "DROP ROLE" "$(PGHOST=$other psql -X -A -t -d postgres -c 'DROP ROLE assay_second' 2>&1)"

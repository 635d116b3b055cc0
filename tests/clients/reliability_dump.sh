#!/usr/bin/env bash
# A dump carries owners, assets, products, issues, incidents and their trail: restored by a superuser everything belongs to whom it did, restored by the
# owner of the database, where roles are missing, to him. A number of a relation says nothing there.
set -euo pipefail

first=${PGDATABASE:?}_reliable
folder=$(mktemp -d)
copies=()
roles=(assay_rely_host assay_rely_ann assay_rely_ben)
finish() {
    rm -rf -- "$folder"
    local name
    for name in "$first" "${copies[@]}"; do dropdb --if-exists --force "$name"; done
    for name in "${roles[@]}"; do psql -X -q -c "DROP ROLE IF EXISTS $name" || true; done
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
run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

for name in "${roles[@]}"; do run -c "CREATE ROLE $name LOGIN"; done
run -c "CREATE DATABASE $first OWNER assay_rely_host"
run -d "$first" <<'SQL' >/dev/null
SET ROLE assay_rely_host;
CREATE EXTENSION assay;
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int, amount int);
CREATE TABLE shop.gone (id int);
CREATE TABLE shop.rebuilt (id int);
GRANT USAGE, CREATE ON SCHEMA shop TO assay_rely_ann;
GRANT SELECT, TRIGGER ON ALL TABLES IN SCHEMA shop TO assay_rely_ann;
INSERT INTO shop.orders VALUES (1, NULL);
SELECT assay.add_owner('ben', 'person', contacts => '{"email": "ben@example.org"}');
RESET ROLE;
SELECT assay.add_owner('ben', 'person', 'assay_rely_ben', '{"email": "ben@example.org"}');
SET ROLE assay_rely_ann;
SELECT assay.add_owner('crew', 'team'), assay.add_owner('ann', 'person', 'assay_rely_ann');
SELECT assay.add_to_team('crew', 'ann'), assay.add_to_team('crew', 'ben');
SELECT assay.own('crew', 'shop.orders'), assay.own('ben', 'shop.orders.amount', min_severity => 'error'), assay.own('ann', 'dashboard:shop'),
       assay.own('ann', 'shop.gone'), assay.own('ben', 'shop.rebuilt');
SELECT assay.add_data_product('shop', 'p1', 'crew', 'What the shop runs on');
SELECT assay.add_to_product('shop', 'shop.orders', 'output'), assay.add_to_product('shop', 'source:crm', 'input');
SELECT assay.own('ben', product => 'shop', min_severity => 'sev2');
SET ROLE assay_rely_host;
SELECT assay.own('ann', 'schema:shop');
SELECT assay.add_check('shop.orders', 'not_null', 'amount', name => 'amount is there');
RESET ROLE;
DROP TABLE shop.gone, shop.rebuilt;
SET ROLE assay_rely_host;
-- Numbers move in a copy, where these come first.
CREATE TABLE shop.a_first (id int);
CREATE TABLE shop.rebuilt (id int);
SELECT status FROM assay.run_checks('shop.orders');
RESET ROLE;
SELECT assay.declare_incident('amounts are gone', 'sev2', ARRAY(SELECT id FROM assay.issues));
SELECT assay.annotate(id, 'the file of tonight has none') FROM assay.incidents;
SQL

everything="
SELECT name, kind, members, contacts FROM assay.owners ORDER BY 1;
SELECT asset, kind, relation, owner, owned_through, products, priority, open_issues, id FROM assay.assets ORDER BY 1, 2;
SELECT owner, asset, product, min_severity, said_by, said_at FROM assay.ownerships WHERE product IS NULL ORDER BY 1, 2, 3;
SELECT owner, product, min_severity, said_at FROM assay.ownerships WHERE asset IS NULL ORDER BY 1, 2;
SELECT name, priority, owner, description, inputs, inner_assets, outputs, added_at FROM assay.data_products ORDER BY 1;
SELECT kind, name, relation_name, column_name, base_id FROM assay.asset ORDER BY id;
SELECT id, asset_id, asset_name, kind, subject, status, severity, occurrences, started_at, incident_id, message FROM assay.issue ORDER BY id;
SELECT id, title, severity, status, owner_id, declared_at FROM assay.incident ORDER BY id;
SELECT id, incident_id, at, actor, kind, note, details FROM assay.incident_event ORDER BY id;
SELECT last_value FROM assay.asset_id_seq;"
roles_of="
SELECT name, role, added_by FROM assay.owners ORDER BY 1;
SELECT name, kind, relation_owner, added_by FROM assay.asset ORDER BY id;
SELECT name, added_by FROM assay.data_products;
SELECT ran_as, added_by FROM assay.issue;
SELECT declared_by FROM assay.incident;"
there=$(run -d "$first" -c "$everything")
check "there is something to carry" "1 1 2" "$(grep -c 'amounts are gone' <<<"$there") $(grep -c '|amount is there|' <<<"$there") $(grep -c 'the file of tonight\||declared|' <<<"$there")"

pg_dump -U postgres -Fc -f "$folder/dump" "$first" 2>"$folder/said"
check "a dump has nothing to warn of" "" "$(cat "$folder/said")"
restore() {
    local name=${first}_$1
    shift
    copies+=("$name")
    run -c "CREATE DATABASE $name OWNER assay_rely_host"
    pg_restore --exit-on-error "$@" -d "$name" "$folder/dump" >"$folder/log" 2>&1 || { echo "the restore failed:"; cat "$folder/log"; }
}
restore superuser -U postgres
check "a superuser's restore brings back everything" "$there" "$(run -d "${first}_superuser" -c "$everything" 2>&1)"
check "and leaves it to whom it belongs" "$(run -d "$first" -c "$roles_of")" "$(run -d "${first}_superuser" -c "$roles_of" 2>&1)"
check "numbers of relations are those of the copy" "shop.rebuilt|t" "$(run -d "${first}_superuser" -c "
    SELECT relation_name, relation = 'shop.rebuilt'::regclass FROM assay.asset WHERE name = 'shop.rebuilt'" 2>&1)"
check "the roles are held there, too" "assay_rely_ann assay_rely_ben assay_rely_host" "$(run -d "${first}_superuser" -c "
    SELECT string_agg(DISTINCT refobjid::regrole::text, ' ') FROM pg_shdepend WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND objid IN ('assay.owners'::regclass, 'assay.assets'::regclass, 'assay.data_products'::regclass)" 2>&1)"
restore host -U assay_rely_host --no-owner --no-privileges
check "the owner of the database brings back everything, too" "$there" "$(run -d "${first}_host" -c "$everything" 2>&1 || cat "$folder/log")"
check "what is of roles that he may not act as becomes his" "assay_rely_host" "$(run -d "${first}_host" -c "
    SELECT DISTINCT r FROM (SELECT added_by::text AS r FROM assay.asset UNION SELECT added_by::text FROM assay.owner UNION SELECT added_by::text FROM assay.data_product
        UNION SELECT relation_owner::text FROM assay.asset WHERE relation_owner IS NOT NULL UNION SELECT ran_as::text FROM assay.issue) AS u" 2>&1)"
check "and it goes on there: who owns it, and new numbers" "crew|asset" "$(run -d "${first}_host" -c "SET ROLE assay_rely_host" -c "
    SELECT owner, owned_through FROM assay.assets WHERE asset = 'shop.orders'" 2>&1)"
check "a role is dropped once what it has is given away" "DROP ROLE" "$(
    for name in "$first" "${first}_superuser" "${first}_host"; do
        run -d "$name" -c "SET client_min_messages = error" -c "SELECT FROM assay.drop_owned('assay_rely_ann')" -c "DROP OWNED BY assay_rely_ann" >/dev/null
    done
    psql -X -c "DROP ROLE assay_rely_ann" 2>&1
)"

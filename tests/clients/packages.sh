#!/usr/bin/env bash
# A package goes from one cluster to another, where roles have other numbers: scores, hash, thresholds and grants are those of where it comes from.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
folder=$(mktemp -d)
here=(psql -X -q -A -t -v ON_ERROR_STOP=1)
finish() {
    scripts/cluster.sh remove packages || true
    "${here[@]}" -c "SET client_min_messages = warning" -c "DROP OWNED BY assay_package_scorer" -c "SELECT FROM assay.drop_owned('assay_package_scorer')" \
        -c "DROP ROLE assay_package_scorer" || true
    rm -rf -- "$folder"
}
trap finish EXIT
check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}

scripts/cluster.sh remove packages
scripts/cluster.sh start packages
other_host=$(scripts/cluster.sh home packages)
there=("${here[@]}" -h "$other_host" -p 5432 -U postgres -d assay)
createdb -h "$other_host" -p 5432 -U postgres assay
"${there[@]}" -c "CREATE EXTENSION assay" -c "CREATE ROLE someone_else" -c "CREATE ROLE assay_package_scorer"

rows="SELECT i AS id, i % 17 AS a, CASE WHEN i % 5 <> 0 THEN (i * 7) % 13 END AS b, (ARRAY['x', 'y', 'z'])[i % 3 + 1] AS c, (i % 17 + (i * 7) % 13) > 14 AS large FROM generate_series(1, 400) AS i"
for database in "${here[*]}" "${there[*]}"; do
    # shellcheck disable=SC2086 # a command and its arguments
    $database -c "CREATE TABLE package_row AS $rows"
done

"${here[@]}" >/dev/null <<'SQL'
CREATE ROLE assay_package_scorer;
SELECT assay.train('packed', 'SELECT a, b, c, large FROM package_row', 'large', algorithm, params => params, deploy => 'always')
FROM (VALUES ('logistic_regression', '{}'::jsonb), ('random_forest', '{"n_estimators": 5}'), ('gradient_boosting', '{"n_estimators": 20}')) AS v (algorithm, params);
SELECT assay.set_alias('packed', 'champion', 3), assay.set_threshold('packed', 0.25);
SELECT assay.grant_model('packed', 'assay_package_scorer', 'predict');
SQL
# What each version answers, in every digit.
scores() {
    echo "SET extra_float_digits = 3; SELECT md5(string_agg(assay.predict('$1', a, b, c)::text || assay.predict_label('$1', a, b, c), ',' ORDER BY id)) FROM package_row"
}
for version in 1 2 3; do
    "${here[@]}" -c "SELECT encode(assay.export_model('packed@$version'), 'hex')" >"$folder/package"
    # In pieces of what fits into an argument: the file is a statement.
    printf "SELECT assay.import_model('packed', decode('%s', 'hex'), options => '{\"grants\": true, \"aliases\": true, \"deploy\": \"always\"}');\n" "$(<"$folder/package")" >"$folder/import.sql"
    check "version $version comes in under the next number" "$version" "$("${there[@]}" -f "$folder/import.sql")"
    check "version $version answers the same" "$("${here[@]}" -c "$(scores "packed@$version")")" "$("${there[@]}" -c "$(scores "packed@$version")")"
done
about="SELECT string_agg(concat_ws(' ', version, algorithm, hash, deployed, aliases, threshold, metrics, rows, query), E'\n' ORDER BY version) FROM assay.model_versions WHERE model = 'packed'"
check "both registries say the same of the versions" "$("${here[@]}" -c "$about")" "$("${there[@]}" -c "$about")"
grants="SELECT string_agg(role || ' ' || privilege, ',') FROM assay.model_grants WHERE model = 'packed'"
check "the grant is to the role of that name" "assay_package_scorer predict" "$("${there[@]}" -c "$grants")"
number="SELECT 'assay_package_scorer'::regrole::oid"
check "which has another number there" "t" "$("${there[@]}" -c "SELECT ($number) <> $("${here[@]}" -c "$number")")"
check "it is whoever imported it who owns it" "postgres" "$("${there[@]}" -c "SELECT owner FROM assay.models WHERE model = 'packed'")"

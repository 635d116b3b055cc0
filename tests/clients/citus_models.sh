#!/usr/bin/env bash
# Long: 45 s, as it starts three clusters.
# Models on the workers of a Citus cluster: a distributed query scores where its rows are, with the coordinator's version and no other.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/citus.sh
trap citus_stop EXIT
citus_start
rows=20000

check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}
# holds NAME TEXT PART: whether a text has a part.
holds() {
    if [[ $2 == *"$3"* ]]; then echo "ok - $1"; else echo "not ok - $1: '$3' is not in '$2'"; fi
}
coordinator() { on coordinator "$@"; }
# failure STATEMENT...: what a session says that fails, its SQLSTATE first.
failure() {
    local arguments=() statement
    for statement; do arguments+=(-c "$statement"); done
    on coordinator -v VERBOSITY=verbose "${arguments[@]}" 2>&1 >/dev/null || true
}

on coordinator >/dev/null <<SQL
CREATE TABLE plain AS
SELECT i AS id, i % 97 AS a, CASE WHEN i % 11 <> 0 THEN (i * 7) % 53 END AS b, (ARRAY['x', 'y', 'z'])[i % 3 + 1] AS c, (i % 97 + (i * 7) % 53) > 70 AS large
FROM generate_series(1, $rows) AS i;
CREATE TABLE spread (LIKE plain);
SELECT create_distributed_table('spread', 'id', shard_count => 8);
INSERT INTO spread SELECT * FROM plain;
CREATE ROLE keeper LOGIN;
CREATE ROLE scorer LOGIN;
CREATE ROLE stranger LOGIN;
GRANT SELECT ON plain, spread TO keeper, scorer, stranger;
GRANT CREATE ON SCHEMA public TO keeper;
SQL
keeper() { CITUS_USER=keeper on coordinator "$@"; }
keeper >/dev/null <<'SQL'
SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', params => '{"n_estimators": 30}');
SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', 'logistic_regression', deploy => 'never');
SELECT assay.grant_model('risk', 'scorer', 'predict');
SQL

# scores TABLE REFERENCE: every row's score, in every digit.
scores() { echo "SELECT md5(string_agg(s, ',' ORDER BY id)) FROM (SELECT id, assay.predict('$2', a, b, c)::text || assay.predict_label('$2', a, b, c) AS s FROM $1 OFFSET 0) AS t"; }

holds "without the model on workers a distributed query fails" "$(failure "SELECT count(assay.predict('risk', a, b, c)) FROM spread")" 'model "risk" does not exist'
check "it is published to both workers, by its owner, who is no superuser" 2 "$(keeper -c "SELECT assay.publish_model('risk')")"
one="FROM spread WHERE id = 17"
holds "the first query of a session that has not loaded assay says what to do" "$(CITUS_USER=keeper on coordinator -c "SELECT assay.predict('risk', a, b, c) $one" 2>&1 || true)" "session_preload_libraries = 'assay'"
on coordinator -c "ALTER DATABASE assay SET session_preload_libraries = 'assay'" >/dev/null
check "workers have the coordinator's numbers of versions" "1|t" "$(on one -c "SELECT version, is_copy FROM assay.publications WHERE model = 'risk'")"
check "a distributed query gives the coordinator's scores" "$(keeper -c "$(scores plain risk)")" "$(keeper -c "$(scores spread risk)")"
holds "workers are asked for a version" "$(coordinator -c "SET citus.explain_all_tasks = on" -c "EXPLAIN (VERBOSE, COSTS OFF) SELECT avg(assay.predict('risk', a, b, c)) FROM spread")" "'risk@1'::text"
holds "they aggregate" "$(coordinator -c "EXPLAIN (VERBOSE, COSTS OFF) SELECT avg(assay.predict('risk', s)) FROM spread AS s")" "sum(assay.predict('risk@1'::text"
for call in "assay.predict('risk', s)" "assay.predict_proba('risk', s)" "assay.decide('risk', s)" "assay.predict_row('risk', jsonb_build_object('a', a, 'b', b, 'c', c))" "assay.predict_values('risk', ARRAY[a::text, b::text, c])" "assay.attributions('risk', a, b, c)"; do
    all="SELECT md5(string_agg(($call)::text, ',' ORDER BY id)) FROM"
    check "$call is the same" "$(keeper -c "$all plain AS s WHERE id <= 500")" "$(keeper -c "$all spread AS s WHERE id <= 500")"
done
check "a query of one shard scores there" "$(keeper -c "SELECT assay.predict('risk', a, b, c) FROM plain WHERE id = 17")" "$(keeper -c "SELECT assay.predict('risk', a, b, c) $one")"

# Who may.
scorer="SELECT count(assay.predict('risk', a, b, c)) FROM spread"
check "a role with the privilege scores on workers" "$rows" "$(CITUS_USER=scorer on coordinator -c "$scorer")"
holds "one without does not" "$(CITUS_USER=stranger on coordinator -c "$scorer" 2>&1 || true)" 'permission denied for model "risk"'
holds "nor does it publish" "$(CITUS_USER=scorer on coordinator -c "SELECT assay.publish_model('risk')" 2>&1 || true)" 'permission denied for model "risk"'
keeper -c "BEGIN" -c "SELECT assay.revoke_model('risk', 'scorer', 'predict')" -c "ROLLBACK" >/dev/null
check "a revocation reaches workers first: rolled back, it holds there" "0" "$(on one -c "SELECT count(*) FROM assay.model_grants WHERE model = 'risk'")"
holds "and the role does not score there" "$(CITUS_USER=scorer on coordinator -c "$scorer" 2>&1 || true)" 'permission denied for model "risk"'
keeper -c "SELECT assay.publish_model('risk')" >/dev/null
check "until it is published again" "$rows" "$(CITUS_USER=scorer on coordinator -c "$scorer")"

# Another version: workers first, then the coordinator.
first=$(keeper -c "$(scores spread risk)")
holds "a version that workers lack is not scored with another" "$(failure "SELECT assay.deploy('risk', 2)" "$scorer")" 'version 2 of model "risk" is not published'
keeper -c "SELECT assay.deploy('risk', 1)" >/dev/null
check "a version is published that is not deployed" 2 "$(keeper -c "SELECT assay.publish_model('risk@2')")"
check "and is then" 2 "$(keeper -c "SELECT deployed_version FROM assay.models WHERE model = 'risk'")"
check "queries go on with it" "$(keeper -c "$(scores plain risk@2)")" "$(keeper -c "$(scores spread risk)")"
check "the version before is still there" "$first" "$(keeper -c "$(scores spread risk@1)")"
check "so that a rollback needs no worker" "$first" "$(keeper -c "SELECT assay.rollback('risk')" -c "$(scores spread risk)" | tail -n 1)"
check "a prepared plan is made anew when another version is deployed" "t t" "$(keeper -c "SET plan_cache_mode = force_generic_plan" -c "PREPARE q AS SELECT assay.predict('risk', a, b, c) $one" -c "EXECUTE q" -c "SELECT assay.deploy('risk', 2)" -c "EXECUTE q" |
    grep -v '^$' | paste -sd ' ' | awk -v first="$(keeper -c "SELECT assay.predict('risk@1', a, b, c) FROM plain WHERE id = 17")" -v second="$(keeper -c "SELECT assay.predict('risk@2', a, b, c) FROM plain WHERE id = 17")" '{ print ($1 == first ? "t" : $1), ($NF == second ? "t" : $NF) }')"

holds "whoever sets a threshold is told that workers have the one before" "$(keeper -c "SELECT assay.set_threshold('risk', 0.9)" 2>&1)" "workers decide by the thresholds"
labels="SELECT count(*) FILTER (WHERE assay.predict_label('risk', s) = 'true') FROM"
check "with the next publication they have it" "$(keeper -c "SELECT assay.publish_model('risk')" -c "$labels plain AS s" | tail -n 1)" "$(keeper -c "$labels spread AS s")"
holds "a copy is not deployed" "$(on one -c "SELECT assay.deploy('risk', 2)" 2>&1 || true)" "is a copy of what the coordinator published"

# A rollback leaves a version on workers that nothing asks for; what is published next under its number takes its place.
keeper >/dev/null <<'SQL'
BEGIN;
SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', 'decision_tree', deploy => 'never');
SELECT assay.publish_model('risk@3');
ROLLBACK;
SQL
check "a rolled back version is left on workers" "2 3" "$(on one -c "SELECT string_agg(version::text, ' ' ORDER BY version) FROM assay.model_versions")"
holds "which no query is sent to" "$(failure "SELECT count(assay.predict('risk@3', a, b, c)) FROM spread")" 'version 3 of model "risk" is not published'
keeper >/dev/null -c "SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 4000', 'large', 'naive_bayes', deploy => 'never')"
holds "nor by another version of its number" "$(failure "SELECT count(assay.predict('risk@3', a, b, c)) FROM spread")" 'version 3 of model "risk" is not published'
keeper -c "SELECT assay.publish_model('risk@3')" >/dev/null
check "which takes its place when it is published" "$(keeper -c "$(scores plain risk@3)")" "$(keeper -c "$(scores spread risk@3)")"
check "and what nobody needs any more is gone" "2 3" "$(on two -c "SELECT string_agg(version::text, ' ' ORDER BY version) FROM assay.model_versions")"

# Copies belong to the coordinator.
holds "a worker does not train a copy" "$(on one -c "SELECT assay.train('risk', 'SELECT i AS a, i % 3 = 0 AS y FROM generate_series(1, 50) AS i', 'y')" 2>&1 || true)" "is a copy of what the coordinator published"
holds "nor does it publish one" "$(on one -c "SELECT assay.publish_model('risk@3')" 2>&1 || true)" "is a copy of what the coordinator published"
holds "a published model is not dropped" "$(failure "SELECT assay.drop_model('risk')")" 'cannot be dropped: it is published'
on one -c "SELECT assay.train('own', 'SELECT i AS a, i * 2 AS y FROM generate_series(1, 50) AS i', 'y', 'linear_regression')" >/dev/null
keeper -c "SELECT assay.train('own', 'SELECT a, b FROM plain WHERE b IS NOT NULL', 'b', 'linear_regression')" >/dev/null
holds "a worker's own model of that name is left alone" "$(CITUS_USER=keeper on coordinator -c "SELECT assay.publish_model('own')" 2>&1 || true)" "no copy of the coordinator's"
check "and nothing is published" "0" "$(keeper -c "SELECT count(*) FROM assay.publications WHERE model = 'own'")"
check "it is taken back from both workers" 2 "$(keeper -c "SELECT assay.unpublish_model('risk')")"
check "which have it no more" "0" "$(on two -c "SELECT count(*) FROM assay.models WHERE model = 'risk'")"
holds "a query says so" "$(failure "SELECT count(assay.predict('risk', a, b, c)) FROM spread")" 'model "risk" does not exist'

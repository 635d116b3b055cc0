#!/usr/bin/env bash
# Long: 45 s, as it starts three clusters.
# A model that is published to the workers of a Citus cluster is judged where the rows are, and says what it says of the same rows in one table. What is not
# published has its rows fetched; what a worker has not got is never scored with anything else.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/citus.sh
trap citus_stop EXIT
citus_start

check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}
# holds NAME TEXT PART: whether a text has a part.
holds() {
    if [[ $2 == *"$3"* ]]; then echo "ok - $1"; else echo "not ok - $1: '$3' is not in '$2'"; fi
}
quiet() { on coordinator -c 'SET client_min_messages = warning' "$@"; }
# said STATEMENT...: all that a session says, its results included.
said() {
    local arguments=() statement
    for statement; do arguments+=(-c "$statement"); done
    on coordinator "${arguments[@]}" 2>&1 || true
}

# Labels that are NULL, levels that training has not seen, values that are missing; a regression whose target has NULLs and infinities.
on coordinator >/dev/null 2>&1 <<'SQL'
ALTER DATABASE assay SET session_preload_libraries = 'assay';
CREATE TYPE mood AS ENUM ('sad', 'glad', 'calm');
CREATE TABLE plain AS SELECT i AS id, i % 97 AS a, CASE WHEN i % 11 <> 0 THEN (i * 7) % 53 END AS b, CASE WHEN i > 15000 AND i % 50 = 0 THEN 'new' ELSE (ARRAY['x', 'y', 'z'])[i % 3 + 1] END AS c,
    CASE WHEN i % 40 <> 0 THEN (i % 97 + (i * 7) % 53 + i * 7919 % 40) > 95 END AS large,
    CASE WHEN i % 31 = 0 THEN NULL WHEN i = 18000 THEN 'infinity' ELSE (i % 97) * 1.5 + (i * 7919 % 40) / 8.0 END::float8 AS amount,
    (ARRAY['sad', 'glad', 'calm'])[(i % 97 + i * 7919 % 40) / 46 + 1]::mood AS mood, CASE WHEN i % 3 > 0 THEN 'r' || i % 4 END AS region, 1 + i % 5 AS cost FROM generate_series(1, 20000) AS i;
CREATE TABLE spread (LIKE plain);
SELECT create_distributed_table('spread', 'id', shard_count => 8);
INSERT INTO spread SELECT * FROM plain;
CREATE ROLE keeper LOGIN;
CREATE ROLE scorer LOGIN;
CREATE ROLE stranger LOGIN;
CREATE ROLE blind LOGIN;
GRANT SELECT ON plain, spread TO keeper, scorer, stranger;
SQL
CITUS_USER=keeper on coordinator >/dev/null 2>&1 <<'SQL'
SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', params => '{"n_estimators": 20}');
SELECT assay.train('line', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', 'logistic_regression');
SELECT assay.train('known', 'SELECT id * 0.37 AS a, b, c, large FROM plain WHERE id <= 5000', 'large', 'logistic_regression');
SELECT assay.train('mood', 'SELECT a, b, c, mood FROM plain WHERE id <= 5000', 'mood', 'random_forest', params => '{"n_estimators": 10}');
SELECT assay.train('amount', 'SELECT a, b, c, amount FROM plain WHERE id <= 5000 AND amount IS NOT NULL', 'amount', 'linear_regression', intervals => '{"level": 0.9}');
SELECT assay.train('other', 'SELECT a, b, c, large FROM plain WHERE id <= 5000', 'large', 'naive_bayes');
SELECT assay.grant_model(model, 'scorer', 'predict') FROM unnest(ARRAY['risk', 'other']) AS model;
SELECT assay.grant_model(model, 'blind', 'predict') FROM unnest(ARRAY['risk', 'other']) AS model;
SQL

# rows FUNCTION: what a function says, numbers to eleven digits: the last of a mean hang on the order in which rows are summed, wherever they are.
figures() {
    quiet -c "$1" | python3 -c 'import re, sys; print(re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number.group()):.11g}", sys.stdin.read()), end="")'
}
evaluated() { figures "SELECT e FROM assay.evaluate('$1', 'SELECT * FROM $2 WHERE id > 5000', $3) AS e ORDER BY e::text"; }

# Before anything is published.
unpublished=$(said "SELECT count(*) FROM assay.evaluate('risk', 'spread')")
holds "rows are fetched for a model that is not published, and a NOTICE says so" "$unpublished" "the rows of spread are fetched to be judged here"
holds "and what to do" "$unpublished" "assay.publish_model('risk@1')"
check "it says what it says of the rows here" "$(evaluated risk plain NULL)" "$(evaluated risk spread NULL)"
for model in risk line mood amount known; do CITUS_USER=keeper quiet -c "SELECT assay.publish_model('$model')" >/dev/null; done

# The same figures.
there=$(said "SELECT count(*) FROM assay.evaluate('risk', 'spread')")
holds "a published model is judged where the rows are, and a NOTICE says so" "$there" "spread is judged where its rows are"
holds "it does say which share trained it" "$(said "SELECT count(*) FROM assay.evaluate('known', 'SELECT id * 0.37 AS a, b, c, large FROM spread WHERE id <= 5000')")" "of these rows trained model"
check "of rows that are here no NOTICE speaks" "0" "$(said "SELECT count(*) FROM assay.evaluate('risk', 'SELECT * FROM plain WHERE id > 5000') WHERE metric = 'none'")"
for model in risk line mood amount; do
    check "$model: the metrics are those of the rows in one table" "$(evaluated $model plain NULL)" "$(evaluated $model spread NULL)"
done
check "with a threshold, too" "$(evaluated risk plain 0.3)" "$(evaluated risk spread 0.3)"
for groups in region mood 'c,region' cost; do
    check "by $groups, too" "$(evaluated risk plain "NULL, '{$groups}'")" "$(evaluated risk spread "NULL, '{$groups}'")"
done
check "twice the same to the last digit" "$(quiet -c "SELECT e FROM assay.evaluate('risk', 'spread') AS e")" "$(quiet -c "SELECT e FROM assay.evaluate('risk', 'spread') AS e")"
counted="'metric', 'rows', 'unlabelled_rows', 'unseen_levels'"
check "rows without a label and levels that training has not seen are counted" "unlabelled_rows|500 unseen_levels|75" \
    "$(quiet -c "SELECT metric, value FROM assay.evaluate('risk', 'spread') WHERE metric IN ($counted) AND metric <> 'rows' ORDER BY 1" | paste -sd ' ')"
for call in "confusion_matrix('risk', 'X')" "confusion_matrix('mood', 'X')" "roc_curve('risk', 'X')" "precision_recall_curve('risk', 'X', 20)" "lift_table('risk', 'X')" "calibration_curve('risk', 'X')" "calibration_curve('amount', 'X')" \
    "threshold_costs('risk', 'X', 1.0, 5.0)" "threshold_costs('risk', 'X', 'cost', 'a')" "fairness('risk', 'X', '{region}')"; do
    of() { figures "SELECT r FROM assay.${call/X/$1} AS r ORDER BY r::text"; }
    check "$call: rows elsewhere say what rows here say" "$(of plain)" "$(of spread)"
done
check "a view of it, with a condition" "$(figures "SELECT e FROM assay.evaluate('risk', 'SELECT a, b, c, large FROM plain WHERE region = ''r1'' LIMIT 100000') AS e")" \
    "$(figures "SELECT e FROM assay.evaluate('risk', 'SELECT a, b, c, large FROM spread WHERE region = ''r1'' LIMIT 100000') AS e")"
check "no rows are no rows" "$(figures "SELECT e FROM assay.evaluate('risk', 'SELECT * FROM plain WHERE id < 0') AS e")" "$(figures "SELECT e FROM assay.evaluate('risk', 'SELECT * FROM spread WHERE id < 0') AS e")"
check "rows of the same transaction count" "20001" "$(quiet -c BEGIN -c "INSERT INTO spread (id, a, large) VALUES (100000, 1, true)" -c "SELECT value + 500 FROM assay.evaluate('risk', 'spread') WHERE metric = 'rows'" -c ROLLBACK)"

# What is sent is small: Citus sends states, and no rows.
hash=$(quiet -c "SELECT hash FROM assay.publications WHERE model = 'risk'")
# asked HASH: what evaluate asks of the workers.
asked() { echo "SELECT assay_internal.judged(assay_internal.judged_row('{\"model\": \"risk@1\", \"hash\": \"$1\", \"extra\": []}', large, a, b, c))"; }
holds "the workers aggregate" "$(quiet -c "EXPLAIN (VERBOSE, COSTS OFF) $(asked "$hash") FROM spread")" "worker_partial_agg"
state=$(quiet -c "SELECT octet_length(s::bytea) FROM ($(asked "$hash") AS s FROM spread) AS t")
check "two classes take less than 12 bytes a row: $state of 19500 rows" t "$([[ $state -lt $((19500 * 12)) ]] && echo t)"

# Who may.
evaluation="SELECT count(*) > 5 FROM assay.evaluate('risk', 'spread')"
check "a role with the privilege evaluates" t "$(CITUS_USER=scorer quiet -c "$evaluation")"
holds "one without does not" "$(CITUS_USER=stranger said "$evaluation")" 'permission denied for model "risk"'
holds "nor does one that may not read the rows" "$(CITUS_USER=blind said "$evaluation")" 'permission denied for table spread'
CITUS_USER=keeper quiet -c BEGIN -c "SELECT assay.revoke_model('risk', 'scorer', 'predict')" -c ROLLBACK >/dev/null
holds "what workers do not allow is not done" "$(CITUS_USER=scorer said "$evaluation")" 'permission denied for model "risk"'
CITUS_USER=keeper quiet -c "SELECT assay.publish_model('risk')" >/dev/null

# Another version.
CITUS_USER=keeper quiet -c "SELECT assay.train('risk', 'SELECT a, b, c, large FROM plain WHERE id <= 4000', 'large', 'decision_tree')" >/dev/null
newer=$(said "SELECT count(*) FROM assay.evaluate('risk@2', 'spread')")
holds "the rows are fetched for a version that is not published" "$newer" "the rows of spread are fetched to be judged here"
check "and it is that version" "$(evaluated risk@2 plain NULL)" "$(evaluated risk@2 spread NULL)"
check "the one before is judged where they are" "$(evaluated risk@1 plain NULL)" "$(evaluated risk@1 spread NULL)"

# A worker that has lost its copy, or has another one of that number.
for node in one two; do on $node -c "SELECT assay_internal.forget_copy('line')" >/dev/null; done
holds "a worker without the version returns an error" "$(said "SELECT count(*) FROM assay.evaluate('line', 'spread')")" 'model "line" does not exist'
holds "nor is another version of its number scored with" "$(said "SELECT octet_length(s::bytea) FROM ($(asked "0$hash") AS s FROM spread) AS t")" 'version 1 of model "risk" is another one here'

# What is wrong with a row is said as it is of rows here.
quiet -c "UPDATE plain SET mood = NULL WHERE id = 7" -c "INSERT INTO spread SELECT * FROM plain WHERE id = 7" >/dev/null
holds "a label that the model does not know is an error" "$(said "SELECT count(*) FROM assay.evaluate('mood', 'SELECT a, b, c, ''odd'' AS mood FROM spread')")" 'has a label that the model does not know'

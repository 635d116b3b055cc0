#!/usr/bin/env bash
# A distributed table of Citus: metrics, profiles, checks and drift are computed on the nodes, and say what they say of the same rows in one table.
# Runs where CITUS_PG_CONFIG names a PostgreSQL with Citus and assay.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/citus.sh
trap citus_stop EXIT
citus_start

c() { on coordinator -c 'SET client_min_messages = warning' "$@"; }
# check NAME EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        diff <(echo "$2") <(echo "$3") || true
    fi
}
# Numbers to ten digits: the last ones of a mean hang on the order in which rows are summed, wherever they are.
digits() {
    python3 -c 'import re, sys; print(re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda number: f"{float(number.group()):.10g}", sys.stdin.read()), end="")'
}
contains() {
    if [[ $3 == *"$2"* ]]; then echo "ok - $1"; else printf 'not ok - %s: no "%s" in\n%s\n' "$1" "$2" "$3"; fi
}
notices() { on coordinator -c "$1" 2>&1 >/dev/null | sed -n 's/^psql.*NOTICE:  //p; s/^NOTICE:  //p'; }

on coordinator >/dev/null 2>&1 <<'SQL'
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE loan_here AS SELECT i AS id, date '2026-01-01' + i % 90 AS day, (ARRAY['north','south','east'])[i % 3 + 1] AS region, (i % 500)::numeric(10, 2) AS amount,
    CASE WHEN i % 11 > 0 THEN (i * 37 % 1000) / 1024.0::float8 END AS score, i * 7919 % 5 = 0 AS is_bad, timestamptz '2026-01-01 UTC' + i * interval '1 hour' AS at,
    CASE WHEN i % 7 > 0 THEN 'note ' || i % 40 END AS note, jsonb_build_object('a', i % 4) AS answer, '{1,2}'::int[] AS codes,
    CASE WHEN i % 2 = 0 THEN 'sad' ELSE 'glad' END::mood AS mood FROM generate_series(1, 3000) AS i;
CREATE TABLE loan (LIKE loan_here);
SELECT create_distributed_table('loan', 'id');
INSERT INTO loan SELECT * FROM loan_here;
CREATE VIEW north AS SELECT * FROM loan WHERE region = 'north';
CREATE VIEW north_here AS SELECT * FROM loan_here WHERE region = 'north';
SQL

# Metrics: every aggregate by types that Citus knows.
metrics="round(assay.roc_auc(is_bad, score)::numeric, 12), round(assay.average_precision(is_bad, score)::numeric, 12), round(assay.log_loss(is_bad, score)::numeric, 10),
    round(assay.brier_score(is_bad, score)::numeric, 12), assay.accuracy(is_bad, score > 0.5), assay.accuracy(region, note), round(assay.mcc(id % 2, id % 3)::numeric, 12),
    round(assay.f1(is_bad, score > 0.5)::numeric, 12), assay.precision(is_bad, score > 0.5), assay.recall(is_bad, score > 0.5),
    round(assay.rmse(amount, score)::numeric, 10), round(assay.mae(amount, score)::numeric, 10), assay.median_absolute_error(amount, score),
    round(assay.r2(amount, score)::numeric, 8), round(assay.mse(amount, score)::numeric, 8), round(assay.mape(id, score)::numeric, 10),
    round(assay.metric_of(assay.metric_state('roc_auc', is_bad, score))::numeric, 12), assay.metric_of(assay.metric_state('accuracy'::assay.metric, region, note))"
check "metrics of a distributed table are those of the rows in one" "$(c -c "SELECT $metrics FROM loan_here")" "$(c -c "SELECT $metrics FROM loan")"
contains "and the workers compute their states" "worker_partial_agg" "$(c -c 'SET citus.explain_all_tasks = off' -c "EXPLAIN (VERBOSE, COSTS OFF) SELECT assay.roc_auc(is_bad, score) FROM loan")"
check "by groups, too" "$(c -c "SELECT region, round(assay.roc_auc(is_bad, score)::numeric, 12) FROM loan_here GROUP BY 1 ORDER BY 1")" \
    "$(c -c "SELECT region, round(assay.roc_auc(is_bad, score)::numeric, 12) FROM loan GROUP BY 1 ORDER BY 1")"

checks='[{"kind": "not_null", "column_name": "score"}, {"kind": "accepted_values", "column_name": "region", "values": ["north", "south"]},
    {"kind": "accepted_range", "column_name": "amount", "max_value": 400, "group_by": "region"}, {"kind": "mean_between", "column_name": "amount", "min_value": 0},
    {"kind": "expression_is_true", "expression": "amount >= 0 AND day > date ''2025-12-31''"}, {"kind": "unique", "column_name": "id"},
    {"kind": "matches_regex", "column_name": "note", "regex": "^note"}, {"kind": "not_null", "column_name": "note", "where": "is_bad"},
    {"kind": "row_count_between", "min_value": 3000, "max_value": 3000}, {"kind": "quantile_between", "column_name": "amount", "quantile": 0.9, "min_value": 0}]'
profiled() { c -c "SELECT p FROM assay.profile('$1') AS p" | digits; }
validated() {
    c -c "SELECT r.name, r.segment, r.status, r.value, r.rows_evaluated, r.rows_failed, r.null_rows, r.message FROM assay.validate('$1', '$checks') AS r ORDER BY 1, 2::text" | digits
}
suggested() { c -c "SELECT s.kind, s.column_name, s.args, s.mostly, s.group_by FROM assay.suggest_checks('$1') AS s ORDER BY s::text"; }
drifted() { c -c "SELECT d FROM assay.drift('SELECT * FROM loan_here WHERE id <= 2000', '$1', '{\"group_by\": [\"region\"]}') AS d" | digits; }
based() {
    c -c "SELECT assay.save_baseline('b_$1', '$1')" -c "SELECT d FROM assay.drift_from('b_$1', 'SELECT * FROM loan_here WHERE id > 500') AS d" -c "SELECT assay.drop_baseline('b_$1')" | digits
}
for what in profiled validated suggested drifted based; do
    check "$what: a distributed table says what rows in one say" "$($what loan_here)" "$($what loan)"
done
check "so does a view of it" "$(profiled north_here)" "$(profiled north)"

contains "a NOTICE says where" "loan is read where its rows are" "$(notices "SELECT count(*) FROM assay.profile('loan')")"
check "no NOTICE speaks of rows that are here" "" "$(notices "SELECT count(*) FROM assay.profile('loan_here')")"
check "rows of the same transaction count" "3001" "$(c -c BEGIN -c "INSERT INTO loan (id) VALUES (100000)" -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'id'" -c ROLLBACK)"
c -c "SELECT assay.add_check('loan', 'not_null', 'score'), assay.add_check('loan', 'accepted_range', 'amount', '{\"max_value\": 490}')" >/dev/null
check "stored checks run" $'accepted_range_amount|fail|54\nnot_null_score|fail|272' "$(c -c "SELECT name, status, rows_failed FROM assay.run_checks('loan') ORDER BY 1")"
check "explain_checks says where" "each node of the Citus cluster reads its shards, and the states are merged" \
    "$(c -c "SELECT message FROM assay.explain_checks('loan') WHERE name IS NULL")"
contains "and what it runs is split" "worker_partial_agg" "$(c -c "EXPLAIN (VERBOSE, COSTS OFF) $(c -c "SELECT sql FROM assay.explain_checks('loan') WHERE name IS NULL")")"
check "failing rows have the names of their columns" "t|12" \
    "$(c -c "SELECT bool_and(f.\"row\" ? 'amount'), count(*) FROM (SELECT f.\"row\" FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = 'not_null_score'), 12) AS f) AS f")"
# Training: rows are surveyed and packed on the nodes, and teach what rows here do, to the last bit.
trained() { # trained TABLE TARGET
    c -c "SET assay.pack_rows = 1" -c "SELECT count(*) FROM assay.train('m_$1', 'SELECT day, region, amount, score, is_bad, at, note, mood FROM $1', '$2', 'gradient_boosting', '{\"n_estimators\": 8}', seed => 5)" >/dev/null
    c -c "SELECT hash, metrics FROM assay.model_versions WHERE model = 'm_$1' ORDER BY version DESC LIMIT 1"
}
for target in is_bad amount mood; do
    check "trees of $target are those of rows in one table" "$(trained loan_here "$target")" "$(trained loan "$target")"
done
# Learners of sums: to eight digits, for their last ones hang on the order in which rows are summed.
weighed() { # weighed TABLE ALGORITHM TARGET
    c -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('s_$1', 'SELECT region, amount, score, is_bad, note, mood FROM $1', '$3', '$2', split => 'none')"
    c -c "SELECT w FROM assay.weights('s_$1') AS w" | python3 -c 'import re, sys; print(re.sub(r"-?\d+\.?\d*(e-?\d+)?", lambda number: f"{float(number.group()):.8g}", sys.stdin.read()), end="")'
}
for fit in 'linear_regression amount' 'ridge amount' 'logistic_regression is_bad'; do
    # shellcheck disable=SC2086 # two words
    check "weights of $fit from sums of the nodes are those of rows in one table" "$(weighed loan_here $fit)" "$(weighed loan $fit)"
done
clustered() { # clustered TABLE
    c -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('c_$1', 'SELECT region, amount, score, is_bad, note FROM $1', NULL, 'k_means', '{\"k\": 4, \"tol\": 0}', split => 'none')"
    c -c "SELECT cluster, rows, feature, category, round(value::numeric, 8) FROM assay.centroids('c_$1') ORDER BY 1, 3, 4"
}
check "clusters from sums of the nodes are those of rows in one table" "$(clustered loan_here)" "$(clustered loan)"
contains "a NOTICE says that training read them where they are" "the query is read where its rows are" \
    "$(notices "SET assay.pack_rows = 1; SELECT rows FROM assay.train('m_loan', 'SELECT amount, score, note, is_bad FROM loan', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 2}')")"
check "rows of the same transaction are learned from" "3001" \
    "$(c -c BEGIN -c "SET assay.pack_rows = 1" -c "INSERT INTO loan (id, amount, score, is_bad) VALUES (100000, 1, 0.5, true)" -c "SELECT rows FROM assay.train('m_more', 'SELECT amount, score, is_bad FROM loan', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 2}', split => 'none')" -c ROLLBACK)"

# What differs between sessions is read where the session is.
c -c "ALTER TABLE loan ADD period tstzrange"
check "a column of a type that settings write has the rows fetched" "3000" "$(c -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'period'")"
check "a fault is an error of the check, and of no other" $'a|error|t\nb|fail|f' \
    "$(c -c "SELECT name, status, coalesce(message LIKE '%division by zero%', false) FROM assay.validate('SELECT id, amount, score FROM loan', '[{\"name\": \"a\", \"kind\": \"expression_is_true\", \"expression\": \"1 / (amount - amount) > 0\"}, {\"name\": \"b\", \"kind\": \"not_null\", \"column_name\": \"score\"}]') ORDER BY 1")"
# Who may not read it reads it by no other way.
c -c 'CREATE ROLE assay_reader' >/dev/null
contains "the caller's rights hold" "permission denied for table loan" "$(c -c 'SET ROLE assay_reader' -c "SELECT rows FROM assay.profile('loan')" 2>&1 || true)"

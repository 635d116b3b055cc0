#!/usr/bin/env bash
# Rows on another server, whole tables and partitions, reached by postgres_fdw: passes and metrics are computed there, and say what they say of the same
# rows here. Who may read what stays as it is, and what cannot be sent is fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

near_database=${PGDATABASE:?}
far=$(basename "$near_database" | tr -cd 'a-z0-9_')_far
finish() {
    scripts/cluster.sh remove "$far"
    psql -X -q -c "DROP OWNED BY assay_reader; DROP ROLE assay_reader" >/dev/null 2>&1 || true
}
trap finish EXIT
scripts/cluster.sh remove "$far"
scripts/cluster.sh start "$far"
far_home=$(scripts/cluster.sh home "$far")

ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
near() { PGOPTIONS='-c client_min_messages=warning' ask -d "$near_database" "$@"; }
far() { ask -h "$far_home" -d postgres "$@"; }
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
# contains NAME PART TEXT
contains() {
    if [[ $3 == *"$2"* ]]; then echo "ok - $1"; else printf 'not ok - %s: no "%s" in\n%s\n' "$1" "$2" "$3"; fi
}
# The notices of a statement.
notices() { ask -d "$near_database" -c "$1" 2>&1 >/dev/null | sed -n 's/^psql.*NOTICE:  //p; s/^NOTICE:  //p'; }

rows="SELECT i AS id, date '2026-01-01' + i % 90 AS day, (ARRAY['north','south','east'])[i % 3 + 1] AS region, (i % 500)::numeric(10, 2) AS amount,
    CASE WHEN i % 11 > 0 THEN (i * 37 % 1000) / 1024.0::float8 END AS score, i * 7919 % 5 = 0 AS is_bad, timestamptz '2026-01-01 UTC' + i * interval '1 hour' AS at,
    CASE WHEN i % 7 > 0 THEN 'note ' || i % 40 END AS note, jsonb_build_object('a', i % 4) AS answer, '{1,2}'::int[] AS codes
    FROM generate_series"
columns='id int, day date, region text, amount numeric(10, 2), score float8, is_bad boolean, at timestamptz, note text, answer jsonb, codes int[]'
far -c 'CREATE EXTENSION assay' -c "CREATE TABLE second AS $rows(1001, 2000) AS i" -c "CREATE TABLE third AS $rows(2001, 3000) AS i" \
    -c "CREATE TABLE whole AS $rows(1, 3000) AS i" -c 'CREATE ROLE reader LOGIN' -c 'GRANT SELECT ON whole, second TO reader' \
    -c 'ALTER TABLE whole ENABLE ROW LEVEL SECURITY' -c 'CREATE POLICY half ON whole TO reader USING (id <= 1500)'
near -v host="$far_home" >/dev/null <<SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', dbname 'postgres', extensions 'assay', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (user 'postgres');
CREATE TABLE loan_here AS $rows(1, 3000) AS i;
CREATE TABLE loan ($columns) PARTITION BY RANGE (id);
CREATE TABLE loan_1 PARTITION OF loan FOR VALUES FROM (1) TO (1001);
CREATE FOREIGN TABLE loan_2 PARTITION OF loan FOR VALUES FROM (1001) TO (2001) SERVER other OPTIONS (table_name 'second');
CREATE FOREIGN TABLE loan_3 PARTITION OF loan FOR VALUES FROM (2001) TO (3001) SERVER other OPTIONS (table_name 'third');
INSERT INTO loan_1 SELECT * FROM loan_here WHERE id <= 1000;
CREATE FOREIGN TABLE loan_far ($columns) SERVER other OPTIONS (table_name 'whole');
SQL

# What each says of rows here, of the same rows on the other server, and of partitions on both.
checks='[{"kind": "not_null", "column_name": "score"}, {"kind": "accepted_values", "column_name": "region", "values": ["north", "south"]},
    {"kind": "accepted_range", "column_name": "amount", "max_value": 400, "group_by": "region"}, {"kind": "mean_between", "column_name": "amount", "min_value": 0},
    {"kind": "expression_is_true", "expression": "amount >= 0 AND day > date ''2025-12-31''"}, {"kind": "unique", "column_name": "id"},
    {"kind": "matches_regex", "column_name": "note", "regex": "^note"}, {"kind": "not_null", "column_name": "note", "where": "is_bad"},
    {"kind": "row_count_between", "min_value": 3000, "max_value": 3000}, {"kind": "quantile_between", "column_name": "amount", "quantile": 0.9, "min_value": 0}]'
profiled() { near -c "SELECT p FROM assay.profile('$1') AS p" | digits; }
validated() {
    near -c "SELECT r.name, r.segment, r.status, r.value, r.rows_evaluated, r.rows_failed, r.null_rows, r.message FROM assay.validate('$1', '$checks') AS r ORDER BY 1, 2::text" | digits
}
suggested() { near -c "SELECT s.kind, s.column_name, s.args, s.mostly, s.group_by FROM assay.suggest_checks('$1') AS s ORDER BY s::text"; }
drifted() { near -c "SELECT d FROM assay.drift('SELECT * FROM loan_here WHERE id <= 2000', '$1', '{\"group_by\": [\"region\"]}') AS d" | digits; }
based() {
    near -c "SELECT assay.save_baseline('b_$1', '$1')" -c "SELECT d FROM assay.drift_from('b_$1', 'SELECT * FROM loan_here WHERE id > 500') AS d" -c "SELECT assay.drop_baseline('b_$1')" | digits
}
for what in profiled validated suggested drifted based; do
    expected=$($what loan_here)
    check "$what: partitions on both say what rows here say" "$expected" "$($what loan)"
    check "$what: a foreign table says what rows here say" "$expected" "$($what loan_far)"
done

# Where it is done.
contains "a NOTICE says that partitions are read where they are" "loan is read where its rows are" "$(notices "SELECT count(*) FROM assay.profile('loan')")"
contains "and so of a foreign table" "loan_far is read where its rows are" "$(notices "SELECT count(*) FROM assay.profile('loan_far')")"
contains "so are the hours that drift compares" "loan_far is read where its rows are" "$(notices "SELECT count(*) FROM assay.drift('loan_here', 'loan_far')")"
check "no NOTICE speaks of rows that are here" "" "$(notices "SELECT count(*) FROM assay.profile('loan_here')")"
near -c "SELECT assay.add_check('loan', 'not_null', 'score'), assay.add_check('loan_far', 'accepted_range', 'amount', '{\"max_value\": 490}')" >/dev/null
check "a stored check of partitions runs, and so does one of a foreign table" $'public.loan|not_null_score|fail|272\npublic.loan_far|accepted_range_amount|fail|54' \
    "$(near -c "SELECT relation, name, status, rows_failed FROM assay.run_checks() WHERE relation LIKE 'public.loan%' ORDER BY 1")"
explained=$(near -c "SELECT message FROM assay.explain_checks('loan') WHERE name IS NULL")
check "explain_checks says where" "the servers of 2 of 3 partitions read them, and the states are merged" "$explained"
check "and so of a foreign table" "the foreign server reads the rows and sends the state" "$(near -c "SELECT message FROM assay.explain_checks('loan_far') WHERE name IS NULL")"
# The plan of what runs: the other server computes the state.
remote() { near -c "EXPLAIN (VERBOSE, COSTS OFF) $1" | grep -cE 'Remote SQL: SELECT .*\b(assay|assay_internal)\.' || true; }
check "each foreign partition is sent the scan" 2 "$(remote "$(near -c "SELECT sql FROM assay.explain_checks('loan') WHERE name IS NULL")")"
check "a foreign table is, too" 1 "$(remote "$(near -c "SELECT sql FROM assay.explain_checks('loan_far') WHERE name IS NULL")")"
check "failing rows are found again" "$(near -c "SELECT count(*), bool_and(f.\"row\" ->> 'score' IS NULL) FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = 'not_null_score'), NULL) AS f")" "272|t"

# Metrics: of a foreign table as a whole, of partitions by their states.
metrics='round(assay.roc_auc(is_bad, score)::numeric, 12), round(assay.log_loss(is_bad, score)::numeric, 12), assay.accuracy(region, note), assay.rmse(amount, score)'
check "metrics of a foreign table are those of the rows here" "$(near -c "SELECT $metrics FROM loan_here")" "$(near -c "SELECT $metrics FROM loan_far")"
check "and computed there" 1 "$(remote "SELECT $metrics FROM loan_far")"
check "a state is computed there, too" 1 "$(remote "SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) FROM loan_far")"
merged="SELECT round(assay.metric_of(assay.merge_states(s))::numeric, 12) FROM (SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) AS s FROM loan_1
    UNION ALL SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) FROM loan_2 UNION ALL SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) FROM loan_3) AS p"
check "states of partitions merge to that of all" "$(near -c "SELECT round(assay.roc_auc(is_bad, score)::numeric, 12) FROM loan_here")" "$(near -c "$merged")"
check "and are computed there" 2 "$(remote "$merged")"

# Models: a server that has a version of the same bytes judges its rows, and sends what is judged; of any other the rows are fetched.
near -c "SELECT assay.train('risk', 'SELECT score, region, note, is_bad FROM loan_here WHERE id <= 2000', 'is_bad', 'logistic_regression')" >/dev/null
judged() { near -c "SELECT e FROM assay.evaluate('$1', '$2', group_by => $3) AS e ORDER BY e::text" | digits; }
contains "a server that has not got the model is asked for its rows" "the rows of loan_far are fetched to be judged here" "$(notices "SELECT count(*) FROM assay.evaluate('risk', 'loan_far')")"
check "which are judged as those here" "$(judged risk loan_here NULL)" "$(judged risk loan_far NULL)"
package=$(near -c "SELECT encode(assay.export_model('risk'), 'hex')")
far >/dev/null <<<"SELECT assay.import_model('risk', '\\x$package')"
contains "one that has it judges its rows" "loan_far is judged where its rows are" "$(notices "SELECT count(*) FROM assay.evaluate('risk', 'loan_far')")"
check "they are judged alike" "$(judged risk loan_here NULL)" "$(judged risk loan_far NULL)"
check "by segments, too" "$(judged risk loan_here "'{region}'")" "$(judged risk loan_far "'{region}'")"
contains "partitions are judged where they are" "loan is judged where its rows are" "$(notices "SELECT count(*) FROM assay.evaluate('risk', 'loan')")"
check "and judged alike" "$(judged risk loan_here NULL)" "$(judged risk loan NULL)"
contains "unless they are divided into segments" "the rows of loan are fetched to be judged here" "$(notices "SELECT count(*) FROM assay.evaluate('risk', 'loan', group_by => '{region}')")"
check "which are judged alike, too" "$(judged risk loan_here "'{region}'")" "$(judged risk loan "'{region}'")"
near -c "SELECT assay.train('risk', 'SELECT score, region, note, is_bad FROM loan_here WHERE id <= 1500', 'is_bad', 'decision_tree', deploy => 'never')" >/dev/null
contains "a server that has another version is asked for its rows" "no version of model \"risk\" is the one that was asked for" "$(ask -d "$near_database" -c "SELECT count(*) FROM assay.evaluate('risk@2', 'loan_far')" 2>&1)"
check "and so these are judged by the version that was asked for" "$(judged risk@2 loan_here NULL)" "$(judged risk@2 loan_far NULL)"

# What cannot be sent is fetched, and says the same.
volatile='[{"kind": "expression_is_true", "expression": "amount >= random() * 0"}]'
check "a condition that only this server evaluates has the rows fetched" "pass|3000" \
    "$(near -c "SELECT status, rows_evaluated FROM assay.validate('loan_far', '$volatile')")"
check "of which there is no NOTICE" "" "$(notices "SELECT count(*) FROM assay.validate('loan_far', '$volatile')")"
check "a fault there is an error of the check, and of no other" $'a|error|t\nb|fail|f' \
    "$(near -c "SELECT name, status, coalesce(message LIKE '%division by zero%', false) FROM assay.validate('loan_far', '[{\"name\": \"a\", \"kind\": \"expression_is_true\", \"expression\": \"1 / (amount - amount) > 0\"}, {\"name\": \"b\", \"kind\": \"not_null\", \"column_name\": \"score\"}]') ORDER BY 1")"
near -c "ALTER SERVER other OPTIONS (DROP extensions)"
check "without the option the rows are fetched" "the rows are fetched from another server: server other is not known to have assay (ALTER SERVER other OPTIONS (ADD extensions 'assay') says that it has the same version)" \
    "$(near -c "SELECT message FROM assay.explain_checks('loan_far') WHERE name IS NULL")"
check "and so of partitions" "$(profiled loan_here)" "$(profiled loan)"
near -c "ALTER SERVER other OPTIONS (ADD extensions 'assay')"

# Training: rows are surveyed and packed where they are, and teach what rows here do, to the last bit.
trained() { # trained TABLE ALGORITHM TARGET EXCLUDE
    near -c "SET assay.pack_rows = 1" -c "SELECT count(*) FROM assay.train('m_$1', '$1', '$3', '$2', '{\"n_estimators\": 8}', exclude => '{id,answer,codes$4}', seed => 5)" >/dev/null
    near -c "SELECT hash, metrics FROM assay.model_versions WHERE model = 'm_$1' ORDER BY version DESC LIMIT 1"
}
for target in is_bad amount region; do
    expected=$(trained loan_here gradient_boosting "$target" '')
    check "trees of $target are those of rows here: of a foreign table" "$expected" "$(trained loan_far gradient_boosting "$target" '')"
    check "and of partitions on both" "$expected" "$(trained loan gradient_boosting "$target" '')"
done
# Learners of sums: to ten digits, for their last ones hang on the order in which rows are summed.
weighed() { # weighed TABLE ALGORITHM TARGET
    near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('s_$1', '$1', '$3', '$2', exclude => '{id,answer,codes,at,day}', split => 'none')"
    near -c "SELECT w FROM assay.weights('s_$1') AS w" | python3 -c 'import re, sys; print(re.sub(r"-?\d+\.?\d*(e-?\d+)?", lambda number: f"{float(number.group()):.8g}", sys.stdin.read()), end="")'
}
for fit in 'linear_regression amount' 'ridge amount' 'logistic_regression is_bad' 'logistic_regression region' 'poisson_regression amount'; do
    # shellcheck disable=SC2086 # two words
    expected=$(weighed loan_here $fit)
    # shellcheck disable=SC2086
    check "weights of $fit from sums of a foreign table are those of rows here" "$expected" "$(weighed loan_far $fit)"
    # shellcheck disable=SC2086
    check "and from sums of partitions on both" "$expected" "$(weighed loan $fit)"
done
clustered() { # clustered TABLE
    near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('c_$1', '$1', NULL, 'k_means', '{\"k\": 4, \"tol\": 0}', exclude => '{id,answer,codes,at,day}', split => 'none')"
    near -c "SELECT cluster, rows, feature, category, round(value::numeric, 8) FROM assay.centroids('c_$1') ORDER BY 1, 3, 4"
}
expected=$(clustered loan_here)
check "clusters from sums of a foreign table are those of rows here" "$expected" "$(clustered loan_far)"
check "and from sums of partitions on both" "$expected" "$(clustered loan)"
contains "a NOTICE says that sums were made where the rows are" "loan is read where its rows are" \
    "$(notices "SET assay.pack_rows = 1; SELECT rows FROM assay.train('s_loan', 'loan', 'is_bad', 'naive_bayes', exclude => '{id,answer,codes}')")"
check "naive Bayes of rows elsewhere scores as that of rows here" \
    "$(near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('s_loan', 'loan_here', 'is_bad', 'naive_bayes', exclude => '{id,answer,codes}', split => 'none')" -c "SELECT round(sum(assay.predict('s_loan', l))::numeric, 6) FROM loan_here AS l")" \
    "$(near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('s_loan', 'loan', 'is_bad', 'naive_bayes', exclude => '{id,answer,codes}', split => 'none')" -c "SELECT round(sum(assay.predict('s_loan', l))::numeric, 6) FROM loan_here AS l")"
# Steps are learned from sums, too, of so many digits that trees are the same bytes.
encoded() { # encoded TABLE
    near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('e_$1', '$1', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 5}', exclude => '{id,answer,codes}', preprocess => '{\"types\": {\"number\": {\"impute\": \"mean\", \"scale\": \"standard\"}, \"category\": {\"encode\": \"target\"}}}')" \
        -c "SELECT hash, metrics FROM assay.model_versions WHERE model = 'e_$1'" | tail -n 1
}
expected=$(encoded loan_here)
check "preprocessed rows of a foreign table teach trees the same" "$expected" "$(encoded loan_far)"
check "and those of partitions on both" "$expected" "$(encoded loan)"
scaled() { # scaled TABLE
    near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('c_$1', '$1', 'amount', 'ridge', exclude => '{id,answer,codes,at,day}', split => 'none', preprocess => '{\"types\": {\"number\": {\"impute\": \"mean\", \"scale\": \"standard\"}}}')"
    near -c "SELECT round(sum(assay.predict('c_$1', l))::numeric, 4) FROM loan_here AS l"
}
check "numbers are scaled by what all rows say, wherever they are" "$(scaled loan_here)" "$(scaled loan)"
train_far="SELECT count(*) FROM assay.train('m_loan_far', 'loan_far', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 8}', exclude => '{id,answer,codes}')"
contains "a NOTICE says that training read them where they are" "loan_far is read where its rows are" "$(notices "SET assay.pack_rows = 1; $train_far")"
check "few rows are fetched, as they would be held here" "" "$(notices "$train_far" | grep 'where its rows' || true)"
check "a query of a foreign table is read there, too" "$(near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('m_some', 'SELECT amount * 2 AS twice, note, is_bad FROM loan_here WHERE id > 500', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 3}')")" \
    "$(near -c "SET assay.pack_rows = 1" -c "SELECT rows FROM assay.train('m_some', 'SELECT amount * 2 AS twice, note, is_bad FROM loan_far WHERE id > 500', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 3}')")"

# What a server holds of its rows is bounded there: more of them than its assay.max_memory allows are fetched.
far -c "CREATE TABLE many AS SELECT sin(i) AS a, cos(i) AS b, sqrt(i) AS c, i % 3 = 0 AS y FROM generate_series(1, 60000) AS i" -c "ALTER DATABASE postgres SET assay.max_memory = '1MB'"
near -c "CREATE FOREIGN TABLE many_far (a float8, b float8, c float8, y boolean) SERVER other OPTIONS (table_name 'many')"
many="SET assay.pack_rows = 1000; SELECT rows FROM assay.train('m_many', 'many_far', 'y', 'gradient_boosting', '{\"n_estimators\": 2}', split => 'none')"
contains "a server with too little memory for a survey says so" "the rows of many_far are fetched to be read here" "$(notices "$many")"
check "and its rows are learned from" 60000 "$(near -c 'SET client_min_messages = error' -c "$many" | tail -n 1)"
far -c "ALTER DATABASE postgres RESET assay.max_memory"
contains "with enough they are read there" "many_far is read where its rows are" "$(notices "$many")"
# What a learner has to hold after all is said once, and the rows are fetched once.
extreme="SET assay.pack_rows = 1000; SELECT rows FROM assay.train('m_extreme', 'SELECT amount * 1e200 AS amount, score, region FROM loan_far', 'region', 'logistic_regression', deploy => 'never')"
check "rows that a learner has to hold are read once more, of which there is one NOTICE" 1 "$(notices "$extreme" | grep -c 'held as they are')"

# Who may read what.
near -c 'CREATE ROLE assay_reader' -c "CREATE USER MAPPING FOR assay_reader SERVER other OPTIONS (user 'reader', password_required 'false')" -c 'GRANT SELECT ON loan, loan_far TO assay_reader'
as_reader() { near -c 'SET ROLE assay_reader' "$@" 2>&1; }
check "the other server is asked as the caller: its policies hold" "1500" "$(as_reader -c "SELECT rows FROM assay.profile('loan_far') WHERE column_name = 'id'")"
contains "who may not read a partition there cannot by its table" "permission denied for table third" "$(as_reader -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'id'" || true)"
far -c 'GRANT SELECT ON third TO reader'
check "who may read the table, and not its partitions here, reads it" "3000" "$(as_reader -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'id'")"
near -c 'GRANT SELECT ON loan_1, loan_2, loan_3 TO assay_reader' -c 'REVOKE SELECT ON loan FROM assay_reader'
contains "who may read the partitions, and not the table, does not read the table" "permission denied for table loan" \
    "$(as_reader -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'id'" || true)"
near -c 'GRANT SELECT ON loan TO assay_reader' -c 'ALTER TABLE loan ENABLE ROW LEVEL SECURITY' -c 'CREATE POLICY even ON loan USING (id % 2 = 0)'
check "policies of the table hold for its partitions" "1500" "$(as_reader -c "SELECT rows FROM assay.profile('loan') WHERE column_name = 'id'")"
check "and the owner is told why rows are fetched" "the rows are fetched from another server: policies of row-level security choose the rows of the table or of a partition" \
    "$(near -c "SELECT message FROM assay.explain_checks('loan') WHERE name IS NULL")"
near -c 'ALTER TABLE loan DISABLE ROW LEVEL SECURITY'

# A statement that is cancelled ends at once, and is not tried again with the rows here.
far -c 'CREATE VIEW slow AS SELECT i AS id FROM generate_series(1, 3000) AS i WHERE pg_sleep(0.01) IS NOT NULL'
near -c "CREATE FOREIGN TABLE loan_slow (id int) SERVER other OPTIONS (table_name 'slow')"
began=$SECONDS
contains "a statement that waits for the other server is cancelled" "canceling statement due to statement timeout" \
    "$(near -c "SET statement_timeout = '1s'" -c "SELECT count(*) FROM assay.profile('loan_slow')" 2>&1 || true)"
check "within seconds" t "$([[ $((SECONDS - began)) -lt 10 ]] && echo t)"

# A server that lies: it answers with a state of something else.
lie() {
    far -c 'DROP AGGREGATE IF EXISTS assay_internal.scan(bytea, VARIADIC "any")' -c "CREATE OR REPLACE FUNCTION lie(assay.state) RETURNS assay.state LANGUAGE sql AS \$\$ SELECT $1 \$\$" \
        -c 'CREATE AGGREGATE assay_internal.scan(plan bytea, VARIADIC columns "any") (SFUNC = assay_internal.scan_step, STYPE = assay.state, FINALFUNC = lie)'
}
far -c 'ALTER EXTENSION assay DROP AGGREGATE assay_internal.scan(bytea, VARIADIC "any")'
for answer in "assay.metric_state('rmse', 1.0, 2.0)" "assay.profile_state('SELECT 1 AS x')"; do
    lie "$answer"
    check "a server that answers with $answer is asked for its rows" "$(profiled loan_here)" "$(profiled loan_far)"
    check "and so it is of partitions" "$(validated loan_here)" "$(validated loan)"
done
contains "a NOTICE says so" "the rows of loan_far are fetched to be read here" "$(notices "SELECT count(*) FROM assay.profile('loan_far')")"
far -c 'ALTER EXTENSION assay ADD AGGREGATE assay_internal.scan(bytea, VARIADIC "any")'

# A server that is not what its option says.
far -c 'SET client_min_messages = warning' -c 'DROP EXTENSION assay CASCADE'
check "a server that has lost assay is asked for its rows" "$(profiled loan_here)" "$(profiled loan)"
contains "a NOTICE says so" "the rows of loan are fetched to be read here" "$(notices "SELECT count(*) FROM assay.profile('loan')")"
scripts/cluster.sh stop "$far"
check "of a server that is down every check is an error" $'not_null_score|error\nrow_count_between|error' \
    "$(near -c "SELECT name, status FROM assay.validate('loan', '[{\"kind\": \"not_null\", \"column_name\": \"score\"}, {\"kind\": \"row_count_between\", \"min_value\": 1}]') ORDER BY 1")"
near -c "SELECT assay.drop_check(check_id) FROM assay.checks WHERE relation IN ('loan'::regclass, 'loan_far'::regclass)" >/dev/null

#!/usr/bin/env bash
# pg_dump and restore carry everything: versions, what is deployed, aliases, thresholds, grants, checks; and training goes on where it stopped.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
second=${PGDATABASE:?}_restored
role=assay_dump_reader
folder=$(mktemp -d)
# A model that answers with what stands in what it is told.
"$python" tests/clients/endpoint_server.py >"$folder/port" &
endpoint=$!
while [[ ! -s $folder/port ]]; do sleep 0.1; done
port=$(<"$folder/port")
export PGOPTIONS="-c assay.endpoints=127.0.0.1"
finish() {
    kill "$endpoint" || true
    rm -rf -- "$folder"
    dropdb --if-exists --force "$second"
    psql -X -q -c "DROP SERVER IF EXISTS assay_dump_llm CASCADE" -c "DROP SERVER IF EXISTS assay_dump_reader CASCADE" -c "DROP OWNED BY $role" -c "SELECT FROM assay.drop_owned('$role')" -c "DROP ROLE $role"
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

psql -X -q -v ON_ERROR_STOP=1 -v data="${ASSAY_DATA:?}" -v role="$role" -v url="http://127.0.0.1:$port/extract" >/dev/null <<'SQL'
CREATE ROLE :role;
\cd :data
\i adult.sql
DROP TABLE adult_train;
ALTER TABLE adult_test RENAME TO adult;
SELECT assay.train('income', 'SELECT * FROM adult LIMIT 4000', 'income', params => '{"n_estimators": 20}', deploy => 'always');
SELECT assay.train('income', 'SELECT * FROM adult LIMIT 4000', 'income', 'logistic_regression', deploy => 'always');
SELECT assay.train('income', 'SELECT * FROM adult LIMIT 4000', 'income', 'naive_bayes', deploy => 'never');
SELECT assay.train('income', 'SELECT * FROM adult LIMIT 4000', 'income', 'random_forest', params => '{"n_estimators": 5}', weight => 'hours_per_week', deploy => 'never');
SELECT assay.train('income', 'SELECT * FROM adult LIMIT 4000', 'income', 'decision_tree', deploy => 'never');
SELECT assay.train('age', 'SELECT age, sex, education_num FROM adult LIMIT 4000', 'age', 'ridge');
SELECT assay.train('age', 'SELECT age, sex, education_num FROM adult LIMIT 4000', 'age', algorithm, deploy => 'never')
FROM unnest('{linear_regression,lasso,elastic_net}'::text[]) AS algorithm;
SELECT assay.train('age', 'SELECT age, sex, education_num FROM adult LIMIT 4000', 'sex', 'logistic_regression', deploy => 'never');
-- What is chosen and learned beside a model: trials, steps, groups, calibration and intervals.
SELECT FROM assay.tune('tuned', 'SELECT age, sex, education_num, income FROM adult LIMIT 2000', 'income', search => '{"decision_tree": {"max_depth": [2, 3]}, "naive_bayes": {}}',
                       trials => 3, folds => 2);
SELECT assay.train('steps', 'SELECT age, sex, workclass, education, occupation, hours_per_week, income FROM adult LIMIT 4000', 'income', algorithm, deploy => 'always', calibrate => calibrate,
                   params => CASE algorithm WHEN 'gradient_boosting' THEN '{"n_estimators": 5}' ELSE '{}' END::jsonb,
                   preprocess => '{"impute": "most_frequent", "columns": {"education": {"encode": "target"}, "workclass": {"encode": {"method": "hash", "buckets": 9}},
                                   "occupation": {"tf_idf": {"max_features": 20}}, "age": {"quantile_bucketize": 5}}, "crosses": [["sex", "education"]]}')
FROM (VALUES ('logistic_regression', 'isotonic'), ('gradient_boosting', 'sigmoid')) AS v (algorithm, calibrate);
SELECT assay.train('groups', 'SELECT age, sex, education, education_num, hours_per_week FROM adult LIMIT 4000', 'hours_per_week', algorithm, group_by => '{education,sex}',
                   params => CASE algorithm WHEN 'gradient_boosting' THEN '{"n_estimators": 5}' ELSE '{}' END::jsonb, deploy => 'always', intervals => intervals)
FROM (VALUES ('linear_regression', NULL), ('gradient_boosting', '{"by": "sex"}'::jsonb)) AS v (algorithm, intervals);
SELECT assay.train('between', 'SELECT age, sex, education_num, hours_per_week FROM adult LIMIT 4000', 'hours_per_week', params => '{"n_estimators": 5}', deploy => 'always',
                   intervals => '{"level": 0.8, "by": "sex"}');
SELECT assay.grant_model('tuned', :'role', 'predict');
SELECT FROM assay.train('judged', 'SELECT age, income, fnlwgt % 3 = 0 AS is_test FROM adult LIMIT 4000', 'income', 'naive_bayes', split => 'is_test');
SELECT FROM assay.train('judged', 'SELECT age, education_num, income, fnlwgt % 3 = 0 AS is_test FROM adult LIMIT 4000', 'income', 'naive_bayes', split => 'is_test', deploy => 'if_better');
SELECT assay.describe_feature('income', 'age', 'the age is {value}');
SELECT assay.describe_model('income', '{"purpose": "Tells who earns more.", "slices": ["sex"]}');
SELECT assay.set_alias('income', 'simple', 3), assay.set_threshold('income@1', 0.3), assay.grant_model('income', :'role', 'predict');
CREATE TABLE kept_state AS SELECT assay.metric_state('roc_auc', income, age) AS state FROM adult;
CREATE VIEW scored AS SELECT assay.predict('income', a) AS score FROM adult AS a;
SELECT assay.save_baseline('adult', 'SELECT * FROM adult LIMIT 4000', '{"group_by": ["sex"]}');
SELECT FROM assay.record_drift('income', 'SELECT * FROM adult WHERE age > 40 LIMIT 4000');
SELECT assay.log_predictions('income', 'SELECT row_number() OVER () AS id, * FROM adult LIMIT 300', '{id}', keep => '{sex}', challengers => '{income@1}', reasons => 2);
SELECT assay.record_labels('income', 'SELECT * FROM (SELECT row_number() OVER () AS id, income FROM adult LIMIT 300) AS q WHERE id <= 200', '{id}');
SELECT assay.log_predictions('age', 'SELECT row_number() OVER () AS id, * FROM adult LIMIT 300', '{id}');
SELECT assay.set_retention('income', '25 months'), assay.set_unlabelled('income', '{>50K}'), assay.set_retention('age', '7 years');
SELECT assay.add_check('adult', 'accepted_range', 'age', '{"max_value": 80}', warn_if => '>0', error_if => '>=1%', tags => '{age}');
SELECT assay.add_check('adult', 'not_null', 'workclass', group_by => '{sex}', mostly => 0.9, "where" => 'age > 20');
SELECT assay.add_check('adult', 'anomaly', name => 'volume', group_by => '{sex}');
SELECT assay.run_checks('adult');
SELECT assay.declare_incident('Ages are wrong', 'sev2', root => 'adult');
SELECT assay.acknowledge(1, 'From before the dump');
CREATE TABLE gone (x int);
SELECT assay.add_check('gone', 'not_empty', name => 'gone');
DROP TABLE gone;
CREATE TABLE rebuilt AS SELECT 1 AS x;
SELECT assay.add_check('rebuilt', 'not_null', 'x', name => 'rebuilt');
DROP TABLE rebuilt;
CREATE TABLE rebuilt AS SELECT NULL::int AS x;
-- Texts: embedders here and elsewhere, vectorizers of both kinds, words in segments, pending and removed, and what waits.
SELECT assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0}'::real[]), ('black', '{0,1,0}'), ('number', '{0,0,1}')$$);
SELECT assay.train_word2vec('learned', $$SELECT 'black tea is tea number ' || i FROM generate_series(1, 40) AS i$$, '{"vector_size": 8, "min_count": 2, "epochs": 1}');
SELECT assay.build_dataset('support', $$SELECT 'Is tea ' || i || ' black?' AS question, 'Tea ' || i || ' is, as most are.' AS answer, i AS id FROM generate_series(1, 60) AS i$$, '{"near_duplicates": null}') FROM generate_series(1, 2);
SELECT assay.train_adapter('adapted', 'learned@1', $$SELECT 'black number ' || i AS question, 'tea number ' || i AS document FROM generate_series(1, 40) AS i$$, '{"epochs": 2}', deploy => 'always');
CREATE SERVER assay_dump_llm FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://llm.example/v1', model 'm', tokens_per_day '1000');
GRANT USAGE ON FOREIGN SERVER assay_dump_llm TO :role;
CREATE USER MAPPING FOR :role SERVER assay_dump_llm OPTIONS (api_key 'sk-of-the-reader');
SELECT assay.register_remote('remote', 'assay_dump_llm', 'm', dimensions => 4);
SELECT assay.grant_model('remote', :'role', 'predict');
SELECT assay.register_remote('writer', 'assay_dump_llm', 'm', 'generation');
SELECT assay.grant_model('writer', :'role', 'predict');
SET ROLE :role;
SELECT assay.submit('writer', 'What is tea?', '{"type": "string"}', '{"seed": 1}');
RESET ROLE;
SELECT assay.create_prompt('asks', 'What is $thing?');
SELECT assay.create_prompt('asks', 'And what is ${the thing}?', 'always');
SELECT assay.set_alias('asks', 'first', 1);
INSERT INTO assay.endpoint_use VALUES ('assay_dump_llm', 'postgres', '2026-01-02', 3, 1, 500, 0.25);
CREATE TABLE doc (id int PRIMARY KEY, body text);
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', consistency => 'transaction', indexing => '{"language": "english"}');
INSERT INTO doc SELECT i, 'Tea number ' || i || repeat(' black', i % 3) FROM generate_series(1, 900) AS i;
INSERT INTO doc SELECT i, 'Later teas ' || i FROM generate_series(901, 950) AS i;
DELETE FROM doc WHERE id % 50 = 7;
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'learned@1', name => 'queued', store => 'doc_queued');
CALL assay.run_queue(max_items => 500);
UPDATE doc SET body = 'Waits.' WHERE id = 2;
-- Answers, what is said of them, and what is left out of them.
CREATE SERVER assay_dump_reader FOREIGN DATA WRAPPER assay_http OPTIONS (base_url :'url', price_per_million_tokens '1000');
GRANT USAGE ON FOREIGN SERVER assay_dump_reader TO :role;
SELECT assay.register_remote('reader', 'assay_dump_reader', 'm', 'generation', max_tokens => 32000);
SELECT assay.create_prompt('own', 'From $sources, answer $question');
SELECT assay.grant_model(model, :'role', 'predict') FROM unnest('{reader,own}'::text[]) AS model;
CREATE TABLE rule (id int PRIMARY KEY, body text);
GRANT SELECT ON rule TO :role;
SELECT assay.create_vectorizer('rule', '{"column": "body"}', 'words@1', consistency => 'transaction');
INSERT INTO rule VALUES (1, 'Goods may be returned within 30 days.'), (2, 'Shipping of goods is free.'), (3, 'Goods may be returned within 14 days.');
SET ROLE :role;
SELECT FROM assay.ask('rule', 'May goods be returned within 30 days?', model => 'reader', mode => 'text', prompt => 'own');
SELECT FROM assay.ask('rule', 'What do elephants eat?', model => 'reader', mode => 'text', history => '[{"role": "user", "content": "goods"}]', options => '{"rewrite": false}');
SELECT assay.feedback(min(id), -1, 'It is not so.', false) FROM assay.answers;
RESET ROLE;
SELECT FROM assay.ask('rule', 'Is shipping of goods free?', model => 'reader', mode => 'text');
SELECT assay.exclude_document('rule', '3', 'out of date');
-- What is said of objects, and examples of questions.
CREATE FUNCTION half(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
SELECT assay.describe('doc', 'Teas'), assay.describe('doc.body', 'what each is'), assay.mark_private('doc.body'), assay.describe('half(numeric)', 'a half');
SELECT assay.add_sql_example('How many teas?', 'SELECT count(*) FROM doc');
SQL

everything() {
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$1" <<SQL
SELECT sum(assay.predict('income', a)), sum(assay.predict('income@1', a)), sum(assay.predict('income@simple', a)), sum(assay.predict('age', a)) FROM adult AS a;
SELECT version, sum(assay.predict('income@' || version, a)) FROM adult AS a, generate_series(4, 5) AS version GROUP BY 1 ORDER BY 1;
SELECT version, sum(assay.predict('age@' || version, a)) FROM adult AS a, generate_series(2, 5) AS version GROUP BY 1 ORDER BY 1;
SELECT sum(assay.predict('tuned', a)), sum(assay.predict('steps@1', a)), sum(assay.predict('steps@2', a)), sum(assay.predict('groups@1', a)) FROM adult AS a;
SELECT sum(i[1]), sum(i[2]), sum(j[1]), sum(j[2]) FROM adult AS a, assay.predict_interval('between', a) AS i, assay.predict_interval('groups@2', a) AS j;
SELECT version, g.* FROM generate_series(1, 2) AS version, assay.model_groups('groups@' || version) AS g ORDER BY 1, 2;
SELECT feature, steps FROM assay.feature_info('steps@1');
SELECT * FROM assay.model_trials ORDER BY model, version, trial;
SELECT * FROM assay.model_descriptions ORDER BY model;
SELECT * FROM assay.drift_history ORDER BY model, version, run_at, column_name, method;
SELECT * FROM assay.predictions ORDER BY id;
SELECT * FROM assay.prediction_labels ORDER BY key, recorded_at;
SELECT * FROM assay.prediction_policies ORDER BY model;
SELECT * FROM assay.performance('income', 'year', '{sex}') UNION ALL SELECT * FROM assay.performance('age', 'year');
SELECT r.identical, count(*) FROM assay.predictions p, assay.replay_prediction(p.id) AS r WHERE p.inputs IS NOT NULL GROUP BY 1;
SELECT * FROM assay.promotions ORDER BY model, decided_at;
SELECT * FROM assay.model_sources ORDER BY model, version, relation::text;
SELECT activity, runs, cpu_seconds, rows, bytes FROM assay.upkeep('income') WHERE activity <> 'checks';
SELECT * FROM assay.feature_descriptions;
SELECT model, sum((assay.attributions(model, a))[1]), assay.base_value(model) FROM adult AS a, unnest('{income@3,age@3,groups@1}'::text[]) AS model GROUP BY 1 ORDER BY 1;
SELECT sum(score) FROM scored;
SELECT assay.predict_label('income@1', a), count(*) FROM adult AS a GROUP BY 1 ORDER BY 1;
SELECT assay.metric_of(state) FROM kept_state;
SELECT model, version, deployed, aliases, hash, trained_by, trained_at, metrics FROM assay.model_versions ORDER BY model, version;
SELECT model, version, replaced, deployed_at, deployed_by FROM assay.deployments ORDER BY deployed_at;
SELECT * FROM assay.feature_info('income');
SELECT * FROM assay.baselines;
SELECT column_name, segment, method, statistic, drifted FROM assay.drift_from('adult', 'adult') ORDER BY 1, 2, 3;
SELECT * FROM assay.checks WHERE name <> 'gone' ORDER BY check_id;
SELECT * FROM assay.check_history WHERE run_at = (SELECT min(run_at) FROM assay.check_history) ORDER BY check_id, segment::text;
SELECT check_id, segment, status, value, rows_evaluated, fraction_low, p_value FROM assay.run_checks('adult');
SELECT * FROM assay.incidents ORDER BY id;
SELECT * FROM assay.incident_events ORDER BY id;
SELECT mode, vectorizer, s.* FROM unnest('{vector,text,hybrid}'::text[]) AS mode, unnest('{doc,queued}'::text[]) AS vectorizer, assay.search(vectorizer, 'black teas number 8', 20, mode) AS s;
SELECT mode, s.* FROM unnest('{vector,text,hybrid}'::text[]) AS mode, assay.search('doc', 'black teas number 8', 9, mode, filter => 'id > 930') AS s;
SELECT name, source, store, embedding, chunking, formatting, consistency, indexing, pending, failed FROM assay.vectorizers ORDER BY name;
SELECT vectorizer, key, attempts FROM assay.vectorizer_items ORDER BY id;
SELECT tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'assay%' ORDER BY 1, 2;
SELECT assay.embed('words', 'black tea'), assay.embed('learned', 'black tea'), assay.embed('adapted', 'black tea');
SELECT dataset, version, train, test, hash, manifest, owner FROM assay.datasets ORDER BY 1, 2;
SELECT part, e.* FROM unnest('{train,test}'::text[]) AS part, assay.export_jsonl('support@1', part) AS e ORDER BY part, seq;
SELECT word, similarity FROM assay.most_similar('learned', 'tea', 3);
SELECT srvname, s.srvoptions, usename, umoptions FROM pg_user_mappings JOIN pg_foreign_server AS s USING (srvname) ORDER BY 1, 3;
SELECT server, called_by, day, calls, failed, tokens, cost FROM assay.endpoint_usage ORDER BY 1, 2, 3;
SELECT metrics, params FROM assay.model_versions WHERE model = 'remote';
SELECT id, submitted_by, model, prompt, schema, options, status, submitted_at FROM assay.generations ORDER BY id;
SELECT * FROM assay.prompts ORDER BY prompt, version;
SELECT assay.fill_prompt('asks', '{"the thing": "tea"}'), assay.fill_prompt('asks@first', '{"thing": "tea"}');
SELECT * FROM assay.descriptions ORDER BY object, column_name NULLS FIRST;
SELECT * FROM assay.sql_examples ORDER BY id;
SELECT * FROM assay.answers ORDER BY id;
SELECT * FROM assay.answer_feedback ORDER BY answer_id;
SELECT vectorizer, key, reason, excluded_by, excluded_at FROM assay.document_exclusions ORDER BY 1, 2;
SELECT a.id, v.* FROM assay.answers AS a, assay.verify_citations(a.id) AS v ORDER BY 1, 2;
SELECT key, cited, rated, satisfied, low, high, misleads, excluded FROM assay.document_satisfaction('rule') ORDER BY key;
SELECT s.* FROM assay.search('rule', 'goods', mode => 'text') AS s;
SELECT id, assay.faithfulness(id) FROM assay.answers ORDER BY id;
SET ROLE $role;
SELECT id, question, answer, abstained FROM assay.answers ORDER BY id;
SELECT answer_id, rating, comment, resolved FROM assay.answer_feedback;
SELECT count(*) FROM assay.model_trials WHERE model = 'tuned';
SELECT model FROM assay.models ORDER BY model;
SQL
}

before=$(everything "$PGDATABASE")
# Something to compare: sixteen versions, of every algorithm, and the reader's view of four models.
check "the first database answers" "16 3 income own reader remote tuned writer" \
    "$(grep -cE '^(income|age|tuned|steps|groups|between)\|[0-9]+\|[tf]\|' <<<"$before") $(tail -n 7 <<<"$before" | paste -sd ' ')"

pg_dump -Fc -f "$folder/dump" "$PGDATABASE"
createdb "$second"
restored=0
pg_restore -d "$second" --exit-on-error "$folder/dump" || restored=$?
check "the dump restores" 0 "$restored"
check "every score, version, deployment, alias, threshold, grant, baseline, check and result of a check is there" "$before" "$(everything "$second")"

# One session for all: a restored vectorizer goes on, by its triggers and by its queue.
check "texts that are written after a restore are found, and what waited is" "1 1 0 0" "$(psql -X -q -A -t -F ' ' -d "$second" -v ON_ERROR_STOP=1 \
    -c "INSERT INTO doc VALUES (2000, 'oolong')" -c "DELETE FROM doc WHERE id = 930" -c "CALL assay.run_queue()" -c "CALL assay.run_queue()" \
    -c "SELECT (SELECT count(*) FROM assay.search('doc', 'oolong', mode => 'text')), (SELECT count(*) FROM assay.search('queued', 'waits', mode => 'text')),
        (SELECT count(*) FROM assay.vectorizer_items), (SELECT count(*) FROM assay.search('doc', 'tea', 1000, 'vector') AS s WHERE s.key ->> 'id' = '930')")"
check "new chunks do not take the numbers of old ones" t "$(psql -X -q -A -t -d "$second" \
    -c "SELECT (SELECT chunk_id FROM doc_chunks WHERE id = 2000) = (SELECT max(chunk_id) FROM doc_chunks)")"
# An answer is its asker's and the vectorizer's owner's, there as here; and what is kept is worked with.
there() { psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -d "$second" "$@" | paste -sd ' '; }
check "an asker says there how an answer was, and says otherwise what was said before; the owner sees it" "2 1 it is 2" \
    "$(there -c "SET ROLE $role" -c "SELECT assay.feedback(id, 1, 'it is') FROM assay.answers WHERE question ~ '30 days'" -c "SELECT assay.feedback(id, 0) FROM assay.answers WHERE question ~ 'elephants'" \
        -c "SELECT count(*), sum(rating), max(comment) FROM assay.answer_feedback" -c "RESET ROLE" -c "SELECT count(*) FROM assay.answer_feedback" | sed 's/^ *//')"
check "who asked nothing sees nothing of it, and says nothing of it" "0 ML037" \
    "$(psql -X -q -A -t -d "$second" -c "SET ROLE pg_monitor" -c "SELECT count(*) FROM assay.answers" 2>&1 | tail -n 1) $(printf 'SET ROLE pg_monitor;\nSELECT assay.feedback(1, 1);\n\\echo :LAST_ERROR_SQLSTATE\n' | psql -X -q -A -t -d "$second" 2>/dev/null | tail -n 1)"
check "what is asked there is answered, after what was asked before" "t f" \
    "$(there -c "SET ROLE $role" -c "SELECT answer_id > 3, abstained FROM assay.ask('rule', 'May goods be returned within 30 days?', model => 'reader', mode => 'text', prompt => 'own')")"
check "a document that was left out stays so, and is found again when that is undone" "1 2 t 1 2 3" \
    "$(there -c "SELECT string_agg(s.key ->> 'id', ' ' ORDER BY s.key ->> 'id') FROM assay.search('rule', 'goods', mode => 'text') AS s" -c "SELECT assay.include_document('rule', '3')" \
        -c "SELECT string_agg(s.key ->> 'id', ' ' ORDER BY s.key ->> 'id') FROM assay.search('rule', 'goods', mode => 'text') AS s")"
check "what is too old is pruned there, with what was said of it" "1 3 1" \
    "$(there -c "UPDATE assay.answer SET asked_at = asked_at - interval '1000 days' WHERE question ~ 'elephants'" -c "SELECT assay.prune_answers()" -c "SELECT count(*) FROM assay.answers" -c "SELECT count(*) FROM assay.answer_feedback")"
check "a training set of the same rows has the same hash there, and is the next version" "3 t" \
    "$(there -c "SELECT version, hash = (SELECT d.hash FROM assay.datasets AS d WHERE d.dataset = 'support' AND d.version = 1) FROM assay.build_dataset('support', \$\$SELECT 'Is tea ' || i || ' black?' AS question, 'Tea ' || i || ' is, as most are.' AS answer, i AS id FROM generate_series(1, 60) AS i\$\$, '{\"near_duplicates\": null}')")"
check "prompts go on there, too" "3 What is tea? 1" \
    "$(there -c "SELECT assay.create_prompt('asks', 'Which \$thing?', 'always')" -c "SELECT assay.fill_prompt('asks@first', '{\"thing\": \"tea\"}')" -c "SELECT FROM assay.rollback('asks')" -c "SELECT assay.rollback('asks')")"
check "what was submitted is withdrawn there" "t withdrawn" "$(there -c "SET ROLE $role" -c "SELECT assay.withdraw(id) FROM assay.generations" -c "SELECT status FROM assay.generations")"
check "what is said of objects can be said anew, and examples go on" "Good teas t" \
    "$(there -c "SELECT assay.describe('doc', 'Good teas')" -c "SELECT note FROM assay.descriptions WHERE object = 'doc' AND column_name IS NULL" -c "SELECT assay.add_sql_example('Which teas?', 'SELECT body FROM doc') > 1" | sed 's/^ *//')"
check "an embedder that is needed is not dropped there either" "ERROR:  2BP01" \
    "$(psql -X -q -A -t -d "$second" -v VERBOSITY=sqlstate -c "SELECT assay.drop_model('words')" 2>&1)"

check "a check of a table that is gone does not come to be one of another table" "1 0" \
    "$(for database in "$PGDATABASE" "$second"; do psql -X -q -A -t -d "$database" -c "SELECT count(*) FROM assay.quality_check WHERE name = 'gone'"; done | paste -sd ' ')"

check "training goes on with the next version" "6" \
    "$(psql -X -q -A -t -d "$second" -c "SELECT version FROM assay.train('income', 'SELECT * FROM adult LIMIT 1000', 'income', 'naive_bayes', deploy => 'always')")"
check "a new model does not take an old one's place" "1|16" \
    "$(psql -X -q -A -t -d "$second" -c "SELECT version, (SELECT count(*) FROM assay.models) + 1 FROM assay.train('new', 'SELECT age, sex FROM adult LIMIT 1000', 'age', 'ridge')")"
check "a rollback returns to what was deployed before the dump" "2" "$(psql -X -q -A -t -d "$second" -c "SELECT assay.rollback('income')")"
check "and to what was deployed before that" "1" "$(psql -X -q -A -t -d "$second" -c "SELECT assay.rollback('income')")"
check "a new check does not take an old one's place" "t" \
    "$(psql -X -q -A -t -d "$second" -c "SELECT assay.add_check('adult', 'not_empty') > max(check_id) FROM assay.checks")"
check "the history goes on where it stopped" "t" \
    "$(psql -X -q -A -t -d "$second" -c "SELECT count(DISTINCT id) = count(*) AND count(DISTINCT run_at) = 3 FROM assay.quality_history")"
check "a check of a table that was rebuilt is the new one's, there and here" "fail public.rebuilt|fail public.rebuilt" \
    "$(for database in "$second" "$PGDATABASE"; do psql -X -q -A -t -F ' ' -d "$database" -c "SELECT status, relation FROM assay.run_checks('rebuilt')"; done | paste -sd '|')"
check "the trail of incidents goes on, and cannot be changed there either" "acknowledged,declared,resolved" \
    "$(psql -X -q -A -t -d "$second" -c "SELECT assay.resolve(1)" -c "DELETE FROM assay.incident_event" \
        -c "SELECT string_agg(kind, ',' ORDER BY kind) FROM assay.incident_events WHERE incident_id = 1" 2>/dev/null | sed '/^$/d')"

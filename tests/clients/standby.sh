#!/usr/bin/env bash
# A hot standby, made with pg_basebackup and reached by a unix socket only, predicts, checks, and follows what the primary deploys.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
place=$(mktemp -d "${TMPDIR:-/tmp}/assay-standby.XXXXXX")
# A model that answers with what stands in what it is told.
"$python" tests/clients/endpoint_server.py >"$place.port" &
endpoint=$!
while [[ ! -s $place.port ]]; do sleep 0.1; done
port=$(<"$place.port")
# PostgreSQL refuses to run as root; root lends it to the user whose the primary is. None of the caller's settings reach the server.
clean=(env -i "PATH=$PATH" LC_ALL=C TZ=UTC)
as_server() { (cd / && "${clean[@]}" "$@"); }
if [[ $(id -u) == 0 ]]; then
    user=$(stat -c %U "${PGHOST:?}")
    chown "$user" "$place"
    as_server() { (cd / && runuser -u "$user" -- "${clean[@]}" "$@"); }
fi
finish() {
    as_server "$(command -v pg_ctl)" -D "$place/data" -m immediate -w stop >/dev/null 2>&1 || true
    kill "$endpoint" || true
    primary -c "DROP SERVER IF EXISTS assay_standby CASCADE" || true
    rm -rf -- "$place" "$place.port"
}
trap finish EXIT

primary() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
standby() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$place" "$@"; }
check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}
# until_true QUERY: waits until the standby says t.
until_true() {
    local i
    for ((i = 0; i < 300; i++)); do
        if [[ $(standby -c "$1" 2>/dev/null) == t ]]; then return; fi
        sleep 0.1
    done
    echo "not ok - the standby did not come to: $1"
    exit 1
}
# refused STATEMENT: the SQLSTATE of a statement that fails on the standby.
refused() { printf '%s;\n\\echo :LAST_ERROR_SQLSTATE\n' "$1" | psql -X -q -A -t -h "$place" 2>/dev/null | tail -n 1; }

primary -v url="http://127.0.0.1:$port/extract" >/dev/null <<'SQL'
CREATE TABLE point AS SELECT i AS x, 2 * i AS y, 3 * i AS z, i > 50 AS large FROM generate_series(1, 100) AS i;
SELECT assay.train('line', 'SELECT x, y FROM point', 'y', 'linear_regression');
SELECT assay.train('line', 'SELECT x, z FROM point', 'z', 'linear_regression', deploy => 'never');
SELECT assay.train('large', 'SELECT x, large FROM point', 'large', params => '{"n_estimators": 5}');
CREATE VIEW scored AS SELECT x, assay.predict('line', p) AS score FROM point AS p;
SELECT assay.log_predictions('large', 'point', '{x}', keep => '{y}', inputs => true), assay.record_labels('large', 'SELECT x, large FROM point', '{x}'),
       assay.set_unlabelled('large', '{true}'), assay.set_retention('large', '1 year');
SELECT assay.save_baseline('points', 'point');
SELECT assay.add_check('point', 'accepted_range', 'x', '{"max_value": 98}', error_if => '>5', warn_if => '>0');
SELECT assay.add_check('point', 'unique', 'y', group_by => '{large}');
CREATE TABLE doc (id int PRIMARY KEY, body text);
INSERT INTO doc SELECT i, 'tea number ' || i || repeat(' black', i % 3) FROM generate_series(1, 400) AS i;
SELECT assay.load_word_vectors('words', $$VALUES ('tea', '{1,0,0}'::real[]), ('black', '{0,1,0}'), ('number', '{0,0,1}')$$);
SELECT assay.create_vectorizer('doc', '{"column": "body"}', 'words@1', consistency => 'transaction');
CREATE TABLE note (id int PRIMARY KEY, body text);
SELECT assay.create_vectorizer('note', '{"column": "body"}', 'words@1');
INSERT INTO note VALUES (1, 'waits');
-- Asking, training sets, queries.
SET assay.endpoints = '127.0.0.1';
CREATE SERVER assay_standby FOREIGN DATA WRAPPER assay_http OPTIONS (base_url :'url');
SELECT assay.register_remote('reader', 'assay_standby', 'm', 'generation', max_tokens => 32000);
CREATE TABLE rule (id int PRIMARY KEY, body text);
INSERT INTO rule VALUES (1, 'Goods may be returned within 30 days. Write to anna@example.com.'), (2, 'Shipping of goods is free.'), (3, 'Goods are no goods.');
SELECT assay.create_vectorizer('rule', '{"column": "body"}', 'words@1', consistency => 'transaction');
SELECT assay.exclude_document('rule', '3', 'wrong');
SELECT FROM assay.ask('rule', 'May goods be returned within 30 days?', model => 'reader', mode => 'text');
SELECT assay.feedback(max(id), 1) FROM assay.answers;
SELECT assay.create_prompt('asks', 'What is $thing?');
SELECT assay.submit('reader', 'What is tea?');
SELECT FROM assay.build_dataset('support', $$SELECT 'Is tea ' || i || ' black?' AS question, 'Tea ' || i || ' is.' AS answer FROM generate_series(1, 40) AS i$$, '{"near_duplicates": null}');
SELECT assay.describe('rule', 'What may be done'), assay.add_sql_example('How many rules?', 'SELECT count(*) FROM rule');
CREATE TABLE question AS SELECT 'black tea number ' || i AS question, i AS key, 1 AS grade FROM generate_series(1, 9) AS i;
SQL

as_server "$(command -v pg_basebackup)" -h "$PGHOST" -p "$PGPORT" -U "$PGUSER" -D "$place/data" -R -X stream -c fast --no-sync
as_server "$(command -v pg_ctl)" -D "$place/data" -l "$place/log" -w -o "-c unix_socket_directories='$place' -c listen_addresses='' -c assay.endpoints=127.0.0.1" start \
    </dev/null >/dev/null || { cat "$place/log"; exit 1; }

check "it is a standby" t "$(standby -c 'SELECT pg_is_in_recovery()')"
judge="SELECT round(sum(assay.predict('line', p))::numeric, 3), round(sum(assay.predict('line@2', x))::numeric, 3),
              count(*) FILTER (WHERE assay.predict_label('large', x) = 'true'), (SELECT round(sum(score)::numeric, 3) FROM scored) FROM point AS p"
answer=$(primary -c "$judge")
check "the primary answers" "10100.000|15150.000|50|10100.000" "$answer"
check "it predicts as the primary does" "$answer" "$(standby -c "$judge")"
judge="SELECT metric, value FROM assay.evaluate('large', 'SELECT x, large FROM point')
       UNION ALL SELECT actual || predicted, rows FROM assay.confusion_matrix('large', 'SELECT x, large FROM point')
       UNION ALL SELECT feature, weight FROM assay.weights('line') UNION ALL SELECT feature, gain FROM assay.feature_importance('large')
       UNION ALL SELECT feature, mean FROM assay.feature_info('large') UNION ALL SELECT 'iterations', count(*) FROM assay.training_info('large')
       UNION ALL SELECT unnest(assay.labels('large')), 1 UNION ALL SELECT model, version FROM assay.model_versions ORDER BY 1, 2"
check "it judges and looks inside as the primary does" "$(primary -c "$judge")" "$(standby -c "$judge")"
check "it scores in a parallel plan" 100 "$(standby -c "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
    SELECT count(*) FROM point WHERE assay.predict('line', x) > 0")"
drift="SELECT column_name, method, statistic, drifted FROM assay.drift('point', 'SELECT x + 50 AS x, y, z FROM point')
       UNION ALL SELECT column_name, method, statistic, drifted FROM assay.drift_from('points', 'SELECT x + 50 AS x FROM point')
       UNION ALL SELECT column_name, method, impact, drifted FROM assay.model_drift('line', 'SELECT x + 50 AS x FROM point')"
check "it finds drift as the primary does" "$(primary -c "$drift")" "$(standby -c "$drift")"
logged="SELECT metric || coalesce(note, ''), rows, labellable, value FROM assay.performance('large', 'year')
        UNION ALL SELECT r.model, r.version, r.identical::int, r.replayed_score FROM assay.predictions AS p, assay.replay_prediction(p.id) AS r
        UNION ALL SELECT model, 0, 0, extract(epoch FROM retention) FROM assay.prediction_policies ORDER BY 1, 4"
check "it judges and replays logged decisions as the primary does" "$(primary -c "$logged")" "$(standby -c "$logged")"
check "it refuses to log" 25006 "$(refused "SELECT assay.log_predictions('large', 'point', '{x}')")"
check "it refuses to record labels" 25006 "$(refused "SELECT assay.record_labels('large', 'SELECT x, large FROM point', '{x}')")"
check "it refuses to delete decisions" 25006 "$(refused "SELECT assay.apply_retention('large')")"
pages="SELECT assay.render_profile('point') UNION ALL SELECT assay.render_checks('point') UNION ALL SELECT assay.render_model('line', 'SELECT x, y FROM point')
       UNION ALL SELECT assay.render_drift('point', 'SELECT x + 50 AS x, y, z FROM point')"
check "it makes pages as the primary does" "$(primary -c "$pages")" "$(standby -c "$pages")"
judge="SELECT name, segment, status, value FROM assay.run_checks('point') UNION ALL SELECT name, segment, status, value
       FROM assay.validate('point', '[{\"kind\": \"mean_between\", \"column_name\": \"x\", \"min_value\": 51}, {\"kind\": \"outliers\", \"column_name\": \"z\"}]')
       UNION ALL SELECT column_name, NULL, meaning, mean FROM assay.profile('point')
       UNION ALL SELECT 'failing', key, \"row\"->>'x', NULL FROM assay.checks AS c, assay.failing_rows(c.check_id) WHERE kind = 'accepted_range'"
check "it checks as the primary does" "$(primary -c "$judge")" "$(standby -c "$judge")"
check "the primary checks" 3 "$(primary -c "SELECT count(*) FROM assay.run_checks('point')")"
check "it refuses to add a check" 25006 "$(refused "SELECT assay.add_check('point', 'not_empty')")"
check "it says that results of checks are not kept" "NOTICE:  the results are not kept in the history: the server is a standby" \
    "$(standby -c "SELECT FROM assay.run_checks('point')" 2>&1 | head -n 1)"
check "it refuses to train" 25006 "$(refused "SELECT assay.train('line', 'SELECT x, y FROM point', 'y', 'linear_regression')")"
check "it refuses to save a baseline" 25006 "$(refused "SELECT assay.save_baseline('points', 'point')")"
check "it refuses to deploy" 25006 "$(refused "SELECT assay.deploy('line', 2)")"
check "it refuses what is not there" ML002 "$(refused "SELECT assay.predict('line@9', 1)")"

# Texts. The first to embed there writes the file from which others read the embedder.
embed="SELECT assay.embed('words', body), assay.embed('words', ARRAY[body, 'black']) FROM doc WHERE id < 9 UNION ALL SELECT vector, NULL FROM assay.vocabulary('words')
       UNION ALL SELECT ARRAY[similarity], NULL FROM assay.most_similar('words', 'tea', 2) UNION ALL SELECT ARRAY[start_pos, end_pos], NULL FROM assay.chunk_text('One. Two.', 5)"
check "it embeds as the primary does" "$(primary -c "$embed")" "$(standby -c "$embed")"
search="SELECT mode, s.key, s.chunk, s.score, s.ranks FROM unnest('{vector,text,hybrid}'::text[]) AS mode, assay.search('doc', 'black tea number 7', 5, mode) AS s
        UNION ALL SELECT 'filter', s.key, s.chunk, s.score, s.ranks FROM assay.search('doc', 'black tea number 7', filter => 'id > 390') AS s"
check "the primary searches" "25 5 7" "$(primary -c "SELECT count(*), count(*) FILTER (WHERE mode = 'hybrid'), min(key ->> 'id') FILTER (WHERE mode = 'text' AND (ranks -> 'text' ->> 'rank') = '1') FROM ($search) AS s" -F ' ')"
check "it searches as the primary does" "$(primary -c "$search")" "$(standby -c "$search")"
judge="SELECT measure, value, low, high FROM assay.evaluate_retrieval('doc', 'TABLE question', k => '{1,10}') WHERE question IS NULL
       UNION ALL SELECT measure, a, b, p_value FROM assay.compare_retrieval('doc', 'doc', 'TABLE question', mode_a => 'text', mode_b => 'vector')"
check "it judges searches as the primary does" "$(primary -c "$judge")" "$(standby -c "$judge")"
views="SELECT name, embedding, consistency, pending FROM assay.vectorizers UNION ALL SELECT vectorizer, embedding, state, dimensions FROM assay.vectorizer_embeddings
       UNION ALL SELECT vectorizer, key::text, NULL, attempts FROM assay.vectorizer_items ORDER BY 1, 3"
check "it shows vectorizers and what waits" "$(primary -c "$views")" "$(standby -c "$views")"
check "it refuses to make a vectorizer" 25006 "$(refused "SELECT assay.create_vectorizer('doc', '{\"column\": \"body\"}', 'words@1', name => 'another', store => 'another')")"
check "it refuses to alter one" 25006 "$(refused "SELECT assay.alter_vectorizer('doc', max_lag => '1 day')")"
check "it refuses to work at the queue" 25006 "$(refused "CALL assay.run_queue()")"
check "it refuses to learn words" 25006 "$(refused "SELECT assay.train_word2vec('w', 'SELECT body FROM doc')")"

# Asking: what only reads goes on; what would write, or pay, says so.
check "it searches without what is left out" "1 2" "$(standby -c "SELECT string_agg(s.key ->> 'id', ' ' ORDER BY s.key ->> 'id') FROM assay.search('rule', 'goods', mode => 'text') AS s")"
asked="SELECT a.id::text, a.answer, a.citations::text, a.prompt, a.asked_by FROM assay.answers AS a
       UNION ALL SELECT v.citation::text, v.quote, v.status, v.version, v.current_version FROM assay.answers AS a, assay.verify_citations(a.id) AS v
       UNION ALL SELECT f.rating::text, NULL, NULL, NULL, NULL FROM assay.answer_feedback AS f
       UNION ALL SELECT assay.faithfulness(a.id)::text, NULL, NULL, NULL, NULL FROM assay.answers AS a
       UNION ALL SELECT s.key::text, s.cited::text, s.satisfied::text, s.excluded::text, NULL FROM assay.document_satisfaction('rule') AS s
       UNION ALL SELECT d.key::text, d.reason, NULL, NULL, NULL FROM assay.stale_documents('rule', max_age => NULL) AS d
       UNION ALL SELECT e.key::text, e.reason, NULL, NULL, NULL FROM assay.document_exclusions AS e
       UNION ALL SELECT g.status, g.prompt, NULL, NULL, NULL FROM assay.generations AS g"
check "the primary has an answer that stands" 1 "$(primary -c "SELECT count(*) FROM assay.answers AS a, assay.verify_citations(a.id) AS v WHERE v.status = 'stands' AND a.answer ~ '30 days'")"
check "it shows answers, whether they stand, and what people say of them" "$(primary -c "$asked")" "$(standby -c "$asked")"
texts="SELECT p.kind, p.value FROM rule, assay.find_pii(body) AS p UNION ALL SELECT assay.redact(body), assay.detect_language(body) FROM rule
       UNION ALL SELECT assay.profile_corpus('rule'), assay.encoding_damage('RÃ¼ckgabe') UNION ALL SELECT assay.fill_prompt('asks', '{\"thing\": \"tea\"}'), NULL
       UNION ALL SELECT e.seq::text, e.line FROM assay.export_jsonl('support') AS e UNION ALL SELECT dataset, hash FROM assay.datasets
       UNION ALL SELECT prompt, template FROM assay.prompts UNION ALL SELECT object, note FROM assay.descriptions UNION ALL SELECT question, sql FROM assay.sql_examples
       UNION ALL SELECT v.kind, v.status FROM assay.validate('rule', '[{\"kind\": \"pii\", \"column_name\": \"body\"}, {\"kind\": \"near_duplicates\", \"column_name\": \"body\"},
                 {\"kind\": \"contradictions\", \"column_name\": \"body\", \"embedder\": \"words\"}]') AS v"
check "it finds and takes out personal data, profiles corpora and exports training sets" "$(primary -c "$texts")" "$(standby -c "$texts")"
check "it runs queries that were written" '{"n": 2}' "$(standby -c "SELECT * FROM assay.run_sql('SELECT count(*) AS n FROM rule WHERE id < 3')" 2>/dev/null)"
check "it refuses queries that write" ML039 "$(refused "SELECT * FROM assay.run_sql('DELETE FROM rule')")"
while read -r code statement; do
    check "it says $code: $statement" "$code" "$(refused "$statement")"
done <<'SQL'
25006 SELECT * FROM assay.ask('rule', 'goods', model => 'reader', mode => 'text')
25006 SELECT * FROM assay.evaluate_answers('rule', 'SELECT ''goods'' AS question, ''30'' AS answer', 'reader', mode => 'text')
25006 SELECT assay.feedback(1, 1)
25006 SELECT assay.prune_answers()
25006 SELECT assay.exclude_document('rule', '1')
25006 SELECT assay.include_document('rule', '3')
25006 SELECT assay.submit('reader', 'a')
25006 SELECT assay.withdraw(1)
25006 SELECT assay.prune_generations('0')
25006 SELECT assay.create_prompt('asks', 'Which $thing?')
25006 SELECT assay.build_dataset('support', 'SELECT ''a'' AS question, ''b'' AS answer')
25006 SELECT assay.drop_dataset('support')
25006 SELECT assay.train_adapter('adapted', 'words', 'SELECT body AS question, body AS document FROM doc')
25006 SELECT assay.describe('rule', 'other')
25006 SELECT assay.mark_private('rule.body')
25006 SELECT assay.add_sql_example('How many?', 'SELECT 1')
25006 SELECT assay.drop_sql_example(1)
25006 SELECT assay.register_remote('other', 'assay_standby', 'm', 'generation')
55000 SELECT assay.generate('reader', 'a')
55000 SELECT assay.rewrite_question('[{"role": "user", "content": "goods"}]', 'And then?', 'reader')
55000 SELECT assay.text_to_sql('How many rules?', 'reader', '{rule}')
55000 SELECT * FROM assay.evaluate_text_to_sql('SELECT ''How many?'' AS question, ''SELECT 1'' AS sql', 'reader', '{rule}')
SQL
check "what calls a model says where to call it from" "HINT:  Call it from the primary." "$(standby -c "SELECT assay.generate('reader', 'a')" 2>&1 | tail -n 1)"
primary -c "UPDATE doc SET body = 'green leaves' WHERE id = 7" -c "CALL assay.run_queue()" >/dev/null
until_true "SELECT EXISTS (SELECT FROM assay.search('doc', 'leaves', mode => 'text') AS s WHERE s.key ->> 'id' = '7') AND EXISTS (SELECT FROM assay.search('note', 'waits', mode => 'text'))"
check "it follows what is written" "1 1" "$(standby -F ' ' -c "SELECT (SELECT count(*) FROM assay.search('doc', 'leaves', mode => 'text')), (SELECT count(*) FROM assay.search('note', 'waits', mode => 'text'))")"

primary -c "SELECT assay.deploy('line', 2)" >/dev/null
until_true "SELECT deployed_version = 2 FROM assay.models WHERE model = 'line'"
check "it follows a deployment" 30.000 "$(standby -c "SELECT round(assay.predict('line', 10)::numeric, 3)")"
# One session with a prepared statement, over a rollback on the primary.
mkfifo "$place/statements"
standby <"$place/statements" >"$place/answers" 2>&1 &
session=$!
exec 3>"$place/statements"
printf "PREPARE ask AS SELECT round(assay.predict('line', 10)::numeric, 3); EXECUTE ask;\n" >&3
for ((i = 0; i < 100; i++)); do
    if [[ -s $place/answers ]]; then break; fi
    sleep 0.1
done
primary -c "SELECT assay.rollback('line')" >/dev/null
until_true "SELECT deployed_version = 1 FROM assay.models WHERE model = 'line'"
printf "EXECUTE ask;\n" >&3
exec 3>&-
wait "$session"
check "so does a prepared statement" "30.000 20.000" "$(paste -sd ' ' "$place/answers")"

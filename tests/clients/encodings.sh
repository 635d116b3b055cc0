#!/usr/bin/env bash
# In databases of every kind of encoding names, labels, values, JSON, messages and dumps are those that the user typed; and what an encoding
# does not have is an error of its own or is written differently, never bytes that are no text.
set -euo pipefail

made=()
folder=$(mktemp -d)
finish() {
    rm -rf -- "$folder"
    for name in "${made[@]}"; do PGOPTIONS='-c client_min_messages=warning' dropdb --if-exists --force "$name"; done
}
trap finish EXIT
export PGCLIENTENCODING=UTF8 VERBOSITY=verbose

# check NAME EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        diff <(echo "$2") <(echo "$3") || true
    fi
}

# run DATABASE: runs the SQL that it reads, and prints rows as they come, and of an error its code, message, detail and hint.
run() {
    psql -X -q -A -t -v VERBOSITY=verbose -v a="${a:-}" -v b="${b:-}" -d "$1" 2>&1 |
        sed -E '/^LOCATION: |^CONTEXT: |^LINE |^ *\^|^QUERY: |^HINT:  (Expected is one of|The kinds are)/d'
}

database() {
    made+=("$1")
    createdb -E "$2" -T template0 --locale=C "$1"
    psql -X -q -d "$1" -c 'CREATE EXTENSION assay'
}

# everything DATABASE: what is done with two words of the encoding, a and b.
everything() {
    run "$1" <<'SQL'
\set model 'model ' :a
\set check 'check ' :a
\set table 'table ' :a
\set kind 'kind ' :a
CREATE TYPE :"kind" AS ENUM (:'a', :'b');
CREATE TABLE :"table" AS SELECT i AS x, CASE WHEN i % 2 = 0 THEN :'a' ELSE :'b' END AS :"a", (CASE WHEN i % 3 = 0 THEN :'a' ELSE :'b' END)::text:::"kind" AS "kind",
    i * 2 + (i % 2) * 500 AS y FROM generate_series(1, 200) AS i;
SELECT format('SELECT * FROM %I', :'table') AS query, format('%I', :'table') AS relation \gset
SELECT model, version, task FROM assay.train(:'model', :'query', :'a', 'decision_tree');
CREATE TABLE stored AS SELECT x, :"a" AS label, assay.predict_label(:'model', t) AS predicted FROM :"table" AS t;
SELECT count(*), count(*) FILTER (WHERE predicted = label), min(octet_length(predicted)) = min(octet_length(label)) FROM stored;
SELECT assay.predict_label(:'model', x, kind, y) FROM :"table" WHERE x <= 2 ORDER BY x;
SELECT assay.labels(:'model'), assay.features(:'model'), assay.predict_expression(:'model', :'a');
SELECT assay.set_alias(:'model', :'b', 1);
SELECT assay.predict_label(:'model' || '@' || :'b', x, kind, y) FROM :"table" WHERE x = 1;
SELECT assay.train(:'model' || '2', :'query', 'y', 'linear_regression', exclude => ARRAY['x']) IS NOT NULL;
SELECT feature, category FROM assay.weights(:'model' || '2') WHERE feature = :'a' ORDER BY category COLLATE "C";
SELECT feature, top_categories FROM assay.feature_info(:'model' || '2') WHERE feature = :'a';
SELECT model, target, query FROM assay.model_versions ORDER BY model COLLATE "C";
SELECT actual, predicted, rows FROM assay.confusion_matrix(:'model', :'query');
SELECT column_name, data_type, min, max, top_values FROM assay.profile(:'query') WHERE column_name IN (:'a', 'kind');
SELECT column_name, meaning FROM assay.profile_of(assay.profile_state(:'query')) WHERE column_name = :'a';
SELECT length(assay.render_profile(:'query')) > 200, position(:'a' IN assay.render_profile(:'query')) > 0;
SELECT assay.add_check(:'relation', 'accepted_values', :'a', jsonb_build_object('values', jsonb_build_array(:'a')), :'check', tags => ARRAY[:'b']);
SELECT assay.add_check(:'relation', 'matches_regex', :'a', jsonb_build_object('regex', '^' || :'b' || '$'), :'check' || '2', "where" => format('%I = %L', :'a', :'b'));
SELECT assay.add_check(:'relation', 'not_null', 'x', group_by => ARRAY[:'a']);
SELECT name, relation, column_name, segment, status, rows_failed, sample, message FROM assay.run_checks(:'relation') ORDER BY name COLLATE "C", segment::text COLLATE "C";
SELECT count(*) FROM assay.run_checks(tags => ARRAY[:'b']);
SELECT key, row->>:'a' FROM assay.failing_rows((SELECT check_id FROM assay.checks WHERE name = :'check'), 1);
SELECT name, answered_by FROM assay.explain_checks() WHERE name IS NOT NULL ORDER BY name COLLATE "C";
SELECT name, relation, status, segment FROM assay.check_history ORDER BY name COLLATE "C", segment::text COLLATE "C";
SELECT assay.assert_checks(:'relation');
SELECT kind, column_name, args FROM assay.suggest_checks(:'query') WHERE column_name = :'a' AND kind = 'accepted_values';
SELECT assay.save_baseline(:'a', :'query', jsonb_build_object('group_by', jsonb_build_array(:'a')));
SELECT column_name, segment, drifted FROM assay.drift_from(:'a', :'query') WHERE column_name = 'y' ORDER BY segment::text COLLATE "C";
SELECT new_categories, gone_categories FROM assay.drift(format('SELECT %I AS c FROM %I WHERE x %% 2 = 0', :'a', :'table'), format('SELECT %I AS c FROM %I WHERE x %% 2 = 1', :'a', :'table'));
SELECT name FROM assay.baselines;
SELECT assay.predict(:'b', 1);
SELECT assay.train(:'model', :'query', :'b');
SELECT assay.profile(format('SELECT %I FROM %I', :'b', :'table'));
SELECT assay.add_check(:'relation', :'a', 'x');
SELECT assay.train(:'model', :'query', 'y', params => jsonb_build_object(:'b', 1));
SELECT status, message FROM assay.validate(:'query', jsonb_build_array(jsonb_build_object('kind', 'matches_regex', 'column_name', :'a', 'args', jsonb_build_object('regex', '(' || :'a'))));
SELECT status, message FROM assay.validate(:'query', jsonb_build_array(jsonb_build_object('kind', 'expression_is_true', 'args', jsonb_build_object('expression', format('%I::int > 0', :'a')))));
SELECT assay.train(:'model' || '@', :'query', 'y');
SQL
}

expected=$(dirname "${BASH_SOURCE[0]}")/encodings.out
for encoding in LATIN1 EUC_JP SQL_ASCII UTF8; do
    case $encoding in
        LATIN1) a=café b=weiß ;;
        EUC_JP) a=京都 b=東京 ;;
        SQL_ASCII | UTF8) a=서울 b=한국 ;;
    esac
    name=${PGDATABASE:?}_${encoding,,}
    database "$name" "$encoding"
    # What is expected is written with one pair of words, which stand for the others.
    check "$encoding: names, labels, values, JSON and messages are as they were typed" "$(sed "s/《a》/$a/g; s/《b》/$b/g" "$expected")" "$(everything "$name")"

    made+=("${name}_restored")
    createdb -E "$encoding" -T template0 --locale=C "${name}_restored"
    pg_dump -d "$name" >"$folder/dump.sql"
    psql -X -q -v ON_ERROR_STOP=1 -d "${name}_restored" -f "$folder/dump.sql" >"$folder/restore.log" 2>&1 || cat "$folder/restore.log"
    check "$encoding: a dump carries models and labels" "200|200
t" "$(run "${name}_restored" <<'SQL'
SELECT format('SELECT * FROM %I', 'table ' || :'a') AS query, 'table ' || :'a' AS table \gset
SELECT count(*), count(*) FILTER (WHERE assay.predict_label('model ' || :'a', t) = :"a") FROM :"table" AS t;
SELECT count(*) = 4 FROM assay.run_checks();
SQL
)"
done

check "LATIN1: the bars of a profile are ASCII, and nothing is cut short with a character that is not there" "t|f" "$(run "${PGDATABASE}_latin1" <<'SQL'
SELECT page ~ '[_#=-]{3}', page ~ '\?' FROM assay.render_profile('SELECT i AS x, repeat(chr(97 + i % 3), 40) AS long FROM generate_series(1, 100) AS i') AS page;
SQL
)"
state=$(run "${PGDATABASE}_utf8" <<<"SELECT assay.profile_state('SELECT ''한국''::text AS c')")
check "LATIN1: a state of a database in UTF8 whose texts it cannot write" "ERROR:  22P05: character U+D55C cannot be written in this database's encoding LATIN1
HINT:  Use characters that LATIN1 has, or a database in UTF8." "$(run "${PGDATABASE}_latin1" <<<"SELECT min FROM assay.profile_of('$state')")"
check "SQL_ASCII: bytes that are not UTF-8 are refused, not replaced" "ERROR:  22021: a text is not valid UTF-8
DETAIL:  Its bytes are: caf\\xe9
HINT:  This database's encoding is SQL_ASCII, which keeps any bytes; store the text in UTF-8." "$(PGCLIENTENCODING=SQL_ASCII run "${PGDATABASE}_sql_ascii" <<'SQL'
SELECT assay.profile($$SELECT E'caf\xe9'::text AS c$$);
SQL
)"
a=café
run "${PGDATABASE}_utf8" <<'SQL' >/dev/null
SELECT assay.train('drink', $$SELECT i AS x, CASE WHEN i < 50 THEN 'café' ELSE 'thé' END AS y FROM generate_series(1, 100) AS i$$, 'y', 'decision_tree');
SQL
check "a client of another encoding gets its own" "café|$(printf 'café' | iconv -f UTF-8 -t LATIN1 | od -An -tx1)
ERROR:  ML001: model \"thé\" does not exist" "$(
    label=$(PGCLIENTENCODING=LATIN1 psql -X -A -t -d "${PGDATABASE}_utf8" -c "SELECT assay.predict_label('drink', 1)")
    printf '%s|%s\n' "$(printf %s "$label" | iconv -f LATIN1 -t UTF-8)" "$(printf %s "$label" | od -An -tx1)"
    PGCLIENTENCODING=LATIN1 run "${PGDATABASE}_utf8" <<<"SELECT assay.predict('$(printf 'thé' | iconv -f UTF-8 -t LATIN1)', 1)" | iconv -f LATIN1 -t UTF-8 | head -n 1
)"

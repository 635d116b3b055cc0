#!/usr/bin/env bash
# A backend killed in the middle of a training: the server recovers, and of the training nothing is left.
# Works on a cluster of its own, for the kill ends every session of a server.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

finish() { scripts/cluster.sh remove crash; }
trap finish EXIT
scripts/cluster.sh remove crash
scripts/cluster.sh start crash
environment=$(scripts/cluster.sh env crash)
eval "$environment"
export PGDATABASE=postgres PGCONNECT_TIMEOUT=5
home=$(scripts/cluster.sh home crash)
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# A server that has not yet noticed that one of its processes was killed answers once more, so that it counts when it has started over.
starts() { grep -c 'all server processes terminated; reinitializing' "$home/log" || true; }
# recovered STARTS: waits until it has started over since, and answers.
recovered() {
    for ((i = 0; i < 600; i++)); do
        if (($(starts) > $1)) && ask -c 'SELECT 1' 2>/dev/null; then break; fi
        sleep 0.1
    done
}

check() {
    if [[ $2 == "$3" ]]; then echo "ok - $1"; else echo "not ok - $1: expected '$2', found '$3'"; fi
}

ask -c 'CREATE EXTENSION assay' -c "CREATE TABLE wide AS SELECT i, i % 97 AS a, (i * 31) % 1009 AS b, i % 7 < 3 AS y FROM generate_series(1, 50000) AS i"
ask -c "SELECT version FROM assay.train('model', 'wide', 'y', 'naive_bayes')" >/dev/null
before=$(ask -c "SELECT sum(assay.predict('model', w)) FROM wide AS w")

PGAPPNAME=victim psql -X -q -c "SELECT version FROM assay.train('model', 'wide', 'y', params => '{\"n_estimators\": 100000}', deploy => 'if_better')" >/dev/null 2>&1 &
client=$!
victim=
for ((i = 0; i < 100; i++)); do
    victim=$(ask -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active' AND now() - query_start > interval '1 s'")
    [[ -z $victim ]] || break
    sleep 0.1
done
server=$(ask -c "SELECT pg_read_file('postmaster.pid')" | head -n 1)
# Only a child of this very server is killed.
[[ -n $victim && $(ps -o ppid= -p "$victim" | tr -d ' ') == "$server" ]] || { echo "not ok - no backend was found to be training"; exit 1; }
check "a training is under way" t "$(ask -c "SELECT state = 'active' FROM pg_stat_activity WHERE pid = $victim")"
threads=("/proc/$victim/task"/*)
starts_before=$(starts)
kill -KILL "$victim"
status=0
wait "$client" || status=$?
check "its client is told" t "$([[ $status != 0 ]] && echo t)"
check "it trained on threads" t "$([[ ${#threads[@]} -gt 1 || ! -d /proc/self/task ]] && echo t)"

check "the server recovers by itself" 1 "$(recovered "$starts_before")"
check "it did crash" t "$(grep -q 'terminated by signal 9' "$home/log" && echo t)"
check "nothing of the training is left" "1|1|1|1|1|0" \
    "$(ask -c "SELECT last_version, deployed_version, (SELECT count(*) FROM assay.model_version), (SELECT count(*) FROM assay.model_deployment),
        (SELECT count(*) FROM assay.model_source), (SELECT count(*) FROM assay.model_promotion) FROM assay.models")"
check "the model answers as before" "$before" "$(ask -c "SELECT sum(assay.predict('model', w)) FROM wide AS w")"
check "training goes on with the next version" 2 "$(ask -c "SELECT version FROM assay.train('model', 'wide', 'y', params => '{\"n_estimators\": 5}', deploy => 'always')")"

# Killed while decisions are logged, while they are written, and while labels are recorded: nothing of it is left.
# killed NAME STATEMENT SECONDS
killed() {
    PGAPPNAME=victim psql -X -q -c "$2" >/dev/null 2>&1 &
    client=$!
    victim=
    for ((i = 0; i < 200; i++)); do
        victim=$(ask -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active' AND now() - query_start > interval '$3 s'")
        [[ -z $victim ]] || break
        sleep 0.05
    done
    server=$(ask -c "SELECT pg_read_file('postmaster.pid')" | head -n 1)
    [[ -n $victim && $(ps -o ppid= -p "$victim" | tr -d ' ') == "$server" ]] || { echo "not ok - no backend was found to be $1"; return; }
    starts_before=$(starts)
    kill -KILL "$victim"
    wait "$client" || true
    recovered "$starts_before" >/dev/null
    check "nothing is left of $1 ($3 s)" "0|0|$labels" \
        "$(ask -c "SELECT (SELECT count(*) FROM assay.prediction), (SELECT count(*) FROM assay.prediction_batch WHERE content = 'decisions'), (SELECT count(*) FROM assay.prediction_label)")"
}
labels=0
many="SELECT i, i + 50000 * g AS id, a, b, y FROM wide, generate_series(1, 40) AS g"
for seconds in 0.3 6; do
    killed "logging decisions" "SELECT assay.log_predictions('model', '$many', '{id}', keep => '{a}')" "$seconds"
    killed "recording labels" "SELECT assay.record_labels('model', '$many', '{id}')" "$seconds"
done
check "logging goes on" "50000|50000" "$(ask -c "SELECT assay.log_predictions('model', 'SELECT i, i AS id, a, b FROM wide', '{id}'), assay.record_labels('model', 'SELECT i AS id, y FROM wide', '{id}')")"

#!/usr/bin/env bash
# Measures training and scoring beside a plain scan of the same rows, in a private cluster. `make bench` installs first.
#
#   ROWS    how many rows (1000000)
#   REPEAT  how often each is measured; the fastest counts (3)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rows=${ROWS:-1000000}
repeat=${REPEAT:-3}

tests/cluster.sh remove bench
trap 'tests/cluster.sh remove bench' EXIT
tests/cluster.sh start bench
environment=$(tests/cluster.sh env bench)
eval "$environment"
home=$(tests/cluster.sh home bench)
postmaster=$(head -n 1 "$home/data/postmaster.pid")
ticks=$(getconf CLK_TCK)
export PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning -c search_path=public,assay'

run() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# What all ended children of the server have used, a session's backend and its parallel workers among them, in ticks.
spent() { sed 's/.*) //' "/proc/$postmaster/stat" | awk '{ print $14 + $15 }'; }

# measure SQL: sets wall and cpu, in seconds, of the fastest run, each in a session of its own.
measure() {
    local i before output backend seconds
    wall='' cpu=''
    for ((i = 0; i < repeat; i++)); do
        before=$(spent)
        output=$(run -c "SELECT 'backend ' || pg_backend_pid()" -c '\timing on' -c "$1")
        seconds=$(sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p' <<<"$output" | awk '{ print $1 / 1000 }')
        backend=$(sed -nE 's/^backend ([0-9]+)$/\1/p' <<<"$output")
        # The server has its children's time when they have ended and it has taken note.
        while [[ -e /proc/$backend ]]; do sleep 0.02; done
        if [[ -z $wall ]] || awk "BEGIN { exit !($seconds < $wall) }"; then
            wall=$seconds
            cpu=$(awk "BEGIN { print ($(spent) - $before) / $ticks }")
        fi
    done
}

# report WHAT SQL: one line of the table.
report() {
    measure "$2"
    [[ -n ${scan_wall:-} ]] || { scan_wall=$wall scan_cpu=$cpu; }
    awk -v what="$1" -v wall="$wall" -v cpu="$cpu" -v scan_wall="$scan_wall" -v scan_cpu="$scan_cpu" -v rows="$rows" \
        'BEGIN { printf "%-58s %9.3f %9.2f %9.1f %9.1f %9.0f\n", what, wall, cpu, wall / scan_wall, cpu / (scan_cpu > 0 ? scan_cpu : 0.01), wall * 1e9 / rows }'
}

echo "==> $rows rows"
run -v rows="$rows" -f tests/bench/data.sql
run -c 'CREATE EXTENSION assay' -c 'ALTER SYSTEM SET autovacuum = off' -c 'SELECT pg_reload_conf()' >/dev/null

printf -v numbers 'x%s, ' {1..20}
numbers=${numbers%, }
printf -v sums 'sum(x%s), ' {1..20}
features="$numbers, a, b"

echo
echo "$("$(command -v postgres || echo "$("$PG_CONFIG" --bindir)/postgres")" --version), $(nproc) cores, $(sed -nE 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)"
echo "wall and CPU: seconds; the next two: how many times the scan's; the last: wall ns for each row"
echo
printf '%-58s %9s %9s %9s %9s %9s\n' "" wall CPU "x wall" "x CPU" ns/row
report "SELECT sum(..) over 20 columns" "SELECT ${sums%, } FROM bench"
train() { # MODEL ALGORITHM TARGET FEATURES
    printf "SELECT train('%s', 'SELECT %s, %s FROM bench', '%s', '%s', split => 'none')" "$1" "$4" "$3" "$3" "$2"
}
report "train linear_regression, 20 columns" "$(train amount linear_regression amount "$numbers")"
report "train logistic_regression, 22 columns" "$(train linear logistic_regression label "$features")"
report "train gradient_boosting, 22 columns" "$(train boosted gradient_boosting label "$features")"
report "SELECT avg(predict(..)), linear_regression, by position" "SELECT avg(predict('amount', $numbers)) FROM bench"
report "SELECT avg(predict(..)), logistic_regression, by position" "SELECT avg(predict('linear', $features)) FROM bench"
report "SELECT avg(predict(..)), logistic_regression, whole row" "SELECT avg(predict('linear', row_of)) FROM bench AS row_of"
report "SELECT avg(predict(..)), gradient_boosting, by position" "SELECT avg(predict('boosted', $features)) FROM bench"
report "scores into a table, logistic_regression" \
    "DROP TABLE IF EXISTS s; CREATE UNLOGGED TABLE s AS SELECT id, predict('linear', $features) AS score FROM bench"
report "scores into a table, gradient_boosting" \
    "DROP TABLE IF EXISTS s; CREATE UNLOGGED TABLE s AS SELECT id, predict('boosted', $features) AS score FROM bench"
echo
echo "AUC over the training rows:"
run -F '  ' -c "SELECT 'logistic_regression', round(roc_auc(label, predict('linear', $features))::numeric, 4) FROM bench" \
    -c "SELECT 'gradient_boosting', round(roc_auc(label, predict('boosted', $features))::numeric, 4) FROM bench"

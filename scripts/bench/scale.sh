#!/usr/bin/env bash
# What it costs that rows lie elsewhere: metrics, a profile, checks, drift and training on one node, by postgres_fdw (a partition on each of two servers) and, where
# CITUS_PG_CONFIG names a PostgreSQL with Citus, on a distributed table of 8 shards on two workers. All nodes are on this machine and share its cores,
# so that the ratios show overhead, and nothing is faster for being spread. Prints one line a task: milliseconds, and the ratios to one node.
#
#   PG_CONFIG         the PostgreSQL in which assay is installed, a release build
#   CITUS_PG_CONFIG   one with Citus and the same build
#   ROWS              how many rows (1000000)
#   REPEATS           how often each is measured; the fastest counts (3)
#
# Training packs the rows on each, whatever their number.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
rows=${ROWS:-1000000} repeats=${REPEATS:-3}
has_citus=
if [[ -n ${CITUS_PG_CONFIG:-} ]]; then
    . tests/clients/lib/citus.sh
    has_citus=yes
fi
finish() {
    scripts/cluster.sh remove scale-near
    scripts/cluster.sh remove scale-far
    if [[ -n $has_citus ]]; then citus_stop; fi
}
trap finish EXIT

columns="i AS id, i % 90 AS day_number, date '2026-01-01' + (i % 90)::int AS day, (ARRAY['north','south','east','west'])[i % 4 + 1] AS region,
    hashint8(i) % 100000 / 100.0::float8 AS amount, hashint8(i * 7) % 1000 / 1000.0::float8 AS score, hashint8(i * 3) % 3 = 0 AS is_bad,
    CASE WHEN i % 50 > 0 THEN (hashint8(i * 5) % 5000)::numeric(10, 2) END AS income, 'note ' || i % 1000 AS note,
    timestamptz '2026-01-01 UTC' + i * interval '1 second' AS at, i % 5 AS grade, hashint8(i * 11) % 1000000 AS points"
near() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$near_home" -U postgres -d postgres "$@"; }
far() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$far_home" -U postgres -d postgres "$@"; }

bin=$("${PG_CONFIG:?}" --bindir)
export PATH=$bin:$PATH
for name in near far; do
    scripts/cluster.sh remove "scale-$name"
    scripts/cluster.sh start "scale-$name"
done
near_home=$(scripts/cluster.sh home scale-near) far_home=$(scripts/cluster.sh home scale-far)
half=$((rows / 2))
near -c 'CREATE EXTENSION assay' -c "CREATE TABLE one AS SELECT $columns FROM generate_series(1, $rows::bigint) AS i" -c 'ANALYZE one' \
    -c 'ALTER DATABASE postgres SET assay.pack_rows = 1' >/dev/null
far -c 'CREATE EXTENSION assay' -c "CREATE TABLE upper AS SELECT $columns FROM generate_series($half + 1, $rows::bigint) AS i" -c 'ANALYZE upper' >/dev/null
near -v host="$far_home" >/dev/null <<SQL
CREATE EXTENSION postgres_fdw;
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', dbname 'postgres', extensions 'assay', async_capable 'true');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (user 'postgres');
CREATE TABLE parts (LIKE one) PARTITION BY RANGE (id);
CREATE TABLE parts_lower PARTITION OF parts FOR VALUES FROM (1) TO ($half + 1);
INSERT INTO parts SELECT * FROM one WHERE id <= $half;
CREATE FOREIGN TABLE parts_upper PARTITION OF parts FOR VALUES FROM ($half + 1) TO ($rows + 1) SERVER other OPTIONS (table_name 'upper');
ANALYZE parts;
SQL
if [[ -n $has_citus ]]; then
    citus_start
    on coordinator -c "CREATE TABLE spread AS SELECT $columns FROM generate_series(1, 0::bigint) AS i" -c "SELECT create_distributed_table('spread', 'id')" \
        -c "INSERT INTO spread SELECT $columns FROM generate_series(1, $rows::bigint) AS i" -c 'ANALYZE spread' \
        -c 'ALTER DATABASE assay SET assay.pack_rows = 1' >/dev/null 2>&1
fi

checks='[{"kind": "not_null", "column_name": "income", "mostly": 0.9}, {"kind": "accepted_values", "column_name": "region", "values": ["north", "south", "east", "west"]},
    {"kind": "accepted_range", "column_name": "score", "min_value": -1, "max_value": 1}, {"kind": "mean_between", "column_name": "amount", "min_value": -1000, "group_by": "region"},
    {"kind": "quantile_between", "column_name": "points", "quantile": 0.9, "min_value": 0}, {"kind": "matches_regex", "column_name": "note", "regex": "^note [0-9]+$"},
    {"kind": "row_count_between", "min_value": 1}, {"kind": "expression_is_true", "expression": "grade >= 0 AND day_number < 90"}]'
# The statement of a task on a table. Of partitions on stock PostgreSQL a metric is merged from states.
statement() {
    local table=$2
    case $1 in
        metric)
            if [[ $table == parts ]]; then
                echo "SELECT assay.metric_of(assay.merge_states(s)) FROM (SELECT assay.metric_state('rmse'::assay.metric, amount, score) AS s FROM parts_lower
                    UNION ALL SELECT assay.metric_state('rmse'::assay.metric, amount, score) FROM parts_upper) AS p"
            else
                echo "SELECT assay.rmse(amount, score) FROM $table"
            fi ;;
        ranking)
            if [[ $table == parts ]]; then
                echo "SELECT assay.metric_of(assay.merge_states(s)) FROM (SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) AS s FROM parts_lower
                    UNION ALL SELECT assay.metric_state('roc_auc'::assay.metric, is_bad, score) FROM parts_upper) AS p"
            else
                echo "SELECT assay.roc_auc(is_bad, score) FROM $table"
            fi ;;
        profile) echo "SELECT count(*) FROM assay.profile('$table')" ;;
        validate) echo "SELECT count(*) FROM assay.validate('$table', '$checks')" ;;
        drift) echo "SELECT count(*) FROM assay.drift('$table', '$table')" ;;
        boosting) echo "SELECT rows FROM assay.train('scale', '$table', 'is_bad', 'gradient_boosting', '{\"n_estimators\": 20}', exclude => '{id}', deploy => 'never')" ;;
        *) return 1 ;;
    esac
}
# fastest COMMAND STATEMENT: milliseconds of the fastest of some runs, after one that does not count.
fastest() {
    local i
    for ((i = 0; i <= repeats; i++)); do
        printf '\\timing on\n%s;\n' "$2" | "$1" 2>/dev/null | sed -nE 's/^Time: ([0-9.]+) ms.*/\1/p'
    done | tail -n +2 | sort -n | head -n 1
}
coordinator() { on coordinator "$@"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

printf '%-10s %12s %12s %8s %12s %8s   (%s rows of 12 columns, %s cores)\n' task 'one node ms' 'by fdw ms' ratio 'Citus ms' ratio "$rows" "$(nproc)"
for task in metric ranking profile validate drift boosting; do
    one=$(fastest near "$(statement "$task" one)")
    parts=$(fastest near "$(statement "$task" parts)")
    spread=- spread_ratio=-
    if [[ -n $has_citus ]]; then
        spread=$(fastest coordinator "$(statement "$task" spread)")
        spread_ratio=$(ratio "$spread" "$one")
    fi
    printf '%-10s %12.0f %12.0f %8s %12s %8s\n' "$task" "$one" "$parts" "$(ratio "$parts" "$one")" "${spread%.*}" "$spread_ratio"
done
# What crosses the wire, once for each shard or partition.
for state in "assay.profile_state('one')" "(SELECT assay.metric_state('rmse', amount, score) FROM one)" "(SELECT assay.metric_state('roc_auc', is_bad, score) FROM one)"; do
    printf 'bytes of %s: %s\n' "$state" "$(near -c "SELECT octet_length($state::bytea)")"
done
near -c "CREATE TABLE states AS SELECT assay.profile_state('one') AS s" >/dev/null
printf 'ms that a merge of two such profiles takes: %s\n' "$(awk -v all="$(fastest near 'SELECT assay.merge_states(s) IS NULL FROM states, generate_series(1, 64)')" 'BEGIN { printf "%.1f", all / 64 }')"

#!/usr/bin/env bash
# Measures this build of assay against the one of another commit, on the same work in turn, in a private cluster: `make compare BEFORE=COMMIT`.
#
#   BEFORE       the commit to compare with
#   PAIRS        how often each work is done by both (10)
#   WORKS        some works by name, separated by commas (all; compare.py names them)
#   BENCH_ROWS   how many rows (1000000)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${BEFORE:?name the commit to compare with: make compare BEFORE=COMMIT}"
read -r -a options <<<"${CARGO_OPTIONS:?run this through make compare}"
target=${CARGO_TARGET_DIR:-$PWD/target}
[[ $target == /* ]] || target=$PWD/target
place=$target/compare
tree=$place/tree
libraries=$("$PG_CONFIG" --pkglibdir)
extensions=$("$PG_CONFIG" --sharedir)/extension

mkdir -p "$place"
git worktree remove --force "$tree" 2>/dev/null || true
git worktree add --quiet --detach "$tree" "$BEFORE"
finish() {
    git worktree remove --force "$tree"
    scripts/cluster.sh remove compare
    rm -f "$libraries/assay_before.so"
    make --no-print-directory install
}
trap finish EXIT

# extension FOLDER LIBRARY MODULE: puts a build's files where CREATE EXTENSION finds them, the library by a name of its own.
extension() {
    install -m 755 "$2" "$libraries/$3.so"
    rm -f "$extensions"/assay--*.sql
    install -m 644 "$1"/sql/install/assay--*.sql "$extensions/"
    sed "s#\$libdir/assay#\$libdir/$3#" "$1/assay.control" >"$extensions/assay.control"
}

database() {
    createdb "$1"
    psql -X -q -v ON_ERROR_STOP=1 -d "$1" -v name=bench -v rows="${BENCH_ROWS:-1000000}" -f scripts/bench/data.sql
    psql -X -q -v ON_ERROR_STOP=1 -d "$1" -c 'CREATE EXTENSION assay'
}

echo "==> building $BEFORE"
(cd "$tree" && CARGO_TARGET_DIR=$place/target cargo build --quiet "${options[@]}")
scripts/cluster.sh remove compare
scripts/cluster.sh start compare
environment=$(scripts/cluster.sh env compare)
eval "$environment"
BENCH_DATA=$(scripts/cluster.sh home compare)/data
export BENCH_DATA PYTHONDONTWRITEBYTECODE=1
extension "$tree" "$place/target/release/libassay.so" assay_before
database before
extension . "$target/release/libassay.so" assay
database after
python3 scripts/bench/compare.py

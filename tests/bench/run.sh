#!/usr/bin/env bash
# Measures training and scoring beside what Python does with the same rows, in a private cluster and a private virtual environment.
# `make bench` installs the extension first. The table is also written to <target>/bench/results.txt.
#
#   BENCH_ROWS     how many rows (1000000)
#   BENCH_REPEAT   how often each is measured; the median counts (3)
#   BENCH_FULL     1: the training curve goes to four times the rows
#   BENCH_ONLY     some sections, such as "linear logistic"; bench.py names them
#   BENCH_KEEP     1: leave the cluster running, and start from its table if there is one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
[[ $target == /* ]] || target=$PWD/target
place=$target/bench
python=$(command -v python3) || { echo "assay: the benchmark needs python3" >&2; exit 1; }
mkdir -p "$place"

# The peers, once for each list of them.
peers=
stamp=$place/venv/$(cksum <tests/bench/requirements.txt | tr ' ' -)
if [[ ! -e $stamp ]]; then
    echo "==> installing the peers into $place/venv"
    rm -rf -- "$place/venv"
    if "$python" -m venv "$place/venv" >"$place/venv.log" 2>&1 &&
        "$place/venv/bin/pip" install --quiet --disable-pip-version-check -r tests/bench/requirements.txt >>"$place/venv.log" 2>&1; then
        touch "$stamp"
    else
        tail -n 3 "$place/venv.log" >&2
        echo "==> the peers cannot be installed here, so there are only our own figures" >&2
    fi
fi
if [[ -e $stamp ]]; then peers=$place/venv/bin/python; fi

if [[ ${BENCH_KEEP:-} != 1 ]]; then
    tests/cluster.sh remove bench
    trap 'tests/cluster.sh remove bench' EXIT
fi
tests/cluster.sh start bench
environment=$(tests/cluster.sh env bench)
eval "$environment"
BENCH_DATA=$(tests/cluster.sh home bench)/data
export BENCH_DATA BENCH_RESULTS=$place/results.txt BENCH_PEERS=$peers PGDATABASE=postgres PYTHONDONTWRITEBYTECODE=1
"$python" tests/bench/bench.py

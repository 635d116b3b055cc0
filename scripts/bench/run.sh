#!/usr/bin/env bash
# Measures training and scoring, and checks and profiles, beside what Python and others do with the same rows, in a private cluster and
# private virtual environments.
# `make bench` installs the extension first. The table is also written to <target>/bench/results.txt.
#
#   BENCH_ROWS     how many rows (1000000)
#   BENCH_REPEAT   how often each is measured; the median counts (3)
#   BENCH_FULL     1: the training curve goes to four times the rows, profiles to five million
#   BENCH_ONLY     some sections, such as "linear logistic"; bench.py names them
#   BENCH_TORCH    1: install sentence-transformers, too, whose torch takes gigabytes
#   BENCH_KEEP     1: leave the cluster running, and start from its table if there is one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target=${CARGO_TARGET_DIR:-$PWD/target}
[[ $target == /* ]] || target=$PWD/target
place=$target/bench
python=$(command -v python3) || { echo "assay: the benchmark needs python3" >&2; exit 1; }
mkdir -p "$place"

# installed NAME LIST: the Python of a virtual environment of those peers, made once for each list; nothing where they are not to be had.
installed() {
    local venv=$place/$1 stamp
    stamp=$venv/$(cksum <"$2" | tr ' ' -)
    if [[ ! -e $stamp ]]; then
        echo "==> installing peers into $venv" >&2
        rm -rf -- "$venv"
        if "$python" -m venv "$venv" >"$venv.log" 2>&1 &&
            "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$2" >>"$venv.log" 2>&1; then
            touch "$stamp"
        else
            tail -n 3 "$venv.log" >&2
            echo "==> these peers cannot be installed here, so there are only our own figures" >&2
            return 0
        fi
    fi
    echo "$venv/bin/python"
}

BENCH_PEERS=$(installed venv scripts/bench/requirements.txt)
BENCH_QUALITY_PEERS=$(installed quality scripts/bench/requirements-quality.txt)
# shap and lleaves need different versions of one library.
BENCH_EXPLAINING_PEERS=$(installed explaining scripts/bench/requirements-explaining.txt)
BENCH_FORECASTING_PEERS=$(installed forecasting scripts/bench/requirements-forecasting.txt)
BENCH_TEXTS_PEERS=$(installed texts "scripts/bench/requirements-texts${BENCH_TORCH:+-torch}.txt")
export BENCH_PEERS BENCH_QUALITY_PEERS BENCH_EXPLAINING_PEERS BENCH_FORECASTING_PEERS BENCH_TEXTS_PEERS
# shellcheck source=tests/clients/lib/minilm.sh
source tests/clients/lib/minilm.sh
export MINILM=${minilm:?}

if [[ ${BENCH_KEEP:-} != 1 ]]; then
    scripts/cluster.sh remove bench
    trap 'scripts/cluster.sh remove bench' EXIT
fi
scripts/cluster.sh start bench
environment=$(scripts/cluster.sh env bench)
eval "$environment"
BENCH_DATA=$(scripts/cluster.sh home bench)/data
export BENCH_DATA BENCH_RESULTS=$place/results.txt PGDATABASE=postgres PYTHONDONTWRITEBYTECODE=1
"$python" scripts/bench/bench.py

#!/usr/bin/env bash
# Builds the fuzzer and runs each target for a while: fuzz/run.sh [TARGET...]. `make fuzz` and `make test` call it.
#
#   FUZZ_SECONDS   seconds a target (60)
#   FUZZ_SEED      the seed of the mutations (1)
#
# Each run begins with the inputs that src/seeds.rs and its like make, those in fuzz/inputs, which once broke a promise, and the corpus of earlier runs in
# <target>/fuzz/corpus. An input that breaks a promise is kept in <target>/fuzz/found.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=${CARGO_TARGET_DIR:-$PWD/../target}
place=$target/fuzz
export CARGO_TARGET_DIR=$place/build

# For some seconds of fuzzing, minutes of optimising are lost.
options=()
if ((${FUZZ_SECONDS:-60} < 30)); then options=(--config profile.release.package.assay-algo.opt-level=1); fi
RUSTC_WRAPPER=$PWD/rustc.sh cargo build --quiet --release --locked ${options[@]+"${options[@]}"}
program=$CARGO_TARGET_DIR/release/assay-fuzz

read -r -a targets <<<"${*:-model state text embedder exchange onnx package}"
status=0
for name in "${targets[@]}"; do
    corpus=$place/corpus/$name seeds=$place/seeds/$name found=$place/found/$name log=$place/$name.log
    mkdir -p "$corpus" "$seeds" "$found"
    folders=("$corpus" "$seeds")
    if [[ -d inputs/$name ]]; then folders+=("inputs/$name"); fi
    if FUZZ_TARGET=$name FUZZ_SEEDS=$seeds "$program" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-60}" -max_len=65536 -timeout=10 \
        -rss_limit_mb=2048 -artifact_prefix="$found/" "${folders[@]}" >"$log" 2>&1; then
        echo "ok - fuzz $name: $(sed -nE 's/^Done ([0-9]+) runs.*/\1/p' "$log") inputs"
    else
        tail -n 30 "$log"
        echo "not ok - fuzz $name: seed ${FUZZ_SEED:-1}; to repeat it: FUZZ_TARGET=$name $program and the file that was written"
        status=1
    fi
done
exit "$status"

#!/usr/bin/env bash
# What cargo calls instead of rustc: coverage for libFuzzer, overflow checks and assertions in assay's own crates, and in no dependency.
# All of it is in stable Rust.
set -euo pipefail
rustc=$1
shift
own=()
case " $* " in
*" --crate-name algo "* | *" --crate-name algo_text "* | *" --crate-name kernels "* | *" --crate-name assay_fuzz "*)
    own=(-Cpasses=sancov-module -Coverflow-checks=yes -Cdebug-assertions=yes)
    for option in level=4 inline-8bit-counters pc-table trace-compares; do own+=("-Cllvm-args=-sanitizer-coverage-$option"); done
    ;;
esac
exec "$rustc" "$@" ${own[@]+"${own[@]}"}

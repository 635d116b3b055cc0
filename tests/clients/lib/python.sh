# shellcheck shell=bash
# To be sourced at the top of the repository: sets `python` to one with psycopg, in a virtual environment under the target folder.
version=3.2.13
place=${CARGO_TARGET_DIR:-$PWD/target}/psycopg-$version
if [[ ! -e $place/ready ]]; then
    rm -rf -- "$place"
    mkdir -p "$(dirname "$place")"
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check "psycopg[binary]==$version"
    touch "$place/ready"
fi
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2034
python=$place/bin/python

# shellcheck shell=bash
# To be sourced at the top of the repository: sets `python` to one with drivers and xxhash, in a virtual environment under the target folder. With
# `packages` set before, to one with those, and with `pip_options` they are installed with those.
packages=("${packages[@]-}")
[[ -n ${packages[*]} ]] || packages=("psycopg[binary]==3.2.13" asyncpg==0.31.0 SQLAlchemy==2.0.44 xxhash==3.5.0)
place=${CARGO_TARGET_DIR:-$PWD/target}/python-$(cksum <<<"${packages[*]}" | cut -d ' ' -f 1)
if [[ ! -e $place/ready ]]; then
    rm -rf -- "$place"
    mkdir -p "$(dirname "$place")"
    python3 -m venv "$place"
    "$place/bin/pip" install --quiet --disable-pip-version-check ${pip_options[@]+"${pip_options[@]}"} "${packages[@]}"
    touch "$place/ready"
fi
export PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2034
python=$place/bin/python

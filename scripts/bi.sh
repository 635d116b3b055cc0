#!/usr/bin/env bash
# A real Apache Superset over assay's views: installs it into a virtual environment, starts it on this machine beside a private PostgreSQL,
# makes the charts and the dashboard of scripts/bi/dashboard.py through its API, asks each chart for its rows, writes the export to sql/superset,
# imports that again, and takes a picture of each tab of the dashboard. `make bi` builds first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${CARGO_TARGET_DIR:-$PWD/target}/bi
mkdir -p "$folder"

if ! cmp -s scripts/bi/requirements.txt "$folder/installed.txt"; then
    echo "==> installing Superset"
    python3 -m venv --clear "$folder/venv"
    "$folder/venv/bin/pip" install -q --disable-pip-version-check -r scripts/bi/requirements.txt
    cp scripts/bi/requirements.txt "$folder/installed.txt"
fi

echo "==> starting a private PostgreSQL"
scripts/cluster.sh start bi
trap 'scripts/cluster.sh stop bi' EXIT
environment=$(scripts/cluster.sh env bi)
eval "$environment"
PGOPTIONS='-c client_min_messages=warning' dropdb --if-exists --force bi
createdb bi
psql -X -q -o /dev/null -v ON_ERROR_STOP=1 -d bi <scripts/bi/story.sql

echo "==> starting Superset"
rm -rf -- "${folder:?}/home"
mkdir -p "$folder/home"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=$(python3 -c 'import secrets; print(secrets.token_hex(32))')
password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
cat >"$folder/home/superset_config.py" <<END
SECRET_KEY = "$key"
SQLALCHEMY_DATABASE_URI = "sqlite:///$folder/home/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
PREVENT_UNSAFE_DB_CONNECTIONS = False
END
export SUPERSET_CONFIG_PATH=$folder/home/superset_config.py SUPERSET_HOME=$folder/home PYTHONWARNINGS=ignore
superset() { "$folder/venv/bin/superset" "$@" >>"$folder/superset.log" 2>&1; }
: >"$folder/superset.log"
superset db upgrade
superset fab create-admin --username admin --firstname a --lastname a --email admin@localhost --password "$password"
superset init
"$folder/venv/bin/superset" run --host 127.0.0.1 --port "$port" >>"$folder/superset.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; scripts/cluster.sh stop bi' EXIT
"$folder/venv/bin/python" scripts/bi/dashboard.py "http://127.0.0.1:$port" "$password" "$folder"

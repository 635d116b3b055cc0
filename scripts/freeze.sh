#!/usr/bin/env bash
# Writes what a release leaves behind for ever: its install script, its stored bytes with what they answer, and a dump of a database of it.
#
#   scripts/freeze.sh RELEASE      make freeze RELEASE=0.1.0 builds, installs and calls it
#
# Once a release is out its folder in tests/format and its script in sql/install are never written again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

release=${1:?usage: scripts/freeze.sh RELEASE}
[[ $release =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "$release is no release" >&2; exit 2; }
read -r -a options <<<"${CARGO_OPTIONS:?run this through make freeze}"
version=$(sed -nE "s/^default_version = '(.*)'/\1/p" assay.control)
folder=tests/format/$release
if [[ -n $(git ls-files "$folder" | head -1) ]]; then
    echo "$release is frozen: its files are never written again" >&2
    exit 1
fi
mkdir -p "$folder"

make --no-print-directory schema
[[ $version == "$release" ]] || cp "sql/install/assay--$version.sql" "sql/install/assay--$release.sql"

# The first option says how it is built; the others are of the extension.
ASSAY_FREEZE=$release cargo test -p assay-algo --lib --quiet "${options[0]}" -- golden coded

trap 'scripts/cluster.sh remove freeze' EXIT
scripts/cluster.sh remove freeze
scripts/cluster.sh start freeze
eval "$(scripts/cluster.sh env freeze)"
install -m 644 "sql/install/assay--$release.sql" "$("$PG_CONFIG" --sharedir)/extension/"
createdb golden
psql -X -q -v ON_ERROR_STOP=1 -d golden -c "CREATE EXTENSION assay VERSION '$release'" -f tests/format/make.sql >/dev/null
# Without the tokens that pg_dump draws at random.
pg_dump --no-owner golden | sed -E '/^\\(un)?restrict /d' >"$folder/dump.sql"
psql -X -q -A -t -v ON_ERROR_STOP=1 -d golden -f tests/format/answers.sql >"$folder/answers.txt"
echo "==> $folder and sql/install/assay--$release.sql"

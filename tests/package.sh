#!/usr/bin/env bash
# Installs a .deb of `make package` in a Debian that has no PostgreSQL yet, uses it and removes it: tests/package.sh FILE.deb. To be run as root in
# a container or a chroot that is thrown away; the workflow does so.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

deb=$(realpath "$1")
package=$(dpkg-deb --field "$deb" Package)
major=$(sed -nE 's/^postgresql-([0-9]+)-assay$/\1/p' <<<"$package")
version=$(dpkg-deb --field "$deb" Version)

apt-get -q update
if [[ -z $(apt-cache madison "postgresql-$major") ]]; then
    apt-get -q -y install --no-install-recommends ca-certificates postgresql-common
    /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
fi
apt-get -q -y install --no-install-recommends "$deb"
[[ -n $(pg_lsclusters --no-header) ]] || pg_createcluster "$major" main
pg_ctlcluster "$major" main start || pg_lsclusters

failed=0
# check NAME EXPECTED FOUND
check() {
    if [[ $2 == "$3" ]]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        diff <(echo "$2") <(echo "$3") || true
        failed=1
    fi
}
run() { runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

run -c 'CREATE ROLE shop LOGIN' -c 'CREATE DATABASE shop OWNER shop'
check "whoever owns a database installs the extension in it" "$version" \
    "$(run -d shop -c 'SET SESSION AUTHORIZATION shop' -c 'CREATE EXTENSION assay' -c "SELECT extversion FROM pg_extension WHERE extname = 'assay'")"
check "the notices of what is compiled in go along" "yes" \
    "$(grep -q "^ pgrx v" "/usr/share/doc/$package/copyright" && grep -q "Permission is hereby granted" "/usr/share/doc/$package/copyright" && echo yes)"
check "trains and predicts" "20" "$(run -d shop -c "SELECT FROM assay.train('line', 'SELECT i AS x, 2 * i AS y FROM generate_series(1, 100) AS i', 'y', 'linear_regression')" \
    -c "SELECT round(assay.predict('line', 10))" | tail -n 1)"
check "checks" "unique pass" "$(run -d shop -c "SELECT kind || ' ' || status FROM assay.validate('SELECT generate_series(1, 9) AS x', '[{\"kind\": \"unique\", \"column_name\": \"x\"}]')")"
check "every file is as it was packed" "" "$(dpkg --verify "$package")"
run -d shop -c 'DROP EXTENSION assay'
dpkg --purge "$package" >/dev/null
check "nothing of it stays" "" "$(find / -xdev -path "$(dirname "$deb")" -prune -o \( -name 'assay.so' -o -name 'assay.control' -o -name 'assay--*' \) -print)"
exit "$failed"

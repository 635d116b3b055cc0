#!/usr/bin/env bash
# Prints the path of a pgbouncer that keeps named prepared statements in transaction mode, as it does from 1.21 on: the system's own, or one that
# is built, in a folder of the target's, from Debian's source package of it.
set -euo pipefail

least=1.21 suite=trixie
die() { printf 'assay: %s\n' "$*" >&2; exit 1; }
as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi; }

is_new_enough() {
    local version
    version=$("$1" --version 2>/dev/null | sed -nE '1s/^PgBouncer ([0-9.]+).*/\1/p')
    [[ -n $version && $(printf '%s\n' "$least" "$version" | sort -V | head -n 1) == "$least" ]]
}

for own in "$(command -v pgbouncer || true)" /usr/sbin/pgbouncer; do
    if [[ -n $own ]] && is_new_enough "$own"; then
        printf '%s\n' "$own"
        exit
    fi
done

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
place=${CARGO_TARGET_DIR:-$repository/target}/pgbouncer
[[ $place == /* ]] || place=$repository/$place
if [[ ! -x $place/pgbouncer ]]; then
    work=$place.new
    mkdir -p "$work"
    {
        if ! pkg-config --exists libevent; then
            as_root apt-get -q update
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends libevent-dev pkg-config
        fi
        "$repository/scripts/debian_source.sh" pgbouncer "$suite" "$work"
        cd "$work/source"
        ./configure --quiet --without-cares --without-openssl --without-pam
        make -s pgbouncer
    } >"$place.log" 2>&1 || { tail -n 20 "$place.log" >&2; die "pgbouncer could not be built"; }
    install -D "$work/source/pgbouncer" "$place/pgbouncer"
    rm -rf -- "$work"
fi
printf '%s\n' "$place/pgbouncer"

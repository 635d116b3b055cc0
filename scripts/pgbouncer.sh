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
    command -v apt-get >/dev/null || die "no pgbouncer $least or later: install one"
    # The sources of a later release of this Debian, in lists of our own: those of the system stay as they are.
    # shellcheck disable=SC2016 # apt's fields
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Created-By: Packages' | head -n 1)
    [[ -n $mirror ]] || die "no pgbouncer $least or later, and apt knows no Debian to take its source from: install one"
    work=$place.new
    rm -rf -- "$work"
    mkdir -p "$work"/{lists/partial,cache/archives/partial,source}
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$work/sources.list"
    options=(-q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$work/lists"
        -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
    {
        if ! pkg-config --exists libevent; then
            as_root apt-get update -q
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends libevent-dev pkg-config make
        fi
        apt-get "${options[@]}" update
        (cd "$work/source" && apt-get "${options[@]}" source --download-only pgbouncer)
        tar -xzf "$work"/source/pgbouncer_*.orig.tar.gz -C "$work/source" --strip-components=1
        cd "$work/source"
        ./configure --quiet --without-cares --without-openssl --without-pam
        make -s pgbouncer
    } >"$place.log" 2>&1 || { tail -n 20 "$place.log" >&2; die "pgbouncer could not be built"; }
    install -D "$work/source/pgbouncer" "$place/pgbouncer"
    rm -rf -- "$work"
fi
printf '%s\n' "$place/pgbouncer"

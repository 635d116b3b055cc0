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
scripts/notices.py "pg$PG_MAJOR" >"$work/$name/THIRD_PARTY"
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
    doc=$root/usr/share/doc/$package
    maintainer=${DEB_MAINTAINER:-The assay authors <noreply@assay.invalid>}
    # Where the packages of PostgreSQL have their files, whatever PostgreSQL was built for.
    install -D -m 644 "$LIBRARY" "$root/usr/lib/postgresql/$PG_MAJOR/lib/assay.so"
    strip --strip-unneeded "$root/usr/lib/postgresql/$PG_MAJOR/lib/assay.so"
    mkdir -p "$root/usr/share/postgresql/$PG_MAJOR/extension"
    install -m 644 "$work/$name"/share/extension/* "$root/usr/share/postgresql/$PG_MAJOR/extension/"

    mkdir -p "$doc"
    cat >"$doc/copyright" <<END
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: assay

Files: *
Copyright: 2026 The assay authors
License: Apache-2.0
 The full text is in /usr/share/common-licenses/Apache-2.0.
Comment:
$(sed 's/^$/./; s/^/ /' "$work/$name/THIRD_PARTY")
END
    # The changes themselves are told in the changelog of the sources.
    printf '%s (%s) unstable; urgency=medium\n\n  * Version %s for PostgreSQL %s.\n\n -- %s  %s\n' "$package" "$VERSION" "$VERSION" "$PG_MAJOR" \
        "$maintainer" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -n9 >"$doc/changelog.gz"
    cp -R README.md docs "$doc/"
    chmod -R u=rwX,go=rX "$doc"

    mkdir -p "$root/DEBIAN"
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    cat >"$root/DEBIAN/control" <<END
Package: $package
Version: $VERSION
Architecture: $architecture
Maintainer: $maintainer
Section: database
Priority: optional
Depends: postgresql-$PG_MAJOR, libgcc-s1 (>= 4.2), libc6${libc:+ (>= $libc)}
Installed-Size: $(du -sk --apparent-size --exclude=DEBIAN "$root" | cut -f1)
Description: models and data quality checks inside PostgreSQL $PG_MAJOR
 assay is an extension for PostgreSQL: SQL functions that train, evaluate,
 explain and score models where the rows are, and that check data, profile it
 and watch it for drift.
END
    find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    dpkg-deb --root-owner-group -Zxz --build "$root" "$output/${package}_${VERSION}_$architecture.deb" >/dev/null
    echo "==> $output/${package}_${VERSION}_$architecture.deb"
fi
rm -rf "$work"

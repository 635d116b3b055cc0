#!/usr/bin/env bash
# Unpacks what a source package of Debian was made from: scripts/debian_source.sh PACKAGE SUITE FOLDER. It is that of the suite where apt knows
# Debian, with lists that are kept in the folder, so that the system's stay as they are; on other systems the one that apt is set up for.
set -euo pipefail

package=$1 suite=$2 folder=$3
command -v apt-get >/dev/null || { echo "assay: no apt-get, by which to fetch the source of $package" >&2; exit 1; }
rm -rf -- "$folder"
mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial} "$folder/source"
cd "$folder"
# shellcheck disable=SC2016 # apt's field
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Created-By: Packages' | head -n 1)
options=(-q)
if [[ -n $mirror ]]; then
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >apt/sources.list
    options+=(-o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$PWD/apt/lists"
        -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${options[@]}" update
fi
(cd apt && apt-get "${options[@]}" source --download-only "$package")
tar -xf apt/"${package}"_*.orig.tar.* -C source --strip-components=1

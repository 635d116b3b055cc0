#!/usr/bin/env bash
# What drivers of Python and of Node send without types of SQL: see drivers.py and drivers.js.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

status=0
"$python" tests/clients/drivers.py || status=$?

if [[ -z $(command -v npm) ]]; then echo "skipped - drivers of Node: there is no npm"; exit "$status"; fi
package=pg@8.16.3
modules=${CARGO_TARGET_DIR:-$PWD/target}/node-$package
if [[ ! -e $modules/ready ]]; then
    rm -rf -- "$modules"
    mkdir -p "$modules"
    npm install --silent --no-audit --no-fund --prefix "$modules" "$package" >&2
    touch "$modules/ready"
fi
NODE_PATH=$modules/node_modules node tests/clients/drivers.js || status=$?
exit "$status"

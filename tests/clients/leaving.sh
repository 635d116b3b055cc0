#!/usr/bin/env bash
# What leaves for a server and what does not, by its options columns and redact, against an endpoint that remembers what it was sent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
work=$(mktemp -d "${TMPDIR:-/tmp}/assay-leaving.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
printf 'a secret of thirty-two characters\n' >"$work/pseudonyms.key"
printf 'too short\n' >"$work/short.key"
chmod 755 "$work"
chmod 644 "$work"/*.key
"$python" tests/clients/leaving.py "$work"

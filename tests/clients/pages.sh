#!/usr/bin/env bash
# The pages in HTML as a browser shows them: nothing is asked for, nothing is complained about, nothing is wider than a telephone, by day and by night.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packages=("psycopg[binary]==3.2.13" html5lib==1.1 websockets==15.0.1 markdown-it-py==4.3.0 linkify-it-py==2.2.0)
source tests/clients/lib/python.sh

browser=
for name in chromium chromium-browser google-chrome; do
    if [[ -z $browser ]]; then browser=$(command -v "$name" || true); fi
done
if [[ -z $browser ]]; then
    echo "not ok - there is a browser: install chromium (scripts/deps.sh install tests)"
    exit 1
fi
psql -X -q -v ON_ERROR_STOP=1 -c "CREATE EXTENSION IF NOT EXISTS assay"
BROWSER=$browser "$python" tests/clients/pages.py

#!/usr/bin/env bash
# Search in a collection whose relevant documents are known, and how fast it is; retrieval.py says what must hold.
# Alone: it measures time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
"$python" tests/clients/retrieval.py

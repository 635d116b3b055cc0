#!/usr/bin/env bash
# Long: 60 s. A sentence encoder as people use it, all-MiniLM-L6-v2, loaded and asked in SQL; see embedders.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
source tests/clients/lib/minilm.sh

MINILM=$minilm exec "$python" tests/clients/embedders.py

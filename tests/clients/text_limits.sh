#!/usr/bin/env bash
# What is long about texts is cancelled in time, and what is large stays within assay.max_memory.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
source tests/clients/lib/minilm.sh
MINILM=$minilm exec "$python" tests/clients/text_limits.py

#!/usr/bin/env bash
# Training sets and adapters in bulk: how long they take, that they end in time, what they hold, and that a dump carries them.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
exec "$python" tests/clients/datasets.py

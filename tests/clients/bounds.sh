#!/usr/bin/env bash
# The bounds of memory and time of checks, profiles and drift.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
exec "$python" tests/clients/bounds.py

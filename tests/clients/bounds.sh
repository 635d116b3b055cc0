#!/usr/bin/env bash
# The bounds of memory and time of checks, profiles and drift.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
exec "$python" tests/clients/bounds.py

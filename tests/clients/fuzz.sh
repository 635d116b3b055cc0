#!/usr/bin/env bash
# Hostile bytes, JSON and SQL through a session; see fuzz.py. `make fuzz` gives it more time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

exec "$python" tests/clients/fuzz.py

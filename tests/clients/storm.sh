#!/usr/bin/env bash
# Sessions that run checks, declare, merge, escalate, deliver and drop at random, all at once; storm.py says what must hold.
# Alone: it measures how long calls take.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
"$python" tests/clients/storm.py

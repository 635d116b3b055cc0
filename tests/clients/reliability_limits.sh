#!/usr/bin/env bash
# What is long on the floor of reliability is cancelled in time, and what is hostile is bounded.
# Alone: it measures how late a cancel is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh
exec "$python" tests/clients/reliability_limits.py

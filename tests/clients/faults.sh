#!/usr/bin/env bash
# Which suggested check finds which fault: planted faults against the checks that suggest_checks proposes of clean data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tests/clients/lib/python.sh

"$python" tests/clients/fault_matrix.py

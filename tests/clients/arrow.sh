#!/usr/bin/env bash
# Predictions as Arrow and as Parquet: see arrow.py.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packages=("psycopg[binary]==3.2.13" adbc-driver-manager==1.13.0 adbc-driver-postgresql==1.13.0 pyarrow==26.0.1)
source tests/clients/lib/python.sh

"$python" tests/clients/arrow.py

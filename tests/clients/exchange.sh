#!/usr/bin/env bash
# Models of LightGBM and XGBoost come in and go out: the libraries themselves read and write the files.
# Long: 90 s, as it installs both libraries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packages=("psycopg[binary]==3.2.13" duckdb==1.4.2)
while read -r package; do packages+=("$package"); done <tests/oracle/requirements-exchange.txt
# The same XGBoost without what it has for graphics cards, which is half a gigabyte to unpack; and few of the modules are ever loaded.
if [[ $(uname) == Linux ]]; then packages=("${packages[@]/#xgboost==/xgboost-cpu==}"); fi
pip_options=(--no-compile)
# shellcheck source=tests/clients/lib/python.sh
source tests/clients/lib/python.sh
"$python" tests/clients/exchange.py

#!/usr/bin/env bash
# What is exported as ONNX, read and scored by onnxruntime.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
packages=("psycopg[binary]==3.2.13" numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0)
source tests/clients/lib/python.sh

"$python" tests/clients/onnx_exports.py

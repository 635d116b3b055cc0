#!/usr/bin/env bash
# The sender of notifications against an HTTP and an SMTP server of its own: delivery, failures, and death between outbox and delivery.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/clients/lib/python.sh
work=$(mktemp -d)
finish() { rm -rf -- "$work"; }
trap finish EXIT
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext 'subjectAltName = IP:127.0.0.1' \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
"$python" tests/clients/notifier.py "$python" scripts/notifier/assay_notify.py "$work"

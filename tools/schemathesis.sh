#!/bin/bash
# Holds the running server to its OpenAPI document with schemathesis: every operation, as a guest and as the owner of the
# node, with a fixed seed. Takes a minute or two. Needs python3 with venv; what it needs besides goes to target/schemathesis.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=tools/schemathesis
environment=${CARGO_TARGET_DIR:-target}/schemathesis

fail() {
  echo "schemathesis: $*" >&2
  exit 1
}

python3 -c 'import ensurepip, venv' 2>/dev/null || fail "missing: python3 with venv; on Debian: sudo apt-get install -y python3-venv"

# Made anew when the pinned versions change.
if ! cmp -s "$tools/requirements.txt" "$environment/requirements.txt"; then
  rm -rf "$environment"
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$tools/requirements.txt" ||
    fail "cannot install $tools/requirements.txt"
  cp "$tools/requirements.txt" "$environment/requirements.txt"
fi

export PYTHONDONTWRITEBYTECODE=1
cargo build --locked --quiet
exec "$environment/bin/python" "$tools/run.py" "${CARGO_TARGET_DIR:-target}/debug/odyssey"

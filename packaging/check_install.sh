#!/usr/bin/env bash
# Installs the project as a user does, into a fresh venv away from the clone, and runs the demo there.
# Usage: packaging/check_install.sh [PYTHON]
set -euo pipefail
clone=$(cd "$(dirname "$0")/.." && pwd)
python=${1:-$(command -v python3.11 || command -v python3)}
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
export QT_QPA_PLATFORM=offscreen PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
export OPQN_DATA_DIR=$room/data OPQN_CACHE_DIR=$room/cache OPQN_LOG_DIR=$room/log
start=$SECONDS
"$python" -m venv "$room/venv"
mkdir "$room/source" # setuptools would leave its build folder in the clone, and pack what is old in it
cp -r "$clone"/{opqn_app,trainer,resources,pyproject.toml,README.md,LICENSE,NOTICE} "$room/source"
"$room/venv/bin/python" -m pip wheel -qq --no-deps --wheel-dir "$room" "$room/source"
"$room/venv/bin/python" -m pip install -qq -c "$clone/constraints.txt" "$room"/*.whl
echo "Installed in $((SECONDS - start)) s; the venv holds $(du -sm "$room/venv" | cut -f1) MB."
cd "$room"
"$room/venv/bin/opqn" demo --no-window --json --out "$room/out" > "$room/demo.json"
"$room/venv/bin/python" - "$room" <<'PYTHON'
import importlib.util
import json
import sys
from pathlib import Path

import opqn_app

room = Path(sys.argv[1])
said = json.loads((room / "demo.json").read_text(encoding="utf-8"))
assert Path(opqn_app.__file__).is_relative_to(room), "the clone was imported, not the wheel"
assert importlib.util.find_spec("torch") is None, "torch came along"
assert importlib.util.find_spec("main") is None, "the wheel has a top-level module 'main'"
assert said["rank1"] == 1.0, said
print(f"The installed program found {said['faces']} faces; rank-1 {said['rank1']:.3f}.")
PYTHON

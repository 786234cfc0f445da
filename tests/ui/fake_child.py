"""A child process by script: prints lines, obeys or ignores SIGTERM, fails as told.

`python fake_child.py PLAN.json ARGUMENTS...`; the plan is a list of steps.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

steps = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
Path(sys.argv[1]).with_suffix(".arguments").write_text(json.dumps(sys.argv[2:]), encoding="utf-8")


def stop(_signal, _frame):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, stop)
try:
    for step in steps:
        kind, value = step["do"], step.get("value")
        if kind == "print":
            sys.stdout.write((value if isinstance(value, str) else json.dumps(value)) + "\n")
            sys.stdout.flush()
        elif kind == "complain":
            sys.stderr.write(value + "\n")
        elif kind == "write":
            folder = Path(sys.argv[sys.argv.index("--out") + 1])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / step["name"]).write_text(value, encoding="utf-8")
        elif kind == "wait":  # until it is stopped, but never for ever
            time.sleep(60)
        elif kind == "ignore":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        elif kind == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        elif kind == "exit":
            sys.exit(value)
except KeyboardInterrupt:
    sys.stderr.write("Stopped.\n")
    sys.exit(1)

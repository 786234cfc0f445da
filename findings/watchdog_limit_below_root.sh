#!/usr/bin/env bash
# Guess:  Where Linux has no inotify watch left for some folder of a tree, watchdog's recursive
#         schedule() raises, or at least logs, that the limit is reached.
# Fact:   It raises only if the root itself gets no watch. For folders below it the error (ENOSPC) is
#         dropped: schedule() returns, nothing is logged, and what happens in those folders is never
#         told. The same holds for folders that are made later.
# Also:   The next schedule() of another folder does raise "inotify watch limit reached": so trying
#         one more folder after each schedule() shows that the tree is watched in part only.
# Source: run on watchdog 7.1.0, Linux 6.18; InotifyWatchGroup._add_callback passes over OSError
#         for every path but its own.
# Users:  who watches large trees: photo libraries, source trees, sync folders.
# Needs:  Linux with user namespaces: `unshare -Ur` gives a limit of its own, others keep theirs.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq watchdog==7.1.0
cat > "$room/try.py" <<'PYTHON'
import errno
import logging
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

N_WATCHES, N_FOLDERS = 5, 10


class Handler(FileSystemEventHandler):
    def __init__(self):
        self.seen = set()

    def on_created(self, event):
        if not event.is_directory:
            self.seen.add(Path(event.src_path).parent.name)


class Logged(logging.Handler):
    n = 0

    def emit(self, record):
        Logged.n += record.levelno >= logging.WARNING


logging.getLogger().addHandler(Logged())
assert int(Path("/proc/sys/user/max_inotify_watches").read_text()) == N_WATCHES
root = Path(tempfile.mkdtemp(dir=sys.argv[1]))
other = Path(tempfile.mkdtemp(dir=sys.argv[1]))
for i in range(N_FOLDERS):
    (root / str(i)).mkdir()
handler, observer = Handler(), Observer()
observer.start()
observer.schedule(handler, str(root), recursive=True)  # raises nothing
(root / "later").mkdir()
time.sleep(1)
for name in (*map(str, range(N_FOLDERS)), "later"):
    (root / name / "new").touch()
time.sleep(3)
try:
    observer.schedule(handler, str(other))
    said = None
except OSError as error:
    said = error.errno
facts = {
    "folders whose new file was told": len(handler.seen),
    "a folder made later is told of": "later" in handler.seen,
    "one more folder raises ENOSPC": said == errno.ENOSPC,
    "warnings logged": Logged.n,
}
print("watchdog", version("watchdog"), facts)
assert facts == {
    "folders whose new file was told": N_WATCHES - 1,  # one watch is the root's
    "a folder made later is told of": False,
    "one more folder raises ENOSPC": True,
    "warnings logged": 0,
}, facts
PYTHON
unshare -Ur sh -c "echo 5 > /proc/sys/user/max_inotify_watches && exec '$room/venv/bin/python' '$room/try.py' '$room'"

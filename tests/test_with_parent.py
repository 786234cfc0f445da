"""Helpers end with the program that started them, also where they can look after nothing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 300  # seconds; a condition is waited for
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL"),
]

HELPER = """
import multiprocessing, sys, time
from opqn_app.core import with_parent
from opqn_app.core.helpers import helper_of, run_helper
if {is_watched!r}:
    sys.platform = "another"  # only the thread looks after the parent

def work(pipe):
    pipe.send("ready")
    time.sleep(3600)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_helper, args=(theirs, helper_of(work)))
    process.start()
    assert ours.recv() == "ready"
    print(process.pid, flush=True)
    time.sleep(3600)
"""
CHILD = """
import time
from opqn_app.core import with_parent
with_parent.begin_child()
print('{"ready": 1}', flush=True)
time.sleep(3600)
"""
WINDOW = f"""
import sys
from PySide6.QtCore import QCoreApplication
from opqn_app.ui.work.child import ChildProcess
app = QCoreApplication([])
child = ChildProcess(program=[sys.executable, "-c", {CHILD!r}])
child.told.connect(lambda _: print(child._process.processId(), flush=True))
child.start([])
app.exec()
"""


def start(words: list[str]) -> "tuple[subprocess.Popen[str], psutil.Process]":
    """A program, and the helper whose id it prints."""
    program = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    return program, psutil.Process(int(program.stdout.readline()))


def has_ended_after_kill(program: "subprocess.Popen[str]", helper: psutil.Process) -> bool:
    family = psutil.Process(program.pid).children(recursive=True)
    assert helper in family
    program.kill()
    program.communicate()
    _, alive = psutil.wait_procs(family, timeout=TIMEOUT)
    return not alive


@pytest.mark.parametrize("is_watched", [False, True], ids=["kernel", "thread"])
def test_a_helper_ends_with_its_program(tmp_path: Path, is_watched: bool) -> None:
    if not is_watched and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends it by itself")
    script = tmp_path / "program.py"
    script.write_text(HELPER.format(is_watched=is_watched), encoding="utf-8")
    program, helper = start([str(script)])
    if not is_watched:
        helper.send_signal(signal.SIGSTOP)  # no thread of it runs any more
    assert has_ended_after_kill(program, helper)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_child_of_the_window_ends_with_it(is_stopped: bool) -> None:
    if is_stopped and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends it by itself")
    program, helper = start(["-c", WINDOW])
    if is_stopped:
        helper.send_signal(signal.SIGSTOP)
    assert has_ended_after_kill(program, helper)

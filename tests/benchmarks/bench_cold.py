"""What a cold start costs: one search from the command line, and the window up to its first answer.

    python -m tests.benchmarks.bench_cold [--against PATH_OF_VENV_OR_CLONE] [--runs N] [--json]

Each run is a process of its own, in a library of the bundled sample (361 faces). Two builds take
turns, and the middle of the runs counts. CPU time is user and system time of the process; memory is
its largest resident set. The window is offscreen: the photo is dropped as soon as the window has
been painted, and the answer's time counts from the start of the process. Its memory is what it
holds once models are loaded and the answer is shown (PSS on Linux).

`--against` takes a clone, run with this Python, or a venv in which a build is installed. A build
runs once before it is measured: it may keep things for the next start, as this one does.
The last line is one JSON object; ratios are this build's figures divided by the older one's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample"
WINDOW = """
import json, sys, time
from pathlib import Path
try:
    from opqn_app.ui.shell.app import milliseconds_since_start, after_first_paint
    from opqn_app.ui.shell.main_window import MainWindow
    from opqn_app.ui.work.session import Session
    from opqn_app.core import settings
except ImportError:
    from opqn_app.ui.app import milliseconds_since_start, after_first_paint
    from opqn_app.ui.main_window import MainWindow
    from opqn_app.ui.session import Session
    from opqn_app import settings
from PySide6.QtWidgets import QApplication

library, photo = map(Path, sys.argv[1:])
app = QApplication(sys.argv[:1])
session = Session(settings.load(), library=library)
session.runner.hold()
window = MainWindow(session)

def first_paint():
    session.runner.release()
    session.refresh_status()
    session.load_engine()
    session.open_query(photo)

def answered(_results):
    passed = milliseconds_since_start()
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    pss = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    print(json.dumps({"answer_ms": passed, "pss_mb": pss / 1024}), flush=True)
    window.close()
    app.quit()

session.results_ready.connect(answered)
session.query_failed.connect(lambda reason: (print(reason, file=sys.stderr), app.exit(1)))
session.engine_failed.connect(lambda reason: (print(reason, file=sys.stderr), app.exit(1)))
window.show()
after_first_paint(first_paint)
status = app.exec()
session.shut_down()
sys.exit(status)
"""


@dataclass(frozen=True, slots=True)
class Build:
    """A build and how to run it.

    Attributes:
        path: a clone, or a venv in which it is installed.
    """

    path: Path

    @property
    def is_venv(self) -> bool:
        return (self.path / "pyvenv.cfg").is_file()

    @property
    def python(self) -> str:
        return str(self.path / "bin" / "python") if self.is_venv else sys.executable

    def command(self, *words: str) -> list[str]:
        """The words of an `opqn` command."""
        program = self.path / "bin" / "opqn" if self.is_venv else self.path / "main.py"
        return [self.python, str(program), *words]

    def environment(self, room: Path) -> dict[str, str]:
        own = {f"OPQN_{kind}_DIR": str(room / kind.lower()) for kind in ("DATA", "CACHE", "LOG")}
        clone = {} if self.is_venv else {"PYTHONPATH": str(self.path)}
        return {**os.environ, "PYTHONPATH": "", "QT_QPA_PLATFORM": "offscreen", **own, **clone}


@dataclass(frozen=True, slots=True)
class Run:
    """One process."""

    cpu_s: float
    peak_mb: float
    said: str


def run(command: list[str], cwd: Path, environment: dict[str, str]) -> Run:
    """Run a command to its end.

    Raises:
        SystemExit: it failed.
    """
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=out)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{command[1]} {command[2][:20]} ended with {process.returncode}")
        out.seek(0)
        peak = used.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
        return Run(used.ru_utime + used.ru_stime, peak, out.read())


class Bench:
    """A build with a library of the sample, in a folder of its own."""

    def __init__(self, build: Build, room: Path) -> None:
        self._build, self._room = build, room
        self._library = str(room / "library.sqlite")
        self._photo = str(min((SAMPLE / "queries").iterdir()))
        room.mkdir()
        self._opqn("index", str(SAMPLE / "photos"), "--library", self._library)
        self.search(), self.window()

    def search(self) -> dict[str, float]:
        done = self._opqn("search", self._photo, "--library", self._library, "--json")
        assert json.loads(done.said)["faces_searched"] > 300
        return {"cpu_s": done.cpu_s, "peak_mb": done.peak_mb}

    def window(self) -> dict[str, float]:
        command = [self._build.python, "-c", WINDOW, self._library, self._photo]
        done = run(command, self._room, self._build.environment(self._room))
        said: dict[str, float] = json.loads(done.said)
        return {"window_answer_s": said["answer_ms"] / 1e3, "window_mb": said["pss_mb"]}

    def _opqn(self, *words: str) -> Run:
        return run(self._build.command(*words), self._room, self._build.environment(self._room))


def measure(builds: list[Build], runs: int, room: Path) -> list[dict[str, float]]:
    """The middle figures of each build."""
    benches = [Bench(build, room / str(number)) for number, build in enumerate(builds)]
    figures: list[list[dict[str, float]]] = [[] for _ in builds]
    for _ in range(runs):
        for bench, own in zip(benches, figures, strict=True):
            own.append({**bench.search(), **bench.window()})
    return [
        {key: round(statistics.median(each[key] for each in own), 3) for key in own[0]}
        for own in figures
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="PATH", help="an older build")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    arguments = parser.parse_args()
    builds = [Build(ROOT)]
    if arguments.against:
        builds.append(Build(arguments.against.resolve()))
    with tempfile.TemporaryDirectory() as name:
        ours, *older = measure(builds, arguments.runs, Path(name))
    result: dict[str, Any] = dict(ours)
    if older:
        result["older"] = older[0]
        names = {
            "ratio_cpu": "cpu_s",
            "ratio_memory": "peak_mb",
            "ratio_window_answer": "window_answer_s",
            "ratio_window_memory": "window_mb",
        }
        result |= {name: round(ours[key] / older[0][key], 3) for name, key in names.items()}
    if not arguments.json:
        for key, value in result.items():
            print(f"{key:20} {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()

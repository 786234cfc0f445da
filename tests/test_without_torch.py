"""Where torch is not installed: what works as ever, and what says in a sentence what to install."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.evaluation_people import write_people

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "resources" / "sample" / "photos" / "Birthday"
QUERY = ROOT / "resources" / "sample" / "queries" / "query_s01.jpg"
TRAINING = ("torch", "torchvision", "facenet_pytorch", "triton")
REPORT = ("matplotlib", "jinja2", "sklearn")
INSTALL = 'pip install "opqn-photo-search[train]"'

# Opens the window on a library, drops a photo and prints what the search finds.
WINDOW = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from opqn_app.core.settings import Settings
from opqn_app.ui.work.session import Session
from opqn_app.ui.shell.main_window import MainWindow
app = QApplication(sys.argv[:1])
session = Session(Settings(library=sys.argv[1], device="cpu"))
window = MainWindow(session)
found = []
session.results_ready.connect(found.append)
window.show()
session.refresh_status()
session.load_engine()
window.search.open_sources([Path(sys.argv[2])])
end = time.monotonic() + 600
while not found and time.monotonic() < end:
    app.processEvents()
    time.sleep(0.01)
window.show_page("train")
app.processEvents()
print(window.search.bar.title)
print(window.search.results.model.rowCount(), "torch" in sys.modules)
print(window.train.form._why_not.text())
window.close()
app.processEvents()
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of one test; commands there do not see the packages of training."""

    home: Path

    @property
    def library(self) -> Path:
        return self.home / "library.sqlite"

    def run(
        self, *words: object, hidden: tuple[str, ...] = TRAINING
    ) -> subprocess.CompletedProcess[str]:
        """Run `python WORDS`."""
        own = {f"OPQN_{name}_DIR": str(self.home / name) for name in ("DATA", "CACHE", "LOG")}
        path = f"{ROOT / 'tests' / 'no_torch'}{os.pathsep}{ROOT}"
        return subprocess.run(
            [sys.executable, *map(str, words)],
            cwd=ROOT,
            env={**os.environ, **own, "PYTHONPATH": path, "OPQN_WITHOUT": ",".join(hidden)},
            capture_output=True,
            text=True,
            check=False,
        )

    def told(self, *words: object, hidden: tuple[str, ...] = TRAINING) -> dict[str, Any]:
        """The JSON object that a command prints, which ends well."""
        done = self.run("main.py", *words, "--json", hidden=hidden)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A library of three sample photos."""
    made = Place(tmp_path_factory.mktemp("indexed"))
    photos = made.home / "photos"
    photos.mkdir()
    for photo in sorted(PHOTOS.glob("*.jpg"))[:3]:
        (photos / photo.name).write_bytes(photo.read_bytes())
    report = made.told("index", photos, "--library", made.library, "--device", "cpu")
    assert (report["added"], report["failures"]) == (3, [])
    assert report["faces"] >= 3
    return made


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("people"), [3, 3, 2])


def test_the_packages_are_out_of_reach_of_commands_and_their_children(place: Place) -> None:
    look = (
        "from importlib.util import find_spec; print(find_spec('torch'), bool(find_spec('numpy')))"
    )
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {look!r}])"
    assert [place.run("-c", code).stdout for code in (look, child)] == ["None True\n"] * 2
    assert "ModuleNotFoundError: No module named 'torch'" in place.run("-c", "import torch").stderr


@pytest.mark.slow
def test_search_status_and_encode(indexed: Place) -> None:
    library = ("--library", indexed.library)
    found = indexed.told("search", QUERY, *library)
    assert found["faces_searched"] >= 3
    assert len(found["hits"]) == found["faces_searched"]
    assert indexed.told("status", *library)["photos"] == 3
    again = indexed.told("encode", *library, "--model", "bundled-64")
    assert again["faces"] == found["faces_searched"]


@pytest.mark.slow
def test_codes_leave_as_a_faiss_index(indexed: Place) -> None:
    pytest.importorskip("faiss")
    out = indexed.home / "faiss"
    told = indexed.told("export-faiss", out, "--library", indexed.library)
    assert told["faces"] >= 3
    assert len(list(out.iterdir())) == 3


@pytest.mark.slow
def test_the_window_searches_and_its_train_page_says_what_to_install(indexed: Place) -> None:
    photo = min((indexed.home / "photos").iterdir())
    done = indexed.run("-c", WINDOW, indexed.library, photo)
    assert done.returncode == 0, done.stderr
    title, found, why_not = done.stdout.splitlines()
    n_rows, has_torch = found.split()
    assert int(n_rows) >= 1, title
    assert has_torch == "False"
    assert why_not.startswith("Training needs the package torch")
    assert why_not.endswith(INSTALL)


@pytest.mark.slow
def test_a_folder_is_forgotten(place: Place) -> None:
    photos = place.home / "photos"
    photos.mkdir()
    (photos / "one.jpg").write_bytes(next(PHOTOS.glob("*.jpg")).read_bytes())
    place.told("index", photos, "--library", place.library)
    place.told("forget", photos, "--library", place.library)
    assert place.told("status", "--library", place.library)["photos"] == 0


@pytest.mark.slow
def test_the_demo(place: Place) -> None:
    report = place.told("demo", "--out", place.home / "out")
    assert report["rank1"] >= 0.95


@pytest.mark.slow
def test_a_bundled_model_is_evaluated_with_charts_and_page(place: Place, people: Path) -> None:
    pytest.importorskip("matplotlib")
    out = place.home / "report"
    told = place.told("evaluate", people, "--aligned", "--model", "bundled-64", "--out", out)
    assert (told["queries"], told["gallery"], told["skipped"]) == (8, 8, 0)
    assert told["models"][0]["name"] == "bundled-64"
    assert told["notes"] == []
    charts = {path.name for path in (out / "charts").iterdir()}
    assert {"precision_recall.png", "precision_recall.svg", "ranked_lists_1.png"} <= charts
    assert "data:image/svg+xml" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_figures_and_curves_need_no_drawing_packages(place: Place, people: Path) -> None:
    """The Evaluate page draws its charts from the CSV files."""
    from opqn_app.ui.evaluate.evaluation import read_evaluation

    out = place.home / "report"
    told = place.told("evaluate", people, "--aligned", "--out", out, hidden=TRAINING + REPORT)
    assert 0 < told["map"] <= 1
    notes = [note for note in told["notes"] if note.endswith(INSTALL)]
    for note, package in zip(notes, ("matplotlib", "jinja2"), strict=True):
        assert f"needs the package {package}, which is not installed" in note
    (method,) = read_evaluation(told, out).methods
    assert method.by_threshold is not None
    assert method.by_rank is not None


@pytest.mark.slow
def test_a_run_and_a_model_folder_that_hold_onnx_are_evaluated(place: Place, people: Path) -> None:
    models = ROOT / "resources" / "models"
    run = place.home / "runs" / "mine"
    run.mkdir(parents=True)
    (run / "trunks").symlink_to(models / "trunks")  # a model looks for its trunk beside itself
    (run / "model").symlink_to(models / "bundled-128")
    told = place.told("evaluate", people, "--aligned", "--model", run)
    assert told["models"][0]["given_as"] == str(run)
    assert told["queries"] == 8


@pytest.mark.slow
def test_what_only_reads_needs_no_torch(place: Place, people: Path) -> None:
    assert place.told("runs", place.home) == {"runs": [], "differences": {}}
    assert place.told("datasets")["datasets"]
    packed = place.run("main.py", "pack", people, place.home / "p.safetensors", "--side", 112)
    assert packed.returncode == 0, packed.stderr


NEEDS_TORCH = [
    (("train", "PEOPLE"), "opqn train"),
    (("train", "PEOPLE", "--show-config"), "opqn train"),
    (("train", "--resume", "HOME"), "opqn train"),
    (("export-model", "HOME", "HOME/model"), "opqn export-model"),
    (("import-checkpoint", "HOME/weights.tar"), "opqn import-checkpoint"),
    (("evaluate", "PEOPLE", "--aligned", "--model", "HOME/weights.tar"), "Reading weights.tar"),
]


@pytest.mark.parametrize(
    "program", [("main.py",), pytest.param(("-m", "trainer"), marks=pytest.mark.slow)]
)
@pytest.mark.parametrize(("words", "subject"), NEEDS_TORCH)
def test_what_needs_torch_says_what_to_install(
    words: tuple[str, ...], subject: str, program: tuple[str, ...], place: Place, people: Path
) -> None:
    if program[0] == "-m" and words[0] == "import-checkpoint":
        pytest.skip("a command of the app alone")
    (place.home / "weights.tar").write_bytes(b"a checkpoint")
    given = [w.replace("PEOPLE", str(people)).replace("HOME", str(place.home)) for w in words]
    done = place.run(*program, *given)
    assert done.returncode == 1
    assert done.stdout == ""
    sentence = f"{subject} needs the package torch, which is not installed. Install it with: "
    assert done.stderr == f"{sentence}{INSTALL}\n"


def test_a_graphics_card_that_cannot_be_used_is_a_sentence(place: Place, people: Path) -> None:
    done = place.run("main.py", "evaluate", people, "--aligned", "--device", "cuda")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cpu" in done.stderr  # without a driver that is the advice; with one, torch comes first

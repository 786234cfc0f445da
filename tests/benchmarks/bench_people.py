"""What grouping costs: bench_people.py [--faces 100000] [--model bundled-64] [--rivals].

Draws a family library, codes it by the words of a bundled model, and prints processor time, memory
and disk space of a full run, of 100 new faces, and of what the page of people asks; then the time
of DBSCAN (scikit-learn) and, if dlib is installed, of its Chinese whispers on the same vectors as
floats, on as many faces as they group in three minutes. Memory is the peak of a process of its own
above what it holds with the model loaded and the library open: the codes count. --features takes
vectors from FILE.npz
instead, where "f64" and the like are (n, D) features and "people" who they are.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import psutil
from threadpoolctl import threadpool_limits

from opqn_app.core import allocator
from opqn_app.core.types import Box, FaceQuality
from opqn_app.opqn.encoder import OnnxEncoder
from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import find_model
from opqn_app.people.guesses import Guesses
from opqn_app.people.guessing import update_groups
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.word_sums import WordSums, scaled
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto
from tests.people.grouping_fakes import result_of

Result = TypeVar("Result")

NEW = 100  # faces that come later
FEW = 500  # faces that are grouped before anything is measured
STRANGERS = 0.2  # share of the faces that are alone
SHARED = 0.8  # of the words of a person's faces, in common
SPREAD = 0.06  # by which that differs from person to person
DBSCAN_AT = 0.56  # score at which its groups were best on people nobody has seen
WHISPERS_AT = 0.50
PATIENCE_S = 180  # seconds of the clock that a rival may take
FEWEST = 5000  # faces that a rival begins with


def draw(encoder: OnnxEncoder, n: int, draws: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(n, M) codes of faces that share words with others of their person; (n,) who each is."""
    sizes: list[int] = []
    while sum(sizes) < n * (1 - STRANGERS):  # few with thousands of faces, many with two or three
        sizes.append(min(2 + int(draws.pareto(0.9) * 2), n // 20))
    n_alone = max(n - sum(sizes), 0)
    people = np.repeat(np.arange(len(sizes) + n_alone), [*sizes, *[1] * n_alone])[:n]
    people = draws.permutation(people)
    shape = int(people.max()) + 1, encoder.n_books
    codes = draws.integers(encoder.n_words, size=shape).astype(np.uint8)[people]
    share = np.clip(draws.normal(SHARED, SPREAD, shape[0]), 0.3, 0.95)[people, None]
    other = draws.random(codes.shape) > share
    codes[other] = draws.integers(encoder.n_words, size=int(other.sum()))
    return codes, people


def make_library(path: Path, model: str, n: int, features: Path | None) -> None:
    """A library of n faces and NEW more that wait in a file beside it."""
    encoder = load_encoder(find_model(model))
    draws = np.random.default_rng(0)
    if features is None:
        codes, people = draw(encoder, n + NEW, draws)
        vectors = WordSums.of(encoder).units(codes)
    else:
        held = np.load(features)
        rows = draws.permutation(len(held["people"]))[: n + NEW]
        vectors = scaled(held[f"f{8 * encoder.n_books}"][rows].astype(np.float32))
        _, people = np.unique(held["people"][rows], return_inverse=True)
        codes = np.concatenate([encoder.codes_of(part) for part in np.array_split(vectors, 64)])
    np.savez(path.with_suffix(".npz"), vectors=vectors, people=people, codes=codes)
    store(path, encoder, codes, people, 0, len(codes) - NEW)


def store(
    path: Path, encoder: OnnxEncoder, codes: np.ndarray, people: np.ndarray, first: int, stop: int
) -> None:
    """Some of the faces, three to a photo."""
    with Library.open(path, write=True) as library:
        root_id = library.add_root(path.parent / "photos").id
        photos = [photo(i, people, codes) for i in range(first, stop, 3)]
        for start in range(0, len(photos), 1000):
            few = photos[start : start + 1000]
            library.writer.save_batch(root_id, ModelInfo.of(encoder), few)


def photo(first: int, people: np.ndarray, codes: np.ndarray) -> NewPhoto:
    """One with up to three faces, of as many people."""
    _, which = np.unique(people[first : first + 3], return_index=True)
    faces = tuple(face(place, codes[first + i]) for place, i in enumerate(which.tolist()))
    content = first.to_bytes(20, "little")
    return NewPhoto(f"{first}.jpg", 1, 1, content, 640, 480, None, faces)


def face(place: int, code: np.ndarray) -> NewFace:
    left = 10.0 + 150 * place
    landmarks = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
    landmarks += np.array([left, 10], np.float32)
    quality = FaceQuality(100, 0.99, 50)
    return NewFace(Box(left, 10, left + 100, 110), landmarks, quality, b"", code)


def timed(action: Callable[[], Result]) -> tuple[Result, float]:
    """The result, and seconds of processor time."""
    start = time.process_time()
    result = action()
    return result, time.process_time() - start


def held_bytes() -> int:
    """Memory of this process now; from here on its peak is that of what comes, on Linux."""
    allocator.give_back_unused()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return int(psutil.Process().memory_info().rss)


def peak_bytes() -> int:
    """Since `held_bytes` on Linux; elsewhere that of the whole process, or of what began it."""
    with suppress(OSError):
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def in_child(job: Callable[..., Result], *arguments: object) -> Result:
    """The result of a process of its own, so that nobody's memory is another's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(job, arguments)


def measure(path: Path, model: str, *, with_rivals: bool) -> None:
    n, full = in_child(measure_full_run, path, model)
    known = np.load(path.with_suffix(".npz"))
    in_child(add_new, path, model, known["people"], known["codes"])
    in_child(measure_new, path, model)
    if with_rivals:
        measure_rivals(known["vectors"][:n], full)


def measure_full_run(path: Path, model: str) -> tuple[int, float]:
    """How many faces there are, and seconds."""
    encoder = load_encoder(find_model(model))
    with one_thread(), Library.open_to_decide(path) as library:
        n = sum(len(each.face_ids) for each in library.code_segments(encoder.model_id))
        ready(encoder)
        pages, before = disk_bytes(path), held_bytes()
        marks: dict[str, float] = {}
        began, report = time.process_time(), None
        job = update_groups(library, encoder)
        while report is None:
            try:
                marks[next(job).stage] = time.process_time() - began
            except StopIteration as stop:
                report = stop.value
        full = time.process_time() - began
        show(f"{model}: {n:,} faces, full run", f"{full:.1f} s, lists {marks['lists']:.1f} s")
        show("groups of two or more", f"{report.groups:,}")
        show("memory, peak", f"{(peak_bytes() - before) / n:.0f} bytes a face")
        show("disk", f"{(disk_bytes(path) - pages) / n:.0f} bytes a face")
    return n, full


def measure_new(path: Path, model: str) -> None:
    encoder = load_encoder(find_model(model))
    with one_thread(), Library.open_to_decide(path) as library:
        ready(encoder)
        before = held_bytes()
        report, again = timed(lambda: result_of(update_groups(library, encoder)))
        per_face = (peak_bytes() - before) / report.faces
        show(f"{report.new_faces} new faces", f"{again:.2f} s in all, {per_face:.0f} bytes a face")
        _, idle = timed(lambda: result_of(update_groups(library, encoder)))
        show("no new face", f"{idle:.2f} s")
        measure_guesses(library, encoder)


def one_thread() -> Any:
    return threadpool_limits(limits=1, user_api="blas")


def ready(encoder: OnnxEncoder) -> None:
    """What is loaded and compiled once in a session is not counted: it groups a few faces first."""
    kernels.warm_up()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "few.sqlite"
        codes, people = draw(encoder, FEW, np.random.default_rng(1))
        store(path, encoder, codes, people, 0, FEW)
        with Library.open_to_decide(path) as library:
            result_of(update_groups(library, encoder))


def add_new(path: Path, model: str, people: np.ndarray, codes: np.ndarray) -> None:
    store(path, load_encoder(find_model(model)), codes, people, len(codes) - NEW, len(codes))


def measure_guesses(library: Library, encoder: OnnxEncoder) -> None:
    guesses, loading = timed(lambda: Guesses.load(library, encoder))
    ledger = Ledger(library)
    groups, first = timed(lambda: guesses.unnamed(ledger))
    show("guesses: load, first look", f"{loading:.2f} s, {first:.2f} s")
    for group in groups[:5000]:
        row = NewDecision(Kind.NAMED, ledger.keys(group.faces[: max(1, len(group.faces) // 2)]))
        ledger.decide(partial(list, [row]))
    people = sorted(ledger.state.facts, key=lambda i: -len(ledger.state.members[i]))
    guesses = Guesses.load(library, encoder)
    _, first = timed(lambda: guesses.unnamed(ledger))
    show(f"{len(people):,} people: first look", f"{first:.2f} s")
    for name, person in (
        ("the largest", people[0]),
        ("one of the middle", people[len(people) // 2]),
    ):
        found, first = timed(partial(guesses.suggestions, ledger, person))
        if not found:
            continue
        faces = found[0].faces
        row = NewDecision(Kind.IS, ledger.keys(faces), person=person)
        ledger.decide(partial(list, [row]))
        _, then = timed(partial(guesses.suggestions, ledger, person))
        _, left = timed(partial(guesses.unnamed, ledger))
        _, alike = timed(partial(guesses.resembles, ledger, faces))
        show(
            f"{name} ({len(ledger.state.members[person]):,} faces)",
            f"suggestions {1e3 * first:.1f} ms, after an answer {1e3 * then:.1f} ms, "
            f"unnamed {1e3 * left:.1f} ms, resembles {1e3 * alike:.1f} ms",
        )


def measure_rivals(vectors: np.ndarray, ours: float) -> None:
    """Args: ours: seconds that all faces take here."""
    from sklearn.cluster import DBSCAN

    rival = DBSCAN(eps=1 - DBSCAN_AT, min_samples=3, metric="cosine", algorithm="brute")
    measure_rival("DBSCAN", rival.fit, vectors, ours)
    try:
        import dlib  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        show("Chinese whispers", "dlib is not installed")
        return
    distance = float(np.sqrt(2 - 2 * WHISPERS_AT))

    def whisper(rows: np.ndarray) -> None:
        dlib.chinese_whispers_clustering([dlib.vector(row) for row in rows.tolist()], distance)

    measure_rival("dlib's Chinese whispers", whisper, vectors, ours)


def measure_rival(
    name: str, group: Callable[[np.ndarray], object], vectors: np.ndarray, ours: float
) -> None:
    """The most faces, half of them, a quarter …, that a rival groups within `PATIENCE_S`.

    It compares all with all: twice the faces take four times as long.
    """
    halvings = 0
    while len(vectors) >> halvings > FEWEST:
        halvings += 1
    while True:
        few = vectors[: len(vectors) >> halvings]
        began = time.perf_counter()
        _, seconds = timed(partial(group, few))
        if halvings == 0 or 4 * (time.perf_counter() - began) > PATIENCE_S:
            break
        halvings -= 1
    ratio = seconds * (len(vectors) / len(few)) ** 2 / ours
    guessed = "" if halvings == 0 else ", were it all of them"
    show(f"{name}, {len(few):,} faces", f"{seconds:.1f} s; {ratio:.1f} times ours{guessed}")


def disk_bytes(path: Path) -> int:
    return sum(file.stat().st_size for file in path.parent.glob(path.name + "*"))


def show(what: str, figures: str) -> None:
    sys.stdout.write(f"{what:<44}{figures}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--model", default="bundled-64")
    parser.add_argument("--features", type=Path, default=None)
    parser.add_argument("--rivals", action="store_true", help="let others group the faces too")
    parser.add_argument("--keep", type=Path, help="folder of the library, made if it is not there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = (arguments.keep or Path(folder)) / f"{arguments.model}.sqlite"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = (path, arguments.model, arguments.faces, arguments.features)
            in_child(make_library, *made)
        with one_thread():
            measure(path, arguments.model, with_rivals=arguments.rivals)


if __name__ == "__main__":
    main()

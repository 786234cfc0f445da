"""Who asks whom."""

import json
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.errors import DataError
from trainer.evaluate import protocols


def names(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    people = [f"p{i}" for i, n in enumerate(counts) for _ in range(n)]
    files = [f"p{i}/{k}.png" for i, n in enumerate(counts) for k in range(n)]
    return np.array(people), np.array(files)


def test_drawn_queries_are_disjoint_seeded_and_leave_a_match(tmp_path: Path) -> None:
    people, _ = names(6, 3, 2, 1)
    query_split = protocols.draw_queries(people, "single", per_person=2, seed=3, source=tmp_path)
    assert not set(query_split.queries) & set(query_split.gallery)
    assert len(query_split.queries) + len(query_split.gallery) == len(people)
    counts = {p: int((people[query_split.queries] == p).sum()) for p in ("p0", "p1", "p2", "p3")}
    assert counts == {"p0": 2, "p1": 2, "p2": 0, "p3": 0}
    again = protocols.draw_queries(people, "single", per_person=2, seed=3, source=tmp_path)
    other = protocols.draw_queries(people, "single", per_person=2, seed=4, source=tmp_path)
    assert np.array_equal(query_split.queries, again.queries)
    assert not np.array_equal(query_split.queries, other.queries)


def test_too_few_pictures_to_draw_from_is_refused(tmp_path: Path) -> None:
    people, _ = names(2, 2)
    with pytest.raises(DataError, match="queries-per-person"):
        protocols.draw_queries(people, "single", per_person=2, seed=0, source=tmp_path)


@pytest.mark.parametrize(("gallery", "query"), [("train", "test"), ("cross_train", "cross_test")])
def test_folders_say_who_asks(gallery: str, query: str) -> None:
    files = np.array([f"{gallery}/ann/1.png", f"{gallery}/bob/1.png", f"x/{query}/ann/2.png"])
    query_split = protocols.split_by_folder(files, "single")
    assert query_split is not None
    assert query_split.gallery.tolist() == [0, 1]
    assert query_split.queries.tolist() == [2]
    assert protocols.split_by_folder(files[:2], "single") is None


def test_a_person_called_test_is_no_role() -> None:
    files = np.array(["train/1.png", "test/1.png", "train/ann/1.png"])
    assert protocols.split_by_folder(files, "single") is None


def test_recorded_splits_are_used_again(tmp_path: Path) -> None:
    _, files = names(2, 2)
    path = tmp_path / "split.json"
    values = {"format": "opqn-split", "kind": "single", "test": [files[1]], "gallery": [files[0]]}
    path.write_text(json.dumps({k: [str(f) for f in v] if isinstance(v, list) else v
                                for k, v in values.items()}))  # fmt: skip
    query_split = protocols.recorded_split(path, files, "single")
    assert (query_split.queries.tolist(), query_split.gallery.tolist()) == ([1], [0])
    path.write_text(json.dumps({"kind": "unseen", "test": ["p1/0.png", "p1/1.png"], "gallery": []}))
    unseen = protocols.recorded_split(path, files, "single")
    assert unseen.is_leave_one_out
    assert unseen.gallery.tolist() == [2, 3]
    for text in ("{}", "no", json.dumps({"test": ["gone.png"], "gallery": []})):
        path.write_text(text)
        with pytest.raises(DataError):
            protocols.recorded_split(path, files, "single")


def test_lfw_pairs_find_their_pictures_whatever_their_suffix(tmp_path: Path) -> None:
    files = np.array(["lfw/Ann/Ann_0001.webp", "lfw/Ann/Ann_0002.webp", "lfw/Bob/Bob_0001.webp"])
    path = tmp_path / "pairs.txt"
    path.write_text("1\t1\nAnn\t1\t2\nAnn\t2\tBob\t1\n")
    query_split = protocols.listed_pairs(path, files)
    assert query_split.pairs is not None
    assert query_split.pairs.first.tolist() == [0, 1]
    assert query_split.pairs.second.tolist() == [1, 2]
    assert query_split.pairs.is_same.tolist() == [True, False]
    assert query_split.used.tolist() == [0, 1, 2]


def test_pairs_from_a_csv_file(tmp_path: Path) -> None:
    _, files = names(2, 1)
    path = tmp_path / "pairs.csv"
    path.write_text("first,second,same\np0/0.jpg,p0/1.jpg,1\np0/0.jpg,p1/0.jpg,no\n")
    query_split = protocols.listed_pairs(path, files)
    assert query_split.pairs is not None
    assert query_split.pairs.is_same.tolist() == [True, False]
    assert query_split.pairs.fold.tolist() == [0, 1]


@pytest.mark.parametrize(
    "text",
    ["first,second,same\np0/0.png,p9/0.png,1\n", "a,b\n1,2\n", "first,second,same\nx,y,maybe\n",
     "first,second,same\np0/0.png,p0/1.png,1\n", ""],
)  # fmt: skip
def test_bad_lists_of_pairs_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    with pytest.raises(DataError):
        protocols.listed_pairs(path, names(2)[1])
    with pytest.raises(DataError):
        protocols.listed_pairs(tmp_path / "gone.txt", names(2)[1])

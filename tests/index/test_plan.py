"""Plans as pure functions: every file and every known photo ends up in exactly one place."""

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.index.plan import PendingFile, ScanPlan, assign_moves, plan_changes
from opqn_app.store.records import KnownFailure, KnownPhoto
from opqn_app.vision.photo_folder import PhotoFile, ScanResult

NAMES = st.sampled_from(["a.jpg", "b.jpg", "x/a.jpg", "x/b.jpg", "y/a.jpg", "y/z/c.jpg"])
SIZES = st.integers(1, 3)
CONTENT = {1: b"one", 2: b"two", 3: b"three"}  # equal size, equal content


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[KnownPhoto], ScanResult, list[KnownFailure]]:
    known = draw(st.dictionaries(NAMES, SIZES))
    found = draw(st.dictionaries(NAMES, SIZES))
    failed = draw(st.dictionaries(NAMES, SIZES))
    touched = draw(st.sets(NAMES))
    hidden = draw(st.sets(st.sampled_from(["x", "y/z"])))
    return (
        [KnownPhoto(i, 1, n, s, 0, CONTENT[s]) for i, (n, s) in enumerate(sorted(known.items()))],
        ScanResult(
            tuple(PhotoFile(n, s, int(n in touched)) for n, s in sorted(found.items())),
            tuple(sorted(hidden)),
        ),
        [KnownFailure(i, n, s, 0, False) for i, (n, s) in enumerate(sorted(failed.items()))],
    )


@given(trees(), st.booleans())
def test_each_file_and_photo_is_accounted_for_once(
    tree: tuple[list[KnownPhoto], ScanResult, list[KnownFailure]], retry: bool
) -> None:
    known, found, failures = tree
    plan = plan_changes(known, found, failures, retry_failures=retry)
    paths = {file.rel_path for file in found.files}
    pending = [item.file.rel_path for item in plan.pending]
    same = {
        p.rel_path
        for p in known
        for f in found.files
        if (f.rel_path, f.size, f.mtime_ns) == (p.rel_path, p.size, p.mtime_ns)
    }
    waiting = {
        x.rel_path
        for x in failures
        for f in found.files
        if (f.rel_path, f.size, f.mtime_ns) == (x.rel_path, x.size, x.mtime_ns)
    }
    assert plan.unchanged == len(same)
    assert set(pending) == paths - same - (set() if retry else waiting)
    assert pending == sorted(pending)
    below = {
        p.rel_path for p in known if any(p.rel_path.startswith(f"{h}/") for h in found.unreadable)
    }
    assert {p.rel_path for p in plan.gone} == {p.rel_path for p in known} - paths - below


def test_a_failure_of_an_unchanged_photo_stays_until_it_is_retried() -> None:
    """It is one of the thorough search; of a file that was another one meanwhile it is stale."""
    known = [KnownPhoto(1, 1, "a.jpg", 3, 0, b"one"), KnownPhoto(2, 1, "b.jpg", 3, 0, b"two")]
    found = ScanResult((PhotoFile("a.jpg", 3, 0), PhotoFile("b.jpg", 3, 0)), ())
    failures = [KnownFailure(7, "a.jpg", 3, 0, False), KnownFailure(8, "b.jpg", 3, 5, False)]
    plan = plan_changes(known, found, failures)
    assert (plan.gone_failures, plan.again, plan.unchanged) == ((8,), (), 2)
    plan = plan_changes(known, found, failures, retry_failures=True)
    assert (plan.gone_failures, plan.again, plan.unchanged) == ((7, 8), (known[0],), 2)
    ignored = [KnownFailure(7, "a.jpg", 3, 0, True)]
    plan = plan_changes(known, found, ignored, retry_failures=True)
    assert (plan.gone_failures, plan.again) == ((), ())


@given(trees())
def test_moves_pair_equal_content_and_use_each_side_once(
    tree: tuple[list[KnownPhoto], ScanResult, list[KnownFailure]],
) -> None:
    known, found, _ = tree
    plan = plan_changes(known, found)
    hashed = [(file, CONTENT[file.size]) for file in plan.candidates(plan.displaced)]
    moves = assign_moves(plan.displaced, hashed)
    assert all(old.content_hash == CONTENT[new.size] for old, new in moves)
    assert len({old.id for old, _ in moves}) == len(moves)
    assert len({new.rel_path for _, new in moves}) == len(moves)
    for content in CONTENT.values():
        olds = sum(photo.content_hash == content for photo in plan.displaced)
        news = sum(digest == content for _, digest in hashed)
        assert sum(old.content_hash == content for old, _ in moves) == min(olds, news)
    assert assign_moves(reversed(plan.displaced), reversed(hashed)) == moves
    _check_nothing_is_lost(plan, plan.after(moves), {old.id for old, _ in moves})


def _check_nothing_is_lost(before: ScanPlan, after: ScanPlan, placed: set[int]) -> None:
    replaced = {item.known.id for item in after.pending if item.known is not None}
    gone = {photo.id for photo in after.gone}
    assert placed | replaced | gone == {photo.id for photo in before.displaced}
    assert not placed & replaced
    assert not placed & gone
    assert not replaced & gone


def _photo(number: int, rel_path: str, content: bytes = b"same") -> KnownPhoto:
    return KnownPhoto(number, 1, rel_path, 9, 0, content)


def _file(rel_path: str) -> PhotoFile:
    return PhotoFile(rel_path, 9, 1)


def test_the_longest_shared_end_of_the_path_decides_between_copies() -> None:
    gone = [_photo(1, "a/2019/x.jpg"), _photo(2, "a/2020/x.jpg"), _photo(3, "a/y.jpg")]
    files = [_file("b/2020/x.jpg"), _file("b/2019/x.jpg"), _file("b/z.jpg")]
    moves = assign_moves(gone, [(file, b"same") for file in files])
    assert {old.rel_path: new.rel_path for old, new in moves} == {
        "a/2019/x.jpg": "b/2019/x.jpg",
        "a/2020/x.jpg": "b/2020/x.jpg",
        "a/y.jpg": "b/z.jpg",
    }


def test_a_touched_file_stays_with_its_own_photo() -> None:
    known = [_photo(1, "a.jpg"), _photo(2, "b.jpg")]
    found = ScanResult((_file("b.jpg"), _file("c.jpg")), ())
    plan = plan_changes(known, found)
    moves = assign_moves(plan.displaced, [(file, b"same") for file in found.files])
    assert [(old.id, new.rel_path) for old, new in moves] == [(2, "b.jpg"), (1, "c.jpg")]


def test_a_photo_replaced_by_a_move_is_gone_and_one_moved_away_is_no_longer_known_here() -> None:
    a, b = _photo(1, "a.jpg", b"A"), _photo(2, "b.jpg", b"B")
    plan = plan_changes([a, b], ScanResult((_file("b.jpg"),), ()))
    after = plan.after([(a, _file("b.jpg"))])
    assert (after.pending, after.gone) == ((), (b,))
    plan = plan_changes([b], ScanResult((_file("b.jpg"), _file("c.jpg")), ()))
    after = plan.after([(b, _file("c.jpg"))])
    assert after.pending == (PendingFile(_file("b.jpg"), None),)
    assert after.gone == ()


def test_a_known_photo_whose_file_can_not_be_opened_now_stays() -> None:
    problem = PhotoFile("a.jpg", 0, 0, "it is a link to a file that is not there")
    plan = plan_changes([_photo(1, "a.jpg")], ScanResult((problem,), ()))
    assert (plan.gone, plan.pending, plan.broken) == ((), (), (problem,))

"""What programs say of a photo, as the product has it."""

import json
import math
from pathlib import Path

import pytest

from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, number
from opqn_app.exchange.programs.immich import names_of_immich
from opqn_app.exchange.programs.osxphotos import names_of_osxphotos
from tests.exchange.program_files import apple_photo, without_progress

HUGE = 10**400  # JSON may hold it; it is too large for a float


@pytest.mark.parametrize("said", [None, "", " \t", "_UNKNOWN_", "_unknown_", 7, True, ["Ann"], {}])
def test_what_is_no_name(said: object) -> None:
    assert clean_name(said) is None


def test_a_name_is_on_one_line() -> None:
    assert clean_name(" Ann\n  Lee ") == "Ann Lee"


@pytest.mark.parametrize("said", [None, "", "x", [1], {}, HUGE, -HUGE, "nan"])
def test_what_is_no_number(said: object) -> None:
    assert math.isnan(number(said))


def test_what_is_a_number() -> None:
    assert [number(said) for said in (1, 0.5, " 2 ", "1e3")] == [1.0, 0.5, 2.0, 1000.0]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_a_box_has_four_sides_that_are_numbers(place: int, odd: float) -> None:
    sides = [0.1, 0.2, 0.3, 0.4]
    assert box_of(*sides) == Box(0.1, 0.2, 0.3, 0.4)
    sides[place] = odd
    assert box_of(*sides) is None


def test_a_box_ends_with_the_picture() -> None:
    assert box_of(-1, 0.2, 0.3, 7) == Box(0.0, 0.2, 0.3, 1.0)
    assert box_of(1.1, 0.2, 1.3, 0.4) is None
    assert box_of(0.3, 0.2, 0.3, 0.4) is None


def test_a_number_that_is_far_too_large_is_no_place(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    face = {"imageWidth": HUGE, "imageHeight": 10, "boundingBoxX1": 1, "boundingBoxY1": 1}
    face |= {"boundingBoxX2": 3, "boundingBoxY2": HUGE}
    people = [{"name": "Ann", "faces": [face]}]
    path.write_text(json.dumps({"originalPath": "/data/a.jpg", "people": people}))
    (found,) = without_progress(names_of_immich(path))
    assert getattr(found, "people", None) == ("Ann",)
    told = apple_photo(tmp_path / "a.jpg", [("Ben", Box(0.1, 0.2, 0.3, 0.4))])
    told["faces"][0]["mwg_rs_area"]["x"] = HUGE
    path.write_text(json.dumps([told]))
    (found,) = without_progress(names_of_osxphotos(path))
    assert getattr(found, "people", None) == ("Ben",)

"""Pictures of high dynamic range come out as bright as others of the same scene."""

import numpy as np
import pytest
from PIL import Image

from opqn_app.vision.hdr import HLG, PQ
from opqn_app.vision.images import read_photo
from tests.odd_files import encoded

WHITE = {PQ: 148, HLG: 191}  # of 255: what stands for paper white, by BT.2408


def hdr_picture(value: int, transfer: int, kind: str = "AVIF") -> bytes:
    """An even grey whose boxes say that its values are PQ or HLG."""
    picture = Image.new("RGB", (64, 48), (value, value, value))
    data = bytearray(encoded(picture, kind, quality=95))
    at = data.index(b"nclx") + 6
    data[at : at + 2] = transfer.to_bytes(2)
    return bytes(data)


def shown(value: int, transfer: int, kind: str = "AVIF") -> float:
    photo = read_photo(hdr_picture(value, transfer, kind), "a")
    return float(np.asarray(photo.image).mean())


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_white_paper_is_white_and_lights_are_whiter(transfer: int, kind: str) -> None:
    steps = [shown(value, transfer, kind) for value in (0, 60, 100, WHITE[transfer], 230, 255)]
    assert steps == sorted(steps)
    assert steps[0] < 2
    assert 235 < steps[3] < 250 < steps[-1]


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_grey_card_is_as_bright_as_in_srgb(transfer: int) -> None:
    """38 % of the signal stands for 26 of the 203 nits of white (BT.2408): 100 of 255 in sRGB."""
    assert abs(shown(97, transfer) - 100) < 6


@pytest.mark.parametrize("transfer", [1, 13])
def test_other_pictures_keep_their_values(transfer: int) -> None:
    assert abs(shown(97, transfer) - 97) < 2

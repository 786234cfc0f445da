"""How thoroughly photos are searched: a fast pass for all, others for what it missed."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Depth:
    """How large the copies of a photo are.

    Attributes:
        max_side: longest side in pixels of the copy that faces are cut from, at most.
        min_side: a photo can be made smaller by a whole number, which is fast, a JPEG even while it
            is decoded. It is, as long as its longest side still has so many pixels.
        pixels: width times height of the copy that faces are looked for on. It is never larger
            than the photo. The library notes the number beside each photo.
        is_again: of photos that are known; the faces they have stay as they are.
    """

    max_side: int
    min_side: int
    pixels: int
    is_again: bool = False


# Below twice `min_side`, so that the whole number is all: a filter to 2048 px, which comes next,
# takes as long as decoding does.
FAST = Depth(max_side=3839, min_side=1920, pixels=1024 * 768)
AGAIN = replace(FAST, is_again=True)  # for what the detector learnt to find since the fast pass
# Portraits 32 px high in 12 megapixels (bench_thorough): recall 0.63 on 2048×1536 pixels, 1.00 on
# these, as on all of them. Those of 40 px cut from 2048 px are 0.73 alike the portrait, from 4032
# px 0.89.
THOROUGH = Depth(max_side=4096, min_side=3840, pixels=3072 * 2304, is_again=True)

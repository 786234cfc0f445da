"""A model's network as ONNX, for the app, which has no torch.

The ONNX files hold no weights. They name places in the safetensors files that lie beside them, so
that each weight lies on disk once. Weights of float16 are cast when the network is compiled.
"""

import hashlib
import io
import struct
import warnings
from pathlib import Path
from typing import Any, cast

import onnx
import torch
from onnx import TensorProto, helper
from torch import Tensor, nn

from opqn_app.core import plain_json
from opqn_app.core.files import replace_bytes
from opqn_app.opqn.model_folder import (
    NETWORK_FILE,
    WEIGHTS_FILE,
    trunk_file,
)
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.model import OpqnModel

OPSET, IR_VERSION = 17, 8
BACKBONE = "backbone."  # what names of weights begin with
TYPES = {"F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16}


class _Embedding(nn.Module):
    """The part of a backbone that several models share: pictures → embedding."""

    def __init__(self, backbone: EmbeddedTrunk) -> None:
        super().__init__()
        self.trunk = backbone.trunk
        self._backbone = [backbone]  # in a list: not a part, so names stay those of the trunk

    def forward(self, x: Tensor) -> Tensor:
        return self._backbone[0].embedding(x)


class _Head(nn.Module):
    """The rest of it: embedding → features."""

    def __init__(self, backbone: EmbeddedTrunk) -> None:
        super().__init__()
        self.embed, self.last_bn = backbone.embed, backbone.last_bn
        self._backbone = [backbone]

    def forward(self, x: Tensor) -> Tensor:
        return self._backbone[0].from_embedding(x)


def write_networks(folder: Path, model: OpqnModel, trunk: str | None) -> dict[str, str]:
    """Write the network of `model`, whose weights lie in `folder` already, as ONNX.

    Args:
        trunk: name of the trunk that it shares with its neighbours.

    Returns:
        sha256 of each file, by its name: in the order in which a picture passes them.
    """
    size = model.config.input_size
    picture = torch.linspace(-1, 1, 3 * size * size).sin().reshape(1, 3, size, size)
    shared = trunk_file(folder, trunk)
    own, digests = folder / NETWORK_FILE, {}
    if shared is None:
        replace_bytes(own, _as_onnx(model.backbone, picture, folder / WEIGHTS_FILE))
    else:
        backbone = cast("EmbeddedTrunk", model.backbone)
        common = trunk_network(shared, mirrored=backbone.mirror_average)
        if not common.is_file():  # else its neighbours, which know its digest, have written it
            replace_bytes(common, _as_onnx(_Embedding(backbone), picture, shared))
        digests[common.name] = _digest(common)
        embedding = torch.zeros(1, backbone.embed.in_features)
        replace_bytes(own, _as_onnx(_Head(backbone), embedding, folder / WEIGHTS_FILE))
    digests[own.name] = _digest(own)
    return digests


def trunk_network(shared: Path, *, mirrored: bool) -> Path:
    """The network of a shared trunk, of one view or of both, beside its weights."""
    return shared.with_name(f"{shared.stem}-mirrored.onnx" if mirrored else f"{shared.stem}.onnx")


def _as_onnx(network: nn.Module, example: Tensor, weights: Path) -> bytes:
    """One ONNX file of a network with one input and one output, its weights in `weights`."""
    out = io.BytesIO()
    modes = [(part, part.training) for part in network.modules()]
    # Without gradients PReLU is one operation; without folding all weights keep their names.
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (example,),
            out,  # type: ignore[arg-type]  # a stream serves as well as a path
            dynamo=False,
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            input_names=["input"],
            output_names=["output"],
        )
    for part, was_training in modes:
        part.training = was_training
    graph = onnx.load_from_string(out.getvalue())
    graph.ir_version = IR_VERSION
    graph.producer_version = ""
    _refer_to(weights, graph.graph)
    return bytes(graph.SerializeToString())


def _refer_to(weights: Path, graph: Any) -> None:
    """Let the initializers of a graph name their places in a safetensors file.

    Weights of equal values are one initializer, so the graph serves for these weights only.
    """
    with weights.open("rb") as file:
        (n_header,) = struct.unpack("<Q", file.read(8))
        places = plain_json.loads(file.read(n_header))
    casts = []
    for tensor in graph.initializer:
        place = places.get(BACKBONE + tensor.name)
        if place is None:
            continue  # a constant of the graph
        name, (start, end) = tensor.name, place["data_offsets"]
        where = {"location": weights.name, "offset": 8 + n_header + start, "length": end - start}
        tensor.Clear()
        tensor.name, tensor.data_type = name, TYPES[place["dtype"]]
        tensor.dims.extend(place["shape"])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
        if tensor.data_type != TensorProto.FLOAT:
            wide = f"{name}.float"
            casts.append(helper.make_node("Cast", [name], [wide], to=TensorProto.FLOAT))
            for node in graph.node:
                for i, each in enumerate(node.input):
                    if each == name:
                        node.input[i] = wide
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""MTCNN's three networks from the wheel of facenet-pytorch 2.5.3, as ONNX in resources/detectors.

    python packaging/make_mtcnn_onnx.py [--out DIR]

It needs torch, facenet-pytorch and onnx; the app needs none of them. What changes on the way:

- Pixels go in as they are, 0 to 255. The scaling to (v - 127.5) / 128 becomes part of the first
  convolution.
- The two classes of the softmax become one number, the log of the odds that there is a face.
- The outputs of a network are one array. Its columns are: the log odds, the four shifts of the
  box, and of the O-Net the landmarks, five x before five y.
- The first dense layer takes its inputs in the order in which the convolution gives them.
"""

import argparse
import importlib.metadata
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

VERSION = "2.5.3"
OPSET, IR_VERSION = 17, 8
MEAN, SCALE = 127.5, 0.0078125
Array = NDArray[np.float64]
Weights = Mapping[str, Array]


class Graph:
    """Nodes in a chain, each fed by the one before it."""

    def __init__(self, name: str, *shape: int | str) -> None:
        self._name, self._last = name, "pixels"
        self._input = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, shape)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def add(self, kind: str, *weights: Array, **attributes: object) -> None:
        names = [f"weight{len(self._weights) + i}" for i in range(len(weights))]
        for name, values in zip(names, weights, strict=True):
            values32 = np.ascontiguousarray(values, np.float32)
            self._weights.append(numpy_helper.from_array(values32, name))
        out = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, [self._last, *names], [out], **attributes))
        self._last = out

    def model(self, *shape: int | str) -> onnx.ModelProto:
        """The chain, whose last array has the given shape, as a file's content."""
        output = helper.make_tensor_value_info(self._last, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self._nodes, self._name, [self._input], [output], self._weights)
        opset = helper.make_opsetid("", OPSET)
        made = helper.make_model(
            graph,
            opset_imports=[opset],
            ir_version=IR_VERSION,
            producer_name="packaging/make_mtcnn_onnx.py",
            doc_string=f"MTCNN, weights of facenet-pytorch {VERSION}, MIT licence",
        )
        onnx.checker.check_model(made, full_check=True)
        return made


def proposal_net(weights: Weights) -> onnx.ModelProto:
    """(1, 3, h, w) → (1, 5, rows, columns) for every cell of 12 px at a stride of 2."""
    graph = Graph("P-Net", 1, 3, "height", "width")
    _first_convolution(graph, weights)
    graph.add("MaxPool", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    for layer in (2, 3):
        _convolution(graph, weights, layer)
    kernels = [_odds(weights["conv4_1.weight"]), weights["conv4_2.weight"]]
    biases = [_odds(weights["conv4_1.bias"]), weights["conv4_2.bias"]]
    graph.add("Conv", np.concatenate(kernels), np.concatenate(biases))
    return graph.model(1, 5, "rows", "columns")


def refine_net(weights: Weights) -> onnx.ModelProto:
    """(n, 3, 24, 24) → (n, 5)."""
    graph = Graph("R-Net", "n", 3, 24, 24)
    _first_convolution(graph, weights)
    _pool(graph, 3)
    _convolution(graph, weights, 2)
    _pool(graph, 3)
    _convolution(graph, weights, 3)
    _dense(graph, weights, 4, maps=64)
    _outputs(graph, weights, "dense5_1", "dense5_2")
    return graph.model("n", 5)


def place_net(weights: Weights) -> onnx.ModelProto:
    """(n, 3, 48, 48) → (n, 15)."""
    graph = Graph("O-Net", "n", 3, 48, 48)
    _first_convolution(graph, weights)
    _pool(graph, 3)
    _convolution(graph, weights, 2)
    _pool(graph, 3)
    _convolution(graph, weights, 3)
    _pool(graph, 2)
    _convolution(graph, weights, 4)
    _dense(graph, weights, 5, maps=128)
    _outputs(graph, weights, "dense6_1", "dense6_2", "dense6_3")
    return graph.model("n", 15)


def _first_convolution(graph: Graph, weights: Weights) -> None:
    kernel = weights["conv1.weight"] * SCALE
    bias = weights["conv1.bias"] - MEAN * kernel.sum(axis=(1, 2, 3))
    graph.add("Conv", kernel, bias)
    graph.add("PRelu", weights["prelu1.weight"][:, None, None])


def _convolution(graph: Graph, weights: Weights, layer: int) -> None:
    graph.add("Conv", weights[f"conv{layer}.weight"], weights[f"conv{layer}.bias"])
    graph.add("PRelu", weights[f"prelu{layer}.weight"][:, None, None])


def _pool(graph: Graph, size: int) -> None:
    graph.add("MaxPool", kernel_shape=[size, size], strides=[2, 2], ceil_mode=1)


def _dense(graph: Graph, weights: Weights, layer: int, *, maps: int) -> None:
    """The weights were trained on columns × rows × maps; the chain has maps × rows × columns."""
    matrix = weights[f"dense{layer}.weight"]
    side = round((matrix.shape[1] / maps) ** 0.5)
    turned = matrix.reshape(-1, side, side, maps).transpose(0, 3, 2, 1).reshape(matrix.shape)
    graph.add("Flatten")
    graph.add("Gemm", turned, weights[f"dense{layer}.bias"], transB=1)
    graph.add("PRelu", weights[f"prelu{layer}.weight"])


def _outputs(graph: Graph, weights: Weights, odds: str, *others: str) -> None:
    matrices = [_odds(weights[f"{odds}.weight"]), *(weights[f"{name}.weight"] for name in others)]
    biases = [_odds(weights[f"{odds}.bias"]), *(weights[f"{name}.bias"] for name in others)]
    graph.add("Gemm", np.concatenate(matrices), np.concatenate(biases), transB=1)


def _odds(classes: Array) -> Array:
    """Weights of no face and of face → those of the log odds between them."""
    return classes[1:] - classes[:1]


def _weights(name: str) -> Weights:
    spec = importlib.util.find_spec("facenet_pytorch")
    if spec is None or spec.origin is None or _version() != VERSION:
        raise SystemExit(f"This needs the package facenet-pytorch {VERSION}.")
    state = torch.load(Path(spec.origin).parent / "data" / f"{name}.pt", weights_only=True)
    return {key: value.double().numpy() for key, value in state.items()}


def _version() -> str:
    return importlib.metadata.version("facenet-pytorch")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("resources/detectors"))
    folder: Path = parser.parse_args().out
    for name, made in (
        ("mtcnn_propose", proposal_net(_weights("pnet"))),
        ("mtcnn_refine", refine_net(_weights("rnet"))),
        ("mtcnn_place", place_net(_weights("onet"))),
    ):
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Guess:  A network's ONNX file holds each weight under its name in state_dict(), so trained weights can
#         be put into the file of an untrained network of the same layers, by name.
# Fact:   Weights that happen to have equal values become one when torch exports, by the old way and by
#         the new. Of two batch norms as they are made, each behind an activation, and two convolutions
#         4 of 10 weights are left. Put the trained ones in by name, and the results are wrong: several
#         weights are fed from one. ONNX's checker is content. The file of a trained network has all 10,
#         so a test with trained weights does not show it.
# Also:   All 10 stay with keep_initializers_as_inputs=True by the old way (dynamo=False, with or without
#         folding), which does nothing by the new; there optimize=False does.
# Source: run on torch 2.11.0, onnx 1.23.2, onnxscript 0.7.2, onnx-ir 1.1.0, onnxruntime 1.32.0. The old way
#         compares values unless it exports for training (pytorch/pytorch#192607); the new uses onnx-ir.
# Users:  who exports once and keeps the weights in a file of its own, for fine-tuning, for several heads
#         on one trunk or for several runs. Takes some GB of download.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq torch==2.11.0 onnx==1.23.2 onnxscript==0.7.2 onnx-ir==1.1.0 onnxruntime==1.32.0 numpy==2.4.6
cd "$room"
export TMPDIR="$room"  # torch leaves folders there
"$room/venv/bin/python" - 2>"$room/said" <<'PYTHON' || { cat "$room/said" >&2; exit 1; }
import contextlib
import io

import numpy as np
import onnx
import onnxruntime
import onnxscript
import torch
from onnx import numpy_helper
from torch import nn

torch.manual_seed(0)
picture = torch.randn(1, 3, 8, 8)


def network():
    parts = [[nn.Conv2d(n, 4, 3, bias=False), nn.ReLU(), nn.BatchNorm2d(4)] for n in (3, 4)]
    return nn.Sequential(*parts[0], *parts[1]).eval()


fresh, trained = network(), network()
weights = {name: value for name, value in trained.state_dict().items() if value.is_floating_point()}
for value in weights.values():
    value.uniform_(0.1, 1)
with torch.no_grad():
    expected = trained(picture).numpy()


def refilled(net, **options):
    """How many weights the file of `net` names, and how far it is off with the trained ones put in."""
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(net, (picture,), "a.onnx", opset_version=18, **options)
    model = onnx.load("a.onnx")
    names = [each.name for each in model.graph.initializer if each.name in weights]
    for each in model.graph.initializer:
        if each.name in weights:
            each.CopyFrom(numpy_helper.from_array(weights[each.name].numpy(), each.name))
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, {model.graph.input[0].name: picture.numpy()})[0]
    return len(names), bool(np.abs(found - expected).max() < 1e-3 * np.abs(expected).max())


old, new = {"dynamo": False}, {"dynamo": True}
facts = {
    "old": refilled(fresh, **old),
    "old, nothing folded": refilled(fresh, do_constant_folding=False, **old),
    "old, weights as inputs": refilled(fresh, keep_initializers_as_inputs=True, **old),
    "old, trained": refilled(trained, **old),
    "new": refilled(fresh, **new),
    "new, weights as inputs": refilled(fresh, keep_initializers_as_inputs=True, **new),
    "new, not optimised": refilled(fresh, optimize=False, **new),
    "new, trained": refilled(trained, **new),
}
print("torch", torch.__version__, "onnxscript", onnxscript.__version__, "weights named of", len(weights))
print("and whether the result is right:", facts)
assert len(weights) == 10
assert facts == {
    "old": (4, False),
    "old, nothing folded": (4, False),
    "old, weights as inputs": (10, True),
    "old, trained": (10, True),
    "new": (4, False),
    "new, weights as inputs": (4, False),
    "new, not optimised": (10, True),
    "new, trained": (10, True),
}, facts
PYTHON

#!/usr/bin/env bash
# Guess:  Core.import_model copies what it needs out of the tensor it is given, or keeps it alive.
# Fact:   Constants that no kernel repacks (here: those of an addition and of a look-up) go on being
#         read from the caller's memory at every run, and the compiled model holds no reference to
#         it. A weight that is repacked (here: of a matrix product) is a copy. So the results of one
#         model may depend on the memory in part only.
# Source: run on openvino 2026.4.1, CPU plugin; the header of ov::Core::import_model(tensor) says
#         nothing of how long the tensor must live.
# Users:  who keeps compiled models in a cache and maps the file into memory: once the map is let go
#         of, features hold numbers from whatever lies there now. No error is raised.
# Here memory is only overwritten, never freed, so nothing is read that is not ours.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq openvino==2026.4.1 numpy==2.4.6
"$room/venv/bin/python" - <<'PYTHON'
import numpy as np
import openvino
import openvino.opset8 as ops

core = openvino.Core()
options = {"INFERENCE_PRECISION_HINT": "f32"}
ONES = b"\x00\x00\x80\x3f"


def addition():
    x, w = ops.parameter([1, 4096], np.float32), np.ones((1, 4096), np.float32)
    return openvino.Model([ops.add(x, ops.constant(w))], [x]), w


def look_up():
    x, w = ops.parameter([4], np.int32), np.ones((1000, 64), np.float32)
    return openvino.Model([ops.gather(ops.constant(w), x, ops.constant(np.int32(0)))], [x]), w


def product():
    x, w = ops.parameter([1, 1024], np.float32), np.ones((1024, 512), np.float32)
    return openvino.Model([ops.matmul(x, ops.constant(w), False, False)], [x]), w


changes = {}
for make in (addition, look_up, product):
    model, weights = make()
    blob = core.compile_model(model, "CPU", options).export_model().getvalue()
    memory = np.frombuffer(blob, np.uint8).copy()
    imported = core.import_model(openvino.Tensor(memory, shared_memory=True), "CPU", options)
    given = np.ones(tuple(imported.inputs[0].shape), imported.inputs[0].element_type.to_dtype())
    before = imported(given)[0].copy()
    place = blob.index(ONES * 64)
    memory[place : place + weights.nbytes] = 0
    changes[make.__name__] = not np.array_equal(before, imported(given)[0])
print("openvino", openvino.__version__.split("-")[0], "output changed with the caller's memory:", changes)
assert changes == {"addition": True, "look_up": True, "product": False}, changes
PYTHON

#!/usr/bin/env bash
# Guess:  The external data of an ONNX file must be a file of its own that an ONNX tool wrote, with
#         each tensor at a multiple of 4,096 bytes, as the format advises for mapping into memory.
# Fact:   OpenVINO and ONNX Runtime take any file beside the model and any offset, so the tensors of
#         a safetensors file serve as they lie (here at byte 8 + header, no multiple of 64), also
#         those of float16 with a Cast behind them. One weights file serves torch and ONNX.
# Source: run on onnx 1.23.2, openvino 2026.4.1, onnxruntime 1.32.0, safetensors 0.8.0.
# Users:  who ships a model for training and for inference, and so every weight twice.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install -qq onnx==1.23.2 openvino==2026.4.1 onnxruntime==1.32.0 safetensors==0.8.0 numpy==2.4.6
cd "$room"
"$room/venv/bin/python" - <<'PYTHON'
import json
import struct
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from safetensors.numpy import save_file

rng = np.random.default_rng(0)
arrays = {"odd": rng.random(3, np.float32), "w": rng.random((5, 7)).astype(np.float16)}
save_file(arrays, "weights.safetensors")
raw = Path("weights.safetensors").read_bytes()
(n_header,) = struct.unpack("<Q", raw[:8])
start, end = json.loads(raw[8 : 8 + n_header])["w"]["data_offsets"]
offset = 8 + n_header + start

weight = TensorProto(name="w", data_type=TensorProto.FLOAT16, dims=[5, 7])
weight.data_location = TensorProto.EXTERNAL
for key, value in {"location": "weights.safetensors", "offset": offset, "length": end - start}.items():
    weight.external_data.add(key=key, value=str(value))
nodes = [
    helper.make_node("Cast", ["w"], ["wide"], to=TensorProto.FLOAT),
    helper.make_node("MatMul", ["x", "wide"], ["y"]),
]
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 5])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 7])
graph = helper.make_graph(nodes, "g", [x], [y], [weight])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
Path("model.onnx").write_bytes(model.SerializeToString())

given = rng.random((1, 5), np.float32)
expected = given @ arrays["w"].astype(np.float32)
core = openvino.Core()
by_openvino = core.compile_model(core.read_model("model.onnx"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(given)[0]
by_ort = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"]).run(None, {"x": given})[0]
print(f"offset {offset} (mod 64: {offset % 64}); largest error: OpenVINO {abs(by_openvino - expected).max():.1e}, "
      f"ONNX Runtime {abs(by_ort - expected).max():.1e}; the ONNX file has {Path('model.onnx').stat().st_size} bytes")
assert offset % 4096 and offset % 64
assert abs(by_openvino - expected).max() < 1e-5
assert abs(by_ort - expected).max() < 1e-5
PYTHON

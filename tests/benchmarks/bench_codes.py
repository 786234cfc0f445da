"""The share of real faces whose code is that of an older build.

    python -m tests.benchmarks.bench_codes --against CLONE [--faces N] [--model NAME]

CLONE is a build of before OpenVINO, such as ddc7dbf. It encodes with torch, in a process of its
own. Crops: ../shared/data, else the sample's. The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import find_model
from tests.benchmarks.bench_encode import crops_of

AT_ONCE = 50
OLDER = f"""
import sys
import numpy as np
import torch
from opqn_app.opqn.encoder import OpqnEncoder
torch.set_num_threads(1)
crops, model, out = sys.argv[1:]
crops = np.load(crops)
encoder = OpqnEncoder.load(model, openvino=False)
parts = [encoder.encode(crops[i : i + {AT_ONCE}]) for i in range(0, len(crops), {AT_ONCE})]
np.save(out, np.concatenate(parts))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, required=True, metavar="CLONE")
    parser.add_argument("--faces", type=int, default=2000)
    parser.add_argument("--model", default="bundled-256")
    arguments = parser.parse_args()
    threadpool_limits(1)
    label, crops = crops_of(arguments.faces)
    clone = arguments.against.resolve()
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        np.save(room / "crops.npy", crops)
        model = clone / "resources" / "models" / arguments.model
        words = [room / "crops.npy", model, room / "codes.npy"]
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", OLDER, *map(str, words)],
            cwd=clone,
            env=os.environ | {"PYTHONPATH": str(clone)},
            check=True,
        )
        older = np.load(room / "codes.npy")
    encoder = load_encoder(find_model(arguments.model))
    parts = [encoder.encode(crops[i : i + AT_ONCE]) for i in range(0, len(crops), AT_ONCE)]
    same = np.concatenate(parts) == older
    result = {
        "crops": label,
        "faces": len(same),
        "model": arguments.model,
        "same_codes": round(float(same.all(axis=1).mean()), 5),
        "same_words": round(float(same.mean()), 6),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""What a trained run leaves behind: figures on the test split, and a model the app can load."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from opqn_app.core.errors import ModelError
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links
from trainer.config import TrainConfig, title_of
from trainer.data.loading import TrainingData
from trainer.engine.runs import RunDir
from trainer.engine.split_figures import calibrate, evaluate_split, learn_links
from trainer.engine.state import load_state
from trainer.evaluate.calibration import NotCalibrated
from trainer.method.method import NotForTheApp
from trainer.method.networks import Network, to_app_model
from trainer.method.objective import Objective
from trainer.presets import CodeLength


def finish(config: TrainConfig, run: RunDir, data: TrainingData, device: str) -> dict[str, Any]:
    """Measure the best weights on the test split in float32, calibrate them on the validation
    split, export them, write result.json.

    Raises:
        ModelIncompatible: the run has no best weights yet.
    """
    best = load_state(run.best)
    network = best_network(best)
    objective = Objective(network, len(data.classes)).to(device)
    result: dict[str, Any] = {
        "bits": CodeLength(config.method.n_books, config.method.n_words).bits,
        "method": config.method.name,
        "variant": title_of(config.method),
        "codebooks": config.method.codebooks,
        "seed": config.engine.seed,
        "best_epoch": best["epoch"],
        "split": data.split.kind,
        "train": len(data.split.train),
        "people": len(data.classes),
    }
    with _full_precision(device):
        if len(data.split.test):
            figures, books = evaluate_split(objective, data, config, "test", torch.device(device))
            result |= {"test": asdict(figures), "books": books.to_dict()}
        result |= _calibrated(objective, data, config, torch.device(device))
        result |= _linked(objective, data, config, torch.device(device))
    result |= _exported(run, result)
    run.write("result.json", result)
    return result


def best_network(state: dict[str, Any]) -> Network:
    """The network of a best.pt, with its weights, on the CPU."""
    config = TrainConfig.from_dict(state["config"])
    network = Network(
        config.method,
        template_share=float(state["template_share"]),
        seed=config.engine.seed,
        n_classes=len(state["people"]),
    )
    network.load_state_dict(state["network"])
    return network.eval()


def export(run: RunDir, folder: Path, *, name: str = "") -> str:
    """Write the best weights of a run as a model folder of the app; returns the model_id.

    A run that has not ended has no calibration yet.

    Raises:
        ModelError: there are no best weights, or the package safetensors is missing (training
            itself needs none).
    """
    model = to_app_model(best_network(load_state(run.best)))
    try:
        from opqn_app.opqn.torch.checkpoint import save_model
    except ImportError as error:
        raise ModelError(
            "Writing a model needs the packages safetensors and platformdirs. Then: "
            f"opqn export-model {run.path} {folder}"
        ) from error
    result = run.read("result.json")
    curve, links = result.get("calibration"), result.get("links")
    return save_model(
        folder,
        model,
        calibration=Calibration(**curve) if curve else None,
        links=Links(**links) if links else None,
        card=card(run),
        name=name or run.path.name,
    )


def no_calibration(run: RunDir) -> str:
    """Why an export of `run` has no calibration, a sentence; "" if it has one."""
    result = run.read("result.json")
    if result.get("calibration"):
        return ""
    unknown = "The model has no calibration: its run has not ended, or is of an older version."
    return str(result.get("not_calibrated") or unknown)


def card(run: RunDir) -> str:
    """Markdown that says where a model comes from and what was measured."""
    config, made = run.config(), run.read("environment.json")
    data, method = made.get("data", {}), config.method
    bits = CodeLength(method.n_books, method.n_words).bits
    result = run.read("result.json")
    test = result.get("test")
    lines = [
        f"# {run.path.name}",
        "",
        f"{title_of(method)}, {bits} bit ({method.n_books} books of {method.n_words} words), "
        f"{method.backbone} at {method.input_size} px, preset {config.preset or 'none'}.",
        f"Trained on {data.get('train', '?')} pictures of {data.get('trained_people', '?')} people "
        f"(manifest {str(data.get('manifest', ''))[:16]}). The terms of that data bind this model.",
    ]
    if test:
        lines.append(
            f"Test split '{data.get('split')}': mAP {test['map']:.4f}, rank-1 {test['rank1']:.4f} "
            f"({test['queries']} queries, {test['gallery']} searched, ties by position)."
        )
    lines.append(
        no_calibration(run)
        or "Percentages are fitted on the validation pictures, for a library in which one face in "
        "a hundred shows the person asked for."
    )
    return "\n".join(lines) + "\n"


def _full_precision(device: str) -> AbstractContextManager[None]:
    """As the app encodes: no convolution in TF32, no kernel chosen by timing."""
    if device == "cpu":
        return nullcontext()
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )


def _calibrated(
    objective: Objective, data: TrainingData, config: TrainConfig, device: torch.device
) -> dict[str, Any]:
    try:
        return {"calibration": asdict(calibrate(objective, data, config, device))}
    except NotCalibrated as error:
        return {"calibration": None, "not_calibrated": str(error)}


def _linked(
    objective: Objective, data: TrainingData, config: TrainConfig, device: torch.device
) -> dict[str, Any]:
    try:
        return {"links": asdict(learn_links(objective, data, config, device))}
    except (NotCalibrated, NotForTheApp):
        return {"links": None}  # the model searches all the same; it groups no faces


def _exported(run: RunDir, result: dict[str, Any]) -> dict[str, Any]:
    run.write("result.json", result)  # the card reads it
    try:
        return {"model": str(run.model), "model_id": export(run, run.model)}
    except ModelError as error:
        return {"model": None, "not_exported": str(error)}

"""`opqn import-checkpoint`: make a model of a checkpoint that the authors of OPQN released."""

import argparse
from dataclasses import asdict
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit
from opqn_app.core.errors import OpqnError


def add(parsers: Parsers) -> None:
    text = "Import a model in the format the authors of OPQN released."
    parser = parsers.add("import-checkpoint", run, text)
    parser.add_argument("file", type=Path, metavar="FILE.tar", help="the checkpoint")
    parser.add_argument("--name", help="name of the model (default: the file's name)")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.file.is_file():  # told before torch is missed
        raise OpqnError(f"There is no file {arguments.file}.")
    from opqn_app.opqn.torch.import_official import import_official

    name = arguments.name or arguments.file.stem
    out = _new_model_folder(name)
    report = import_official(arguments.file, out)
    emit(arguments, {"model": str(out), **asdict(report)}, f"Imported as '{name}': {report}")
    return 0


def _new_model_folder(name: str) -> Path:
    """Where an imported model of that name goes; never over another model."""
    from opqn_app.opqn.model_folder import bundled_models, imported_folder, imported_models

    if not name or name != Path(name).name or name.startswith("."):
        raise OpqnError(f"'{name}' can't be a model's name. Choose a plain one with --name.")
    if name in (*bundled_models(), *imported_models()):
        raise OpqnError(f"There is a model '{name}' already. Choose another name with --name.")
    return imported_folder() / name

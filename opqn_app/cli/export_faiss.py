"""`opqn export-faiss`: write the codes of the library as a faiss index."""

import argparse
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core import settings
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    parser = parsers.add("export-faiss", run, "Write the codes as a faiss index.", has_model=True)
    parser.add_argument("out", type=Path, metavar="DIR", help="folder to write")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.opqn.load import load_encoder
    from opqn_app.opqn.model_folder import find_model
    from opqn_app.search.faiss_export import export_faiss
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        folder = find_model(arguments.model or settings.load().model)
        encoder = load_encoder(folder)
        n_faces = export_faiss(
            library, encoder.model_id, encoder.name, encoder.codebooks, arguments.out
        )
    value = {"out": str(arguments.out), "model": encoder.name, "faces": n_faces}
    text = (
        f"Wrote {counted(n_faces, 'face')} to {arguments.out}. README.txt there says how to use it."
    )
    emit(arguments, value, text)
    return 0

"""`opqn encode`: give every face of the library a code of another model."""

import argparse

from opqn_app.cli.kit import Parsers, emit, library_path, load_engine
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    text = "Give every face of the library a code of the model, from its stored picture."
    parsers.add("encode", run, text, has_model=True)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.core.progress import run_with_progress
    from opqn_app.index.in_words import faces_in_words
    from opqn_app.index.indexing import encode_library
    from opqn_app.store.library import Library

    path = library_path(arguments)
    with Library.open(path):  # a library that is not there is not made
        engine = load_engine(arguments)
    n_faces = run_with_progress(encode_library(path, engine), faces_in_words)
    name = engine.encoder.name
    words = f"{counted(n_faces, 'face')} got a code of the model '{name}'. No photo was read."
    emit(arguments, {"model": name, "faces": n_faces}, words)
    return 0

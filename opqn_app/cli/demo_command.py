"""`opqn demo`: index the sample photos and run the queries; `cli.demo` is the work."""

import argparse
from pathlib import Path

from opqn_app.cli.kit import Parsers, load_engine


def add(parsers: Parsers) -> None:
    text = "Index the sample photos and run the queries."
    parser = parsers.add("demo", run, text, has_model=True)
    parser.add_argument(
        "--out", type=Path, default=Path("demo-out"), metavar="DIR", help="where results go"
    )
    parser.add_argument(
        "--no-window", action="store_true", help="do not open the window at the end"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.cli.demo import run_demo

    return run_demo(
        out=arguments.out,
        engine=load_engine(arguments),
        as_json=arguments.json,
        open_window=not (arguments.no_window or arguments.json),
    )

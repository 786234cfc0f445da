"""`opqn bench-methods`: parse, train, write the page. Nothing heavy is imported before it runs."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from opqn_app.core.errors import SettingsError
from opqn_app.core.harmless import in_lines, in_text
from trainer import choices
from trainer.methods import METHODS

TEXT = "Train all methods on the same pictures and compare them on one page."


def add_command(commands: Any) -> None:
    """Add `bench-methods` to `commands`, an argparse sub-parser collection."""
    parser = commands.add_parser(
        "bench-methods", help=TEXT, description=f"{TEXT} Begun again, it goes on where it stopped."
    )
    parser.set_defaults(run=bench_command)
    parser.add_argument(
        "data", nargs="+", metavar="DATA", help="folders, tar files or packs of PERSON/picture"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="runs and page")
    parser.add_argument(
        "--methods", nargs="+", default=[], metavar="NAME", help=f"default: {', '.join(METHODS)}"
    )
    parser.add_argument("--bits", type=int, nargs="+", default=[12, 24, 36, 48], metavar="N")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="runs of each, from 1")
    parser.add_argument("--epochs", type=int, metavar="N", help="default: as the preset says")
    parser.add_argument("--preset", choices=choices.PRESETS, default="quick")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.FIELD=VALUE", dest="assignments",
        help="any other setting, for all methods (repeatable)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def bench_command(arguments: argparse.Namespace) -> int:
    from trainer.compare import table
    from trainer.compare.compare import compare
    from trainer.compare.page import write_page
    from trainer.compare.plan import Comparison, checked_methods
    from trainer.config import parse_assignment
    from trainer.data.loading import load_data
    from trainer.presets import merge, preset

    if arguments.seeds < 1:
        raise SettingsError("--seeds", "one or more")
    given = merge(*(parse_assignment(text) for text in arguments.assignments))
    base = preset(arguments.preset).with_values(
        merge(given, {"data": {"sources": list(arguments.data)}})
    )
    comparison = Comparison(
        base=base,
        given=given,
        methods=checked_methods(arguments.methods),
        bits=tuple(sorted(set(arguments.bits))),
        seeds=tuple(range(1, arguments.seeds + 1)),
        epochs=arguments.epochs or base.engine.epochs,
        folder=arguments.out,
    )
    compared = compare(comparison, lambda words: _say(words))
    pictures = load_data(base).pictures
    facts = {
        "people": f"{len(set(pictures.people.tolist())):,}",
        "pictures": f"{len(pictures):,}",
        "network": base.method.backbone,
        "epochs": f"{comparison.epochs:,}",
        "seeds": str(arguments.seeds),
    }
    lacking = write_page(arguments.out, compared, facts, [])
    if arguments.json:
        sys.stdout.write(json.dumps(compared.to_dict()) + "\n")
        return 0
    sys.stdout.write(in_lines(table.plain(compared).splitlines()) + "\n")
    _say(lacking or f"The page is {arguments.out / 'methods.html'}.")
    return 0


def _say(words: str) -> None:
    sys.stderr.write(in_text(words) + "\n")

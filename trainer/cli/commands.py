"""The trainer's commands: parse, call, print. Nothing heavy is imported before a command runs."""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from opqn_app.core.errors import OpqnError, SettingsError
from opqn_app.core.extras import needed_for
from opqn_app.core.harmless import in_lines, in_text
from opqn_app.opqn.backbones import INPUT_SIZES, TRUNK_PIXELS
from trainer import choices
from trainer.cli.bench_methods import add_command as add_bench_methods
from trainer.cli.evaluate import add_command as add_evaluate
from trainer.cli.prepare import add_command as add_prepare
from trainer.loss_variants import VARIANTS
from trainer.methods import METHODS

if TYPE_CHECKING:
    from trainer.config import TrainConfig, Values
    from trainer.engine.session import Job
    from trainer.presets import CodeLength

Command = Callable[[argparse.Namespace], int]


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}"


# Flag of `train` → setting; more of them are set with --set.
FLAGS: dict[str, tuple[str, type, str]] = {
    "--method": ("method.name", str, _listed(METHODS) if len(METHODS) > 1 else "opqn"),
    "--epochs": ("engine.epochs", int, "epochs to train"),
    "--batch-size": ("engine.batch_size", int, "pictures a step, of all processes together"),
    "--lr": ("engine.lr", float, "first learning rate"),
    "--margin": ("method.margin", float, "u of the loss"),
    "--scale": ("method.scale", float, "r of the loss"),
    "--entropy-weight": ("method.entropy_weight", float, "λ of the loss"),
    "--backbone": ("method.backbone", str, _listed(INPUT_SIZES)),
    "--trunk": ("method.trunk_file", str, "state dict of a trained trunk"),
    "--part": ("data.part", str, "folder of the set to read, such as train"),
    "--cut": ("data.cut", int, "px of the centre cut out of each picture first"),
    "--template": ("data.template", int, "px of it that the app's crop covers"),
    "--min-photos": ("data.min_photos", int, "leave people with fewer pictures out"),
    "--people": ("data.people", int, "at most so many people"),
    "--queries": ("data.queries_per_person", int, "test pictures of each person"),
    "--labelled-per-class": ("data.labelled_per_person", int, "pictures of each person that train "
                             "with their label"),
    "--split": ("data.split", str, _listed(choices.SPLITS)),
    "--split-file": ("data.split_file", str, "a recorded split.json to use again"),
    "--device": ("engine.device", str, _listed(choices.DEVICES)),
    "--best-by": ("engine.best_by", str, _listed(choices.CHOSEN_BY)),
}  # fmt: skip
ALIASES = {"--batch-size": ["--bs"], "--entropy-weight": ["--miu"]}  # as the released code has them


def add_commands(commands: Any) -> None:
    """Add the trainer's commands to `commands`, an argparse sub-parser collection."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--verbose", action="store_true", help="say more on stderr")
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument("--json", action="store_true", help="print one JSON object on stdout")

    def add(name: str, command: Command, text: str, *parents: argparse.ArgumentParser) -> Any:
        parser = commands.add_parser(name, help=text, description=text, parents=[common, *parents])
        parser.set_defaults(run=command)
        return parser

    add_prepare(commands)
    _add_train(add("train", train_command, "Train models on pictures of labelled people."))
    runs = add("runs", runs_command, "List training runs and compare them.", machine)
    runs.add_argument("folders", type=Path, nargs="*", default=[Path("runs")], metavar="DIR")
    runs.add_argument("--differences", action="store_true", help="show the settings that differ")
    sets = add("datasets", datasets_command, "Where benchmarks come from and lie.", machine)
    sets.add_argument("name", nargs="?", help="only this one")
    sets.add_argument("--root", type=Path, metavar="DIR", help="check DIR, or DIR/NAME of each")
    pack = add("pack", pack_command, "Pack pictures of people into one file that loads fast.")
    pack.add_argument("sources", type=Path, nargs="+", metavar="SRC", help="folders or tar files")
    pack.add_argument("out", type=Path, metavar="OUT.safetensors")
    pack.add_argument("--side", type=int, required=True, metavar="PX", help="side of each picture")
    pack.add_argument("--cut", type=int, default=0, metavar="PX", help="centre cut out first")
    text = "Write the best weights of a run as a model."
    export = add("export-model", export_command, text, machine)
    export.add_argument("run_folder", type=Path, metavar="RUN")
    export.add_argument("out", type=Path, metavar="DIR", help="model folder to write")
    export.add_argument("--name", default="", help="name of the model for people")
    add_evaluate(commands)
    add_bench_methods(commands)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "data", nargs="*", metavar="DATA", help="folders, tar files or packs of PERSON/picture"
    )
    parser.add_argument("--dataset", metavar="NAME", help="a benchmark of `opqn datasets`")
    parser.add_argument(
        "--preset",
        choices=choices.PRESETS,
        help="default: paper; quick is a small network that takes minutes on a processor",
    )
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="settings from a file")
    parser.add_argument("--input-size", type=int, choices=(32, 112), help="px (default 32)")
    codes = parser.add_argument_group("codes", "several are trained one after another")
    codes.add_argument("--len", type=int, nargs="+", default=[], metavar="BITS", dest="lengths")
    codes.add_argument("--num", type=int, nargs="+", default=[], metavar="M", help="books of each")
    codes.add_argument(
        "--words", type=int, nargs="+", default=[], metavar="K", help="words of each"
    )
    codes.add_argument("--variant", nargs="+", default=[], choices=VARIANTS, metavar="NAME",
                       help=", ".join(VARIANTS))  # fmt: skip
    codes.add_argument("--codebooks", nargs="+", default=[], choices=choices.CODEBOOKS)
    codes.add_argument("--seeds", type=int, nargs="+", default=[], metavar="N")
    settings = parser.add_argument_group("settings")
    for flag, (_, kind, text) in FLAGS.items():
        metavar = {int: "N", float: "X", str: "NAME"}[kind]
        names = [flag, *ALIASES.get(flag, [])]
        settings.add_argument(*names, type=kind, metavar=metavar, help=text, dest=_dest(flag))
    settings.add_argument("--unlabelled", nargs="+", default=[], metavar="DATA",
                          help="more pictures, which train without a label")  # fmt: skip
    settings.add_argument("--deterministic", action="store_true", help="repeatable to the bit")
    settings.add_argument("--set", action="append", default=[], metavar="SECTION.FIELD=VALUE",
                          dest="assignments", help="any other setting (repeatable)")  # fmt: skip
    place = parser.add_argument_group("runs")
    place.add_argument(
        "--out", type=Path, default=Path("runs"), metavar="DIR", help="default: runs"
    )
    place.add_argument("--name", type=_name, help="name of the run; of several, the first part of "
                       "their names (default: the data's name and the codes)")  # fmt: skip
    place.add_argument("--resume", type=Path, metavar="RUN", help="go on with one run")
    place.add_argument("--go-on", action="store_true", help="skip finished runs of this command, "
                       "go on with unfinished ones")  # fmt: skip
    place.add_argument("--json-lines", action="store_true", help="one JSON object for each event")
    place.add_argument(
        "--show-config", action="store_true", help="print the settings, train nothing"
    )


def run(argv: Sequence[str]) -> int:
    """Run one trainer command by itself (`python -m trainer`), without the app's dependencies."""
    parser = argparse.ArgumentParser(prog="opqn", description="Train and evaluate OPQN models.")
    add_commands(parser.add_subparsers(dest="command", metavar="COMMAND", required=True))
    arguments = parser.parse_args(list(argv))
    logging.basicConfig(level=logging.DEBUG if arguments.verbose else logging.WARNING)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with needed_for(f"opqn {arguments.command}"):
            status: int = arguments.run(arguments)
        return status
    except OpqnError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 1


def train_command(arguments: argparse.Namespace) -> int:
    from trainer.engine.distributed import is_main_process
    from trainer.engine.run_table import summaries, table_of_results
    from trainer.engine.runs import RunDir
    from trainer.engine.session import run_jobs

    jobs = plan_jobs(arguments)
    if arguments.show_config:
        print_result([job.config.to_dict() | {"run": str(job.path)} for job in jobs])
        return 0
    run_jobs(jobs, as_json=arguments.json_lines)
    if is_main_process() and not arguments.json_lines:
        rows = summaries([RunDir(job.path) for job in jobs])
        sys.stdout.write(table_of_results(rows) + "\n")
    return 0


def runs_command(arguments: argparse.Namespace) -> int:
    from trainer.engine.run_table import differences, summaries, table_of_results
    from trainer.engine.runs import find_runs

    found = [run for folder in arguments.folders for run in find_runs(folder)]
    rows = summaries(found)
    if arguments.json:
        changed = differences(found) if arguments.differences else {}
        print_result({"runs": rows, "differences": changed})
        return 0
    lines = [table_of_results(rows) if rows else "There are no runs yet. Make one: opqn train DATA"]
    if arguments.differences:
        for name, values in differences(found).items():
            lines.append(f"{name}: " + ", ".join(map(str, values)))
    sys.stdout.write(in_lines(lines) + "\n")
    return 0


def datasets_command(arguments: argparse.Namespace) -> int:
    from trainer.data.benchmarks import BENCHMARKS, benchmark

    chosen = [benchmark(arguments.name)] if arguments.name else list(BENCHMARKS)
    rows = []
    for entry in chosen:
        row: dict[str, Any] = {
            "name": entry.name, "title": entry.title, "where": entry.where, "terms": entry.terms,
            "layout": entry.layout, "protocol": entry.protocol,
        }  # fmt: skip
        if arguments.root:
            inner = arguments.root / entry.name
            check = entry.check(inner if inner.is_dir() or not arguments.name else arguments.root)
            row |= {"is_usable": check.is_usable, "found": check.text}
        rows.append(row)
    if arguments.json:
        print_result({"datasets": rows})
        return 0
    for row in rows:
        sys.stdout.write(f"{row['name']}: {row['title']}\n")
        for key in ("where", "terms", "layout", "protocol", "found"):
            if key in row:
                sys.stdout.write(f"  {key + ':':10} {row[key]}\n")
    return 0


def pack_command(arguments: argparse.Namespace) -> int:
    from trainer.data.packs import write_pack
    from trainer.data.picture_files import left_out_in_words, partly_in_words
    from trainer.data.picture_set import read_pictures

    pictures = read_pictures(arguments.sources, side=arguments.side, cut=arguments.cut)
    write_pack(arguments.out, pictures)
    words = [f"{len(pictures):,} pictures of {arguments.side} px in {arguments.out}"]
    left_out, partly = pictures.left_out, pictures.partly
    # All are named, since a pack does not record them.
    words += left_out_in_words(left_out, pictures.people, shown=len(left_out))
    say("\n".join(words + partly_in_words(partly, shown=len(partly))))
    return 0


def export_command(arguments: argparse.Namespace) -> int:
    from trainer.engine.finish import export, no_calibration
    from trainer.engine.runs import RunDir

    run = RunDir.open(arguments.run_folder)
    model_id = export(run, arguments.out, name=arguments.name)
    why_not = no_calibration(run)
    if arguments.json:
        made = {"model": str(arguments.out), "model_id": model_id, "not_calibrated": why_not}
        print_result(made)
    else:
        say(f"Wrote {arguments.out} (model {model_id}). {why_not}".strip())
    return 0


def plan_jobs(arguments: argparse.Namespace) -> "list[Job]":
    """The runs a `train` command line asks for: codes × variants × codebooks × seeds.

    Raises:
        OpqnError: the command line, a file it names or the run to resume does not fit.
    """
    from trainer.engine.resume import config_to_go_on, config_to_resume, is_finished
    from trainer.engine.runs import RunDir
    from trainer.engine.session import Job

    def job_to_go_on(run: RunDir, config: "TrainConfig") -> Job:
        return Job(run.path, config, is_resumed=True, is_finished=is_finished(run, config))

    if arguments.resume:
        run = RunDir.open(arguments.resume)
        return [job_to_go_on(run, config_to_resume(run, arguments, *_given(arguments)))]
    base, values = _base_config(arguments)
    if not base.data.sources:
        raise SettingsError("data.sources", "name the pictures to train on: opqn train DATA")
    first = arguments.name or Path(base.data.sources[0]).stem
    configs = [
        base.with_values(_with_code(code, changes, base, values))
        for code in _codes(arguments, base)
        for changes in _combinations(arguments, base)
    ]
    jobs = []
    for config in configs:
        is_named = arguments.name and len(configs) == 1
        path = arguments.out / (first if is_named else f"{first}-{_kind(config)}")
        if arguments.go_on and (path / "config.json").exists():
            run = RunDir.open(path)
            jobs.append(job_to_go_on(run, config_to_go_on(run, config)))
        else:
            jobs.append(Job(path, config))
    return jobs


def _kind(config: "TrainConfig") -> str:
    """What tells the runs of one command apart: "36bit-6x64-OPQN-dct-s1"."""
    from trainer.config import title_of
    from trainer.engine.session import bits_of

    method = config.method
    code = f"{bits_of(config)}bit-{method.n_books}x{method.n_words}"
    books = f"-{method.codebooks}" if method.name == "opqn" else ""
    return f"{code}-{title_of(method)}{books}-s{config.engine.seed}"


def _base_config(arguments: argparse.Namespace) -> "tuple[TrainConfig, Values]":
    """Preset, then what benchmark and backbone imply, then the file, then the flags."""
    from trainer.data.benchmarks import benchmark
    from trainer.data.prepared import cut_of
    from trainer.presets import merge, preset

    named, flags = _given(arguments)
    layout = flags["data"].get("layout", "folders")
    implied = benchmark(layout).defaults if layout != "folders" else {}
    takes_small = 32 in INPUT_SIZES.get(flags["method"].get("backbone", ""), (32,))
    size = merge({"method": {"input_size": 32 if takes_small else 112}}, implied, flags)["method"]
    base = preset(named or "paper", input_size=size["input_size"], layout=layout)
    backbone = _implied_by_backbone(flags["method"].get("backbone", ""))
    chosen = METHODS.get(flags["method"].get("name", ""))
    implied = merge(implied, chosen.settings if chosen else {})
    prepared: Values = {"data": {**cut_of(flags["data"].get("sources", []))}}
    return base.with_values(merge(prepared, implied, backbone, flags)), flags


def _given(arguments: argparse.Namespace) -> "tuple[str, Values]":
    """The preset a command line names ("" if none), and its settings: the file's, then flags."""
    from trainer.config import parse_assignment, read_toml
    from trainer.presets import merge

    named, from_file = read_toml(arguments.config) if arguments.config else ("", {})
    assigned = (parse_assignment(text) for text in arguments.assignments)
    return arguments.preset or named, merge(from_file, *assigned, _flag_values(arguments))


def _flag_values(arguments: argparse.Namespace) -> "Values":
    """The settings that were given as flags."""
    values: Values = {}
    for flag, (name, _, _) in FLAGS.items():
        given = getattr(arguments, _dest(flag))
        if given is not None:
            section, _, key = name.partition(".")
            values.setdefault(section, {})[key] = given
    data = values.setdefault("data", {})
    if arguments.data:
        data["sources"] = [str(path) for path in arguments.data]
    if arguments.unlabelled:
        data["unlabelled"] = [str(path) for path in arguments.unlabelled]
    if arguments.dataset:
        data["layout"] = arguments.dataset
    if arguments.input_size:
        values.setdefault("method", {})["input_size"] = arguments.input_size
    if arguments.deterministic:
        values.setdefault("engine", {})["deterministic"] = True
    return values


def _implied_by_backbone(name: str) -> "Values":
    """The pixels that a published trunk was trained on."""
    if name not in TRUNK_PIXELS:
        return {}
    order, divisor = TRUNK_PIXELS[name]
    scaled = {"pixel_mean": [127.5] * 3, "pixel_std": [divisor] * 3, "channel_order": order}
    return {"method": scaled}


def _codes(arguments: argparse.Namespace, base: "TrainConfig") -> "list[CodeLength]":
    from trainer.presets import CodeLength, code_lengths

    is_binary = METHODS[base.method.name].is_binary
    if not (arguments.lengths or arguments.num or arguments.words):
        usual = CodeLength(base.method.n_books, base.method.n_words)
        return [CodeLength(usual.bits, 2) if is_binary else usual]
    given = (arguments.lengths, arguments.num, arguments.words)
    return code_lengths(*given, base.method.input_size, is_binary=is_binary)


def _combinations(arguments: argparse.Namespace, base: "TrainConfig") -> "list[Values]":
    for flag, given in (("--variant", arguments.variant), ("--codebooks", arguments.codebooks)):
        if given and base.method.name != "opqn":
            raise SettingsError(flag, f"it is of the method opqn, not of {base.method.name}")
    return [
        {"method": {"variant": variant, "codebooks": books}, "engine": {"seed": seed}}
        for variant in arguments.variant or [base.method.variant]
        for books in arguments.codebooks or [base.method.codebooks]
        for seed in arguments.seeds or [base.engine.seed]
        # learned words need no fixed books: once is enough
        if variant != "OPQN-l2q" or books == (arguments.codebooks or [books])[0]
    ]


def _with_code(
    code: "CodeLength", changes: "Values", base: "TrainConfig", given: "Values"
) -> "Values":
    from trainer.presets import code_values, merge

    sizes: dict[str, Any] = code_values(code, base.method.input_size)
    if "feature_dim" in given["method"]:
        sizes["feature_dim"] = given["method"]["feature_dim"]
    return merge({"method": sizes}, changes)


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    sys.stderr.write(in_text(text) + "\n")


def print_result(value: Any) -> None:
    """One JSON value on stdout."""
    sys.stdout.write(json.dumps(value, default=str) + "\n")
    sys.stdout.flush()


def _name(text: str) -> str:
    if text in ("", ".", "..") or set(text) & {"/", "\\", "\0"}:
        reason = "must be the name of one folder; --out says where it lies"
        raise argparse.ArgumentTypeError(reason)
    return text


def _dest(flag: str) -> str:
    return "flag_" + flag.strip("-").replace("-", "_")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

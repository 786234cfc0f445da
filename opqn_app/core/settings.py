"""The user's choices: one frozen dataclass in one versioned JSON file that never stops a start."""

import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from opqn_app.core import paths, plain_json, private
from opqn_app.core.files import replace_json

logger = logging.getLogger(__name__)

VERSION = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user can choose.

    Attributes:
        library: library file; "" means the default place.
        model: name or folder of the OPQN model.
        next_model: the one that takes over when every face has a code of it; "" if none does.
        previous_model: the one that answered before `model`; "" if there was none.
        tells_switch: the window says that `model` took over, and offers the way back.
        device: "auto", "cpu" or "cuda".
        detector: "mtcnn" or "yunet"; see `vision.detect.make_detector`.
        workers: processes that read photos while indexing; 0: as many as the machine can take.
        excludes: patterns of folders and files to skip, as in a .gitignore file in each root.
        theme: "system", "light" or "dark".
        min_probability: results below this similarity are folded under "less likely", 0 to 1.
        group_by_photo: one result a photo.
        results_as_photos: results are whole photos, not faces.
        headings: what photos stand under: "month", "day" or "folder".
        copies_once: a picture that lies in several files is shown once.
        near_copies_once: photos of one moment with the same people are shown once.
    """

    library: str = ""
    model: str = paths.DEFAULT_MODEL
    next_model: str = ""
    previous_model: str = ""
    tells_switch: bool = False
    device: str = "auto"
    detector: str = "mtcnn"
    workers: int = 0
    excludes: tuple[str, ...] = ()
    theme: str = "system"
    min_probability: float = 0.5
    group_by_photo: bool = False
    results_as_photos: bool = False
    headings: str = "month"
    copies_once: bool = True
    near_copies_once: bool = False

    @property
    def library_path(self) -> Path:
        return Path(self.library) if self.library else paths.default_library()


MAX_WORKERS = 64
CHOICES = {
    "device": ("auto", "cpu", "cuda"),
    "detector": ("mtcnn", "yunet"),
    "theme": ("system", "light", "dark"),
    "headings": ("month", "day", "folder"),
}


def settings_file() -> Path:
    return paths.data_dir() / "settings.json"


def load(path: Path | None = None) -> Settings:
    """Settings from `path`; unknown keys are ignored, bad values become defaults, both logged."""
    path = path or settings_file()
    try:
        text = path.read_text(encoding="utf-8")
        private.tighten(path)
        raw = plain_json.loads(text)
    except FileNotFoundError:
        return Settings()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        logger.warning("settings can't be read, defaults are used: %s", reason)
        return Settings()
    if not isinstance(raw, dict):
        logger.warning("settings are not a JSON object, defaults are used")
        return Settings()
    default = Settings()
    values: dict[str, Any] = {}
    for field in fields(Settings):
        if field.name not in raw:
            continue
        value = raw.pop(field.name)
        if _is_valid(field.name, value, getattr(default, field.name)):
            values[field.name] = tuple(value) if field.name == "excludes" else value
        else:
            logger.warning("setting %s has a bad value, its default is used", field.name)
    raw.pop("version", None)
    for name in raw:
        logger.warning("setting %s is not known and is ignored", name)
    return Settings(**values)


def save(settings: Settings, path: Path | None = None) -> None:
    """Write `settings` to `path` in one step: a crash leaves the old file or the new one."""
    path = path or settings_file()
    private.make_folder(path.parent)
    replace_json(path, {"version": VERSION, **asdict(settings)}, closed=True)


def keep(before: Settings, now: Settings, path: Path | None = None) -> None:
    """Write what has changed; what another program has chosen meanwhile stays in the file."""
    choices = {field.name: getattr(now, field.name) for field in fields(Settings)}
    changed = {name: each for name, each in choices.items() if each != getattr(before, name)}
    there = (path or settings_file()).is_file()
    save(replace(load(path), **changed) if there else now, path)


def _is_valid(name: str, value: Any, default: Any) -> bool:
    if name == "excludes":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name in CHOICES:
        return value in CHOICES[name]
    if name == "workers":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_WORKERS
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return isinstance(value, type(default))

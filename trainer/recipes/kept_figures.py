"""Figures that were worked out once, in a JSON file: a run that was stopped goes on after them."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from opqn_app.core.files import replace_json

logger = logging.getLogger(__name__)

T = TypeVar("T")


class KeptFigures:
    """Dataclasses of plain numbers by key; a key must name all that the figures depend on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        if path.is_file():
            self._values = json.loads(path.read_text(encoding="utf-8"))

    def get(self, kind: type[T], key: str, compute: Callable[[], T]) -> T:
        """The figures of `key`: kept ones, or computed and kept."""
        if key not in self._values:
            logger.info("measuring %s", key)
            found = compute()
            self._values[key] = asdict(found)  # type: ignore[call-overload]
            replace_json(self._path, self._values)
        return kind(**{name: _tupled(value) for name, value in self._values[key].items()})


def _tupled(value: Any) -> Any:
    return tuple(_tupled(entry) for entry in value) if isinstance(value, list) else value

"""JSON that somebody else may have written."""

import json
from typing import Any


def loads(text: str | bytes, **options: Any) -> Any:
    """What `json.loads` gives.

    Raises:
        ValueError: it is no JSON, or nested deeper than Python can follow.
    """
    try:
        return json.loads(text, **options)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error

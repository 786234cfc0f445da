"""The face data: its files and labels, and the validation people in two halves.

Choices are made on one half, only the other is reported.
"""

import csv
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError


def face_shards(data: Path) -> list[Path]:
    """The tar files of training and validation people.

    Raises:
        DataError: the folder is missing or has none.
    """
    shards = sorted(data.glob("faces_*.tar"))
    if not shards:
        raise DataError(data, "the crops of the face data (faces_0.tar and on) are not there")
    return shards


def families(labels_csv: Path) -> dict[str, str]:
    """Person → family; "" for people who are there without relatives. Errors as `of_people`."""
    return of_people(labels_csv, "family")


def of_people(labels_csv: Path, column: str) -> dict[str, str]:
    """Person → what the labels of the face data say in a column.

    Raises:
        DataError: the file is not there, or is not the labels of the face data.
    """
    try:
        with labels_csv.open(encoding="utf-8", newline="") as file:
            return {row["person"]: row[column] for row in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise DataError(labels_csv, f"the labels of the faces can't be read ({error})") from error


def is_tuning(people: NDArray[Any], family: Mapping[str, str]) -> NDArray[np.bool_]:
    """(n,) True where choices are made; a family is on one side only, whatever the data.

    Args:
        people: (n,) names.
        family: of each person, "" for none.
    """
    groups = (family[person] or person for person in people.tolist())
    digests = (hashlib.sha256(group.encode()).digest()[0] for group in groups)
    return np.fromiter((digest % 2 == 0 for digest in digests), bool)

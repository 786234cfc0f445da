"""What comes before another model takes over: codes of every face, and a comparison."""

from collections.abc import Generator
from pathlib import Path

from opqn_app.engine import Engine
from opqn_app.index.indexing import encode_library
from opqn_app.index.progress import IndexProgress
from opqn_app.opqn.feature_encoder import FeatureEncoder
from opqn_app.people.agreement import (
    AgreementProgress,
    AgreementReport,
    can_compare,
    compare_models,
)
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library

Step = IndexProgress | AgreementProgress


def prepare_switch(
    library_path: Path, old: Engine | None, new: Engine
) -> Generator[Step, None, AgreementReport | None]:
    """Give every face a code of the new model, then compare it with the one that answers.

    Stopped anywhere, the next call goes on there. The codes of both models stay.

    Args:
        old: the one that answers; None where nothing is to be compared.

    Returns:
        None where there is nothing to compare, such as people.

    Raises:
        LibraryError: the library can't be written.
    """
    yield from encode_library(library_path, new)
    before, after = None if old is None else old.encoder, new.encoder
    if not (isinstance(before, FeatureEncoder) and isinstance(after, FeatureEncoder)):
        return None
    with Library.open(library_path) as library:
        ledger = Ledger(library)
        if not can_compare(library, ledger, before, after):
            return None
        return (yield from compare_models(library, ledger, before, after))

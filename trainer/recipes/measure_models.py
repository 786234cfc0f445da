"""The figures of the model table, each worked out once and kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.core.errors import DataError
from opqn_app.core.types import Floats
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import mirror_mean
from opqn_app.opqn.torch.checkpoint import LoadedModel, load_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.weights import as_loaded, stored_state
from trainer.evaluate.leave_one_out import LeaveOneOut, leave_one_out
from trainer.evaluate.tables_and_codes import TablesAndCodes
from trainer.recipes.kept_figures import KeptFigures
from trainer.recipes.people_figures import (
    AbsentFigures,
    RelativesFigures,
    ReliabilityTable,
    absent,
    relatives,
    stated_and_true,
)
from trainer.recipes.rankings import (
    Reranked,
    TwoPhotos,
    coded,
    two_photos,
    without_tar,
)
from trainer.recipes.table_sets import CropsOfPeople
from trainer.recipes.table_ways import RankingWay, RankingWays
from trainer.recipes.trunk_cache import VIEWS


class KeptMeasurements:
    """Figures by way and set; `kept` holds those of earlier runs."""

    def __init__(self, ways: RankingWays, kept: KeptFigures) -> None:
        self._ways = ways
        self._kept = kept

    def ranking(self, way: RankingWay, data: CropsOfPeople) -> LeaveOneOut:
        """Every crop asks all others."""

        def work() -> LeaveOneOut:
            return leave_one_out(way.scorer(data, data, "plain"), data.people)

        return self._kept.get(LeaveOneOut, _key(way.key, data), work)

    def asked_badly(
        self,
        way: RankingWay,
        data: CropsOfPeople,
        asking: CropsOfPeople,
        rows: NDArray[np.intp],
        view: str,
    ) -> LeaveOneOut:
        """The crops `rows` of `data`, held by `asking`, ask in copies changed as `view` says."""

        def work() -> LeaveOneOut:
            return leave_one_out(way.scorer(data, asking, view), data.people, rows=rows)

        return self._kept.get(LeaveOneOut, _key(way.key, data, asking.digest, view), work)

    def relatives(self, way: RankingWay, data: CropsOfPeople) -> RelativesFigures:
        """How often relatives are taken for the person."""

        def work() -> RelativesFigures:
            return relatives(_matrix(way, data), data.people, data.family)

        return self._kept.get(RelativesFigures, _key(way.key, data, "relatives"), work)

    def absent(
        self, loaded: LoadedModel, data: CropsOfPeople, *, follows: bool = True
    ) -> AbsentFigures | None:
        """Whether somebody who is not there is said not to be; None without a calibration.

        Args:
            follows: the curve follows the set, if it is one that does.
        """
        curve = loaded.calibration
        if curve is None:
            return None
        if not follows:
            curve = replace(curve, following=0.0)

        def work() -> AbsentFigures:
            scores = _matrix(self._ways.codes(loaded), data)
            return absent(scores, data.people, data.family, curve)

        return self._kept.get(
            AbsentFigures, _key(loaded.model_id, data, str(curve), "absent"), work
        )

    def stated(self, loaded: LoadedModel, data: CropsOfPeople) -> ReliabilityTable | None:
        """The reliability table; None without a calibration."""
        curve = loaded.calibration
        if curve is None:
            return None

        def work() -> ReliabilityTable:
            return stated_and_true(_matrix(self._ways.codes(loaded), data), data.people, curve)

        return self._kept.get(
            ReliabilityTable, _key(loaded.model_id, data, str(curve), "stated"), work
        )

    def mirrored(
        self, loaded: LoadedModel, data: CropsOfPeople, *, at_query: bool, at_both: bool
    ) -> LeaveOneOut:
        """With the mean of face and mirror image at both, at the query only, or at neither."""
        model = loaded.model

        def faces(is_mean: bool) -> TablesAndCodes:
            plain, other = (self._ways.single(model, data, view) for view in VIEWS)
            if model.config.mirror_average:
                return coded(model, mirror_mean(plain, other if is_mean else plain))
            return coded(model, (plain + other) / 2 if is_mean else plain)

        def work() -> LeaveOneOut:
            asking, searched = faces(at_query or at_both), faces(at_both)
            mixed = TablesAndCodes(asking.tables, searched.codes)
            return leave_one_out(mixed.scorer(), data.people)

        where = "both" if at_both else "query" if at_query else "neither"
        return self._kept.get(LeaveOneOut, _key(loaded.model_id, data, "mirror", where), work)

    def second_photo(self, loaded: LoadedModel, data: CropsOfPeople) -> TwoPhotos:
        """One query photo and two, for the same people and gallery."""

        def work() -> TwoPhotos:
            return two_photos(self._ways.asked(loaded.model, data, "plain"), data.people)

        return self._kept.get(TwoPhotos, _key(loaded.model_id, data, "two query photos"), work)

    def reranked(self, short: LoadedModel, long: LoadedModel, data: CropsOfPeople) -> LeaveOneOut:
        """Ranked by the shorter code, the best of it again by the longer one."""

        def work() -> LeaveOneOut:
            first, then = (self._ways.asked(m.model, data, "plain") for m in (short, long))
            return without_tar(leave_one_out(Reranked(first.scorer(), then.scorer()), data.people))

        return self._kept.get(LeaveOneOut, _key(short.model_id, data, "then", long.model_id), work)


def untouched_trunk(weights: Path) -> OpqnModel:
    """The pretrained trunk, rounded as checkpoints are; the head on it is not used.

    Raises:
        DataError: the weights are not there.
    """
    if not weights.is_file():
        raise DataError(weights, "the weights of the untouched trunk are missing")
    model = OpqnModel(OpqnConfig(n_books=8, n_words=256, feature_dim=2048))
    model.trunk.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    stored = stored_state(model, half=True)
    model.load_state_dict({name: as_loaded(value) for name, value in stored.items()})
    return model.eval()


def models_in(folder: Path) -> list[LoadedModel]:
    """The models of a folder, shortest code first.

    Raises:
        DataError: it holds none.
    """
    found = [load_model(path.parent) for path in sorted(folder.glob("*/config.json"))]
    if not found:
        raise DataError(folder, "it holds no models")
    return sorted(found, key=lambda loaded: loaded.model.config.code_bits)


def _key(way: str, data: CropsOfPeople, *more: Any) -> str:
    return " | ".join([way, f"{data.name} {data.digest}", *more])


def _matrix(way: RankingWay, data: CropsOfPeople) -> Floats:
    """(n, n) scores, row = query."""
    return np.asarray(way.scorer(data, data, "plain").scores(0, len(data)), np.float32)

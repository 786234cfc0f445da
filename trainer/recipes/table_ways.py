"""The ways to rank that the model table compares: shipped models, their floats, the controls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from opqn_app.core.types import Floats
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.checkpoint import LoadedModel
from opqn_app.opqn.torch.model import OpqnModel
from trainer.evaluate.baselines import ProductQuantizer, train_pq
from trainer.evaluate.scoring import CodeScorer, CosineScorer, Scorer, StoredTables
from trainer.evaluate.tables_and_codes import TablesAndCodes
from trainer.recipes.rankings import coded, features
from trainer.recipes.table_sets import CropsOfPeople
from trainer.recipes.trunk_cache import TrunkCache, trunk_id

MakeScorer = Callable[[CropsOfPeople, CropsOfPeople, str], Scorer]


@dataclass(frozen=True, slots=True, eq=False)
class RankingWay:
    """One way to rank.

    Attributes:
        key: names everything it depends on besides the crops.
        label: for people.
        kind: "model", "features", "trunk", "untouched", "pq", "opq" or "control".
        bits: of a stored code; 0 for floats.
        n_bytes: of a stored face.
        scorer: crops searched, crops that ask, how these were changed → scores.
    """

    key: str
    label: str
    kind: str
    bits: int
    n_bytes: int
    scorer: MakeScorer


class RankingWays:
    """Makes ways to rank from models and from the untouched trunk.

    Args:
        trunk: the untouched one, under a head that is not used.
        learning: gives the crops that PQ and OPQ learn from, when they are needed.
    """

    def __init__(
        self, kept: TrunkCache, trunk: OpqnModel, learning: Callable[[], CropsOfPeople]
    ) -> None:
        self.embedding, self.single = kept.embedding, kept.single
        self.asked = lru_cache(maxsize=6)(self._asked)  # tables are large
        self._trunk, self._untouched = trunk, trunk_id(trunk)
        self._learning = learning
        self._learned = lru_cache(self._learn)

    def all_of(
        self, models: Sequence[LoadedModel], controls: Mapping[str, LoadedModel] | None = None
    ) -> list[RankingWay]:
        """Every row of the table, models first; `controls` are further models by their labels."""
        sizes = {loaded.model.config.code_bits: loaded.model.config for loaded in models}
        faiss = [
            self._faiss(sizes[bits], rotated) for bits in sorted(sizes) for rotated in (False, True)
        ]
        by_trunk: dict[str, list[LoadedModel]] = {}
        for loaded in models:
            by_trunk.setdefault(trunk_id(loaded.model), []).append(loaded)
        by_trunk.pop(self._untouched, None)
        return [
            *(self.codes(loaded) for loaded in models),
            *(self._features(loaded) for loaded in models),
            *(self._tuned(sharing, own) for own, sharing in by_trunk.items()),
            self._plain_trunk(),
            *faiss,
            *(self.codes(loaded, control=label) for label, loaded in (controls or {}).items()),
        ]

    def codes(self, loaded: LoadedModel, *, control: str = "") -> RankingWay:
        """A model as the app ranks with it; one that is not shipped is a `control` of that name."""

        def scorer(data: CropsOfPeople, asking: CropsOfPeople, view: str) -> Scorer:
            codes = self.asked(loaded.model, data, "plain").codes
            return CodeScorer(StoredTables(self.asked(loaded.model, asking, view).tables), codes)

        config = loaded.model.config
        kind = "control" if control else "model"
        key = f"codes {loaded.model_id}"
        label = control or loaded.name
        return RankingWay(key, label, kind, config.code_bits, config.code_bytes, scorer)

    def _features(self, loaded: LoadedModel) -> RankingWay:
        def floats(data: CropsOfPeople, view: str) -> Floats:
            return features(loaded.model, self.embedding(loaded.model, data, view))

        dim = loaded.model.config.feature_dim
        label = f"{loaded.name}, its {dim:,} float features"
        key = f"features {loaded.model_id}"
        return RankingWay(key, label, "features", 0, 4 * dim, _cosine(floats))

    def _tuned(self, sharing: Sequence[LoadedModel], own: str) -> RankingWay:
        def floats(data: CropsOfPeople, view: str) -> Floats:
            return self.embedding(sharing[0].model, data, view).numpy()

        label = f"trunk of {', '.join(loaded.name for loaded in sharing)}"
        backbone = sharing[0].model.backbone
        n_bytes = 4 * backbone.embed.in_features if isinstance(backbone, EmbeddedTrunk) else 0
        return RankingWay(f"trunk {own}", label, "trunk", 0, n_bytes, _cosine(floats))

    def _plain_trunk(self) -> RankingWay:
        key = f"trunk {self._untouched}"
        return RankingWay(
            key, "untouched trunk", "untouched", 0, 2048, _cosine(self._untouched_floats)
        )

    def _untouched_floats(self, data: CropsOfPeople, view: str) -> Floats:
        return self.embedding(self._trunk, data, view).numpy()

    def _faiss(self, config: OpqnConfig, rotated: bool) -> RankingWay:
        def scorer(data: CropsOfPeople, asking: CropsOfPeople, view: str) -> Scorer:
            learned = self._learned(config.n_books, config.bits_per_book, rotated)
            tables = learned.tables(self._untouched_floats(asking, view))
            codes = learned.codes(self._untouched_floats(data, "plain"))
            return CodeScorer(StoredTables(tables), codes)

        name = "OPQ" if rotated else "PQ"
        label = f"faiss {name} {size_of(config)}, untouched trunk"
        key = f"{name} {size_of(config)} {self._untouched}"
        return RankingWay(key, label, name.lower(), config.code_bits, config.code_bytes, scorer)

    def _learn(self, n_books: int, bits: int, rotated: bool) -> ProductQuantizer:
        learn_from = self._untouched_floats(self._learning(), "plain")
        return train_pq(learn_from, n_books, bits, rotated=rotated)

    def _asked(self, model: OpqnModel, data: CropsOfPeople, view: str) -> TablesAndCodes:
        embedding: Tensor = self.embedding(model, data, view)
        return coded(model, embedding)


def _cosine(floats: Callable[[CropsOfPeople, str], Floats]) -> MakeScorer:
    return lambda data, asking, view: CosineScorer(floats(asking, view), floats(data, "plain"))


def size_of(config: OpqnConfig) -> str:
    """Books × bits of each."""
    return f"{config.n_books}×{config.bits_per_book}"

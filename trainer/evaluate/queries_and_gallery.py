"""The queries and the gallery, less the pictures that could not be read."""

import numpy as np

from opqn_app.core.errors import DataError
from trainer.data.pictures import PictureSource
from trainer.evaluate.encoding import Encoded
from trainer.evaluate.protocols import PairList, QuerySplit
from trainer.evaluate.ranking import rank_cutoffs
from trainer.evaluate.results import EvalSettings

CURVE_CUTOFFS = (*range(1, 21), *range(25, 101, 5), *range(120, 301, 20))


class QueriesAndGallery:
    """Who asks whom, in rows of the listing and in places of an `Encoded`.

    Raises:
        DataError: nobody is left to ask or to be searched.
    """

    def __init__(
        self,
        source: PictureSource,
        query_split: QuerySplit,
        encoded: Encoded,
        settings: EvalSettings,
    ) -> None:
        self.used = encoded.rows
        self.queries = np.intersect1d(query_split.queries, self.used)  # rows of the listing
        self.gallery = np.intersect1d(query_split.gallery, self.used)
        if not len(self.queries) or not len(self.gallery):
            reason = encoded.dropped[0].reason if encoded.dropped else "none asks or is searched"
            raise DataError("the pictures", f"none is left to compare; the first: {reason}")
        self.query_places = np.searchsorted(self.used, self.queries)  # rows of Encoded
        self.gallery_places = np.searchsorted(self.used, self.gallery)
        self.query_people = source.people[self.queries]
        self.gallery_people = source.people[self.gallery]
        is_self = query_split.is_leave_one_out and query_split.pairs is None
        self.own = np.arange(len(self.gallery)) if is_self else None
        self.settings = settings
        wanted = (*settings.cutoffs, *CURVE_CUTOFFS)
        n = len(self.gallery) - is_self
        self.cutoffs = rank_cutoffs(n, [t for t in wanted if t <= n or t in settings.cutoffs])
        self.pairs, self.lost_pairs = self._pairs(query_split.pairs)

    def _pairs(self, listed: PairList | None) -> tuple[PairList | None, int]:
        """The listed pairs in places of queries and gallery, and how many lost a picture."""
        if listed is None:
            return None, 0
        keep = np.isin(listed.first, self.used) & np.isin(listed.second, self.used)
        first = np.searchsorted(self.queries, listed.first[keep])
        second = np.searchsorted(self.gallery, listed.second[keep])
        kept = PairList(first, second, listed.is_same[keep], listed.fold[keep])
        return kept, int((~keep).sum())

"""A map of numbers that never changes, and makes others that differ in a few places."""

from collections.abc import Iterable, Iterator, Mapping

LOW_BITS = 9  # numbers with the same higher bits stand in one part, which two maps may share


class SharedMap(Mapping[int, int]):
    """A map from one number to another; `changed` costs what is changed, not what is in it."""

    __slots__ = ("_parts", "_size")

    def __init__(self, items: Mapping[int, int]) -> None:
        self._parts: dict[int, dict[int, int]] = {}
        self._size = len(items)
        for key, value in items.items():
            self._parts.setdefault(key >> LOW_BITS, {})[key] = value

    def changed(self, *, gone: Iterable[int], come: Mapping[int, int]) -> "SharedMap":
        """Another map, without what is gone and with what has come, which wins."""
        made = SharedMap({})
        made._parts, made._size = dict(self._parts), self._size
        own: set[int] = set()  # the parts that are not shared with this map
        for key in gone:
            part = made._own_part(key >> LOW_BITS, own)
            made._size -= part.pop(key, None) is not None
        for key, value in come.items():
            part = made._own_part(key >> LOW_BITS, own)
            made._size += key not in part
            part[key] = value
        return made

    def _own_part(self, number: int, own: set[int]) -> dict[int, int]:
        if number not in own:
            own.add(number)
            self._parts[number] = dict(self._parts.get(number, {}))
        return self._parts[number]

    def __getitem__(self, key: int) -> int:
        return self._parts[key >> LOW_BITS][key]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and key in self._parts.get(key >> LOW_BITS, ())

    def __iter__(self) -> Iterator[int]:
        return (key for part in self._parts.values() for key in part)

    def __len__(self) -> int:
        return self._size

"""Which columns hold a value that a question names: of all values of the mesh, those that one caller may know of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from datamesh.ask.names.words import singular, value_key
from datamesh.registry.valuestore import LEGAL_FORMS, LONGEST, Stored, ValueStore

__all__ = ["Hit", "Spot", "ValueIndex"]

_NO_LEGAL_FORM = 0.1
_REMEMBERED = 4_000  # keys whose hits are kept at hand


@dataclass(frozen=True)
class Hit:
    """A value of a column. `label`: what the contract calls it, else the value itself."""

    table: str
    column: str
    value: bool | int | float | str
    label: str
    cost: float = 0.0
    named: bool = False  # a noun, which has a plural: the contract's label of it, or of a column of kinds


@dataclass(frozen=True)
class Spot:
    """A column whose values lie in a store; `labels` are those of its enum, `nouns` says that its values are nouns."""

    table: str
    column: str
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    nouns: bool = False


@dataclass
class _Known:
    """What all views of an index share: labels of contracts by key, and stores with the spots that may be told of."""

    named: dict[str, list[Hit]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    stores: dict[int, tuple[ValueStore, dict[int, Spot]]] = field(default_factory=dict)
    order: dict[tuple[str, str], int] = field(default_factory=dict)
    found: dict[str, list[Hit]] = field(default_factory=dict)


@dataclass(frozen=True)
class ValueIndex:
    """Values by their key: case, accents and punctuation do not matter, a company's legal form need not be said."""

    _known: _Known = field(default_factory=_Known)
    _tables: frozenset[str] | None = None

    def within(self, tables: frozenset[str]) -> ValueIndex:
        """The same values, as far as they stand in `tables`."""
        return ValueIndex(self._known, tables)

    def hold(self, store: ValueStore, spots: Mapping[int, Spot]) -> None:
        """Values that lie in a store: those of `spots` may be told of."""
        self._known.stores.setdefault(id(store), (store, {}))[1].update(spots)
        for spot in spots.values():
            self._rank(spot.table, spot.column)

    def add(self, text: str, hit: Hit) -> None:
        """A value, or what the contract calls it."""
        words = value_key(text).split()
        if not 0 < len(words) <= LONGEST:
            return
        self._put(words, hit)
        if words[-1] in LEGAL_FORMS and len(words) > 1:
            self._put(words[:-1], replace(hit, cost=_NO_LEGAL_FORM))

    def _put(self, words: list[str], hit: Hit) -> None:
        self._rank(hit.table, hit.column)
        self._known.named.setdefault(" ".join(words), []).append(hit)
        self._known.begun.update(" ".join(words[:n]) for n in range(1, len(words)))

    def _rank(self, table: str, column: str) -> int:
        return self._known.order.setdefault((table, column), len(self._known.order))

    def find(self, text: str) -> list[Hit]:
        """The columns that hold just this value."""
        return self._of(value_key(text))

    def _of(self, key: str) -> list[Hit]:
        known = self._known
        if key not in known.found:
            if len(known.found) >= _REMEMBERED:
                known.found.clear()
            known.found[key] = self._everywhere(key)
        hits = known.found[key]
        return hits if self._tables is None else [hit for hit in hits if hit.table in self._tables]

    def _everywhere(self, key: str) -> list[Hit]:
        """By column, in the order in which columns were made known: each value once, as the contract names it first."""
        named = [(self._rank(hit.table, hit.column), -1, hit) for hit in self._known.named.get(key, ())]
        stored = [
            (self._rank(spots[found.spot].table, spots[found.spot].column), found.n, _hit(spots[found.spot], found))
            for store, spots in self._known.stores.values()
            for found in store.find(key)
            if found.spot in spots
        ]
        once: dict[tuple[str, str, object], Hit] = {}
        for *_, hit in sorted((*named, *stored), key=lambda ranked: ranked[:2]):
            once.setdefault((hit.table, hit.column, hit.value), hit)
        return list(once.values())

    def near(self, word: str, wanted: int = 3) -> list[Hit]:
        """Some values that this word is a part of."""
        found: dict[str, Hit] = {}
        for key, hit in self._with_word(value_key(word)):
            if self._tables is None or hit.table in self._tables:
                found.setdefault(key, hit)
            if len(found) == wanted:
                break
        return list(found.values())

    def _with_word(self, word: str) -> Iterator[tuple[str, Hit]]:
        if not word or " " in word:
            return
        for key, hits in self._known.named.items():
            if word in key.split():
                yield key, hits[0]
        for store, spots in self._known.stores.values():
            for key, found in store.with_word(word):
                if found.spot in spots:
                    yield key, _hit(spots[found.spot], found)

    def spans(self, words: list[str]) -> Iterator[tuple[int, list[Hit], bool]]:
        """Values that the folded `words` begin with: how many words each has, its hits, if the last is a plural."""
        before = ""
        for length, word in enumerate(words[:LONGEST], start=1):
            key = f"{before} {word}".strip()
            if found := self._of(key):
                yield length, found, False
            elif word.endswith("s") and (found := self._of(f"{before} {singular(word)}".strip())):
                yield length, found, True
            if not self._goes_on(key):
                return
            before = key

    def _goes_on(self, key: str) -> bool:
        return key in self._known.begun or any(store.begun(key) for store, _ in self._known.stores.values())


def _hit(spot: Spot, found: Stored) -> Hit:
    label = spot.labels.get(found.text, found.text)
    return Hit(spot.table, spot.column, found.text, label, _NO_LEGAL_FORM if found.short else 0.0, spot.nouns)

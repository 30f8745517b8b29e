"""Which columns hold a value that a question names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from datamesh.ask.words import singular, value_key

__all__ = ["Hit", "ValueIndex"]

_COMPANY = frozenset(("inc", "ltd", "llc", "co", "corp", "corporation", "limited", "gmbh", "ag", "sa", "plc"))
_NO_LEGAL_FORM = 0.1
_LONGEST = 12  # words of a value that are looked for in a question


@dataclass(frozen=True)
class Hit:
    """A value of a column. `label`: what the contract calls it, else the value itself."""

    table: str
    column: str
    value: bool | int | float | str
    label: str
    cost: float = 0.0
    named: bool = False  # found by its label in the contract: a noun, which has a plural


@dataclass
class ValueIndex:
    """Values by their key: case, accents and punctuation do not matter, a company's legal form need not be said."""

    _hits: dict[str, list[Hit]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    longest: int = 1

    def add(self, text: str, hit: Hit) -> None:
        key = value_key(text)
        words = key.split()
        if not words or len(words) > _LONGEST:
            return
        self._put(words, hit)
        if words[-1] in _COMPANY and len(words) > 1:
            self._put(words[:-1], replace(hit, cost=_NO_LEGAL_FORM))

    def _put(self, words: list[str], hit: Hit) -> None:
        known = self._hits.setdefault(" ".join(words), [])
        if not any((h.table, h.column, h.value) == (hit.table, hit.column, hit.value) for h in known):
            known.append(hit)
        self._begun.update(" ".join(words[:n]) for n in range(1, len(words)))
        self.longest = max(self.longest, len(words))

    def find(self, text: str) -> list[Hit]:
        """The columns that hold just this value."""
        return self._hits.get(value_key(text), [])

    def near(self, word: str, wanted: int = 3) -> list[Hit]:
        """Some values that this word is a part of."""
        key = value_key(word)
        found = (hits[0] for text, hits in self._hits.items() if key in text and key in text.split())
        return list(islice(found, wanted))

    def spans(self, words: list[str]) -> Iterator[tuple[int, list[Hit], bool]]:
        """Values that the folded `words` begin with: how many words each has, its hits, if the last is a plural."""
        before = ""
        for length, word in enumerate(words[: self.longest], start=1):
            key = f"{before} {word}".strip()
            if found := self._hits.get(key):
                yield length, found, False
            elif word.endswith("s") and (found := self._hits.get(f"{before} {singular(word)}".strip())):
                yield length, found, True
            if key not in self._begun:
                return
            before = key

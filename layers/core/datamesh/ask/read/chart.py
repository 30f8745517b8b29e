"""The machinery of reading: every rule is tried once at each place, and its cheapest readings are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, ParamSpec, TypeVar

from datamesh.ask.dates import Period
from datamesh.ask.lattice import Lattice, Literal, Name, Operator
from datamesh.ask.lexicon.english import SPELLED

__all__ = ["Exhausted", "Hit", "Reader", "rule"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")

_PER_END = 4  # readings kept of one stretch by one rule
_IN_ALL = 24  # readings kept of one rule at one place
_ARTICLES = (
    *("the", "a", "an", "all", "any", "some", "their", "its", "his", "her", "our", "those", "these"),
    *("corresponding", "respective", "associated"),  # said of what belongs together
)
_OF_THEM = ("all", "any", "some")
_STATES = ("is", "are", "was", "were", "been")
_ASKED = ("what", "who", "which", "there", "here", "these", "those")
_BUDGET = 6_000  # readings made for one question


class Exhausted(Exception):
    """Raised when a question has more readings than can be looked at."""


@dataclass(frozen=True, slots=True)
class Hit(Generic[T_co]):
    """One reading of the tokens up to `end`, and what it costs."""

    end: int
    value: T_co
    cost: float = 0.0


class Reader:
    """The lattice as the rules see it, what they found so far, and how far anybody came."""

    def __init__(self, lattice: Lattice) -> None:
        self.lattice = lattice
        self.tokens = lattice.tokens
        self.found: dict[tuple[Any, ...], list[Hit[Any]]] = {}
        self.furthest = 0
        self.made = 0

    def reach(self, end: int) -> int:
        self.furthest = max(self.furthest, end)
        return end

    def op(self, i: int, *categories: str) -> Iterator[Operator]:
        """Operators of these categories that begin here, the longest first."""
        hits = [op for op in self.lattice.operators.get(i, ()) if op.category in categories]
        for op in sorted(hits, key=lambda op: -op.end):
            self.reach(op.end)
            yield op

    def longest(self, i: int, *categories: str) -> Operator | None:
        return next(self.op(i, *categories), None)

    def word(self, i: int, *folds: str) -> bool:
        if i < len(self.tokens) and self.tokens[i].kind != "quoted" and self.tokens[i].fold in folds:
            self.reach(i + 1)
            return True
        return False

    def the(self, i: int) -> int:
        """After the articles that begin here."""
        while self.word(i, *_ARTICLES) and not self._each_of_them(i):
            i += 1 + (self.tokens[i].fold in _OF_THEM and self.word(i + 1, "of"))
            if i + 1 < len(self.tokens) and (self.tokens[i].fold, self.tokens[i + 1].fold) == ("or", "her"):
                i += 1  # his or her
        return i

    def _each_of_them(self, i: int) -> bool:
        """(whose orders were) all (delivered): says it of each of them. (What are) all (the names) does not."""
        if i < 2 or not self.word(i, "all") or self.tokens[i - 1].fold not in _STATES:
            return False
        return self.tokens[i - 2].fold not in _ASKED

    def comma(self, i: int) -> int:
        while self.word(i, ",", ";", ":"):
            i += 1
        return i

    def names(self, i: int, *kinds: str) -> Iterator[Name]:
        for name in self.lattice.names.get(i, ()):
            if not self._no_one(i) and (kept := name.only(*kinds)):
                self.reach(name.end)
                yield kept

    def nobody(self, i: int) -> Iterator[Name]:
        """The people of whom there is none: nobody is no name of theirs anywhere else."""
        if self._no_one(i):
            yield from (name for name in self.lattice.names.get(i, ()) if self.reach(name.end))

    def _no_one(self, i: int) -> bool:
        return i < len(self.tokens) and self.tokens[i].fold == "nobody"

    def literals(self, i: int) -> Iterator[Literal]:
        for literal in self.lattice.literals.get(i, ()):
            self.reach(literal.end)
            yield literal

    def number(self, i: int) -> int | float | None:
        if i < len(self.tokens) and self.tokens[i].kind == "number":
            self.reach(i + 1)
            return self.tokens[i].number
        return SPELLED.get(self.tokens[i].fold) if i < len(self.tokens) else None

    def periods(self, i: int) -> Iterator[tuple[int, Period]]:
        for end, period in self.lattice.periods.get(i, ()):
            self.reach(end)
            yield end, period


def rule(
    make: Callable[[Reader, int], Iterator[Hit[T]]],
) -> Callable[[Reader, int], list[Hit[T]]]:
    """A grammar rule: all readings that begin at a token, each stretch's cheapest first. It is run once a place;
    a rule that comes back to itself at the same place finds nothing there."""

    @wraps(make)
    def kept(reader: Reader, i: int) -> list[Hit[T]]:
        key = (make, i)
        if key not in reader.found:
            reader.found[key] = []
            reader.found[key] = _best(reader, make(reader, i)) if i < len(reader.tokens) else []
        return reader.found[key]

    return kept


def _best(reader: Reader, hits: Iterator[Hit[T]]) -> list[Hit[T]]:
    made = sorted(hits, key=lambda hit: (hit.cost, -hit.end))
    reader.made += len(made)
    if reader.made > _BUDGET:
        raise Exhausted
    kept: dict[int, list[T]] = {}
    best = []
    for hit in made:
        same_end = kept.setdefault(hit.end, [])
        if len(same_end) < _PER_END and hit.value not in same_end:
            same_end.append(hit.value)
            best.append(hit)
    return best[:_IN_ALL]

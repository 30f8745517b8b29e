"""Names with their unit behind them: the price in dollars, the length (in metres)."""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.ask.lexicon.english import UNIT_NAMES, UNIT_WORDS, UNITS
from datamesh.ask.names.naming import Target
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, name_words, stem, value_key

__all__ = ["in_unit", "measured_in", "unit_end"]

_KNOWN = frozenset(stem(word) for word in (*UNIT_WORDS, *UNITS, *UNIT_NAMES))
_SIGNS = {"$": ("dollar",), "\u20ac": ("euro",), "\u00a3": ("pound",)}
_SURE = 0.7  # less than this costs a name, in part perhaps, that a unit may stand behind


def in_unit(
    words: Sequence[Token], i: int, targets: Sequence[Target], vocabulary: Vocabulary
) -> tuple[int, tuple[Target, ...]]:
    """Behind a name that ends at `i`: the index after its unit, and the columns whose own name says it."""
    end = unit_end(words, i)
    if end == i:
        return i, ()
    said = {unit for token in words[i:end] if token.stem in _KNOWN for unit in _plain(token.stem)}
    columns = (t for t in targets if t.kind == "column" and t.cost < _SURE)
    return end, tuple(t for t in columns if said <= _of_column(vocabulary.column(t.table, t.name)))


def measured_in(words: Sequence[Token], targets: Sequence[Target], vocabulary: Vocabulary) -> tuple[Target, ...]:
    """Of what a number with its unit is compared with, the columns whose own name says the unit, if any does."""
    said = {unit for token in words if token.stem in _KNOWN for unit in _plain(token.stem)}
    said |= {unit for token in words for unit in _SIGNS.get(token.text[:1], ())}
    columns = [t for t in targets if t.kind == "column"]
    fitting = tuple(t for t in columns if said and said <= _of_column(vocabulary.column(t.table, t.name)))
    return fitting or tuple(targets)


def unit_end(words: Sequence[Token], i: int) -> int:
    """After [(] in dollars, in miles per hour [)]; the same index where no unit stands."""
    bracket = _is(words, i, "(")
    at = i + bracket
    if not _is(words, at, "in"):
        return i
    at += 1
    first = at
    while at < len(words) and (words[at].stem in _KNOWN or (at > first and words[at].fold == "per")):
        at += 1
    if at == first or (bracket and not _is(words, at, ")")):
        return i
    return at + bracket


def _is(words: Sequence[Token], i: int, fold: str) -> bool:
    return i < len(words) and words[i].fold == fold


def _of_column(column: ColumnView) -> set[str]:
    words = (*name_words(column.name), *value_key(column.label).split())
    return {unit for word in words for unit in _plain(stem(word))}


def _plain(unit: str) -> Sequence[str]:
    """Dollar, for usd; mile and hour, for mph."""
    return UNIT_NAMES.get(unit, (unit,))

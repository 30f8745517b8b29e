"""What is made of several annotations: a town and the state beside it; rainfall in March, where March is a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datamesh.ask.dates import MONTHS
from datamesh.ask.lattice import Lattice, Literal, Name
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.persons import places
from datamesh.ask.names.words import Token

__all__ = ["place_in_place", "with_months"]

_SEVERAL = 3  # columns of months that make a table one of months
_AT = ("in", "for")
_COMPARED = ("than", "above", "below", "over", "under", "exceeds")
_POINTING = ("that", "those")


def place_in_place(lattice: Lattice, found: Mapping[int, list[Literal]], i: int) -> Iterator[Literal]:
    """Springfield, Ohio: a place and what it is in, beside each other; not two of a list of their kind."""
    words, vocabulary = lattice.tokens, lattice.vocabulary
    for one in found[i]:
        comma = one.end + 1 < len(words) and words[one.end].fold == ","
        for other in found[one.end + 1] if comma and words[i].capital and words[one.end + 1].capital else ():
            pairs = places(vocabulary, one.hits, other.hits)
            columns = {(hit.table, hit.column) for hit in one.hits}
            alike = any((hit.table, hit.column) in columns for hit in other.hits)
            if pairs and not (alike and _goes_on(words, found, other.end)):
                text, span = f"{one.text}, {other.text}", (one.span[0], other.span[1])
                yield Literal(i, other.end, text, (), quoted=False, cost=0.0, span=span, people=pairs)


def _goes_on(words: tuple[Token, ...], found: Mapping[int, list[Literal]], i: int) -> bool:
    """Whether a list has one more, with nothing beside it: (Boston, Springfield) or Salem."""
    while i < len(words) and words[i].fold in (",", "or", "and"):
        i += 1
        if any(more.end >= len(words) or words[more.end].fold != "," for more in found.get(i, ())):
            return True
    return False


def with_months(names: dict[int, list[Name]], lattice: Lattice) -> dict[int, list[Name]]:
    """The names, and those of a thing in a month that is a column of it: rainfall in March, (than) that in July."""
    tables: list[Target] = []
    for i in sorted(names):
        for name in [name for name in names[i] if _at_month(lattice, name.end)]:
            things = [t for t in name.targets if t.kind == "table" and t.cost < PARTLY]
            said = _named(lattice, i, name.end, things)
            tables += things if said else []
            names[i] = [*said, *names[i]]
        month = MONTHS.get(lattice.tokens[i].fold, 0)
        for name in names.get(i + 1, ()) if month else ():  # the March rainfall
            things = [t for t in name.targets if t.kind == "table" and t.cost < PARTLY]
            names[i] = [*_named(lattice, i, name.end, things, month), *names[i]]
        if tables and i and lattice.tokens[i - 1].fold in _COMPARED:
            at = i + (lattice.tokens[i].fold in _POINTING)
            names[i] = [*_named(lattice, i, at, tables), *names[i]]
    return names


def _at_month(lattice: Lattice, i: int) -> int:
    """The month that is said here: in March."""
    words = lattice.tokens[i : i + 2]
    return MONTHS.get(words[1].fold, 0) if len(words) > 1 and words[0].fold in _AT else 0


def _named(lattice: Lattice, start: int, at: int, things: list[Target], month: int | None = None) -> list[Name]:
    """The columns of the month that is said at `at`, or before; nothing where the things have no column for each."""
    end = at if month is not None else at + 2
    month, words = month or _at_month(lattice, at), lattice.tokens[start:end]
    months = {t.table: _months(lattice, t.table) for t in things} if month else {}
    found = [Target("column", t, at_month[month], 0.0, True) for t, at_month in months.items() if month in at_month]
    if not found:
        return []
    lattice.read[start:end] = [True] * len(words)
    return [Name(start, end, " ".join(t.text for t in words), tuple(found), (words[0].start, words[-1].end))]


def _months(lattice: Lattice, table: str) -> dict[int, str]:
    """The columns that are called by nothing but a month."""
    columns = lattice.vocabulary.tables[table].columns.values()
    found = {MONTHS[name]: c.name for c in columns if (name := c.name.lower()) in MONTHS and c.counts}
    return found if len(found) >= _SEVERAL else {}

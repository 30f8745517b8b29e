"""What a column seems to be, from counts over its values. Pure: the counting is done elsewhere (publish/facts.py).

A type is taken only where every value can be read as it, by the same casts that publishing uses. Whatever else could
have been meant is a doubt, in words for the owner; a doubt holds counts and names, never a value of the data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datamesh.contract.formats import STRING_FORMATS
from datamesh.contract.model import Column, ColumnType

__all__ = ["FORMATS", "NULL_WORDS", "READINGS", "Facts", "Guess", "Reading", "guess", "null_words"]

NULL_WORDS = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "NaN", "nan", "nil", "-", "--", "?", "\\N")
FORMATS = tuple(name for name in ("uuid", "email", "ipv4", "ipv6", "uri") if name in STRING_FORMATS)
_DATES = (
    "dd.MM.yyyy",
    "dd/MM/yyyy",
    "MM/dd/yyyy",
    "dd-MM-yyyy",
    "MM-dd-yyyy",
    "yyyy/MM/dd",
    "dd MMM yyyy",
    "dd-MMM-yyyy",
)
_CLOCKS = ("HH:mm", "HH:mm:ss", "hh:mm a", "hh:mm:ss a")
_NEARLY = 0.95  # read so by most values: worth a word
_MAX_DIGITS, _ROOM = 38, 18
_EXACT_SCALE = 4  # a number with as many decimals everywhere, and no more than these, is counted and not measured


@dataclass(frozen=True)
class Reading:
    """A way to read a column's texts; `column` is what the contract would say."""

    name: str
    column: Column


def _readings() -> tuple[Reading, ...]:
    plain = ("boolean", "integer", "number", "date", "timestamp", "time")
    found = [Reading(kind, Column("", ColumnType(kind))) for kind in plain]
    moments = [f"{day} {clock}" for day in _DATES for clock in _CLOCKS]
    for kind, patterns in (("date", _DATES), ("timestamp", moments)):
        found += [Reading(p, Column("", ColumnType(kind), options={"format": p})) for p in patterns]
    return tuple(found)


READINGS = _readings()
_PATTERNS = {reading.name: reading.column.type.kind for reading in READINGS if reading.column.options}


@dataclass(frozen=True)
class Facts:
    """Counts over one column. `values` are those that are there and no null word.

    `reads` counts, by reading, the values that can be read so, `formats` those that are of a string format, `words`
    the rows that hold each null word. `kind` is the column's own type, where the files have types.
    """

    source: str
    rows: int
    values: int
    words: Mapping[str, int] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)
    kind: str = ""
    leading_zeros: int = 0
    plain_decimals: int = 0
    whole_digits: int = 0
    scale_min: int = 0
    scale_max: int = 0
    zoned: int = 0
    compact_dates: int = 0
    zero_or_one: int = 0
    documents: int = 0


@dataclass(frozen=True)
class Guess:
    """What the contract would say of the column's type, and what is in doubt about it."""

    logical: str
    physical: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


def null_words(columns: Sequence[Facts]) -> tuple[str, ...]:
    """The words that surely mean no value: they stand in a column whose other values are no text."""
    sure = {word for facts in columns if guess(facts).logical != "string" for word in facts.words}
    return tuple(word for word in NULL_WORDS if word in sure)


def guess(facts: Facts) -> Guess:
    """The narrowest type that reads every value."""
    if not facts.values:
        return Guess("string", doubts=("no value was seen",))
    if facts.kind in ("integer", "number", "boolean", "date", "timestamp"):
        return Guess(facts.kind)
    if facts.kind == "timestamptz":
        return Guess("timestamp", options={"timezone": True})
    if facts.leading_zeros:
        doubt = f"{facts.leading_zeros:,} values have leading zeros: kept as text"
        return Guess("string", doubts=(doubt,) if _all(facts, "integer") else ())
    for judge in (_number, _boolean, _moment):
        if (found := judge(facts)) is not None:
            return found
    return _text(facts)


def _all(facts: Facts, reading: str) -> bool:
    return facts.reads.get(reading, 0) == facts.values


def _number(facts: Facts) -> Guess | None:
    if _all(facts, "integer") and not facts.plain_decimals:
        doubts = []
        if facts.zero_or_one == facts.values:
            doubts.append("only 0 and 1: perhaps a boolean")
        if facts.compact_dates == facts.values:
            doubts.append("each value could be a date, yyyyMMdd")
        return Guess("integer", doubts=tuple(doubts))
    if not _all(facts, "number"):
        return None
    scale = facts.scale_max
    digits = max(_ROOM, facts.whole_digits + scale)
    if facts.plain_decimals == facts.values and scale == facts.scale_min <= _EXACT_SCALE and digits <= _MAX_DIGITS:
        doubt = f"{scale} decimals in every value: counted exactly, as money is"
        return Guess("number", f"decimal({digits},{scale})", doubts=(doubt,))
    return Guess("number", doubts=("a floating number: give decimal(p,s) where it is to be exact",))


def _boolean(facts: Facts) -> Guess | None:
    return Guess("boolean") if _all(facts, "boolean") else None


def _moment(facts: Facts) -> Guess | None:
    if _all(facts, "date"):
        return Guess("date")
    if _all(facts, "timestamp"):
        if facts.zoned == facts.values:
            return Guess("timestamp", options={"timezone": True})
        mixed = (f"{facts.zoned:,} values have an offset and the others none: they are told in UTC",)
        return Guess("timestamp", doubts=mixed if facts.zoned else ("without time zone: whose clock is it?",))
    if _all(facts, "time"):
        return Guess("time")
    fitting = [pattern for pattern in _PATTERNS if _all(facts, pattern)]
    if not fitting:
        return None
    others = ", ".join(fitting[1:])
    doubts = (f"could as well be {others}",) if others else ()
    return Guess(_PATTERNS[fitting[0]], options={"format": fitting[0]}, doubts=doubts)


def _text(facts: Facts) -> Guess:
    if facts.documents == facts.values:
        doubt = "JSON objects or lists as text: describe them as object or array to look inside"
        return Guess("string", doubts=(doubt,))
    form = next((name for name in FORMATS if facts.formats.get(name, 0) == facts.values), None)
    nearly = [
        f"{count:,} of {facts.values:,} values can be read as {name}"
        for name, count in facts.reads.items()
        if _NEARLY * facts.values <= count < facts.values
    ]
    return Guess("string", options={"format": form} if form else {}, doubts=tuple(nearly[:1]))

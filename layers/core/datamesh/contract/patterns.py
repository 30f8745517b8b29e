"""Date and time patterns of ODCS (those of Java's DateTimeFormatter) as the engine reads them.

A pattern becomes a strptime format, which finds the value, and a regular expression, which holds the text to the
pattern's own strictness: `MM` is two digits, `yyyy` four, `M` one or two.

    y u   year              M   month, MMM its short name, MMMM its name     d   day of the month    D   day of the year
    H     hour, 0 to 23     h   hour, 1 to 12                                m   minute              s   second
    S     fraction          a   AM or PM     E   short day of the week, EEEE its name
    X x Z   offset, as +01, +0100, +01:00; Z may stand for zero where X is   VV   zone, as Europe/Berlin
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["TimePattern", "time_pattern"]

_WORD = r"[A-Za-z]+"
_FIELDS = {
    "y": {2: ("%y", r"\d{2}"), 4: ("%Y", r"\d{4}")},
    "M": {1: ("%-m", r"\d{1,2}"), 2: ("%m", r"\d{2}"), 3: ("%b", _WORD), 4: ("%B", _WORD)},
    "d": {1: ("%-d", r"\d{1,2}"), 2: ("%d", r"\d{2}")},
    "D": {3: ("%j", r"\d{3}")},
    "H": {1: ("%-H", r"\d{1,2}"), 2: ("%H", r"\d{2}")},
    "h": {1: ("%-I", r"\d{1,2}"), 2: ("%I", r"\d{2}")},
    "m": {1: ("%-M", r"\d{1,2}"), 2: ("%M", r"\d{2}")},
    "s": {1: ("%-S", r"\d{1,2}"), 2: ("%S", r"\d{2}")},
    "a": {1: ("%p", r"[AaPp][Mm]")},
    "E": {3: ("%a", _WORD), 4: ("%A", _WORD)},
    "X": {1: ("%z", r"([Zz]|[+-]\d{2}(\d{2})?)"), 2: ("%z", r"([Zz]|[+-]\d{4})"), 3: ("%z", r"([Zz]|[+-]\d{2}:\d{2})")},
    "x": {1: ("%z", r"[+-]\d{2}(\d{2})?"), 2: ("%z", r"[+-]\d{4}"), 3: ("%z", r"[+-]\d{2}:\d{2}")},
    "Z": {1: ("%z", r"[+-]\d{4}"), 5: ("%z", r"([Zz]|[+-]\d{2}:\d{2})")},
    "V": {2: ("%Z", r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)*")},
}
_FIELDS["u"] = _FIELDS["y"]
_FIELDS["E"][1] = _FIELDS["E"][2] = _FIELDS["E"][3]
_FIELDS["Z"][2] = _FIELDS["Z"][3] = _FIELDS["Z"][1]
_MICROSECONDS, _NANOSECONDS = 6, 9
_TOKEN = re.compile(
    r"'(?P<quoted>(?:[^']|'')*)'|(?P<letter>[A-Za-z])(?P=letter)*|(?P<mark>[^A-Za-z'\[\]{}#])", re.DOTALL
)
_DAY_LETTERS, _CLOCK_LETTERS, _ZONE_LETTERS = frozenset("yuMdDE"), frozenset("HhmsSa"), frozenset("XxZV")


@dataclass(frozen=True)
class TimePattern:
    """`strptime` reads a text that `regex` matches as a whole.

    `zulu`: the text may end in Z, which strptime reads as +00 only. `short_year`: two digits, of the years 2000 to 2099
    as in Java. `has_day`, `has_clock`, `has_zone`: what it tells.
    """

    strptime: str
    regex: str
    zulu: bool
    short_year: bool
    has_day: bool
    has_clock: bool
    has_zone: bool

    def tells(self, kind: str) -> bool:
        """Whether a text in this pattern is a value of a date, time, timestamp or timestamptz."""
        if kind == "date":
            return self.has_day and not self.has_clock and not self.has_zone
        return self.has_clock and not self.has_day and not self.has_zone if kind == "time" else self.has_day


def time_pattern(pattern: str) -> TimePattern | str:
    """The pattern for the engine, or why it cannot be read with, in words."""
    tokens: list[tuple[str, str, str]] = []
    at = 0
    while at < len(pattern):
        match = _TOKEN.match(pattern, at)
        if match is None:
            return f"`{pattern[at]}` is not understood"
        found = _read(match)
        if found is None:
            return f"`{match[0]}` is not understood"
        tokens.append(found)
        at = match.end()
    letters = [letter for letter, _, _ in tokens if letter]
    if problem := _problem(letters, tokens):
        return problem
    return TimePattern(
        strptime="".join(word for _, word, _ in tokens),
        regex="".join(form for _, _, form in tokens),
        zulu="Zz" in tokens[-1][2],
        short_year=any(word == "%y" for _, word, _ in tokens),
        has_day=bool(_DAY_LETTERS & set(letters)),
        has_clock=bool(_CLOCK_LETTERS & set(letters)),
        has_zone=bool(_ZONE_LETTERS & set(letters)),
    )


def _read(match: re.Match[str]) -> tuple[str, str, str] | None:
    """A token as (letter or nothing, strptime, regular expression)."""
    letter, count = match["letter"], len(match[0])
    if not letter:
        plain = match["mark"] or (match["quoted"].replace("''", "'") or "'")
        return "", plain.replace("%", "%%"), re.escape(plain)
    if letter == "S" and count <= _NANOSECONDS:
        if count > _MICROSECONDS:  # a table keeps microseconds: what is finer must be zero
            return "S", "%n", rf"\d{{6}}0{{{count - _MICROSECONDS}}}"
        return "S", "%f", rf"\d{{{count}}}"
    known = _FIELDS.get(letter, {}).get(count)
    return (letter, *known) if known else None


def _problem(letters: list[str], tokens: list[tuple[str, str, str]]) -> str | None:
    if not letters:
        return "it has no field"
    if len(set(letters)) < len(letters):
        return "a field stands twice"
    if any("Zz" in form for _, _, form in tokens[:-1]):
        return "an offset that may be Z must come last"
    if "h" in letters and "a" not in letters:
        return "`h` is half a day's hour and needs `a`; for 0 to 23 write `H`"
    return _incomplete(set(letters))


def _incomplete(letters: set[str]) -> str | None:
    day = letters & _DAY_LETTERS
    if day and not (letters & {"y", "u"} and ({"M", "d"} <= letters or "D" in letters)):
        return "a date needs its year, month and day"
    clock = letters & _CLOCK_LETTERS
    return "a time needs its hour" if clock and not letters & {"H", "h"} else None

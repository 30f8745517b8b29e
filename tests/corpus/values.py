"""Values that are none of their column's type, and some that are: one good row, and one with the value."""

from __future__ import annotations

from typing import Any

from tests.corpus.case import VALUES, Group

__all__ = ["CASES"]

_v = Group("values", "f.csv", columns=VALUES)
_NAMES = [c.name for c in VALUES]


def _row(name: str, text: str) -> str:
    fields = ["2", *("" for _ in _NAMES[1:])]
    fields[_NAMES.index(name)] = f'"{text}"'
    return ",".join(_NAMES) + "\n1" + "," * (len(_NAMES) - 1) + "\n" + ",".join(fields) + "\n"


def _name(name: str, text: str, form: dict[str, Any]) -> str:
    return f"{name} {text}" + (f" with {' and '.join(form.values())}" if form else "")


def _bad(name: str, *texts: str, **form: Any) -> None:
    for text in texts:
        _v.partial(_name(name, text, form), _row(name, text), (1, 1), f"type:{name}=1", **form)


def _good(name: str, *texts: str, **form: Any) -> None:
    for text in texts:
        _v.published(_name(name, text, form), _row(name, text), 2, **form)


_good("whole", "9223372036854775807", "-9223372036854775808", "+5", " 5 ", "5.0", "007")
_bad(
    "whole", "9223372036854775808", "99999999999999999999999999", "1.5", "1e3", "0x1F", "1_000", "1,000", "five", "NaN"
)
_good("real", "1e300", "-0", ".5", "1.", "123456789012345678901234567890")
_bad("real", "NaN", "nan", "Infinity", "-inf", "1e309", "1,5", "1.2.3", "--1", "=1+1", "#DIV/0!")
_good("money", "123456.78", "-0.01", "1.50")
_bad("money", "1234567.00", "1.239", "12,50", "€5", "NaN")
_good("real", "1,5", "-1234,5", "3", decimal_separator=",")
_bad("real", "1.5", "1,2,3", decimal_separator=",")
_good("money", "1.234,50", "123.456,78", "1234,5", decimal_separator=",", thousands_separator=".")
_bad("money", "1.23,50", "12.3456,00", "1,234.50", decimal_separator=",", thousands_separator=".")
_good("whole", "1 234 567", thousands_separator=" ")
_bad("whole", "1 23", thousands_separator=" ")
_good("flag", "true", "FALSE", "t", "1")
_bad("flag", "maybe", "2", "ja")
_good("day", "2013-01-31", "0001-01-01", "9999-12-31", "2012-02-29")
_bad(
    "day",
    "0000-01-01",
    "99999-01-01",
    "-0044-03-15",
    "2013-02-30",
    "2013-13-01",
    "31.01.2013",
    "epoch",
    "infinity",
    "today",
    "2013-01-31 10:00",
    "20130131",
)
_good("at", "2013-01-31T10:00:00", "2013-01-31 10:00:00.123456", "2013-01-31", "2013-01-31T10:00:00+02:00")
_bad("at", "99999-01-01 00:00:00", "0000-01-01 00:00:00", "2013-01-31 25:00:00", "10:00", "now", "1359626400")
_good("instant", "2013-01-31T10:00:00Z", "2013-01-31T10:00:00-05:30")
_bad("instant", "infinity", "yesterday")
_good("clock", "23:59:59", "00:00")
_bad("clock", "24:01:00", "25:00", "noon")

CASES = tuple(_v.cases)

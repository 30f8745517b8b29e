"""Counts over staged files whose columns are all text: what contract/infer.py judges by, and what keys hold.

Every statement reads the columns it is about and nothing else, and spills when it needs more memory than it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod
from typing import Any

from datamesh.contract.formats import STRING_FORMATS
from datamesh.contract.infer import FORMATS, NULL_WORDS, READINGS, Facts
from datamesh.engine.duck import Connection, identifier, literal, literals, one, rows
from datamesh.publish.casts import cast_of

__all__ = ["composite_key", "coverage", "distinct", "facts_of", "roughly_distinct", "values_of"]

_WHOLE, _DECIMAL, _ZEROS = r"[+-]?[0-9]+", r"[+-]?[0-9]+\.[0-9]+", r"[+-]?0[0-9]+"
_ZONED = r".*([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
_COMPACT = r"(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_SAMPLE = 1_000  # different texts
_TRIED = 40  # pairs, and threes, of columns that are tried as a key


def facts_of(con: Connection, table: str, column: str, *, source: str, kind: str) -> Facts:
    """The facts about one column of the relation `table`. Its own type, where the files have types, is `kind`.

    Each different text is looked at once. Readings that not one text of a sample fits are left out.
    """
    text = identifier(column)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE texts AS SELECT {text} AS v, count(*) AS n,"
        f" CASE WHEN trim(v) IN ({literals(NULL_WORDS)}) THEN NULL ELSE v END AS x FROM {table} GROUP BY 1"
    )
    tests = {f"read {r.name}": f"{cast_of(r.column, 'x')} IS NOT NULL" for r in READINGS} if not kind else {}
    tests |= {f"format {name}": _matches(STRING_FORMATS[name]) for name in FORMATS}
    tests |= {
        "leading_zeros": _matches(_ZEROS),
        "plain_decimals": _matches(_DECIMAL),
        "zoned": _matches(_ZONED),
        "compact_dates": _matches(_COMPACT),
        "zero_or_one": "x IN ('0', '1')",
        "documents": "ltrim(x)[1] IN ('{', '[') AND json_valid(x)",
    }
    seen = _counted(con, tests, f"(SELECT * FROM texts WHERE x IS NOT NULL USING SAMPLE {_SAMPLE} ROWS (reservoir, 1))")
    counts = dict.fromkeys(tests, 0) | _counted(
        con, {name: test for name, test in tests.items() if seen[name]}, "texts"
    )
    counts |= _counted(con, {f"word {word}": f"trim(v) = {literal(word)}" for word in NULL_WORDS}, "texts")
    measures = {
        "rows": "sum(n)",
        "values": "sum(n) FILTER (x IS NOT NULL)",
        "scale_min": f"min(length(split_part(x, '.', 2))) FILTER ({_matches(_DECIMAL)})",
        "scale_max": f"max(length(split_part(x, '.', 2))) FILTER ({_matches(_DECIMAL)})",
        "whole_digits": "max(length(ltrim(split_part(x, '.', 1), '+-')))",
    }
    return Facts(source=source, kind=kind, **_grouped(counts | _measured(con, measures, "texts")))


def _counted(con: Connection, tests: dict[str, str], texts: str) -> dict[str, int]:
    return _measured(con, {name: f"sum(n) FILTER ({test})" for name, test in tests.items()}, texts)


def _measured(con: Connection, measures: dict[str, str], texts: str) -> dict[str, int]:
    if not measures:
        return {}
    found = one(con, f"SELECT {', '.join(measures.values())} FROM {texts}")
    return {name: int(value or 0) for name, value in zip(measures, found, strict=True)}


def _matches(pattern: str) -> str:
    return f"regexp_full_match(x, {literal(pattern)})"


def _grouped(named: dict[str, int]) -> dict[str, Any]:
    """`read integer: 3` becomes `reads: {integer: 3}`; what was never seen is left out."""
    groups: dict[str, Any] = {"reads": {}, "formats": {}, "words": {}}
    for name, count in named.items():
        group, _, inner = name.partition(" ")
        if not inner:
            groups[name] = count
        elif count:
            groups[f"{group}s"][inner] = count
    return groups


def roughly_distinct(con: Connection, table: str, column: str) -> int:
    """About how many different values there are: a count that needs no memory to speak of."""
    (count,) = one(con, f"SELECT approx_count_distinct({identifier(column)}) FROM {table}")
    return int(count)


def distinct(con: Connection, table: str, columns: Sequence[str]) -> int:
    """How many different combinations of values there are; rows with a NULL among them do not count."""
    names = ", ".join(map(identifier, columns))
    there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)
    (count,) = one(con, f"SELECT count(*) FROM (SELECT DISTINCT {names} FROM {table} WHERE {there})")
    return int(count)


def values_of(con: Connection, table: str, column: str) -> list[str]:
    """All values of a column, sorted: of one that has few."""
    name = identifier(column)
    return [value for (value,) in rows(con, f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY 1")]


def composite_key(
    con: Connection, table: str, counted: dict[str, int], total: int, *, most: int = 3
) -> tuple[str, ...]:
    """The first pair, or else three, of the columns `counted` (with their distinct values) that tell all rows apart."""
    for size in range(2, most + 1):
        for names in _promising(counted, total, size):
            if distinct(con, table, names) == total:
                return names
    return ()


def _promising(counted: dict[str, int], total: int, size: int) -> Iterator[tuple[str, ...]]:
    """Combinations with enough values for so many rows, those first whose columns come first."""
    enough = (names for names in combinations(counted, size) if prod(counted[name] for name in names) >= total)
    for _, names in zip(range(_TRIED), enough, strict=False):
        yield names


def coverage(con: Connection, near: tuple[str, str], far: tuple[str, str]) -> float:
    """The share of the different values of the column `near` (table, column) that stand in the column `far`."""
    (table, column), (other, key) = near, far
    name, target = identifier(column), identifier(key)
    seen = f"SELECT DISTINCT {name} AS v FROM {table} WHERE {name} IS NOT NULL"
    known = f"SELECT {target} AS v FROM {other}"
    (count, found) = one(con, f"SELECT count(*), count(*) FILTER (v IN ({known})) FROM ({seen})")
    return found / count if count else 0.0

"""Lint and the engine agree on what is a pattern."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from datamesh.contract.rules.options import pattern_problem


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def compiles(engine: duckdb.DuckDBPyConnection, pattern: str) -> bool:
    try:
        engine.execute("SELECT regexp_matches('a', ?)", [pattern]).fetchall()
    except duckdb.InvalidInputException:
        return False
    return True


@pytest.mark.parametrize(
    "pattern",
    [
        r"^N[0-9A-Z]{1,5}$",
        r"\d+\s\w",
        r"\\1",
        r"^[^\\]+$",
        r"(?i)abc",
        r"(?i:a)",
        r"(?:a|b)*?",
        r"[a-z&&[b]]",
        r"\p{L}+\pN",
        r"[\w-]+",
        r"(?P<name>a)",
        r"a{,5}",
        r"a{1000}",
    ],
)
def test_what_both_have(engine: duckdb.DuckDBPyConnection, pattern: str) -> None:
    assert compiles(engine, pattern)
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(",
        r"[",
        r"(?=a)",
        r"(?<!a)b",
        r"(a)\1",
        r"(?P<x>a)(?P=x)",
        r"(a)(?(1)b|c)",
        r"(?#note)a",
        r"(?x) a",
        r"(?>a)",
        r"a\Z",
        r"a++",
        r"\u0041",
        r"a{1001}",
        r"a{1,2000}",
    ],
)
def test_what_the_engine_lacks(engine: duckdb.DuckDBPyConnection, pattern: str) -> None:
    assert not compiles(engine, pattern)
    assert pattern_problem(pattern)

"""Rules about one value, where they are easily got wrong: at the edges of types, and in the last digit."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from datamesh.contract.model import Column, ColumnType, EnumValue
from datamesh.contract.source import load
from datamesh.engine.duck import connect
from datamesh.publish.casts import cast_of
from datamesh.publish.conditions import conditions
from tests.support.staging import column


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(memory_mb=100, threads=1) as con:
        yield con


def broken(con: duckdb.DuckDBPyConnection, wanted: Column, *texts: str) -> list[set[str]]:
    """The rules that each text breaks."""
    found = conditions(wanted, "x", "t")
    flags = ", ".join(f"coalesce({condition}, false)" for condition in found.values()) or "false"
    typed = f"SELECT i, x, {cast_of(wanted, 'x')} AS t FROM (SELECT unnest(?) AS x, unnest(range(?)) AS i)"
    rows = con.execute(f"SELECT {flags} FROM ({typed}) ORDER BY i", [list(texts), len(texts)]).fetchall()
    return [{rule for rule, flag in zip(found, row, strict=False) if flag} for row in rows]


def number(text: str) -> Any:
    """A number as a contract has it."""
    return load(f"n: {text}").data["n"]


def sized(kind: str, digits: tuple[int, int] | None = None, bits: int | None = None, **options: str) -> Column:
    numbers = {name: number(text) for name, text in options.items()}
    return Column("n", ColumnType(kind, *(digits or (None, None)), bits=bits), options=numbers)


INT, BIG, TWO = {"kind": "integer"}, {"kind": "decimal", "digits": (38, 2)}, {"kind": "decimal", "digits": (20, 2)}


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        # beyond 2^53 a double does not tell neighbours apart
        (sized(**INT, maximum="9007199254740992"), "9007199254740992", "9007199254740993"),
        (sized(**INT, exclusiveMinimum="9007199254740992"), "9007199254740993", "9007199254740992"),
        (sized(**INT, maximum="9223372036854775806"), "9223372036854775806", "9223372036854775807"),
        (sized(**INT, minimum="1.5"), "2", "1"),
        (sized(**INT, exclusiveMaximum="2.5"), "2", "3"),
        (sized(**INT, minimum="-1e3"), "-1000", "-1001"),
        (sized(**INT, bits=32, exclusiveMaximum="2147483647"), "2147483646", "2147483647"),
        (sized(**TWO, maximum="999999999999999999.99"), "999999999999999999.99", None),
        (sized(**TWO, maximum="99999999999999999.98"), "99999999999999999.98", "99999999999999999.99"),
        (sized(**TWO, minimum="0.005"), "0.01", "0.00"),
        (sized(**TWO, maximum="0.015"), "0.01", "0.02"),
        (
            sized(**BIG, minimum="123456789012345678901234567890123456.11"),
            "123456789012345678901234567890123456.11",
            "123456789012345678901234567890123456.10",
        ),
        (sized("number", minimum="0.1"), "0.1", "0.09"),
        (sized("number", bits=32, minimum="0.1", maximum="0.1"), "0.1", "0.11"),
    ],
)
def test_bounds_are_exact(con: duckdb.DuckDBPyConnection, wanted: Column, right: str, wrong: str | None) -> None:
    assert broken(con, wanted, right) == [set()]
    assert wrong is None or broken(con, wanted, wrong) == [{"range"}]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"minimum": "9223372036854775808"}, {"range"}),
        ({"exclusiveMinimum": "9223372036854775807"}, {"range"}),
        ({"maximum": "-1e30"}, {"range"}),
        ({"maximum": "1e30"}, set()),
        ({"exclusiveMaximum": "9223372036854775808"}, set()),
        ({"minimum": "-1e30"}, set()),
    ],
)
def test_a_bound_beyond_the_type_holds_always_or_never(
    con: duckdb.DuckDBPyConnection, options: dict[str, str], rule: set[str]
) -> None:
    assert broken(con, sized("integer", **options), "0", "9223372036854775807") == [rule, rule]


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        (sized(**INT, multipleOf="3"), ["0", "-9", "9223372036854775806"], ["9223372036854775807", "-1"]),
        (sized(**INT, multipleOf="0.5"), ["7"], []),
        (sized(**INT, multipleOf="2.5"), ["5", "-10"], ["2", "3", "7"]),
        (sized(**INT, multipleOf="1e30"), ["0"], ["1"]),
        (sized(**TWO, multipleOf="0.05"), ["0.15", "123456789012345678.95"], ["123456789012345678.94", "0.01"]),
        (sized(**TWO, multipleOf="0.001"), ["0.01"], []),
        (
            sized(**BIG, multipleOf="0.03"),
            ["123456789012345678901234567890123456.12"],
            ["123456789012345678901234567890123456.13"],
        ),
        (sized("number", multipleOf="0.1"), ["0.3", "0.7", "1e20", "-2.1"], ["0.35", "0.30000000001", "1e-7"]),
        (
            sized("number", multipleOf="0.01"),
            ["4.35", "1.1", "100.07", "9999999999999.99", "10000000000000.01", "-0.07"],
            ["4.355", "9999999999999.995"],
        ),
        (sized("number", multipleOf="0.00000000000000000001"), ["0.3", "1e-20", "7"], ["1.5e-20"]),
        (sized("number", multipleOf="3"), ["9007199254740990", "0", "3e2"], ["1e38"]),
        (sized("number", bits=32, multipleOf="0.1"), ["0.3"], ["0.31"]),
    ],
)
def test_multiples_are_exact(
    con: duckdb.DuckDBPyConnection, wanted: Column, right: list[str], wrong: list[str]
) -> None:
    assert broken(con, wanted, *right) == [set()] * len(right)
    assert broken(con, wanted, *wrong) == [{"multipleOf"}] * len(wrong)


def test_an_enumeration_is_compared_in_the_columns_type(con: duckdb.DuckDBPyConnection) -> None:
    big = column("n", "integer", enum=(EnumValue(2**53 + 1), EnumValue(2**70)))
    assert broken(con, big, "9007199254740993", "9007199254740992") == [set(), {"enum"}]
    money = column("n", "decimal", digits=(6, 2), enum=(EnumValue(number("0.10")),))
    assert broken(con, money, "0.1", "0.11") == [set(), {"enum"}]
    narrow = Column("n", ColumnType("number", bits=32), enum=(EnumValue(number("0.1")),))
    assert broken(con, narrow, "0.1", "0.2") == [set(), {"enum"}]


FORMATS = {
    "email": (
        ["ada@example.org", "a.b+c@x-y.co.uk"],
        ["ada", "ada@example", "a b@example.org", "@x.org", "a@-x.org", "a@x..org"],
    ),
    "uuid": (
        ["123e4567-e89b-12d3-a456-426614174000"],
        ["123e4567e89b12d3a456426614174000", "x23e4567-e89b-12d3-a456-426614174000"],
    ),
    "uri": (
        ["https://example.org/a?b=%20#c", "urn:isbn:0451450523"],
        ["example.org", "https://a b", "https://x/%2", "1http://x"],
    ),
    "hostname": (
        ["example.org", "localhost", "a-b.c"],
        ["-a.org", "a_b.org", "a..b", "x" * 64, ".".join(["a" * 60] * 5)],
    ),
    "ipv4": (["0.0.0.0", "255.249.1.10"], ["256.1.1.1", "1.1.1", "01.1.1.1", "1.1.1.1.1"]),
    "ipv6": (
        ["::", "::1", "2001:db8::8:800:200c:417a", "::ffff:192.0.2.1"],
        ["1::2::3", ":::", "12345::", "1:2:3:4:5:6:7", "::1.2.3"],
    ),
    "byte": (["", "QQ==", "QUI=", "QUJD"], ["Q", "QQ=", "QUJD!"]),
    "date": (["2012-02-29"], ["2013-02-29", "2013-1-1", "2013-13-01"]),
    "time": (["10:00:00Z", "10:00:00.5+02:00"], ["10:00:00", "24:00:00Z"]),
    "date-time": (["2013-01-01T10:00:00Z"], ["2013-01-01", "2013-02-30T10:00:00Z"]),
    "password": (["anything"], []),
}


@pytest.mark.parametrize("form", FORMATS)
def test_formats_of_text(con: duckdb.DuckDBPyConnection, form: str) -> None:
    right, wrong = FORMATS[form]
    wanted = column("c", options={"format": form})
    assert broken(con, wanted, *right) == [set()] * len(right)
    assert broken(con, wanted, *wrong) == [{"format"}] * len(wrong)


def test_addresses_are_those_of_pythons_own_reader(con: duckdb.DuckDBPyConnection) -> None:
    dice = random.Random(7)
    texts = []
    for _ in range(3_000):
        groups = [f"{dice.choice((0, 1, 0xAB, 0xFFFF, 0x12345)):x}" for _ in range(dice.randint(1, 9))]
        if dice.random() < 0.6:
            groups.insert(dice.randint(0, len(groups)), "")
        texts.append(":".join(groups) + dice.choice(("", "", ":", ":1.2.3.4")))
    found = broken(con, column("c", options={"format": "ipv6"}), *texts)
    assert [not rules for rules in found] == [_is_address(text) for text in texts]
    assert 100 < sum(map(_is_address, texts)) < 2_900


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True

"""From text to value: what each type reads, to the digit, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from datamesh.contract.model import Column
from datamesh.engine.duck import connect
from datamesh.publish.casts import cast_of
from tests.support.staging import column

Read = tuple[Column, str, Any]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(memory_mb=100, threads=1) as con:
        yield con


def read(con: duckdb.DuckDBPyConnection, wanted: Column, text: str, time_format: str | None = None) -> Any:
    """The value, instants as naive UTC."""
    value = cast_of(wanted, "x", time_format)
    if wanted.type.kind == "timestamptz":
        value = f"({value}) AT TIME ZONE 'UTC'"
    row = con.execute(f"SELECT {value} FROM (SELECT ? AS x)", [text]).fetchone()
    assert row is not None
    return row[0]


WHOLE, NARROW = column("n", "integer"), column("n", "integer")
NARROW = Column("n", type(WHOLE.type)("integer", bits=32))
REAL, REAL32 = column("n", "number"), Column("n", type(WHOLE.type)("number", bits=32))
MONEY, BIG, UNITS = (column("n", "decimal", digits=digits) for digits in ((6, 2), (38, 2), (20, 0)))

NUMBERS: list[Read] = [
    (WHOLE, "9223372036854775807", 2**63 - 1),
    (WHOLE, "-9223372036854775808", -(2**63)),
    (WHOLE, "9223372036854775808", None),
    (WHOLE, "+5", 5),
    (WHOLE, "5.00", 5),
    (WHOLE, "", None),
    (WHOLE, "٣", None),
    (NARROW, "2147483647", 2**31 - 1),
    (NARROW, "2147483648", None),
    (NARROW, "-2147483648", -(2**31)),
    (REAL, "1e308", 1e308),
    (REAL, "1e309", None),
    (REAL, "-Infinity", None),
    (REAL, "NaN", None),
    (REAL, "1_0", None),
    (REAL, "5e-324", 5e-324),
    (REAL32, "3e38", 3e38),
    (REAL32, "1e39", None),
    (MONEY, "9999.99", Decimal("9999.99")),
    (MONEY, "10000.00", None),
    (MONEY, "-.5", Decimal("-0.50")),
    (MONEY, "1.", Decimal("1.00")),
    (MONEY, "1.230000", Decimal("1.23")),
    (MONEY, "1.005", None),
    (MONEY, "1.2300000000000000000000000000000000000000000001", None),
    (MONEY, "1_000.00", None),
    (MONEY, "1.5e2", Decimal("150.00")),
    (MONEY, "1.5e-3", None),
    (MONEY, "1,50", None),
    (BIG, "123456789012345678901234567890123456.12", Decimal("123456789012345678901234567890123456.12")),
    (BIG, "12345678901234567890.125", None),  # the same double as with .13
    (BIG, "9007199254740993.00", Decimal("9007199254740993.00")),
    (UNITS, "18446744073709551615", Decimal(2**64 - 1)),
    (UNITS, "1.5", None),
    (UNITS, "1.0", Decimal(1)),
]


@pytest.mark.parametrize(("wanted", "text", "value"), NUMBERS, ids=lambda v: str(v)[:40] if isinstance(v, str) else "")
def test_numbers(con: duckdb.DuckDBPyConnection, wanted: Column, text: str, value: Any) -> None:
    found = read(con, wanted, text)
    if wanted is REAL32 and value is not None:
        assert found == pytest.approx(value, rel=1e-7)
    else:
        assert found == value


@pytest.mark.parametrize("word", ["true", "T", "yes", "Y", "ON", "1", " True "])
def test_words_that_mean_true(con: duckdb.DuckDBPyConnection, word: str) -> None:
    assert read(con, column("b", "boolean"), word) is True


@pytest.mark.parametrize("word", ["false", "F", "no", "N", "off", "0"])
def test_words_that_mean_false(con: duckdb.DuckDBPyConnection, word: str) -> None:
    assert read(con, column("b", "boolean"), word) is False


@pytest.mark.parametrize("word", ["2", "-1", "ja", "truth", "1.0", "", "null"])
def test_words_that_mean_neither(con: duckdb.DuckDBPyConnection, word: str) -> None:
    assert read(con, column("b", "boolean"), word) is None


DAY, AT, INSTANT, CLOCK = (column("t", kind) for kind in ("date", "timestamp", "timestamptz", "time"))
SECONDS, MILLIS = (column("t", "timestamp", digits=(n,)) for n in (0, 3))
BERLIN = column("t", "timestamptz", options={"defaultTimezone": "Europe/Berlin"})

MOMENTS: list[Read] = [
    (DAY, "0001-01-01", date(1, 1, 1)),
    (DAY, "9999-12-31", date(9999, 12, 31)),
    (DAY, "0000-12-31", None),
    (DAY, "10000-01-01", None),
    (DAY, "99999-01-01", None),
    (DAY, "2013-02-29", None),
    (DAY, "2012-02-29", date(2012, 2, 29)),
    (DAY, "-infinity", None),
    (AT, "2013-01-01 10:00:00.123456", datetime(2013, 1, 1, 10, 0, 0, 123456)),
    (AT, "2013-01-01 10:00:00.123456000", datetime(2013, 1, 1, 10, 0, 0, 123456)),
    (AT, "2013-01-01 10:00:00.1234567", None),
    (AT, "2013-01-01T10:00:00.123456789Z", None),
    (AT, "0000-01-01 00:00:00", None),
    (SECONDS, "2013-01-01 10:00:00", datetime(2013, 1, 1, 10)),
    (SECONDS, "2013-01-01 10:00:00.5", None),
    (MILLIS, "2013-01-01 10:00:00.125", datetime(2013, 1, 1, 10, 0, 0, 125_000)),
    (MILLIS, "2013-01-01 10:00:00.1255", None),
    (INSTANT, "2013-01-01 10:00:00", datetime(2013, 1, 1, 10)),
    (INSTANT, "2013-01-01T10:00:00+05:30", datetime(2013, 1, 1, 4, 30)),
    (BERLIN, "2013-01-01 10:00:00", datetime(2013, 1, 1, 9)),
    (BERLIN, "2013-07-01T10:00:00", datetime(2013, 7, 1, 8)),
    (BERLIN, "2013-07-01", datetime(2013, 6, 30, 22)),
    (BERLIN, "2013-07-01T10:00:00Z", datetime(2013, 7, 1, 10)),
    (BERLIN, "2013-07-01T10:00:00-05", datetime(2013, 7, 1, 15)),
    (BERLIN, "2013-07-01 10:00:00 America/New_York", datetime(2013, 7, 1, 14)),
    (BERLIN, "soon", None),
    (CLOCK, "23:59:59.999999", time(23, 59, 59, 999_999)),
    (CLOCK, "9:05", time(9, 5)),
    (CLOCK, "24:00:00", None),
    (CLOCK, "10:00:00+02", None),
    (CLOCK, "10:00:00.1234567", None),
    (CLOCK, "10", None),
]


@pytest.mark.parametrize(("wanted", "text", "value"), MOMENTS, ids=lambda v: v if isinstance(v, str) else "")
def test_moments(con: duckdb.DuckDBPyConnection, wanted: Column, text: str, value: Any) -> None:
    assert read(con, wanted, text) == value


def patterned(kind: str, pattern: str, **options: Any) -> Column:
    return column("t", kind, options={"format": pattern, **options})


PATTERNS: list[Read] = [
    (patterned("date", "dd.MM.yyyy"), "31.01.2013", date(2013, 1, 31)),
    (patterned("date", "dd.MM.yyyy"), "31.1.2013", None),
    (patterned("date", "dd.MM.yyyy"), "31.01.13", None),
    (patterned("date", "dd.MM.yyyy"), "2013-01-31", None),
    (patterned("date", "dd.MM.yyyy"), "31.01.20133", None),
    (patterned("date", "dd.MM.yyyy"), "31.02.2013", None),
    (patterned("date", "dd.MM.yyyy"), "01.01.0000", None),
    (patterned("date", "d.M.yyyy"), "1.2.2013", date(2013, 2, 1)),
    (patterned("date", "d.M.yyyy"), "01.02.2013", date(2013, 2, 1)),
    (patterned("date", "M/d/yy"), "1/2/69", date(2069, 1, 2)),
    (patterned("date", "M/d/yy"), "1/2/05", date(2005, 1, 2)),
    (patterned("date", "yyyyDDD"), "2013032", date(2013, 2, 1)),
    (patterned("date", "d MMM yyyy"), "1 Feb 2013", date(2013, 2, 1)),
    (patterned("timestamp", "yyyyMMddHHmmss"), "20130131235958", datetime(2013, 1, 31, 23, 59, 58)),
    (patterned("timestamp", "MM/dd/yyyy hh:mm a"), "01/31/2013 12:05 AM", datetime(2013, 1, 31, 0, 5)),
    (
        patterned("timestamp", "yyyy-MM-dd'T'HH:mm:ss.SSSX"),
        "2013-01-31T10:00:00.125Z",
        datetime(2013, 1, 31, 10, 0, 0, 125_000),
    ),
    (patterned("timestamp", "yyyy-MM-dd HH:mm:ssxxx"), "2013-01-31 10:00:00+02:00", datetime(2013, 1, 31, 8)),
    (
        patterned("timestamp", "yyyy-MM-dd HH:mm:ss.SSSSSSSSS"),
        "2013-01-31 10:00:00.123456000",
        datetime(2013, 1, 31, 10, 0, 0, 123_456),
    ),
    (patterned("timestamp", "yyyy-MM-dd HH:mm:ss.SSSSSSSSS"), "2013-01-31 10:00:00.123456789", None),
    (patterned("timestamptz", "dd.MM.yyyy HH:mm"), "31.01.2013 10:30", datetime(2013, 1, 31, 10, 30)),
    (
        patterned("timestamptz", "dd.MM.yyyy HH:mm", defaultTimezone="Europe/Berlin"),
        "31.01.2013 10:30",
        datetime(2013, 1, 31, 9, 30),
    ),
    (patterned("timestamptz", "yyyy-MM-dd HH:mm VV"), "2013-01-31 10:30 Europe/Berlin", datetime(2013, 1, 31, 9, 30)),
    (patterned("time", "HHmm"), "0905", time(9, 5)),
    (patterned("time", "HHmm"), "2405", None),
    (patterned("time", "h:mm a"), "9:05 pm", time(21, 5)),
]


@pytest.mark.parametrize(("wanted", "text", "value"), PATTERNS, ids=lambda v: v if isinstance(v, str) else "")
def test_patterns_are_read_as_strictly_as_they_are_written(
    con: duckdb.DuckDBPyConnection, wanted: Column, text: str, value: Any
) -> None:
    assert read(con, wanted, text) == value


def test_a_columns_own_pattern_goes_before_that_of_the_files(con: duckdb.DuckDBPyConnection) -> None:
    assert read(con, patterned("date", "dd.MM.yyyy"), "31.01.2013", "%Y/%m/%d") == date(2013, 1, 31)
    assert read(con, DAY, "2013/01/31", "%Y/%m/%d") == date(2013, 1, 31)

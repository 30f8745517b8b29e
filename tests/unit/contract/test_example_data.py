"""What the example contracts say about the example data, counted by hand from the files.

These counts stand in the contracts' texts and are what publishing must come to; here they are computed by SQL that
knows nothing of contracts.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from datamesh.contract.parse import parse
from datamesh.errors import UserError
from examples import nycflights

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    files = nycflights.locate(tmp_path_factory.mktemp("nycflights"))
    with duckdb.connect() as connection:
        for product, path in files.items():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {product.partition('.')[0]}")
            connection.execute(
                f"CREATE TABLE {product} AS SELECT * FROM read_csv(?, header=true, nullstr='NA', sample_size=-1)",
                [str(path)],
            )
        yield connection


def count(data: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = data.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    ("product", "rows"),
    [
        ("operations.flights", 336_776),
        ("fleet.planes", 3_322),
        ("network.airports", 1_458),
        ("network.airlines", 16),
        ("weather.observations", 26_115),
    ],
)
def test_rows_in(data: duckdb.DuckDBPyConnection, product: str, rows: int) -> None:
    assert count(data, f"SELECT COUNT(*) FROM {product}") == rows


@pytest.mark.parametrize(
    ("product", "rule", "breaks", "rows"),
    [
        ("fleet.planes", "seats range", "seats NOT BETWEEN 20 AND 900", 40),
        ("network.airports", "tz range", "tz NOT BETWEEN -11 AND -4", 2),
        ("network.airports", "lat range", "lat NOT BETWEEN -15 AND 71.5", 1),
        ("weather.observations", "wind_speed range", "wind_speed NOT BETWEEN 0 AND 250", 1),
    ],
)
def test_rows_that_go_to_quarantine(
    data: duckdb.DuckDBPyConnection, product: str, rule: str, breaks: str, rows: int
) -> None:
    assert count(data, f"SELECT COUNT(*) FROM {product} WHERE {breaks}") == rows


def test_no_row_breaks_two_errors(data: duckdb.DuckDBPyConnection) -> None:
    assert count(data, "SELECT COUNT(*) FROM network.airports WHERE tz > -4 AND lat > 71.5") == 0


@pytest.mark.parametrize(
    ("product", "rule", "breaks", "rows", "published"),
    [
        ("operations.flights", "tailnum pattern", "NOT regexp_full_match(tailnum, 'N[0-9A-Z]{1,5}')", 4, 4),
        ("fleet.planes", "year range", "year < 1970", 8, 2),
        ("network.airports", "name pattern", "contains(name, chr(92))", 2, 2),
        ("network.airports", "tzone required", "tzone IS NULL", 3, 2),
        ("weather.observations", "temp required", "temp IS NULL", 1, 1),
        ("weather.observations", "dewp required", "dewp IS NULL", 1, 1),
        ("weather.observations", "humid required", "humid IS NULL", 1, 1),
    ],
)
def test_rows_that_are_published_with_a_warning(
    data: duckdb.DuckDBPyConnection, product: str, rule: str, breaks: str, rows: int, published: int
) -> None:
    errors = {
        "fleet.planes": "seats < 20",
        "network.airports": "(tz > -4 OR lat > 71.5)",
        "weather.observations": "COALESCE(wind_speed > 250, false)",
    }.get(product, "false")
    assert count(data, f"SELECT COUNT(*) FROM {product} WHERE {breaks}") == rows
    assert count(data, f"SELECT COUNT(*) FROM {product} WHERE {breaks} AND NOT {errors}") == published


def test_the_doubled_hour_doubles_the_local_hour_and_not_the_instant(data: duckdb.DuckDBPyConnection) -> None:
    surplus = "SELECT COUNT(*) - COUNT(DISTINCT ({0})) FROM weather.observations"
    assert count(data, surplus.format("origin, year, month, day, hour")) == 3
    assert count(data, surplus.format("origin, time_hour")) == 0


def test_the_gates_that_only_warn(data: duckdb.DuckDBPyConnection) -> None:
    share = "SELECT ROUND(10000 * COUNT(*) FILTER (WHERE {1} IS NULL) / COUNT(*)) FROM {0}"
    assert count(data, share.format("weather.observations", "pressure")) == 1045, "above 5 percent: warns"
    assert count(data, share.format("fleet.planes", "speed")) == 9931, "above 50 percent: warns"
    assert count(data, share.format("operations.flights", "dep_time")) == 245, "below 5 percent: passes"


def test_what_the_texts_say(data: duckdb.DuckDBPyConnection) -> None:
    flights = "SELECT COUNT(*) FROM operations.flights WHERE "
    assert count(data, flights + "dep_time IS NULL") == 8_255
    assert count(data, flights + "dep_time IS NOT NULL AND arr_delay IS NULL") == 1_175
    assert (
        count(data, flights + "tailnum IS NULL")
        == count(data, flights + "tailnum IS NULL AND dep_time IS NULL")
        == 2_512
    )
    assert count(data, flights + "dest NOT IN (SELECT faa FROM network.airports)") == 7_602
    assert count(data, "SELECT COUNT(*) FROM fleet.planes WHERE year IS NULL") == 70
    known = "(SELECT tailnum FROM fleet.planes)"
    assert count(data, f"SELECT COUNT(DISTINCT tailnum) FROM operations.flights WHERE tailnum NOT IN {known}") == 721
    assert count(data, "SELECT COUNT(*) FROM network.airports WHERE alt < 0") == 2
    latest = "SELECT COUNT(*) FROM weather.observations WHERE time_hour > '2013-12-30T23:00:00Z'"
    assert count(data, latest) == 0


def test_keys_are_unique_and_enumerations_and_bounds_hold_elsewhere(data: duckdb.DuckDBPyConnection) -> None:
    for file in EXAMPLES.glob("*/*.odcs.yaml"):
        contract = parse(file.read_bytes())
        key = ", ".join(contract.table.primary_key)
        assert count(data, f"SELECT COUNT(*) - COUNT(DISTINCT ({key})) FROM {contract.name}") == 0
        for column in contract.table.columns:
            if column.enum:
                values = ", ".join(repr(entry.value) for entry in column.enum)
                assert count(data, f"SELECT COUNT(*) FROM {contract.name} WHERE {column.name} NOT IN ({values})") == 0
            if column.required and column.severity("required") == "error":
                assert count(data, f"SELECT COUNT(*) FROM {contract.name} WHERE {column.name} IS NULL") == 0


def test_bounds_break_where_the_contracts_say_and_nowhere_else(data: duckdb.DuckDBPyConnection) -> None:
    broken = set()
    for file in EXAMPLES.glob("*/*.odcs.yaml"):
        contract = parse(file.read_bytes())
        for column in contract.table.columns:
            low, high = column.options.get("minimum", "-inf"), column.options.get("maximum", "inf")
            if {"minimum", "maximum"} & column.options.keys():
                outside = f"CAST({column.name} AS DOUBLE) NOT BETWEEN '{low}' AND '{high}'"
                if count(data, f"SELECT COUNT(*) FROM {contract.name} WHERE {outside}"):
                    broken.add(f"{contract.name}.{column.name}")
    assert broken == {
        "fleet.planes.seats",
        "fleet.planes.year",
        "network.airports.lat",
        "network.airports.tz",
        "weather.observations.wind_speed",
    }


def test_verified_statements_and_measures_run(data: duckdb.DuckDBPyConnection) -> None:
    for file in EXAMPLES.glob("*/*.odcs.yaml"):
        contract = parse(file.read_bytes())
        for statement in contract.verified:
            assert data.execute(statement.sql).fetchall(), statement.question
        for measure in contract.table.measures:
            assert count(data, f"SELECT {measure.transform_logic} FROM {contract.name}") > 0


def test_a_file_that_was_unzipped_is_kept(tmp_path: Path) -> None:
    first = nycflights.locate(tmp_path)["operations.flights"]
    at = first.stat().st_mtime_ns
    assert nycflights.locate(tmp_path)["operations.flights"].stat().st_mtime_ns == at
    assert [path.name for path in tmp_path.iterdir()] == ["flights.csv"]


def test_a_missing_package_is_the_users_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nycflights, "PACKAGE", "no-such-package-of-flights")
    with pytest.raises(UserError, match="not installed") as caught:
        nycflights.locate(tmp_path)
    assert "pip install" in caught.value.hint


@pytest.mark.parametrize("member", [None, "other.csv"])
def test_a_package_without_its_files_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str | None
) -> None:
    # Given a package that holds no flights, or an archive without them
    folder = tmp_path / "data"
    folder.mkdir()
    for name in nycflights.FILES.values():
        if name != "flights.csv":
            (folder / name).touch()
    if member:
        with zipfile.ZipFile(folder / "flights.csv.zip", "w") as archive:
            archive.writestr(member, "")

    class Installed:
        def locate_file(self, name: str) -> Path:
            return tmp_path

    monkeypatch.setattr(nycflights, "PACKAGE", ".")
    monkeypatch.setattr(nycflights, "distribution", lambda name: Installed())
    with pytest.raises(UserError, match=r"holds no flights\.csv"):
        nycflights.locate(tmp_path / "out")

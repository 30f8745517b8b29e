"""What proposals rest on: counts over the rows of files, or over what profiles remember of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datamesh.contract.evidence import Contained, Place
from datamesh.contract.infer import guess
from datamesh.contract.model import Table
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.engine.duck import connect
from datamesh.errors import UnreadableInput
from datamesh.publish.job import Engine
from datamesh.publish.remembered import Remembered
from datamesh.publish.samples import Samples, samples
from tests.support.staging import column, table

ORDERS = table(column("id", "integer", required=True), column("town"), column("paid"))
TOWNS = table(column("name"), column("region"))
ENGINE = Engine(memory_mb=200, threads=1)


@contextmanager
def sampled(where: Path, **files: tuple[Table, str]) -> Iterator[Samples]:
    """Tables called `shop.NAME`, each with one file."""
    wanted = {}
    for name, (of, body) in files.items():
        (where / f"{name}.csv").write_text(body)
        wanted[f"shop.{name}"] = (of, [where / f"{name}.csv"])
    (where / "work").mkdir()
    with samples(wanted, workdir=where / "work", engine=ENGINE) as found:
        yield found


def test_rows_are_counted_and_bad_ones_left_out(tmp_path: Path) -> None:
    orders = (ORDERS, "id,town,paid\n1,Ulm,2013-01-01\n2,Bonn,2013-01-02\n3,Ulm,2013-01-03\n4,,2013-01-04\nx,Rom,no\n")
    towns = (TOWNS, "name,region\nUlm,S\nKiel,N\n")
    town, name = Place("shop.orders", ("town",)), Place("shop.towns", ("name",))
    with sampled(tmp_path, orders=orders, towns=towns) as found:
        assert found.bad == {"shop.orders": 1, "shop.towns": 0}
        profile = found.profile("shop.orders")
        assert profile is not None
        assert (profile.rows, profile.columns[1].values) == (4, ("Bonn", "Ulm"))
        assert found.contained(town, name) == Contained(2, 1)
        assert [found.unique(place) for place in (name, town, Place("shop.orders", ("id", "town")))] == [
            True,
            False,
            False,
        ]
        assert found.unique(Place("shop.orders", ("id", "paid")))
        facts = found.facts("shop.orders", "paid")
        assert facts is not None
        assert guess(facts).logical == "date"


def test_several_columns_are_looked_up_together(tmp_path: Path) -> None:
    orders = (ORDERS, "id,town,paid\n1,Ulm,a\n2,Ulm,b\n3,Bonn,a\n4,Bonn,\n")
    others = (TOWNS, "name,region\nUlm,a\nBonn,b\nKiel,a\n")
    with sampled(tmp_path, orders=orders, towns=others) as found:
        near, far = Place("shop.orders", ("town", "paid")), Place("shop.towns", ("name", "region"))
        assert found.contained(near, far) == Contained(3, 1)


def test_a_table_without_good_rows_or_files_says_nothing(tmp_path: Path) -> None:
    with sampled(tmp_path, orders=(ORDERS, "id,town,paid\nx,Ulm,a\n")) as found:
        assert found.profile("shop.orders") is None
        assert found.facts("shop.orders", "town") is None
        place = Place("shop.orders", ("town",))
        assert found.contained(place, Place("shop.towns", ("name",))) is None
        assert not found.unique(place)


def test_a_file_that_would_be_refused_is_an_error(tmp_path: Path) -> None:
    refused = pytest.raises(UnreadableInput, match=r"orders.csv cannot be read: missing-column")
    with refused, sampled(tmp_path, orders=(ORDERS, "town,paid\nUlm,a\n")):
        pass


def remembered(**tables: tuple[Table, int, list[ColumnProfile]]) -> Remembered:
    profiles = {
        f"shop.{name}": Profile(product=name, rows=rows, columns=tuple(c)) for name, (_, rows, c) in tables.items()
    }
    with connect(memory_mb=200, threads=1) as con:
        return Remembered(con, {f"shop.{name}": of for name, (of, _, _) in tables.items()}, profiles)


def numbers(name: str, low: int, high: int, distinct: int) -> ColumnProfile:
    return ColumnProfile(name=name, minimum=low, maximum=high, distinct=distinct)


def texts(name: str, *values: str) -> ColumnProfile:
    return ColumnProfile(name=name, distinct=len(values), values=values)


KEYED = table(column("id", "integer", primary_key_position=1), column("name"))
NEAR, FAR = Place("shop.orders", ("town",)), Place("shop.towns", ("id",))


@pytest.mark.parametrize(
    ("near", "far", "said"),
    [
        (numbers("town", 2, 9, 5), numbers("id", 1, 10, 10), Contained(5, 5)),
        (numbers("town", 2, 11, 5), numbers("id", 1, 10, 10), None),  # beyond the last one
        (numbers("town", 2, 9, 5), numbers("id", 1, 12, 10), None),  # two are missing somewhere
    ],
)
def test_bounds_say_as_much_as_values_where_a_key_has_every_number(
    near: ColumnProfile, far: ColumnProfile, said: Contained | None
) -> None:
    found = remembered(orders=(ORDERS, 20, [near]), towns=(KEYED, 10, [far]))
    assert found.contained(NEAR, FAR) == said


def test_texts_are_compared_by_the_values_that_are_kept() -> None:
    found = remembered(
        orders=(ORDERS, 9, [texts("town", "Bonn", "Ulm")]), towns=(TOWNS, 2, [texts("name", "Kiel", "Ulm")])
    )
    name = Place("shop.towns", ("name",))
    assert found.contained(NEAR, name) == Contained(2, 1)
    assert found.unique(name)
    assert not found.unique(NEAR)
    assert found.contained(NEAR, Place("shop.towns", ("region",))) is None
    assert found.contained(Place("shop.orders", ("town", "id")), Place("shop.towns", ("name", "region"))) is None


def test_texts_are_read_as_publishing_would_read_them() -> None:
    profiles = {
        "shop.orders": Profile(
            product="orders", rows=9, columns=(texts("paid", "2013-01-01", "2013-01-02"), numbers("id", 1, 2, 2))
        )
    }
    with connect(memory_mb=200, threads=1) as con:
        found = Remembered(con, {"shop.orders": ORDERS}, profiles)
        facts = found.facts("shop.orders", "paid")
        assert facts is not None
        assert (facts.values, guess(facts).logical) == (2, "date")
        assert found.facts("shop.orders", "id") is None
        assert found.facts("shop.orders", "nothing") is None

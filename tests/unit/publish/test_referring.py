"""References: a good row refers to what is there, and of those that do not each ends where its severity says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.contract.model import Relationship, Severity, Table, TableRef
from datamesh.publish.job import Target
from datamesh.publish.rules import rules
from tests.support.staging import Outcome, column, staged, table

SHIPS = TableRef("testing", "ships", "ships")
OWN = TableRef("testing", "things", "things")


def refers(*columns: str, to: str = "code", severity: Severity = "error") -> Relationship:
    return Relationship(columns, SHIPS, tuple(to.split()), severity=severity)


def run(into: Path, wanted: Table, files: dict[str, str], *keys: Sequence[Any] | None) -> Outcome:
    """Stages files whose relationships point at `keys`: values, or tuples of them; None where there is nothing."""
    into.mkdir(exist_ok=True)
    targets = {}
    asked = [rule for rule in rules(wanted) if rule.refers is not None]
    for rule, there in zip(asked, keys, strict=True):
        path = None
        if there is not None:
            rows = [key if isinstance(key, tuple) else (key,) for key in there]
            path = into / f"target-{rule.number}.parquet"
            pq.write_table(pa.table({f"k{i}": list(part) for i, part in enumerate(zip(*rows, strict=True))}), path)
        targets[rule.number] = Target(rule.refers, path)  # type: ignore[arg-type]
    return staged(into, wanted, files, targets=targets)


FLIGHTS = table(column("id", "integer"), column("ship"), relationships=(refers("ship"),))


def test_a_row_that_refers_to_nothing_is_quarantined(tmp_path: Path) -> None:
    files = {"1.csv": "id,ship\n1,A\n2,B\n3,X\n4,\nx,Y\n", "2.csv": "ship,id\nX,6\nA,7\n"}

    done = run(tmp_path, FLIGHTS, files, ["A", "B", "C", "A"])

    assert done.good == [(1, "A"), (2, "B"), (4, None), (7, "A")]
    assert done.bad == [
        ("1.csv", 3, "relationship", "ship", "X"),
        ("1.csv", 5, "type", "id", "x"),
        ("2.csv", 1, "relationship", "ship", "X"),
    ]
    assert done.hits[("relationship", "ship")] == 2
    assert (done.staged.rows_good, done.staged.rows_bad) == (4, 3)


def test_a_warning_is_published_and_counted(tmp_path: Path) -> None:
    wanted = table(*FLIGHTS.columns, relationships=(refers("ship", severity="warning"),))

    done = run(tmp_path, wanted, {"1.csv": "id,ship\n1,A\n2,X\n3,X\n4,\nx,Y\n"}, ["A"])

    assert done.good == [(1, "A"), (2, "X"), (3, "X"), (4, None)]
    assert done.hits == {("type", "id"): 1, ("relationship", "ship"): 2}


def test_where_nothing_is_there_every_reference_dangles(tmp_path: Path) -> None:
    done = run(tmp_path, FLIGHTS, {"1.csv": "id,ship\n1,A\n2,\n"}, None)

    assert (done.good, len(done.bad)) == ([(2, None)], 1)


def test_a_clean_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: Any) -> None:
        raise AssertionError("a second pass")

    monkeypatch.setattr("datamesh.publish.stage._clear", again)

    assert run(tmp_path, FLIGHTS, {"1.csv": "id,ship\n1,A\n2,\n"}, ["A"]).staged.rows_bad == 0


def test_a_reference_of_several_columns_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    wanted = table(column("a", "integer"), column("b"), relationships=(refers("a", "b", to="x y"),))

    done = run(tmp_path, wanted, {"1.csv": "a,b\n1,u\n1,v\n2,u\n,u\n2,\n"}, [(1, "u"), (2, "v")])

    assert done.good == [(1, "u"), (2, None), (None, "u")]
    assert [(n, rule, name, value) for _, n, rule, name, value in done.bad] == [
        (2, "relationship", None, None),
        (3, "relationship", None, None),
    ]


def test_keys_are_compared_as_values_of_the_referring_column(tmp_path: Path) -> None:
    wanted = table(column("id", "integer"), relationships=(refers("id"),))

    assert run(tmp_path, wanted, {"1.csv": "id\n1\n2\n"}, ["1", "x", "02"]).good == [(1,), (2,)]


def test_of_rows_with_the_same_key_the_first_that_refers_to_something_is_kept(tmp_path: Path) -> None:
    wanted = table(column("id", "integer", primary_key_position=1), column("ship"), relationships=(refers("ship"),))

    done = run(tmp_path, wanted, {"1.csv": "id,ship\n1,X\n1,A\n1,B\n2,B\n"}, ["A", "B"])

    assert done.good == [(1, "A"), (2, "B")]
    assert [(n, rule) for _, n, rule, _, _ in done.bad] == [(1, "relationship"), (3, "primaryKey")]


STAFF = table(
    column("id", "integer", primary_key_position=1),
    column("boss", "integer"),
    column("deputy", "integer"),
    relationships=(
        Relationship(("boss",), OWN, ("id",), severity="error", itself=True),
        Relationship(("deputy",), OWN, ("id",), severity="warning", itself=True),
    ),
)


def test_a_table_may_refer_to_itself(tmp_path: Path) -> None:
    """To rows of the batch, whatever their order, and to rows that are there already."""
    rows = "id,boss,deputy\n1,,\n2,1,3\n3,9,2\n4,4,7\n"

    done = run(tmp_path, STAFF, {"1.csv": rows}, [9], [9])

    assert done.staged.rows_bad == 0
    assert done.hits == {("relationship", "deputy"): 1}


def test_who_refers_to_a_row_that_is_left_out_is_left_out_too(tmp_path: Path) -> None:
    rows = "id,boss,deputy\n1,,4\n2,8,\n3,2,\n4,3,\n5,4,\n6,1,\n7,7,\n"

    done = run(tmp_path, STAFF, {"1.csv": rows}, [9], [9])

    assert done.good == [(1, None, 4), (6, 1, None), (7, 7, None)]
    assert [n for _, n, *_ in done.bad] == [2, 3, 4, 5]
    assert done.hits == {("relationship", "boss"): 4, ("relationship", "deputy"): 1}


def kept(rows: Sequence[tuple[int, int | None, str]], there: set[int], ships: set[str]) -> list[int]:
    """The rows that are left when no row whose reference dangles is, found one by one."""
    left = list(rows)
    while True:
        ids = there | {row[0] for row in left}
        fewer = [row for row in left if (row[1] is None or row[1] in ids) and row[2] in ships]
        if len(fewer) == len(left):
            return sorted(row[0] for row in left)
        left = fewer


@pytest.mark.parametrize("seed", range(6))
def test_what_is_left_refers_to_what_is_there(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    wanted = table(
        column("id", "integer"),
        column("boss", "integer"),
        column("ship"),
        relationships=(Relationship(("boss",), OWN, ("id",), severity="error", itself=True), refers("ship")),
    )
    bosses = [chance.choice([None, chance.randrange(400), chance.randrange(300)]) for _ in range(300)]
    rows = [(n, boss, chance.choice("ABX" if n < 9 else "AB")) for n, boss in enumerate(bosses)]
    chance.shuffle(rows)
    body = "id,boss,ship\n" + "".join(f"{n},{'' if boss is None else boss},{ship}\n" for n, boss, ship in rows)

    done = run(tmp_path, wanted, {"1.csv": body}, list(range(300, 330)), ["A", "B"])

    assert sorted(row[0] for row in done.good) == kept(rows, set(range(300, 330)), {"A", "B"})
    assert len(done.good) + len(done.bad) == 300
    assert 0 < len(done.bad) < 300

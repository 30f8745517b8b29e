"""Rules of type sql carried out: one number over the table as it would be, or none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest

from datamesh.contract.model import Check
from datamesh.publish.asking import answers
from datamesh.publish.gate import judge
from datamesh.publish.job import Engine
from tests.support.staging import column, table
from tests.unit.publish.test_gate import result

SMALL = Engine(memory_mb=60, threads=1)
ROWS = pa.table({"id": [1, 2, 3, None], "name": ["a", "b", None, "b"]})


class Stored:
    """A table that is read by columns, and knows which."""

    def __init__(self, rows: Any = ROWS) -> None:
        self.rows = rows
        self.asked: list[tuple[str, ...]] = []

    def __call__(self, columns: Sequence[str]) -> Any:
        self.asked.append(tuple(columns))
        return self.rows.select(list(columns)).to_reader(max_chunksize=2)


def rule(query: str, **more: Any) -> Check:
    comparison = {"operator": "mustBe", "threshold": 0} | more
    return Check("asked", "sql", query=query, **comparison)


def answered(*queries: str, read: Any = None, seconds: float = 3600) -> list[float | None]:
    wanted = table(column("id", "integer"), column("name"), checks=tuple(rule(query) for query in queries))
    return list(answers(wanted, read or Stored(), engine=SMALL, seconds=seconds).values())


def test_only_what_is_named_is_read() -> None:
    stored = Stored()

    assert answered("SELECT count(*) FROM things", "SELECT count(name) FROM things", read=stored) == [4, 3]
    assert stored.asked == [("id",), ("name",)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT count(*) FROM things WHERE name = 'b'", 2),
        ("SELECT avg(id) FROM things", 2.0),
        ("SELECT CAST(1.25 AS DECIMAL(8, 2)) FROM things LIMIT 1", 1.25),
        ("SELECT count(*) FROM things WHERE id > (SELECT avg(id) FROM things)", 1),
        ("WITH n AS (SELECT name, count(*) AS c FROM things GROUP BY name) SELECT max(c) FROM n, things AS t", 2),
        ("SELECT sum(id) * 10000000000000000 FROM things", 60_000_000_000_000_000),
    ],
)
def test_one_number(query: str, number: float) -> None:
    assert answered(query) == [number]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id FROM things",  # several rows
        "SELECT id FROM things WHERE id > 9",  # none
        "SELECT max(id) FROM things WHERE id > 9",  # NULL
        "SELECT CAST(name AS INTEGER) FROM things WHERE name = 'b' LIMIT 1",  # fails over the rows that are there
        "SELECT CAST('inf' AS DOUBLE) FROM things LIMIT 1",
        "SELECT name FROM things LIMIT 1",
        "SELECT count(*) FROM read_csv('/etc/passwd'), things",  # lint did not see the contract
    ],
)
def test_without_a_number_there_is_no_answer(query: str) -> None:
    assert answered(query) == [None]


def test_rows_beyond_memory_are_spilled() -> None:
    """So many long texts, all different, take more than the engine may have."""
    texts = pa.table({"id": pa.array(range(300_000)), "name": pa.array(f"{n:0300}" for n in range(300_000))})
    asked = "SELECT count(*) FROM (SELECT DISTINCT name FROM things)"

    assert answered(asked, read=Stored(texts)) == [300_000]


def test_time_is_limited_for_all_rules_together() -> None:
    numbers = pa.table({"id": pa.array(range(30_000)), "name": pa.array([""] * 30_000)})
    endless = "SELECT count(*) FROM things a, things b, things c WHERE sin(a.id) + sin(b.id) + sin(c.id) > 3"
    began = time.monotonic()

    found = answered(endless, "SELECT count(*) FROM things", read=Stored(numbers), seconds=1)

    assert found == [None, None]
    assert time.monotonic() - began < 20


def test_a_table_that_cannot_be_read_is_no_answer_but_a_failure() -> None:
    class Unreachable(Exception):
        pass

    def read(columns: Sequence[str]) -> Any:
        def batches() -> Iterator[Any]:
            yield from ROWS.select(list(columns)).to_batches()
            raise Unreachable

        return pa.RecordBatchReader.from_batches(ROWS.select(list(columns)).schema, batches())

    for query in ("SELECT count(*) FROM things", "SELECT count(*) FROM things a, things b"):
        with pytest.raises(Unreachable):
            answered(query, read=read)


@pytest.mark.parametrize(
    ("answer", "severity", "committed", "status"),
    [
        (0, "error", True, "passed"),
        (3, "error", False, "failed"),
        (3, "warning", True, "warning"),
        (None, "error", False, "error"),
        (None, "warning", True, "error"),
    ],
)
def test_the_gate_compares_the_answer(answer: float | None, severity: Any, committed: bool, status: str) -> None:
    wanted = table(column("id", "integer"), checks=(rule("SELECT 1", severity=severity),))

    verdict = judge(wanted, [result(wanted, 5)], total_rows=5, answers={0: answer})

    assert verdict.committed == committed
    [finding] = [f for f in verdict.findings if f.kind == "sql"]
    assert (finding.status, finding.value, finding.unit) == (status, answer, None)
    assert [reason.rule for reason in verdict.reasons] == ([] if status == "passed" else ["asked"])


def test_a_rule_that_was_not_asked_is_skipped() -> None:
    wanted = table(column("id", "integer"), checks=(rule("SELECT 1"),))

    verdict = judge(wanted, [result(wanted, 5)], total_rows=5)

    assert verdict.committed
    assert [f.status for f in verdict.findings if f.kind == "sql"] == ["skipped"]

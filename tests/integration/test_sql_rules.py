"""Rules of type sql at the gate, on a real catalog: over the table as it would be, once for each state of it."""

from __future__ import annotations

from typing import Any

import pytest

from datamesh.errors import CommitConflict
from datamesh.events import Reason
from datamesh.lake import table as lake
from datamesh.publish import record as records
from datamesh.publish.findings import Finding
from tests.support import lakeside
from tests.support.lakeside import HEAD, Lakeside

CONTRACT = (
    HEAD
    + """\
schema:
  - name: things
    customProperties:
      - property: datamesh.writeMode
        value: MODE
    quality:
      - id: fewNames
        type: sql
        query: SELECT count(DISTINCT name) FROM ${object}
        mustBeLessOrEqualTo: 3
        severity: error
      - id: mean
        type: sql
        query: SELECT avg(id) FROM things WHERE name <> 'a'
        mustBeBetween: [0, 100]
        severity: warning
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: name, logicalType: string}
"""
)


def world(mode: str = "append", **changed: str) -> Lakeside:
    text = CONTRACT.replace("MODE", mode)
    for old, new in changed.items():
        text = text.replace(old, new)
    return Lakeside.build(text.encode())


def asked(built: Lakeside, batch_id: str) -> dict[str, Finding]:
    record = records.find(built.standing(batch_id), s3=built.plane.client("s3"), bucket="lake")
    assert record is not None
    return {f.rule: f for f in record.findings if f.kind == "sql"}


@pytest.mark.parametrize(
    ("mode", "rows", "names"),
    [("append", "4,c\n", 3), ("overwrite", "4,c\n", 1), ("merge", "2,a\n", 1), ("merge", "3,c\n", 3)],
)
def test_a_query_sees_the_table_as_it_would_be(account: None, mode: str, rows: str, names: int) -> None:
    built = world(mode)
    built.publish("id,name\n1,a\n2,b\n")

    batch_id, done = built.publish(f"id,name\n{rows}")

    assert done.verdict == "committed"
    finding = asked(built, batch_id)["fewNames"]
    assert (finding.status, finding.value) == ("passed", names)


def test_what_would_break_the_rule_is_not_published(account: None) -> None:
    built = world()
    built.publish("id,name\n1,a\n2,b\n")

    batch_id, done = built.publish("id,name\n3,c\n4,d\n")

    assert done.verdict == "rejected"
    assert done.reasons == (Reason(rule="fewNames"),)
    assert built.rows("id") == [(1,), (2,)]
    finding = asked(built, batch_id)["fewNames"]
    assert (finding.status, finding.value, finding.operator, finding.threshold) == (
        "failed",
        4.0,
        "mustBeLessOrEqualTo",
        3,
    )


def test_a_query_without_a_number_is_an_error_of_the_rule(account: None) -> None:
    built = world()

    batch_id, done = built.publish("id,name\n1,a\n")

    assert done.status == "published"  # type: ignore[union-attr]
    assert done.reasons == (Reason(rule="mean"),)
    assert (asked(built, batch_id)["mean"].status, asked(built, batch_id)["mean"].value) == ("error", None)


def test_a_query_that_fails_ends_its_batch_and_no_more(account: None) -> None:
    built = world(**{"SELECT count(DISTINCT name)": "SELECT count(CAST(name AS INTEGER))"})

    batch_id, done = built.publish("id,name\n1,a\n")

    assert done.verdict == "rejected"
    assert asked(built, batch_id)["fewNames"].status == "error"
    assert built.publish("id,name\n1,17\n")[1].verdict == "committed"


def test_whatever_call_a_run_dies_at_its_rules_are_answered_for_the_table_as_it_stood(account: None) -> None:
    built = world(**{"mustBeLessOrEqualTo: 3": "mustBeLessOrEqualTo: 300"})
    number, changes = 0, ["none yet"]
    while changes[-1] != "":
        batch_id = built.batch(f"id,name\n{number},n{number}\n")
        with built.killed_at(number) as changes:
            built.run(batch_id)
            changes.append("")  # it came to its end

        done = built.run(batch_id)

        assert done.verdict == "committed"
        assert asked(built, batch_id)["fewNames"].value == number + 1, f"before change {number}, {changes[-1]}"
        built.ledger.release("things", batch_id, attempt=1)
        number += 1


def test_a_state_of_the_table_is_asked_once(account: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*_: Any, **__: Any) -> None:
        raise CommitConflict("another writer came first")

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("asked again")

    built = world()
    batch_id = built.batch("id,name\n1,a\n2,b\n")
    with monkeypatch.context() as patch:
        patch.setattr(lake, "commit", too_late)
        patch.setattr(lakeside, "a_minute", lambda: 0.0)  # and no time for another try
        with pytest.raises(CommitConflict):
            built.run(batch_id)

    monkeypatch.setattr("datamesh.publish.whole.answers", again)
    assert built.run(batch_id).verdict == "committed"

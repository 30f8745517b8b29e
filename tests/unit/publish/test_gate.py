"""The data-set gate: one verdict from the slices' counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from datamesh.contract.intake import Thresholds
from datamesh.contract.model import Check, Relationship, Table, TableRef
from datamesh.contract.profile import Profile
from datamesh.events import Reason
from datamesh.publish.gate import MAX_REASONS, Verdict, judge
from datamesh.publish.ledger import Counts
from datamesh.publish.results import SliceResult
from datamesh.publish.rules import rules
from tests.support.staging import column, table

PLAIN = table(column("id", "integer", required=True), column("name"))


def result(wanted: Table, good: int, bad: int = 0, hits: dict[str, int] | None = None, **more: Any) -> SliceResult:
    counted = tuple((hits or {}).get(rule.rule, 0) for rule in rules(wanted))
    return SliceResult(
        slice=0,
        attempt=1,
        rows_in=good + bad + more.get("rows_superseded", 0),
        rows_good=good,
        rows_bad=bad,
        hits=counted,
        profile=Profile(product="things"),
        **more,
    )


def test_slices_add_up() -> None:
    slices = [result(PLAIN, 90, 10, {"type": 7, "required": 4}), result(PLAIN, 5, 1, {"type": 1}, rows_superseded=3)]

    verdict = judge(PLAIN, slices, total_rows=100)

    assert verdict.committed
    assert verdict.counts.model_dump() == {
        "rows_in": 109,
        "rows_published": 95,
        "rows_quarantined": 11,
        "rows_superseded": 3,
        "rows_deleted": 0,
        "rows_rejected": 0,
    }
    assert verdict.counts.balanced
    assert verdict.reasons == (Reason(rule="type", column="id", rows=8), Reason(rule="required", column="id", rows=4))


@pytest.mark.parametrize("refused", [True, False])
def test_of_a_rejected_batch_every_row_is_accounted_for_too(refused: bool) -> None:
    """Nothing took place: what would have been published, superseded or deleted is rejected."""
    unreadable = SliceResult(
        slice=1, attempt=1, refused=(Reason(rule="unreadable"),), profile=Profile(product="things")
    )
    slices = [result(PLAIN, 80, 10, {"type": 10}, rows_superseded=5), result(PLAIN, 1)]
    strict = replace(PLAIN, thresholds=Thresholds(max_quarantined_rows=9))

    verdict = judge(strict, [*slices, *([unreadable] if refused else [])], total_rows=74, superseded=4, deleted=3)

    assert not verdict.committed
    assert verdict.counts == Counts(rows_in=96, rows_quarantined=10, rows_rejected=86)
    assert verdict.counts.balanced


def test_notes_are_told_and_stop_nothing() -> None:
    note = Reason(rule="extra-column", column="zip")

    verdict = judge(PLAIN, [result(PLAIN, 1, notes=(note,)), result(PLAIN, 1, notes=(note,))], total_rows=100)

    assert (verdict.committed, verdict.reasons) == (True, (note,))


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [(0, 0, Reason(rule="empty-file")), (0, 5, Reason(rule="nothing-to-publish", rows=5))],
)
def test_without_a_good_row_nothing_is_published(good: int, bad: int, reason: Reason) -> None:
    verdict = judge(PLAIN, [result(PLAIN, good, bad)], total_rows=10 + good)

    assert not verdict.committed
    assert verdict.reasons[0] == reason
    assert verdict.counts.rows_published == 0


def test_a_file_that_could_not_be_read_rejects_its_batch() -> None:
    refused = SliceResult(slice=1, attempt=1, refused=(Reason(rule="unreadable"),), profile=Profile(product="things"))

    verdict = judge(PLAIN, [result(PLAIN, 5), refused], total_rows=100)

    assert (verdict.committed, verdict.reasons) == (False, (Reason(rule="unreadable"),))


@pytest.mark.parametrize(("bad", "committed"), [(10, True), (11, False)])
def test_too_many_bad_rows_reject_the_batch(bad: int, committed: bool) -> None:
    strict = table(*PLAIN.columns, thresholds=Thresholds(max_quarantined_percent=10))

    verdict = judge(strict, [result(strict, 100 - bad, bad)], total_rows=100)

    assert verdict.committed == committed
    assert committed or verdict.reasons == (Reason(rule="maxQuarantinedPercent", rows=bad),)


@pytest.mark.parametrize(
    ("operator", "threshold", "holds"),
    [
        ("mustBe", 15, True),
        ("mustBe", 5, False),
        ("mustNotBe", 15, False),
        ("mustBeGreaterThan", 15, False),
        ("mustBeGreaterOrEqualTo", 15, True),
        ("mustBeLessThan", 15, False),
        ("mustBeLessOrEqualTo", 15, True),
        ("mustBeBetween", [10, 15], True),
        ("mustBeBetween", [16, 20], False),
        ("mustNotBeBetween", [10, 15], False),
        ("mustBe", "fifteen", True),
        (None, 0, True),
    ],
)
def test_the_row_count_is_the_table_s_after_the_commit(operator: str | None, threshold: Any, holds: bool) -> None:
    check = Check("enough", "library", metric="rowCount", operator=operator, threshold=threshold)
    wanted = table(*PLAIN.columns, checks=(check,))

    verdict = judge(wanted, [result(wanted, 5)], total_rows=15)

    assert verdict.committed == holds
    assert [check.rule for check in verdict.failed] == ([] if holds else ["enough"])
    assert holds or verdict.reasons == (Reason(rule="enough", rows=15),)


@pytest.mark.parametrize(("severity", "committed"), [("error", False), ("warning", True)])
def test_a_measured_share_of_rows(severity: Any, committed: bool) -> None:
    check = Check(
        "known", "library", severity, "name", "nullValues", operator="mustBeLessThan", threshold=20, unit="percent"
    )
    wanted = table(column("name", checks=(check,)))

    just_under = judge(wanted, [result(wanted, 99, 1, {"known": 19})], total_rows=100)
    over = judge(wanted, [result(wanted, 99, 1, {"known": 20})], total_rows=100)

    assert (just_under.committed, just_under.reasons) == (True, ())
    assert over.committed == committed
    assert over.reasons == (Reason(rule="known", column="name", rows=20),)
    assert [(f.rule, f.column, f.severity) for f in over.failed] == [("known", "name", severity)]


def found(verdict: Verdict) -> dict[str, tuple[Any, ...]]:
    """By rule: what it is about, and how it ended with which numbers."""
    return {f.rule: (f.about, f.status, f.rows, f.of, f.value) for f in verdict.findings}


def test_every_rule_that_was_looked_at_is_a_finding() -> None:
    checks = (
        Check("known", "library", "warning", "name", "nullValues", operator="mustBeLessThan", threshold=3),
        Check("named", "library", "error", "name", "invalidValues", operator="mustBe", threshold=0),
    )
    mine = (
        Check("enough", "library", metric="rowCount", operator="mustBeBetween", threshold=[1, 200]),
        Check("prose", "text"),
        Check("theirs", "custom"),
    )
    wanted = table(PLAIN.columns[0], column("name", checks=checks), checks=mine)

    verdict = judge(wanted, [result(wanted, 95, 5, {"known": 3, "named": 4, "type": 1})], total_rows=100)

    assert verdict.committed
    assert found(verdict) == {
        "malformed": ("rows", "passed", 0, 100, None),
        "type": ("rows", "failed", 1, 100, None),
        "required": ("rows", "passed", 0, 100, None),
        "named": ("rows", "failed", 4, 100, None),
        "known": ("batch", "warning", 3, 100, 3.0),
        "enough": ("batch", "passed", 100, 100, 100.0),
        "theirs": ("batch", "skipped", None, None, None),
        "maxQuarantinedPercent": ("batch", "passed", 5, 100, 5.0),
    }
    assert [f.rule for f in verdict.failed] == ["known"]


def test_a_batch_of_bad_rows_only_has_shares_too() -> None:
    checks = (
        Check(
            "share", "library", "error", "name", "nullValues", operator="mustBeLessThan", threshold=1, unit="percent"
        ),
        Check("twice", "library", "error", "name", "duplicateValues", operator="mustBe", threshold=0, unit="percent"),
    )
    wanted = table(column("name", checks=checks))

    none, bad = (judge(wanted, [result(wanted, 0, rows)], total_rows=100) for rows in (0, 5))

    assert [reason.rule for reason in none.reasons] == ["empty-file"]
    assert [reason.rule for reason in bad.reasons] == ["nothing-to-publish"]
    for verdict in (none, bad):
        assert found(verdict)["share"][1:] == ("passed", 0, verdict.counts.rows_quarantined, 0.0)
        assert found(verdict)["twice"][1:] == ("passed", 0, 0, 0.0)


@pytest.mark.parametrize(("bad", "committed"), [(3, True), (4, False)])
def test_a_number_of_bad_rows_may_be_the_limit_too(bad: int, committed: bool) -> None:
    strict = table(*PLAIN.columns, thresholds=Thresholds(max_quarantined_rows=3))

    verdict = judge(strict, [result(strict, 1_000, bad)], total_rows=100)

    assert verdict.committed == committed
    assert committed or verdict.reasons == (Reason(rule="maxQuarantinedRows", rows=bad),)
    assert [(f.rule, f.severity) for f in verdict.failed] == ([] if committed else [("maxQuarantinedRows", "error")])


def related(severity: Any) -> Table:
    to = Relationship(("name",), TableRef("testing", "ships", "ships"), ("code",), "sails_on", severity=severity)
    return table(*PLAIN.columns, relationships=(to,))


@pytest.mark.parametrize(
    ("severity", "more", "committed", "status", "reasons"),
    [
        ("error", {"hits": {"relationship": 2}}, True, "failed", [2]),
        ("warning", {"hits": {"relationship": 2}}, True, "warning", [2]),
        ("error", {}, True, "passed", []),
        ("error", {"unasked": True}, False, "error", [0]),
        ("warning", {"unasked": True}, True, "error", []),
        (None, {}, True, "skipped", []),
    ],
)
def test_references_that_dangle(severity: Any, more: Any, committed: bool, status: str, reasons: list[int]) -> None:
    wanted = related(severity)
    numbers = tuple(rule.number for rule in rules(wanted) if rule.refers)
    unasked = numbers if more.pop("unasked", False) else ()

    verdict = judge(wanted, [result(wanted, 5, 2, unasked=unasked, **more)], total_rows=5)

    assert verdict.committed == committed
    assert [reason.rows for reason in verdict.reasons] == reasons
    [finding] = [f for f in verdict.findings if f.kind == "relationship"]
    assert (finding.rule, finding.name, finding.column) == ("relationship", "sails_on", "name")
    assert (finding.status, finding.about) == (status, "rows")


@pytest.mark.parametrize(("severity", "committed"), [("error", False), ("warning", True)])
def test_references_that_dangle_across_slices(severity: Any, committed: bool) -> None:
    wanted = related(severity)
    number = next(rule.number for rule in rules(wanted) if rule.refers)

    verdict = judge(wanted, [result(wanted, 5), result(wanted, 5)], total_rows=10, doubled={number: 3})

    assert verdict.committed == committed
    assert verdict.reasons == (Reason(rule="relationship", column="name", rows=3),)


def test_reasons_fit_into_an_event_however_long_their_names_are() -> None:
    many = tuple(Reason(rule="n" * 2_000, column=f"c{i}") for i in range(90))

    assert len(judge(PLAIN, [result(PLAIN, 1, notes=many)], total_rows=100).reasons) == 29


def test_keys_that_stand_in_two_slices_reject_the_batch() -> None:
    keyed = table(column("id", "integer", primary_key_position=1))
    number = next(rule.number for rule in rules(keyed) if rule.keys)

    verdict = judge(keyed, [result(keyed, 5), result(keyed, 5)], total_rows=100, doubled={number: 2})

    assert (verdict.committed, verdict.reasons) == (False, (Reason(rule="primaryKey", column="id", rows=2),))


def test_duplicates_across_slices_count_as_measured_there() -> None:
    check = Check("twice", "library", "error", "name", "duplicateValues", operator="mustBeLessThan", threshold=2)
    wanted = table(column("name", checks=(check,)))
    number = next(rule.number for rule in rules(wanted) if rule.keys)
    slices = [result(wanted, 5, hits={"twice": 1}), result(wanted, 5)]

    assert judge(wanted, slices, total_rows=100).committed
    assert not judge(wanted, slices, total_rows=100, doubled={number: 3}).committed


def test_reasons_are_bounded() -> None:
    many = tuple(Reason(rule="extra-column", column=f"c{i}") for i in range(500))

    assert len(judge(PLAIN, [result(PLAIN, 1, notes=many)], total_rows=100).reasons) == MAX_REASONS

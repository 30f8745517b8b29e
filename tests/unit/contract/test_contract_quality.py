"""Quality rules as they are written, and what is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from datamesh.contract.model import Check
from datamesh.contract.quality import OPERATORS, allows_none, holds, is_threshold, not_carried_out, parse_check


def parsed(column: str | None = "name", **raw: Any) -> Check:
    return parse_check(raw, column)


@pytest.mark.parametrize(
    ("operator", "threshold", "low", "within", "high"),
    [
        ("mustBe", 2, False, True, False),
        ("mustNotBe", 2, True, False, True),
        ("mustBeGreaterThan", 2, False, False, True),
        ("mustBeGreaterOrEqualTo", 2, False, True, True),
        ("mustBeLessThan", 2, True, False, False),
        ("mustBeLessOrEqualTo", 2, True, True, False),
        ("mustBeBetween", [2, 3], False, True, False),
        ("mustNotBeBetween", [2, 3], True, False, True),
    ],
)
def test_every_operator_compares(operator: str, threshold: Any, low: bool, within: bool, high: bool) -> None:
    check = parsed(metric="nullValues", **{operator: threshold})

    assert operator in OPERATORS
    assert [holds(check, value) for value in (1, 2, 4)] == [low, within, high]


@pytest.mark.parametrize(
    ("operator", "threshold", "compares"),
    [
        ("mustBe", 0, True),
        ("mustBe", 1.5, True),
        ("mustBe", "few", False),
        ("mustBe", True, False),
        ("mustBe", [1, 2], False),
        ("mustBe", None, False),
        ("mustBeBetween", [1, 2], True),
        ("mustBeBetween", [2, 1], False),
        ("mustBeBetween", [1], False),
        ("mustBeBetween", ["a", "b"], False),
        ("mustNotBeBetween", 1, False),
    ],
)
def test_what_a_count_can_be_compared_with(operator: str, threshold: Any, compares: bool) -> None:
    assert is_threshold(operator, threshold) == compares


@pytest.mark.parametrize(
    ("unit", "operator", "threshold", "none"),
    [
        ("rows", "mustBe", 0, True),
        ("rows", "mustBeLessThan", 1, True),
        ("rows", "mustBeLessOrEqualTo", 0, True),
        ("rows", "mustBeLessThan", 2, False),
        ("rows", "mustBe", 1, False),
        ("rows", "mustNotBe", 0, False),
        ("rows", "mustBeBetween", [0, 5], False),
        ("percent", "mustBe", 0, True),
        ("percent", "mustBeLessThan", 1, False),
        ("percent", "mustBeLessOrEqualTo", 0.0, True),
    ],
)
def test_where_no_row_may_break_a_rule_each_that_does_is_bad(
    unit: str, operator: str, threshold: Any, none: bool
) -> None:
    assert allows_none(parsed(metric="nullValues", unit=unit, **{operator: threshold})) == none


@pytest.mark.parametrize(
    ("raw", "metric", "operator", "threshold"),
    [
        ({"rule": "nullCheck"}, "nullValues", "mustBe", 0),
        ({"rule": "nullCheck", "mustBeLessThan": 5}, "nullValues", "mustBeLessThan", 5),
        ({"rule": "duplicateCount", "mustBeLessThan": 10}, "duplicateValues", "mustBeLessThan", 10),
        ({"rule": "rowCount", "mustBeGreaterThan": 1}, "rowCount", "mustBeGreaterThan", 1),
        ({"rule": "countCheck"}, "rowCount", None, None),
        ({"rule": "validValues", "arguments": {"validValues": ["a"]}}, "invalidValues", "mustBe", 0),
    ],
)
def test_rules_of_odcs_3_0_have_their_later_names(
    raw: dict[str, Any], metric: str, operator: str | None, threshold: Any
) -> None:
    check = parse_check(raw, "name")

    assert (check.metric, check.operator, check.threshold) == (metric, operator, threshold)


@pytest.mark.parametrize(
    ("raw", "column", "why"),
    [
        ({"metric": "rowCount", "mustBe": 1}, None, None),
        ({"metric": "rowCount", "mustBe": 1}, "name", "belongs to the table"),
        ({"metric": "nullValues", "mustBe": 1}, None, "belongs to a column"),
        ({"metric": "nullValues"}, "name", "no operator"),
        ({"metric": "nullValues", "mustBe": "few"}, "name", "nothing to compare"),
        ({"metric": "freshness", "mustBe": 1}, "name", "no metric of ODCS"),
        ({"metric": "duplicateValues", "mustBe": 0}, None, "arguments.properties"),
        ({"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "b"]}}, None, None),
        ({"type": "text", "description": "all is well"}, None, None),
        ({"type": "custom", "engine": "soda"}, None, "custom"),
    ],
)
def test_what_is_not_carried_out_says_why(raw: dict[str, Any], column: str | None, why: str | None) -> None:
    reason = not_carried_out(parse_check(raw, column))

    assert (reason is None) if why is None else (why in str(reason))


def test_a_count_of_rows_has_no_share() -> None:
    assert parsed(None, metric="rowCount", mustBe=3, unit="percent").unit == "rows"

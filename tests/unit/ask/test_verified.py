"""Verified questions are matched exactly once what does not matter is gone, and never by likeness."""

from __future__ import annotations

import pytest

from datamesh.ask.verified import VerifiedQuestion, matching, nearest, normalise, verified_questions
from tests.support.asking import KNOWLEDGE

KNOWN = [
    VerifiedQuestion("shop.orders", "How many orders came in January?", "SELECT 1"),
    VerifiedQuestion("shop.orders", "How many orders above 1,000.50 were there?", "SELECT 2"),
    VerifiedQuestion("crm.customers", "What's the largest city?", "SELECT 3"),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("how many orders came in january", "SELECT 1"),
        ("  How MANY orders -- came, in January?!  ", "SELECT 1"),
        ("«How many orders came in January»", "SELECT 1"),
        ("how many orders above 1000.50 were there", "SELECT 2"),
        ("Whats the largest city", "SELECT 3"),
        ("What\u2019s the largest city", "SELECT 3"),
        ("How many orders came in February?", None),
        ("How many orders above 1,000.5 were there?", None),
        ("How many orders above -1,000.50 were there?", None),
        ("How many orders came?", None),
        ("", None),
    ],
)
def test_only_the_same_question_matches(asked: str, found: str | None) -> None:
    assert [match.sql for match in matching(asked, KNOWN)] == ([found] if found else [])


@pytest.mark.parametrize(
    ("one", "other"),
    [("months 1,2", "months 12"), ("above 5", "above 0.5"), ("above 5", "above -5"), ("a > 5", "a < 5"), ("5%", "5")],
)
def test_values_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_what_is_like_a_question_is_near_it_and_does_not_match() -> None:
    near = nearest("How many orders came in March?", KNOWN)
    assert [found.sql for found in near] == ["SELECT 1"]
    assert matching("How many orders came in March?", KNOWN) == []


def test_statements_without_sql_answer_nothing() -> None:
    contracts = [product.contract for product in KNOWLEDGE.products.values()]
    known = verified_questions(contracts)
    assert "What is an order?" not in [found.question for found in known]
    assert [found.product for found in known] == sorted(found.product for found in known)

"""Who asks the same in other words means the same: wordings of one question become equal intents."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from datamesh.ask.compile import compile_query
from tests.support.meshes import Mesh

WORDINGS = {
    "shop": [
        ("How many orders are there?", "Count the orders.", "number of orders", "What is the total number of orders?"),
        ("average amount per customer", "For each customer, what is the average amount?", "the mean amount by buyer"),
        (
            *("products by Playwell", "Which products are by Playwell?", "Show products of Playwell"),
            "List the articles by Playwell.",
        ),
        ("customers from France", "Which customers are from France?", "Show all clients whose country is France."),
        ("How many shipments to LYS?", "How many shipments went to LYS?"),
        (
            "the most expensive product",
            "Which product is the most expensive?",
            "Which product has the highest list price?",
        ),
        ("revenue in 2024", "What was the revenue in 2024?", "turnover in the year 2024"),
    ],
    "club": [
        ("Which venue has the largest capacity?", "the venue with the highest capacity", "What is the biggest venue?"),
        ("courses with a fee above 100", "List the courses whose fee is more than 100."),
        ("members without enrolments", "Which members have no enrolments?", "members who do not have any enrolments"),
        ("number of members per town", "How many members are there in each town?", "For each town, how many members?"),
        ("average fee per level", "What is the average fee for each level?", "For each level, show the mean fee."),
        ("members with at least 2 enrolments", "Which members have two or more enrolments?"),
        ("courses with a fee above the average", "Which courses have a fee higher than the average fee?"),
        ("titles of courses in order of fee", "List the titles of the courses, ordered by fee."),
    ],
}
CASES = [(mesh, wordings) for mesh, all_wordings in WORDINGS.items() for wordings in all_wordings]


@pytest.mark.parametrize(("mesh", "wordings"), CASES, ids=[wordings[0] for _, wordings in CASES])
def test_wordings_of_one_question_are_one_intent(
    mesh: str, wordings: tuple[str, ...], meshes: Mapping[str, Mesh]
) -> None:
    # When
    plans = [meshes[mesh].ask(wording) for wording in wordings]

    # Then each is answered, by one intent and so by one statement
    assert {plan.status for plan in plans} == {"answered"}
    assert {plan.intent for plan in plans} == {plans[0].intent}
    assert plans[0].intent is not None
    assert all(plan.sql == compile_query(plans[0].intent) for plan in plans)

"""Questions that go on from the last one: a change of what it meant, for the caller who asked it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from datamesh.ask import intent
from datamesh.ask.answer import Desk
from datamesh.ask.planner import Plan, plan
from datamesh.ask.service import Reply
from datamesh.engine.dialect import parse
from datamesh.errors import UserError
from tests.support.asking import ANALYST, CLERK, Planned, Planner
from tests.support.meshes import FIXTURES, TODAY, Mesh
from tests.unit.ask.test_service import World


def follow(shop: Mesh, first: str, *then: str) -> Plan:
    """What became of the last of several questions."""
    found = shop.ask(first)
    for question in then:
        found = plan(question, shop.knowledge, shop.readable, today=TODAY, previous=found.intent)
    return found


def followed() -> list[tuple[str, str, str]]:
    """(question, what is asked after it, SQL)."""
    blocks = (FIXTURES / "shop/follow.sql").read_text(encoding="utf-8").strip().split("\n\n")[1:]
    return [tuple(line.removeprefix("-- ") for line in block.splitlines()) for block in blocks]  # type: ignore[misc]


@pytest.mark.parametrize(("first", "then", "sql"), followed(), ids=[f"{q} {f}" for q, f, _ in followed()])
def test_a_change_of_the_last_question_becomes_a_statement(first: str, then: str, sql: str, shop: Mesh) -> None:
    found = follow(shop, first, then)
    assert found.status == "answered", (found.explanation, found.candidates)
    assert found.sql is not None
    assert found.sql.sql("duckdb") == sql
    assert found.sql.sql("athena")
    assert shop.connection.execute(sql).fetchall() is not None


def test_changes_add_up(shop: Mesh) -> None:
    found = follow(shop, "How many orders were there in March 2024?", "and in April?", "by status", "only Playwell")
    assert found.explanation == (
        "Number of orders for each status, where brand of the product is Playwell and order date is in April 2024."
    )


@pytest.mark.parametrize(
    "then",
    [
        "and the weather?",  # a word that nobody knows
        "by astronaut instead",
        "and the average?",  # of what was only counted
        "highest first",  # of titles nothing is high
        "what about?",
        "instead",
        "and why?",
        "by brand",  # titles are not numbers that groups have
    ],
)
def test_what_is_no_change_is_refused(then: str, shop: Mesh) -> None:
    found = follow(shop, "products with a list price above 30", then)
    assert found.status == "refused"
    assert found.sql is None


def test_a_whole_question_is_a_new_one(shop: Mesh) -> None:
    found = follow(shop, "How many orders were there in March 2024?", "How many customers are there?")
    assert found.explanation == "Number of customers."


def test_without_a_question_before_a_change_is_refused(shop: Mesh) -> None:
    assert shop.ask("and in April?").status == "refused"


def test_a_table_that_may_no_longer_be_read_is_not_gone_on_from(shop: Mesh) -> None:
    last = shop.ask("How many orders were there in March 2024?").intent
    readable = {table: columns for table, columns in shop.readable.items() if table != "sales.orders"}
    found = plan("and in April?", shop.knowledge, readable, today=TODAY, previous=last)
    assert (found.status, found.sql) == ("refused", None)


MEANT = intent.Select(
    subject=intent.Entity(table="shop.orders"), outputs=(intent.Output(item=intent.Measure(fn="count")),)
)
COUNTED = Planned("answered", parse("SELECT COUNT(*) FROM shop.orders"), "Number of orders.", intent=MEANT)


@pytest.fixture
def planner() -> Planner:
    return Planner(COUNTED)


def submit(world: World, planner: Planner, principal: str = ANALYST, **body: Any) -> Reply:
    desk = Desk(world.run, planner, lambda: TODAY, 100)
    return replace(world.service, desk=desk).submit("question", json.dumps(body), principal)


def test_the_service_goes_on_from_a_question_of_the_same_caller(planner: Planner) -> None:
    # Given an answer
    world = World()
    first = json.loads(submit(world, planner, question="number of orders").body)

    # When the next question names it
    submit(world, planner, question="and in April?", previous=first["query_id"])

    # Then the planner is told what it meant
    assert planner.previous == MEANT


def test_a_question_of_somebody_else_is_not_gone_on_from(planner: Planner) -> None:
    world = World()
    first = json.loads(submit(world, planner, question="number of orders").body)
    for principal, previous in ((CLERK, first["query_id"]), (ANALYST, "20250101T000000Z-0")):
        reply = submit(world, planner, principal, question="and in April?", previous=previous)
        assert (reply.status, json.loads(reply.body)["error"]) == (400, "no such question to go on from")


def test_what_no_intent_can_say_any_more_is_not_gone_on_from(planner: Planner) -> None:
    # Given an answer of a version whose intents had another form
    world = World()
    first = json.loads(submit(world, planner, question="number of orders").body)["query_id"]
    kept = world.queries.kept[first]
    world.queries.put(replace(kept, answer=kept.answer.replace('"fn":"count"', '"fn":"tell"')))

    # When the next question names it
    reply = submit(world, planner, question="and in April?", previous=first)

    # Then it is told so
    assert (reply.status, json.loads(reply.body)["hint"]) == (400, "Ask the whole question.")


def test_a_previous_that_is_no_id_is_declined(planner: Planner) -> None:
    with pytest.raises(UserError, match="no query id"):
        submit(World(), planner, question="and in April?", previous=3)

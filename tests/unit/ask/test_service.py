"""A call and what comes of it: answered, or promised and finished later; given back to who asked and nobody else."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from datamesh.ask.answer import Desk
from datamesh.ask.guard import Guarded
from datamesh.ask.queries import INLINE_BYTES, Query
from datamesh.ask.run import Limits, Ran, Run, duck_run
from datamesh.ask.service import Patience, Reply, Service
from datamesh.ask.stop import Stop
from datamesh.errors import AccessDenied, InfrastructureError, StatementRejected, Transient, UnknownProduct, UserError
from datamesh.events import QuestionAnswered
from datamesh.govern.subscription import Subscription
from datamesh.registry.knowledge import Knowledge, ProductKnowledge
from tests.support.asking import (
    ANALYST,
    CLERK,
    KNOWLEDGE,
    PUBLISHED,
    STRANGER,
    MemoryTables,
    Planned,
    Planner,
    mask_key,
    retired,
)

OPENED = MemoryTables().open(KNOWLEDGE.products["shop.orders"]).snapshot
COUNT = json.dumps({"sql": "SELECT COUNT(*) AS n FROM shop.orders"})
IN_MEMORY = duck_run(MemoryTables(), Limits(10**6, 200, 1), mask_key)
LONG = 3600.0  # seconds, for what is to end by itself: a busy machine takes its time
PATIENT = Patience(LONG, LONG)
NOW = PUBLISHED + timedelta(hours=2)


class MemoryQueries:
    """Query records in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Query] = {}

    def put(self, query: Query) -> Query:
        self.kept[query.id] = replace(query, size=len(query.answer))
        return self.kept[query.id]

    def get(self, query_id: str) -> Query | None:
        query = self.kept.get(query_id)
        return replace(query, answer="") if query and query.size > INLINE_BYTES else query

    def link(self, query: Query) -> dict[str, str | int]:
        return {"url": f"https://bucket/{query.id}", "expires_in_seconds": 900}


@dataclass
class World:
    """A service whose surroundings can be changed, and what it told them."""

    knowledge: Knowledge = KNOWLEDGE
    now: datetime = NOW
    run: Run = IN_MEMORY
    patience: Patience = PATIENT
    held: list[Subscription] = field(default_factory=list)
    queries: MemoryQueries = field(default_factory=MemoryQueries)
    going_on: list[str] = field(default_factory=list)
    events: list[QuestionAnswered] = field(default_factory=list)

    @property
    def service(self) -> Service:
        return Service(
            knowledge=lambda: self.knowledge,
            held=lambda principal: [it for it in self.held if it.principal == principal],
            desk=Desk(self.run, Planner(Planned()), lambda: date(2024, 6, 1), 100_000),
            queries=self.queries,  # type: ignore[arg-type]
            go_on=self.going_on.append,
            announce=self.events.append,
            now=lambda: self.now,
            patience=self.patience,
        )


@pytest.fixture
def world() -> World:
    return World()


def slow(guarded: Guarded, products: Mapping[str, ProductKnowledge], stop: Stop) -> Ran:
    """Takes for ever, until it is stopped."""
    ended = threading.Event()
    with stop.interrupting(ended.set):
        ended.wait(30)
    stop.check()
    return Ran([])


def said(reply: Reply) -> Any:
    return json.loads(reply.body)


def test_an_answer_comes_with_the_call_and_is_kept(world: World) -> None:
    # When a statement is sent
    reply = world.service.submit("sql", COUNT, ANALYST)
    # Then its rows come back, and can be fetched again by the same caller
    assert (reply.status, said(reply)["rows"]) == (200, [[3]])
    again = world.service.poll(reply.query_id, ANALYST)
    assert (again.status, again.body) == (200, reply.body)
    # And the mesh is told that something was answered, not what
    event = world.events[0]
    assert (event.status, event.tier, event.products, event.principal) == ("answered", "sql", ["shop.orders"], ANALYST)


def test_a_question_is_answered_or_refused_with_200(world: World) -> None:
    answered = said(world.service.submit("question", '{"question": "How many orders are there?"}', ANALYST))
    refused = said(world.service.submit("question", '{"question": "Will it rain?"}', ANALYST))
    assert (answered["status"], answered["tier"], answered["rows"]) == ("answered", "verified", [[3]])
    assert (refused["status"], refused["tier"], refused["rows"]) == ("refused", "none", [])
    assert [(event.status, event.tier) for event in world.events] == [("answered", "verified"), ("refused", "none")]


@pytest.mark.parametrize(
    ("statement", "principal", "status", "rule"),
    [
        ("SELECT * FROM hr.salaries", ANALYST, 403, "not-granted"),
        ("SELECT * FROM shop.orders", STRANGER, 403, "not-granted"),
        ("DROP TABLE shop.orders", ANALYST, 422, "select-only"),
        ("SELECT name FROM crm.customers", CLERK, 422, "unknown-column"),
    ],
)
def test_a_declined_statement_names_its_rule(
    world: World, statement: str, principal: str, status: int, rule: str
) -> None:
    reply = world.service.submit("sql", json.dumps({"sql": statement}), principal)
    assert reply.status == status
    assert said(reply)["rule"] == rule
    assert set(said(reply)) == {"error", "hint", "rule"}
    assert world.events[0].status == "refused"


@pytest.mark.parametrize(
    "body", [None, "", "{", "[]", '"sql"', "{}", '{"sql": 1}', '{"sql": " "}', '{"question": "x"}']
)
def test_a_body_that_asks_nothing_is_the_callers_mistake(world: World, body: str | None) -> None:
    with pytest.raises(UserError):
        world.service.submit("sql", body, ANALYST)
    assert world.queries.kept == {}


@pytest.mark.parametrize(("kind", "longest"), [("sql", 20_000), ("question", 1_000)])
def test_a_text_that_is_too_long_is_not_looked_at(world: World, kind: Any, longest: int) -> None:
    with pytest.raises(StatementRejected) as refusal:
        world.service.submit(kind, json.dumps({kind: "x" * (longest + 1)}), ANALYST)
    assert refusal.value.rule == "too-long"
    assert world.queries.kept == {}


def test_a_service_that_fails_is_not_the_callers_mistake(world: World) -> None:
    def failing(*_: object) -> Ran:
        raise Transient("Glue said: secret detail")

    world.run = failing
    reply = world.service.submit("sql", COUNT, ANALYST)
    assert reply.status == 503
    assert "secret" not in reply.body
    assert world.events[0].status == "failed"


def test_what_takes_longer_than_a_caller_waits_is_promised_and_finished(world: World) -> None:
    # Given a statement that takes too long for a call
    world.run, world.patience = slow, Patience(0.2, LONG)
    reply = world.service.submit("sql", COUNT, ANALYST)
    # Then the caller gets a promise, and the query goes on without them
    query_id = reply.query_id
    assert reply.status == 202
    assert said(reply) == {"query_id": query_id, "status": "running", "poll": f"/queries/{query_id}"}
    assert world.going_on == [query_id]
    assert world.service.poll(query_id, ANALYST).status == 202
    assert world.events == []
    # When the run that nobody waits for has finished it
    world.run = IN_MEMORY
    world.service.finish(query_id)
    # Then the answer is there
    assert said(world.service.poll(query_id, ANALYST))["rows"] == [[3]]
    assert [event.status for event in world.events] == ["answered"]


def test_finishing_twice_answers_once(world: World) -> None:
    world.run, world.patience = slow, Patience(0.1, LONG)
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id
    world.run = IN_MEMORY
    world.service.finish(query_id)
    world.service.finish(query_id)
    world.service.finish("unknown")
    assert len(world.events) == 1


def test_what_takes_longer_than_any_run_may_is_refused(world: World) -> None:
    world.run, world.patience = slow, Patience(0.1, 0.2)
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id
    world.service.finish(query_id)
    reply = world.service.poll(query_id, ANALYST)
    assert (reply.status, said(reply)["rule"]) == (422, "time")


def test_a_grant_that_ended_meanwhile_gives_nothing_any_more(world: World) -> None:
    world.run, world.patience = slow, Patience(0.1, LONG)
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id
    world.run, world.knowledge = IN_MEMORY, retired(KNOWLEDGE, "shop.orders")
    world.service.finish(query_id)
    assert world.service.poll(query_id, ANALYST).status == 403


def test_a_run_that_broke_ends_its_query(world: World) -> None:
    # Given a run that meets what nobody foresaw
    world.run, world.patience = slow, Patience(0.1, LONG)
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id

    def broken(*_: object) -> Ran:
        raise ZeroDivisionError("secret value")

    world.run = broken
    # Then its error says where it was and not what it held, and the query has ended
    with pytest.raises(InfrastructureError, match=r"ZeroDivisionError < test_service\.py") as failure:
        world.service.finish(query_id)
    assert "secret" not in str(failure.value)
    assert failure.value.__suppress_context__
    assert world.service.poll(query_id, ANALYST).status == 503


def test_a_run_that_died_is_not_waited_for_for_ever(world: World) -> None:
    world.run, world.patience = slow, Patience(0.1, 60.0)
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id
    world.now = NOW + timedelta(seconds=140)
    assert world.service.poll(query_id, ANALYST).status == 202
    world.now = NOW + timedelta(seconds=160)
    assert world.service.poll(query_id, ANALYST).status == 503


def test_nobody_else_can_read_an_answer(world: World) -> None:
    query_id = world.service.submit("sql", COUNT, ANALYST).query_id
    theirs, nothing = world.service.poll(query_id, CLERK), world.service.poll("unknown", CLERK)
    assert theirs.status == nothing.status == 404
    assert theirs.body == nothing.body


def test_a_large_answer_comes_as_a_link(world: World) -> None:
    world.run = lambda *_: Ran([["x" * 1000]] * (INLINE_BYTES // 1000), {"shop.orders": OPENED})
    reply = world.service.submit("sql", COUNT, ANALYST)
    assert reply.status == 200
    expected = {"query_id": reply.query_id, "status": "done", "url": f"https://bucket/{reply.query_id}"}
    assert said(reply) == {**expected, "expires_in_seconds": 900}
    assert world.service.poll(reply.query_id, ANALYST).body == reply.body


def test_only_what_may_be_read_is_listed(world: World) -> None:
    pages = world.service.products(CLERK)["products"]
    assert [page["name"] for page in pages] == ["crm.customers", "shop.orders"]
    assert [column["name"] for column in pages[0]["columns"]] == ["customer_id", "city"]
    assert world.service.products(STRANGER) == {"products": []}


def test_a_product_has_a_page(world: World) -> None:
    page = world.service.product("shop.orders", ANALYST)
    assert page["freshness"] == {"age_seconds": 7200, "promised_every": "1 d"}
    assert (page["version"], page["owner"], page["total_rows"]) == ("1.2.0", "shop@example.com", 3)
    assert page["published_at"] == datetime(2024, 5, 1, 12, tzinfo=UTC).isoformat()
    json.dumps(page)


@pytest.mark.parametrize("name", ["hr.salaries", "hr.nothing", "x"])
def test_a_product_that_may_not_be_read_has_none(world: World, name: str) -> None:
    with pytest.raises(UnknownProduct) as unknown:
        world.service.product(name, ANALYST)
    assert unknown.value.message == f"{name}: unknown or not granted"


WEEK = timedelta(days=7)
STRANGERS = Subscription("q1", STRANGER, STRANGER, "shop.orders", None, "", NOW + WEEK)


def test_a_subscription_opens_a_product_for_its_principal_until_it_ends(world: World) -> None:
    assert world.service.submit("sql", COUNT, STRANGER).status == 403
    world.held.append(STRANGERS)
    assert said(world.service.submit("sql", COUNT, STRANGER))["rows"] == [[3]]
    assert [page["name"] for page in world.service.products(STRANGER)["products"]] == ["shop.orders"]
    world.now = STRANGERS.until
    assert world.service.submit("sql", COUNT, STRANGER).status == 403
    assert world.service.products(STRANGER) == {"products": []}


def test_what_is_taken_back_is_refused_at_the_next_call_as_if_it_had_never_been(world: World) -> None:
    before = world.service.submit("sql", COUNT, STRANGER)
    world.held.append(STRANGERS)
    world.service.submit("sql", COUNT, STRANGER)
    world.held.clear()
    after = world.service.submit("sql", COUNT, STRANGER)
    assert (after.status, after.body) == (before.status, before.body)


def test_an_answer_is_not_given_again_once_its_rows_may_not_be_read(world: World) -> None:
    world.held.append(STRANGERS)
    reply = world.service.submit("sql", COUNT, STRANGER)
    assert world.service.poll(reply.query_id, STRANGER).body == reply.body
    # When other access gives the same
    world.held[:] = [replace(STRANGERS, id="q2", until=NOW + 2 * WEEK)]
    assert world.service.poll(reply.query_id, STRANGER).body == reply.body
    # When it gives less, or nothing
    for held in ([replace(STRANGERS, columns=("order_id",))], []):
        world.held[:] = held
        with pytest.raises(AccessDenied) as denied:
            world.service.poll(reply.query_id, STRANGER)
        assert denied.value.rule == "changed"

"""What an intent promises: it is a value, its schema is the committed one, and it cannot count a row twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from datamesh.ask import intent
from datamesh.ask.intent import (
    And,
    Attr,
    Calc,
    Change,
    Cmp,
    CountOf,
    Edge,
    Entity,
    EntityKey,
    Exists,
    In,
    Item,
    Limit,
    Measure,
    Order,
    Output,
    Scalar,
    Select,
    SetOp,
    Source,
    Tally,
    Value,
    Within,
)

COMMITTED = Path(__file__).parents[3] / "schemas" / "intent.v1.schema.json"
TO_CUSTOMER = Edge(to="crm.customers", columns=("customer_id",), to_columns=("customer_id",))
TO_ORDERS = Edge(to="sales.orders", columns=("customer_id",), to_columns=("customer_id",), cardinality="to_many")
CUSTOMER = EntityKey(
    table="crm.customers", path=(TO_CUSTOMER,), keys=("customer_id",), labels=("customer_name",), optional=True
)

NAME, AGE = Attr(column="customer_name"), Attr(column="age", kind="number")
TEN = Value(value=10, kind="number")


def select(*items: Item) -> Select:
    return Select(subject=Entity(table="crm.customers"), outputs=tuple(Output(item=item) for item in items))


def busiest() -> Select:
    """The customer with the most orders above the average, among those with two shipments."""
    amount = Attr(column="amount", kind="number")
    average = Select(subject=Entity(table="sales.orders"), outputs=(Output(item=Measure(fn="avg", of=amount)),))
    above = Cmp(left=amount, op=">", right=Scalar(query=average))
    shipped = Exists(
        path=(Edge(to="logistics.shipments", columns=("order_id",), to_columns=("order_id",), cardinality="to_many"),),
        count=CountOf(op=">=", n=2),
    )
    return Select(
        subject=Entity(table="sales.orders"),
        outputs=(Output(item=CUSTOMER), Output(item=Measure(fn="count"))),
        where=And(preds=(above, shipped)),
        group=(CUSTOMER,),
        order=(Order(by=Measure(fn="count"), direction="desc"),),
        limit=Limit(n=1, ties="all"),
    )


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == intent.json_schema(), "run: make schemas"


def test_an_intent_survives_json_and_fits_its_schema() -> None:
    # Given a query of queries
    query = SetOp(op="except", left=busiest(), right=busiest())

    # When it is written and read
    written = query.model_dump_json()
    read = TypeAdapter(intent.Query).validate_json(written)

    # Then it is the same, and JSON Schema alone would have let it through
    assert read == query
    jsonschema.validate(json.loads(written), intent.json_schema())


THEIR_AMOUNT = Attr(column="amount", kind="number", path=(TO_ORDERS,))
THEIR_ORDER = EntityKey(table="sales.orders", path=(TO_ORDERS,), keys=("order_id",), labels=("order_id",))
CUSTOMERS = Entity(table="crm.customers")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"outputs": [Measure(fn="sum", of=THEIR_AMOUNT)]}, "from many to one"),
        ({"outputs": [Measure(fn="count_distinct", of=THEIR_ORDER)]}, "from many to one"),
        ({"outputs": [THEIR_ORDER, Measure(fn="count")], "group": [THEIR_ORDER]}, "from many to one"),
        ({"outputs": [NAME], "where": Cmp(left=THEIR_AMOUNT, op=">", right=TEN)}, "Exists"),
        ({"outputs": [NAME, Measure(fn="count")]}, "grouped by"),
        ({"outputs": [NAME], "having": Cmp(left=NAME, op="=", right=TEN)}, "having"),
        ({"outputs": [NAME], "where": Cmp(left=Measure(fn="count"), op="=", right=TEN)}, "having"),
        ({"outputs": [NAME], "limit": Limit(n=1, ties="all")}, "need an order"),
        ({"outputs": [NAME], "limit": Limit(n=1, per=(NAME,))}, "need an order"),
        ({"outputs": [NAME], "where": In(left=NAME, query=select(NAME, NAME))}, "one column"),
        ({"outputs": [NAME], "where": Cmp(left=NAME, op="=", right=Scalar(query=select(NAME)))}, "one row"),
        ({"outputs": [Change(measure=Measure(fn="count"), along=NAME)], "group": [AGE]}, "no group"),
    ],
)
def test_what_cannot_be_computed_is_no_query(parts: dict[str, Any], reason: str) -> None:
    outputs = tuple(Output(item=item) for item in parts.pop("outputs"))
    with pytest.raises(ValidationError, match=reason):
        Select(subject=CUSTOMERS, outputs=outputs, **parts)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Measure(fn="sum"), "something to compute"),
        (lambda: Measure(fn="avg", of=NAME), "no number"),
        (lambda: Measure(fn="count", of=CUSTOMER), "count_distinct"),
        (lambda: Measure(fn="contract"), "expression"),
        (lambda: Measure(fn="avg", of=AGE, over="all"), "make up"),
        (lambda: Tally(path=(TO_CUSTOMER,), measure=Measure(fn="count")), "many rows"),
        (lambda: Change(measure=Measure(fn="count")), "two conditions"),
        (lambda: Calc(op="+", left=AGE, right=CUSTOMER), "single values"),
        (lambda: In(left=NAME), "either values or a query"),
        (lambda: Within(of=NAME), "without an end"),
        (lambda: And(preds=()), "at least 1"),
        (lambda: Edge(to="a.b", columns=("x", "y"), to_columns=("x",)), "as many columns"),
        (lambda: SetOp(op="union", left=select(NAME), right=select(NAME, AGE)), "one width"),
        (lambda: SetOp(op="except", left=select(NAME), right=select(NAME), bag=True), "repeat"),
        (lambda: SetOp(op="except", by="key", left=select(NAME), right=select(NAME)), "one thing"),
        (lambda: SetOp(op="union", left=select(NAME), right=select(NAME), order=(Order(by=AGE),)), "what it shows"),
    ],
)
def test_a_node_that_cannot_be_computed_is_none(make: Callable[[], object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        make()


def test_related_rows_may_be_shown_beside_their_thing_and_restricted_where_they_are_shown() -> None:
    found = Select(
        subject=CUSTOMERS,
        outputs=(Output(item=NAME), Output(item=THEIR_AMOUNT)),
        where=Cmp(left=THEIR_AMOUNT, op=">", right=TEN),
    )
    assert found.outputs[1].item == THEIR_AMOUNT


def test_evidence_does_not_tell_two_readings_apart() -> None:
    # Given the same attribute read from two places in a question
    here = Attr(column="amount", source=Source(start=4, end=10, evidence="amount", cost=0.1))
    there = Attr(column="amount", source=Source(start=20, end=24, evidence="sum", cost=0.6))

    # Then they are one reading, also as keys
    assert here == there
    assert len({here, there}) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"node": "select", "subject": {"table": "a.b"}, "outputs": []},
        {"node": "select", "subject": {"table": "a.b"}, "outputs": [{"item": {"node": "attr"}}]},
        {"node": "select", "subject": {"table": "a.b"}, "outputs": [{"item": {"node": "sql", "text": "DROP"}}]},
        {"node": "select", "subject": {"table": "a.b"}, "outputs": [{"item": {"node": "measure", "fn": "eval"}}]},
    ],
)
def test_what_is_no_intent_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(intent.Query).validate_python(broken)


def test_values_keep_their_kind() -> None:
    for value in (True, 3, 2.5, "3"):
        read = Value.model_validate_json(Value(value=value).model_dump_json())
        assert read.value == value
        assert type(read.value) is type(value)

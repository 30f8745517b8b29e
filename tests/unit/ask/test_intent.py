"""What an intent promises: it is a value, its schema is the committed one, and it cannot count a row twice."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from datamesh.ask import intent
from datamesh.ask.intent import (
    And,
    Attr,
    Cmp,
    CountOf,
    Edge,
    Entity,
    EntityKey,
    Exists,
    Limit,
    Measure,
    Order,
    Output,
    Scalar,
    Select,
    SetOp,
    Source,
    Value,
)

COMMITTED = Path(__file__).parents[3] / "schemas" / "intent.v1.schema.json"
TO_CUSTOMER = Edge(to="crm.customers", columns=("customer_id",), to_columns=("customer_id",))
TO_ORDERS = Edge(to="sales.orders", columns=("customer_id",), to_columns=("customer_id",), cardinality="to_many")
CUSTOMER = EntityKey(
    table="crm.customers", path=(TO_CUSTOMER,), keys=("customer_id",), labels=("customer_name",), optional=True
)


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


def test_a_path_to_an_attribute_never_fans_out() -> None:
    with pytest.raises(ValidationError, match="from many to one"):
        Attr(column="amount", path=(TO_ORDERS,))
    with pytest.raises(ValidationError, match="from many to one"):
        EntityKey(table="sales.orders", path=(TO_ORDERS,), keys=("order_id",), labels=("order_id",))


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

"""What a question says itself is hardly what it asks for."""

from __future__ import annotations

import pytest

from datamesh.ask import intent
from datamesh.ask.names.vocabulary import build
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.known import doubting_the_known
from datamesh.ask.read.places import Schema
from tests.support.meshes import Mesh

COUNT = intent.Measure(fn="count")
TOTAL = intent.Measure(fn="sum", of=intent.Attr(column="quantity", kind="number"))
ORDER = intent.Attr(column="order_id", kind="number")
STATUS = intent.Attr(column="order_status")


def _is(attr: intent.Attr, value: str | int) -> intent.Pred:
    kind: intent.AttrKind = "number" if isinstance(value, int) else "text"
    return intent.Cmp(left=attr, op="=", right=intent.Value(value=value, kind=kind))


@pytest.mark.parametrize(
    ("shown", "where", "doubted"),
    [
        pytest.param(COUNT, _is(ORDER, 5), True, id="how many orders are order 5"),
        pytest.param(COUNT, _is(STATUS, "O"), False, id="how many orders are open"),
        pytest.param(TOTAL, _is(ORDER, 5), False, id="the total quantity of order 5"),
        pytest.param(STATUS, _is(STATUS, "O"), True, id="the status of open orders"),
        pytest.param(ORDER, _is(STATUS, "O"), False, id="the open orders"),
        pytest.param(STATUS, None, False, id="the status of orders"),
    ],
)
def test_what_the_conditions_give_away_is_doubted(
    shop: Mesh, shown: intent.Item, where: intent.Pred | None, doubted: bool
) -> None:
    # Given
    schema = Schema(build(shop.knowledge, shop.readable))
    orders = intent.Entity(table="sales.orders")
    query = intent.Select(subject=orders, outputs=(intent.Output(item=shown),), where=where)

    # When
    (found,) = doubting_the_known(schema, [Choice(query, 1.0)])

    # Then
    assert found.value == query
    assert (found.cost > 1.0) is doubted

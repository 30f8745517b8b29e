"""The registry's own promises, on DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh.registry.projection import Change
from datamesh.registry.store import Registry

CHANGE = Change("fleet", "planes", "contract", "00000000000000000002", {"version": "1.0.0", "sequence": 2})


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Registry(
            boto3.resource("dynamodb", region_name="eu-west-1").create_table(
                TableName="registry",
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
                BillingMode="PAY_PER_REQUEST",
            )
        )


def item_of(registry: Registry, name: str = "fleet.planes") -> dict[str, Any]:
    return next(item for item in registry.products() if item["name"] == name)


def test_a_change_is_made_once_and_tells_what_it_replaced(registry: Registry) -> None:
    assert registry.put(CHANGE, account="1", knowledge_key="a") == {}
    assert registry.stands(CHANGE)
    # The same again changes nothing
    assert registry.put(CHANGE, account="1", knowledge_key="b") is None
    # A later one takes its place
    later = replace(CHANGE, order="00000000000000000003", values={"version": "1.1.0"})
    assert not registry.stands(later)
    assert registry.put(later, account="1", knowledge_key="c") == {
        "version": "1.0.0",
        "sequence": 2,
        "knowledge_key": "a",
    }
    assert item_of(registry)["contract"] == {"version": "1.1.0", "knowledge_key": "c"}


def test_an_earlier_change_that_comes_late_is_not_made(registry: Registry) -> None:
    registry.put(CHANGE, account="1")
    earlier = replace(CHANGE, order="00000000000000000001", values={"version": "0.9.0"})
    assert registry.stands(earlier)
    assert registry.put(earlier, account="1") is None
    assert item_of(registry)["contract"]["version"] == "1.0.0"


def test_parts_of_a_product_do_not_touch_each_other(registry: Registry) -> None:
    registry.put(CHANGE, account="1")
    registry.put(replace(CHANGE, part="grants", order="2026", values={"granted": 3}), account="1")
    item = item_of(registry)
    assert (item["contract"]["version"], item["grants"]["granted"]) == ("1.0.0", 3)


def test_a_snapshot_id_comes_back_as_it_went(registry: Registry) -> None:
    # An Iceberg snapshot id has 63 bits: more than a float holds
    snapshot = 9_223_372_036_854_775_783
    registry.put(replace(CHANGE, part="snapshot", values={"snapshot_id": snapshot}), account="1")
    assert item_of(registry)["snapshot"]["snapshot_id"] == snapshot


def test_a_domain_is_bound_to_the_account_that_spoke_first(registry: Registry) -> None:
    assert registry.bind("fleet", "111122223333")
    assert registry.bind("fleet", "111122223333")
    assert not registry.bind("fleet", "444455556666")
    assert registry.bind("weather", "444455556666")


def test_more_products_than_one_answer_holds_are_all_there(registry: Registry) -> None:
    # Given more than the megabyte that a page of DynamoDB has
    for number in range(6):
        values = {"version": "1.0.0", "findings": ["x" * 300_000]}
        registry.put(replace(CHANGE, product=f"p{number}", values=values), account="1")
    assert [item["name"] for item in registry.products()] == [f"fleet.p{number}" for number in range(6)]

"""Approved requests give what they say until they end, and nothing of what they do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version
from datamesh.govern.policy import grants_of
from datamesh.govern.rights import rights, rights_of
from datamesh.govern.subscription import Subscription
from tests.support.governed import Product

ACCOUNT = "123456789012"
ANN = f"arn:aws:iam::{ACCOUNT}:role/ann"
BOB = f"arn:aws:iam::{ACCOUNT}:role/bob"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
TEXT = ColumnType("string")
PEOPLE = Contract(
    "1",
    "crm",
    "people",
    Version(1),
    "active",
    "v3.2.0",
    (
        Table(
            "people",
            (
                Column("name", TEXT),
                Column("region", TEXT),
                Column("email", TEXT, tags=("personal:yes",)),
                Column("ssn", TEXT, encrypted_name="ssn_sealed", tags=("personal:yes",)),
                Column("ssn_sealed", TEXT),
            ),
        ),
    ),
    (Role("support", principals=("role/bob",), columns=("name",)),),
)
WHOLE = Subscription("q1", ANN, ANN, "crm.people", None, "", NOW + timedelta(days=1))


def columns(*held: Subscription, contract: Contract = PEOPLE, at: datetime = NOW, who: str = ANN) -> tuple[str, ...]:
    return rights_of(contract, ACCOUNT, who, held, at=at).columns


@pytest.mark.parametrize(
    ("change", "opened"),
    [
        ({}, ("name", "region", "email", "ssn_sealed")),
        ({"columns": ("email", "gone")}, ("email",)),
        ({"columns": ("ssn",)}, ("ssn",)),
        ({"target": "domain=crm, personal!=yes"}, ("name", "region", "ssn_sealed")),
        ({"target": "domain=crm"}, ("name", "region", "email", "ssn_sealed")),
        ({"target": "domain=crm, personal!=yes", "columns": ("name", "email")}, ("name",)),
        ({"target": "crm.peoples"}, ()),
        ({"target": "domain=sales"}, ()),
        ({"rows": "region = 'x'", "row_columns": (("region", "string"),), "columns": ("name",)}, ("name",)),
        ({"rows": "region = 'x'", "row_columns": (("region", "integer"),)}, ()),
        ({"rows": "gone = 'x'", "row_columns": (("gone", "string"),)}, ()),
        ({"rows": "region = 'x'"}, ()),
        ({"principal": BOB}, ()),
        ({"until": NOW}, ()),
    ],
)
def test_what_a_subscription_opens(change: dict[str, object], opened: tuple[str, ...]) -> None:
    assert columns(replace(WHOLE, **change)) == opened  # type: ignore[arg-type]


def test_it_opens_it_until_its_end_and_not_a_moment_longer() -> None:
    assert columns(WHOLE, at=WHOLE.until - timedelta(microseconds=1))
    assert not columns(WHOLE, at=WHOLE.until)


def test_a_right_says_which_request_gave_it_and_until_when() -> None:
    (right,) = rights_of(
        PEOPLE, ACCOUNT, ANN, [replace(WHOLE, rows="region = 'EMEA'", row_columns=(("region", "string"),))], at=NOW
    ).each
    assert (right.rule, right.until, right.rows) == ("request:q1", WHOLE.until, "region = 'EMEA'")


def test_it_stands_beside_roles_and_other_subscriptions() -> None:
    bobs = replace(WHOLE, id="q2", principal=BOB, columns=("email",))
    assert columns(bobs, who=BOB) == ("name", "email")
    assert columns(WHOLE, bobs) == columns(WHOLE)


@pytest.mark.parametrize("status", ["draft", "proposed", "retired"])
def test_a_contract_that_gives_no_access_gives_none_to_subscribers(status: str) -> None:
    assert not columns(WHOLE, contract=replace(PEOPLE, status=status))


def test_no_subscription_holds_where_nobody_says_what_time_it_is() -> None:
    with pytest.raises(ValueError, match="time"):
        grants_of(PEOPLE, ACCOUNT, [WHOLE])


def test_products_that_only_a_subscription_opens_are_there_while_it_holds() -> None:
    products = [Product(PEOPLE, ACCOUNT)]
    assert list(rights(products, ANN, [WHOLE], at=NOW)) == ["crm.people"]
    assert not rights(products, ANN, [WHOLE], at=WHOLE.until)

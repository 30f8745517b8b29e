"""Approved requests give what they say until they end, and nothing of what they do not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datamesh.contract.masks import Mask
from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version
from datamesh.govern.policy import grants_of
from datamesh.govern.projection import OwnRoles, wanted
from datamesh.govern.rights import rights, rights_of
from datamesh.govern.subscription import Subscription
from tests.support.governed import Product

ACCOUNT = "123456789012"
ANN = f"arn:aws:iam::{ACCOUNT}:role/ann"
BOB = f"arn:aws:iam::{ACCOUNT}:role/bob"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
OWN = OwnRoles(f"arn:aws:iam::{ACCOUNT}:role/reader")
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


LAST, BUCKET, HASH = Mask("partial"), Mask("bucket", width=5), Mask("hash")


def of_kind(kind: str, name: str = "email") -> Contract:
    """People, whose third column is of another kind, or has another name."""
    table = PEOPLE.table
    third = Column(name, ColumnType(kind), tags=("personal:yes",))
    return replace(PEOPLE, tables=(replace(table, columns=(*table.columns[:2], third, *table.columns[3:])),))


@pytest.mark.parametrize(
    ("change", "contract", "opened", "masked"),
    [
        ({"masks": (("email", LAST),)}, PEOPLE, ("name", "region", "email", "ssn_sealed"), {"email"}),
        ({"columns": ("email",), "masks": (("email", LAST),)}, PEOPLE, ("email",), {"email"}),
        # Of another kind by now: nothing of that column
        ({"masks": (("email", LAST),)}, of_kind("integer"), ("name", "region", "ssn_sealed"), set()),
        ({"columns": ("name", "email"), "masks": (("email", LAST),)}, of_kind("integer"), ("name",), set()),
        ({"columns": ("email",), "masks": (("email", LAST),)}, of_kind("integer"), (), set()),
        ({"masks": (("email", HASH),)}, of_kind("integer"), ("name", "region", "email", "ssn_sealed"), {"email"}),
        ({"masks": (("email", HASH),)}, of_kind("decimal"), ("name", "region", "ssn_sealed"), set()),
        ({"masks": (("email", BUCKET),)}, of_kind("date"), ("name", "region", "ssn_sealed"), set()),
        # Under another name it is not shown
        ({"masks": (("email", LAST),)}, of_kind("string", "mail"), (), set()),
        ({"columns": ("name", "email"), "masks": (("email", LAST),)}, of_kind("string", "mail"), ("name",), set()),
        # By tags, too
        (
            {"target": "domain=crm", "columns": ("name", "email"), "masks": (("email", LAST),)},
            of_kind("integer"),
            ("name",),
            set(),
        ),
        (
            {"target": "domain=crm", "columns": ("name", "email"), "masks": (("email", LAST),)},
            PEOPLE,
            ("name", "email"),
            {"email"},
        ),
    ],
)
def test_a_mask_hides_and_where_it_fits_no_more_nothing_is_shown(
    change: dict[str, object], contract: Contract, opened: tuple[str, ...], masked: set[str]
) -> None:
    held = replace(WHOLE, **change)  # type: ignore[arg-type]
    given = rights_of(contract, ACCOUNT, ANN, [held], at=NOW)
    assert given.columns == opened
    assert {name for right in given.each for name, _ in right.masks} == masked == given.hidden
    # And Lake Formation, which masks nothing, shows what is in the clear, or all where nothing is hidden
    state = wanted(contract, account=ACCOUNT, database="d", table="t", own=OWN, subscriptions=[held], at=NOW)
    shown = {grant.columns for grant in state.grants if grant.principal == ANN}
    clear = tuple(sorted(set(opened) - masked))
    assert shown == ({clear} if clear else set())


def test_what_is_masked_by_one_subscription_another_may_show_until_it_ends() -> None:
    masked = replace(WHOLE, masks=(("email", LAST), ("name", HASH)))
    clear = replace(WHOLE, id="q2", columns=("name",), until=NOW + timedelta(hours=1))
    assert rights_of(PEOPLE, ACCOUNT, ANN, [masked, clear], at=NOW).hidden == {"email"}
    assert rights_of(PEOPLE, ACCOUNT, ANN, [masked, clear], at=clear.until).hidden == {"email", "name"}


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

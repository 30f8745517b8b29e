"""Who decides, what can be granted of what was asked, and that it is never more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.masks import Mask
from datamesh.contract.model import Approval, Column, ColumnType, Contract, Owner, Table, Version
from datamesh.errors import AccessDenied, StatementRejected, UserError
from datamesh.govern.deciding import ALL, Less, approved_by_policy, fitted, may_decide
from datamesh.govern.requests import Request, asked
from datamesh.govern.rights import rights_of
from datamesh.govern.subscription import Subscription
from tests.support.governed import Product

ACCOUNT = "123456789012"
ANN, OLA, BOB = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("ann", "ola", "bob"))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WISH = Subscription("q1", ANN, ANN, "crm.people", None, "", NOW + 30 * DAY)
HASH, NULL, LAST = Mask("hash"), Mask("null"), Mask("partial")


def contract(product: str = "people", owners: tuple[str, ...] = ("role/ola",), *approvals: Approval) -> Contract:
    columns = (Column("name", ColumnType("string")), Column("region", ColumnType("string"), tags=("personal:yes",)))
    table = Table(product, columns)
    return replace(
        Contract("1", "crm", product, Version(1), "active", "v3.2.0", (table,)),
        owners=tuple(map(Owner, owners)),
        approvals=approvals,
    )


def request(**change: Any) -> Request:
    return asked(replace(WISH, **change), "a study", NOW)


def test_only_an_owner_decides_and_never_on_their_own() -> None:
    products = [Product(contract(), ACCOUNT)]
    may_decide(request(), OLA, products, NOW)
    for who, rule, of in ((BOB, "owner", request()), (ANN, "own-request", request()), (OLA, "own-request", None)):
        with pytest.raises(AccessDenied) as denied:
            may_decide(of or request(principal=OLA), who, products, NOW)
        assert denied.value.rule == rule


def test_who_decides_on_tags_owns_every_product_that_is_meant() -> None:
    both = [Product(contract(), ACCOUNT), Product(contract("orders", ("role/ola", "role/bob")), ACCOUNT)]
    may_decide(request(target="domain=crm"), OLA, both, NOW)
    with pytest.raises(AccessDenied):
        may_decide(request(target="domain=crm"), BOB, both, NOW)
    may_decide(request(target="crm.orders"), BOB, both, NOW)


def test_nobody_decides_on_what_does_not_exist() -> None:
    with pytest.raises(AccessDenied):
        may_decide(request(target="crm.nothing"), OLA, [Product(contract(), ACCOUNT)], NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ("gone",)},
        {"rows": "gone = 'x'"},
        {"rows": "name = 1"},
        {"masks": (("gone", HASH),)},
        {"masks": (("name", Mask("bucket", width=5)),)},
    ],
)
def test_what_does_not_fit_the_product_is_told_to_who_decides(change: dict[str, Any]) -> None:
    with pytest.raises((UserError, StatementRejected)):
        fitted(request(**change).wish, [Product(contract(), ACCOUNT)])


@pytest.mark.parametrize(
    ("approval", "change", "yes"),
    [
        (Approval(("role/ann",), None, 30), {}, True),
        (Approval(("role/ann",), None, 29), {}, False),
        (Approval(("role/bob",), None, 30), {}, False),
        (Approval(("role/ann",), ("name",), 30), {}, False),
        (Approval(("role/ann",), ("name",), 30), {"columns": ("name",)}, True),
        (Approval(("role/ann",), ("name",), 30), {"columns": ("name", "region")}, False),
        (Approval(("role/ann",), None, 30), {"rows": "gone = 'x'"}, False),
        (Approval(("role/ann",), None, 30), {"columns": ("gone",)}, False),
        (Approval(("role/ann",), None, 30), {"columns": ("region",), "rows": "name = 'x'"}, True),
    ],
)
def test_a_declared_rule_grants_what_keeps_within_it(approval: Approval, change: dict[str, Any], yes: bool) -> None:
    products = [Product(contract("people", ("role/ola",), approval), ACCOUNT)]
    assert (approved_by_policy(request(**change), products, NOW) is not None) is yes


def test_by_tags_every_product_must_declare_it() -> None:
    rule = Approval(("role/ann",), None, 30)
    people, orders = (Product(contract(name, (), rule), ACCOUNT) for name in ("people", "orders"))
    silent = Product(contract("visits"), ACCOUNT)
    assert approved_by_policy(request(target="domain=crm"), [people, orders], NOW)
    assert not approved_by_policy(request(target="domain=crm"), [people, silent], NOW)
    assert not approved_by_policy(request(target="domain=crm"), [], NOW)


def test_a_condition_is_granted_with_the_columns_that_it_reads() -> None:
    fits = fitted(request(rows="region = 'EMEA' AND name LIKE 'A%'").wish, [Product(contract(), ACCOUNT)])
    assert fits.row_columns == (("name", "string"), ("region", "string"))


PEOPLE = replace(
    contract(),
    tables=(
        Table(
            "people",
            (
                *contract().table.columns,
                Column("email", ColumnType("string")),
                Column("age", ColumnType("integer")),
                Column("ssn", ColumnType("string"), encrypted_name="sealed"),
                Column("sealed", ColumnType("string")),
            ),
        ),
    ),
)


def less_of(less: Less, *contracts: Contract, **change: Any) -> Subscription:
    return fitted(replace(WISH, **change), [Product(it, ACCOUNT) for it in contracts or (PEOPLE,)], less)


@pytest.mark.parametrize(
    ("change", "less", "then"),
    [
        ({}, ALL, {}),
        ({}, Less(columns=("email", "sealed")), {"columns": ("email", "sealed")}),
        ({"columns": ("name", "email")}, Less(columns=("email",)), {"columns": ("email",)}),
        ({"columns": ("ssn", "name")}, Less(columns=("ssn",)), {"columns": ("ssn",)}),
        ({}, Less(rows="age > 1"), {"rows": "age > 1", "row_columns": (("age", "integer"),)}),
        (
            {"rows": "name = 'x' OR age < 9"},
            Less(rows="age > 1 OR age IS NULL"),
            {
                "rows": "(name = 'x' OR age < 9) AND (age > 1 OR age IS NULL)",
                "row_columns": (("name", "string"), ("age", "integer")),
            },
        ),
        ({"rows": "age > 1"}, Less(rows="age > 1"), {"row_columns": (("age", "integer"),)}),
        ({}, Less(masks=(("email", HASH),)), {"masks": (("email", HASH),)}),
        (
            {"masks": (("email", HASH),)},
            Less(masks=(("email", HASH), ("name", LAST))),
            {"masks": (("email", HASH), ("name", LAST))},
        ),
        ({"masks": (("email", HASH),)}, Less(columns=("name",)), {"columns": ("name",), "masks": ()}),
        ({}, Less(until=NOW + 9 * DAY), {"until": NOW + 9 * DAY}),
        ({}, Less(until=NOW + 30 * DAY), {}),
    ],
)
def test_an_owner_grants_less(change: dict[str, Any], less: Less, then: dict[str, Any]) -> None:
    assert less_of(less, **change) == replace(WISH, **(change | then))


@pytest.mark.parametrize(
    ("change", "less", "said"),
    [
        ({"columns": ("name",)}, Less(columns=("name", "email")), "email is not asked for"),
        ({}, Less(columns=("ssn",)), "ssn is not asked for"),
        ({"columns": ("name",)}, Less(columns=()), "no column"),
        ({}, Less(columns=("gone",)), "no column gone"),
        ({}, Less(until=NOW + 31 * DAY), "until 2026-05-31"),
        ({"masks": (("email", HASH),)}, Less(masks=(("email", NULL),)), "another mask on email"),
        ({"columns": ("name",)}, Less(masks=(("email", HASH),)), "email, which is not granted"),
        ({}, Less(masks=(("gone", HASH),)), "no column gone"),
        ({}, Less(masks=(("ssn", HASH),)), "`ssn` is not opened"),
        ({}, Less(masks=(("age", LAST),)), "`partial` masks string"),
        ({"target": "domain=crm"}, Less(masks=(("email", HASH),)), "are named"),
        ({"rows": "age > 1"}, Less(rows=f"name = '{'x' * 1_990}'"), "more than 2,000"),
    ],
)
def test_what_goes_beyond_what_was_asked_is_refused(change: dict[str, Any], less: Less, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        less_of(less, **change)
    assert refused.value.hint


@pytest.mark.parametrize("asked_rows", ["name = 'x'", "name = 'x') OR (name = 'y'", "name = 'x' --", "name = 'x' /*"])
@pytest.mark.parametrize("rows", ["age > 1) OR (age < 9", "age > 1 --", "*/ OR age > 1", "1 = 1", "age > 1 ORDER BY 1"])
def test_a_condition_that_is_none_by_itself_is_none_beside_another(asked_rows: str, rows: str) -> None:
    with pytest.raises(StatementRejected):
        less_of(Less(rows=rows), rows=asked_rows)


def test_of_tags_a_mask_fits_every_product_in_which_its_column_is_opened() -> None:
    numbers = replace(contract("visits"), tables=(Table("visits", (Column("email", ColumnType("integer")),)),))
    named: dict[str, Any] = {"target": "domain=crm", "columns": ("name", "email")}
    assert less_of(Less(masks=(("email", HASH),)), PEOPLE, numbers, **named).masks == (("email", HASH),)
    with pytest.raises(UserError, match=r"crm\.visits: `partial` masks string"):
        less_of(Less(masks=(("email", LAST),)), PEOPLE, numbers, **named)
    # Where tags do not open the column, its kind is in nobody's way
    hidden = replace(numbers.table.columns[0], tags=("personal:yes",))
    apart = replace(numbers, tables=(Table("visits", (hidden, Column("name", ColumnType("string")))),))
    named["target"] = "domain=crm, personal!=yes"
    assert less_of(Less(masks=(("email", LAST),)), PEOPLE, apart, **named).masks == (("email", LAST),)


NAMES = [column.name for column in PEOPLE.table.columns]
COLUMNS = st.none() | st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)
MASKS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([HASH, NULL, LAST]), max_size=2).map(
    lambda masks: tuple(masks.items())
)
ROWS = st.sampled_from(["", "age > 1", "name = 'x'"])


@given(COLUMNS, MASKS, ROWS, st.builds(Less, COLUMNS, ROWS, MASKS, st.sampled_from([None, NOW + DAY, NOW + 31 * DAY])))
def test_whatever_is_granted_shows_no_more_than_what_was_asked(
    columns: tuple[str, ...] | None, masks: Sequence[tuple[str, Mask]], rows: str, less: Less
) -> None:
    # Given what the request would open if all of it were granted
    try:
        whole = less_of(ALL, columns=columns, masks=tuple(masks), rows=rows)
        granted = less_of(less, columns=columns, masks=tuple(masks), rows=rows)
    except UserError:
        return
    of_asked, of_granted = (rights_of(PEOPLE, ACCOUNT, ANN, [it], at=NOW).each[0] for it in (whole, granted))
    # Then nothing of it is shown, masked or clear, that would not be, nor longer, nor of other rows
    assert set(of_granted.columns) <= set(of_asked.columns)
    assert of_granted.clear <= of_asked.clear
    assert granted.until <= whole.until
    assert set(dict(whole.masks).items()) & {(n, m) for n, m in of_granted.masks} == {
        (n, m) for n, m in whole.masks if n in of_granted.columns
    }
    assert all(part in of_granted.rows for part in (rows, less.rows))

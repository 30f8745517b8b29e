"""What one principal may read of a product: columns, masks and rows of each grant, and what they give together."""

from __future__ import annotations

from typing import Any

import pytest

from datamesh.contract.masks import Mask
from datamesh.contract.model import Role
from datamesh.contract.parse import parse
from datamesh.govern.projection import OwnRoles, TableGrant, wanted
from datamesh.govern.rights import Right, Rights, rights
from tests.support.contracts import edited
from tests.support.governed import Product, contract_of

ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/analyst"
HASH, LAST = Mask("hash"), Mask("partial", keep=2)
OWN = OwnRoles(f"arn:aws:iam::{ACCOUNT}:role/reader")


def role(name: str, **given: Any) -> Role:
    return Role(name, principals=("role/analyst",), **given)


def product(*roles: Role) -> Product:
    return Product(contract_of("crm.people", ("id", "email", "region"), roles), ACCOUNT)


def given(*roles: Role) -> Rights:
    return rights([product(*roles)], ANALYST)["crm.people"]


def test_a_role_gives_its_columns_of_its_rows_behind_its_masks() -> None:
    one = given(role("emea", columns=("email", "id"), masks=(("email", HASH),), rows="region = 'EMEA'"))
    assert one == Rights(("id", "email"), (Right(("id", "email"), "region = 'EMEA'", (("email", HASH),), "role:emea"),))
    assert (one.plain, one.hidden, one.all_rows) == (frozenset(), {"email"}, False)


def test_what_one_role_shows_of_all_rows_no_other_hides() -> None:
    both = given(
        role("masked", masks=(("email", HASH), ("region", LAST))),
        role("clear", columns=("email",)),
        role("some", columns=("region",), rows="id = '1'"),
    )
    assert (both.columns, both.plain) == (("id", "email", "region"), {"id", "email"})
    assert (both.hidden, both.all_rows) == ({"region"}, True)


def test_a_column_of_some_rows_only_is_hidden_in_the_others() -> None:
    # Given somebody who reads the ids of all, and of some the region, too
    both = given(role("all", columns=("id",)), role("some", columns=("id", "region"), rows="region = 'EMEA'"))
    assert (both.columns, both.hidden, both.all_rows) == (("id", "region"), {"region"}, True)
    # Then what one role gives wherever it gives a row is not hidden
    assert given(role("some", rows="region = 'EMEA'"), role("more", rows="id = '1'")).hidden == frozenset()


def test_a_mask_of_a_column_that_the_role_does_not_read_shows_nothing() -> None:
    only = given(role("ids", columns=("id",), masks=(("email", HASH), ("gone", LAST))))
    assert (only.columns, only.hidden, only.each[0].masks) == (("id",), frozenset(), ())


def test_lake_formation_is_given_only_what_is_shown_as_it_is_in_all_rows() -> None:
    # Given masks and rows, beside columns of all rows
    roles = (
        role("masked", masks=(("email", HASH),)),
        role("some", columns=("email",), rows="region = 'EMEA'"),
    )
    want = wanted(product(*roles).contract, account=ACCOUNT, database="d", table="people_v1", own=OWN)
    # Then a masked column is an excluded one there, rows of a filter are not given, and the table is not described
    assert {grant for grant in want.grants if grant.principal == ANALYST} == {
        TableGrant(ANALYST, columns=("id", "region"))
    }


@pytest.mark.parametrize(
    "wrong",
    [
        "{property: datamesh.masks, value: [{column: line, mask: blur}]}",
        "{property: datamesh.masks, value: [{mask: hash}]}",
        "{property: datamesh.masks, value: {line: hash}}",
        "{property: datamesh.rows, value: [line]}",
        "{property: datamesh.columns, value: line}",
        "{property: datamesh.row, value: line = '1'}",
    ],
)
def test_a_role_with_a_restriction_that_cannot_be_read_gives_nothing(wrong: str) -> None:
    holds = "        value: [role/planner]\n"
    planner = f"arn:aws:iam::{ACCOUNT}:role/planner"
    assert rights([Product(parse(edited(holds, holds).encode()), ACCOUNT)], planner)
    assert not rights([Product(parse(edited(holds, f"{holds}      - {wrong}\n").encode()), ACCOUNT)], planner)


def test_a_mask_is_read_as_it_is_written() -> None:
    holds = "        value: [role/planner]\n"
    masks = "[{column: line, mask: null}, {column: name, mask: partial, keep: 2}]"
    text = edited(holds, f"{holds}      - {{property: datamesh.masks, value: {masks}}}\n")
    (found,) = parse(text.encode()).roles
    assert found.masks == (("line", Mask("null")), ("name", LAST))

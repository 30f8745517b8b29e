"""Who may read what, from contracts alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.model import Contract, Role, Table
from datamesh.contract.parse import parse
from datamesh.govern.policy import grants_of, owners_of
from datamesh.govern.rights import rights
from datamesh.govern.tags import lf_tags
from tests.support import governed
from tests.support.governed import contract_of

ACCOUNT = "111122223333"
ANALYST = f"arn:aws:iam::{ACCOUNT}:role/analyst"
COLUMNS = ("tailnum", "seats", "owner")
Product = partial(governed.Product, account=ACCOUNT)


def contract(*roles: Role, status: str = "active", product: str = "planes") -> Contract:
    return contract_of(f"fleet.{product}", COLUMNS, roles, status=status)


def role(*principals: str, columns: tuple[str, ...] | None = None, access: str = "read", name: str = "readers") -> Role:
    return Role(name, access=access, principals=principals, columns=columns)


def readable(products: list[governed.Product], principal: str) -> dict[str, tuple[str, ...]]:
    return {name: given.columns for name, given in rights(products, principal).items()}


def test_a_role_gives_its_principals_the_columns_it_names_and_says_why() -> None:
    # Given a contract with one role for all columns and one for some
    promised = contract(role("role/analyst", name="analysts"), role("role/guest", columns=("seats",), name="guests"))
    # When its grants are derived
    grants = grants_of(promised, ACCOUNT)
    # Then each principal has one, with the rule that gave it
    assert [(g.principal, g.product, g.columns, g.rule) for g in grants] == [
        (ANALYST, "fleet.planes", None, "role:analysts"),
        (f"arn:aws:iam::{ACCOUNT}:role/guest", "fleet.planes", ("seats",), "role:guests"),
    ]


def test_nobody_else_reads_anything() -> None:
    products = [Product(contract(role("role/guest"))), Product(contract(product="closed"))]
    assert readable(products, ANALYST) == {}


def test_the_same_role_name_in_another_account_is_somebody_else() -> None:
    assert readable([governed.Product(contract(role("role/analyst")), "444455556666")], ANALYST) == {}


def test_a_path_in_the_contract_does_not_hide_the_role_from_its_caller() -> None:
    promised = contract(role(f"arn:aws:iam::{ACCOUNT}:role/teams/analyst"))
    assert readable([Product(promised)], ANALYST) == {"fleet.planes": COLUMNS}


def test_roles_of_one_principal_add_up_in_the_contracts_order() -> None:
    promised = contract(role("role/analyst", columns=("owner",)), role("role/analyst", columns=("tailnum",)))
    assert readable([Product(promised)], ANALYST) == {"fleet.planes": ("tailnum", "owner")}


def test_a_column_the_contract_lacks_gives_nothing() -> None:
    assert readable([Product(contract(role("role/analyst", columns=("salary",))))], ANALYST) == {}


def test_what_is_no_principal_gets_nothing_and_harms_no_other() -> None:
    promised = contract(role("everyone", "*", "role/analyst"))
    assert [grant.principal for grant in grants_of(promised, ACCOUNT)] == [ANALYST]


@pytest.mark.parametrize("status", ["draft", "proposed", "retired", "", "whatever"])
def test_only_a_contract_in_force_gives_access(status: str) -> None:
    assert grants_of(contract(role("role/analyst"), status=status), ACCOUNT) == ()


@pytest.mark.parametrize("status", ["active", "deprecated", "Active"])
def test_a_deprecated_product_can_still_be_read(status: str) -> None:
    assert readable([Product(contract(role("role/analyst"), status=status))], ANALYST) == {"fleet.planes": COLUMNS}


def test_a_role_that_is_not_for_reading_gives_no_reading() -> None:
    assert grants_of(contract(role("role/analyst", access="write")), ACCOUNT) == ()


names = st.sampled_from(["analyst", "guest", "auditor"])
roles = st.builds(
    lambda principals, columns, access: role(*(f"role/{p}" for p in principals), columns=columns, access=access),
    st.lists(names, max_size=3),
    st.none() | st.lists(st.sampled_from((*COLUMNS, "gone")), max_size=3).map(tuple),
    st.sampled_from(["read", "write"]),
)


@given(st.lists(roles, max_size=5), names)
def test_removing_any_role_never_gives_more(declared: list[Role], name: str) -> None:
    principal = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    whole = contract(*declared)
    before = set(readable([Product(whole)], principal).get("fleet.planes", ()))
    for left_out in range(len(declared)):
        fewer = replace(whole, roles=tuple(declared[:left_out] + declared[left_out + 1 :]))
        assert set(readable([Product(fewer)], principal).get("fleet.planes", ())) <= before <= set(COLUMNS)


def test_tags_say_domain_and_classification_and_a_column_may_differ() -> None:
    promised = contract()
    secret = replace(promised.table.columns[2], classification="Restricted")
    promised = replace(promised, tables=(Table("planes", (*promised.table.columns[:2], secret)),))
    tags = lf_tags(promised)
    assert (tags.database, tags.table) == ({"domain": "fleet"}, {"classification": "internal"})
    assert tags.columns == {"owner": {"classification": "restricted"}}


def test_a_clear_value_beside_its_encrypted_one_is_read_by_who_names_it() -> None:
    # Given a column whose encrypted value stands in another one
    promised = contract(role("role/analyst"), role("role/clerk", columns=("owner", "tailnum")))
    clear = tuple(replace(c, encrypted_name="tailnum") if c.name == "owner" else c for c in promised.table.columns)
    promised = replace(promised, tables=(replace(promised.table, columns=clear),))
    # Then who reads everything does not read it, and who names it does
    assert readable([Product(promised)], ANALYST) == {"fleet.planes": ("tailnum", "seats")}
    clerk = f"arn:aws:iam::{ACCOUNT}:role/clerk"
    assert readable([Product(promised)], clerk) == {"fleet.planes": ("tailnum", "owner")}


@pytest.mark.parametrize("team", ["list", "object"])
def test_owners_are_the_principals_of_the_team(team: str) -> None:
    members = [
        {
            "username": "ola",
            "customProperties": [{"property": "datamesh.principals", "value": ["role/ola", "role/ops"]}],
        },
        {"username": "kim"},
    ]
    contract = parse(json.dumps({"team": members if team == "list" else {"name": "crew", "members": members}}))
    assert contract.team == ("ola", "kim")
    assert owners_of(contract, ACCOUNT, datetime.now(UTC)) == {
        f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("ola", "ops")
    }


@pytest.mark.parametrize(
    ("days", "at", "decides"),
    [
        ({"dateIn": "2026-05-02"}, "2026-05-01T23:59:59.999999Z", False),
        ({"dateIn": "2026-05-02"}, "2026-05-02T00:00:00Z", True),
        ({"dateOut": "2026-05-02"}, "2026-05-01T23:59:59.999999Z", True),
        ({"dateOut": "2026-05-02"}, "2026-05-02T00:00:00Z", False),
        ({"dateOut": "2026-05-02"}, "2026-05-02T01:59:00+02:00", True),
        ({"dateOut": "soon"}, "2026-05-02T00:00:00Z", False),
    ],
)
def test_a_member_decides_from_the_day_they_came_until_the_day_they_left(
    days: dict[str, str], at: str, decides: bool
) -> None:
    member = {"username": "ola", "customProperties": [{"property": "datamesh.principals", "value": ["role/ola"]}]}
    contract = parse(json.dumps({"team": [member | days]}))
    assert bool(owners_of(contract, ACCOUNT, datetime.fromisoformat(at))) is decides


def test_half_a_rule_approves_nothing() -> None:
    def approvals(*rules: dict[str, object]) -> int:
        custom = [{"property": "datamesh.autoApproval", "value": list(rules)}]
        return len(parse(json.dumps({"customProperties": custom})).approvals)

    whole = {"principals": ["role/ann"], "days": 30}
    assert approvals(whole, whole) == 2
    assert approvals(whole, {**whole, "days": 0}) == 0
    assert approvals({**whole, "columns": []}) == 0

"""Who asks, who decides, and what a request may become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.model import Approval, Column, ColumnType, Contract, Table, Version
from datamesh.errors import AccessDenied, StatementRejected, UserError
from datamesh.govern.requests import (
    DECIDE_WITHIN,
    LONGEST,
    Request,
    approved_by_policy,
    asked,
    decided,
    ended,
    fitted,
    may_decide,
    renewed,
)
from datamesh.govern.subscription import Subscription
from tests.support.governed import Product

ACCOUNT = "123456789012"
ANN, OLA, BOB = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("ann", "ola", "bob"))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WISH = Subscription("q1", ANN, ANN, "crm.people", None, "", NOW + 30 * DAY)


def contract(product: str = "people", owners: tuple[str, ...] = ("role/ola",), *approvals: Approval) -> Contract:
    columns = (Column("name", ColumnType("string")), Column("region", ColumnType("string"), tags=("personal:yes",)))
    table = Table(product, columns)
    return replace(
        Contract("1", "crm", product, Version(1), "active", "v3.2.0", (table,)), owners=owners, approvals=approvals
    )


def request(**change: Any) -> Request:
    return asked(replace(WISH, **change), "a study", NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"target": "people"},
        {"target": "crm."},
        {"target": "crm.people; x"},
        {"target": "tier=gold"},
        {"columns": ()},
        {"rows": "x" * 2_001},
        {"rows": "a\x00b"},
        {"until": NOW},
        {"until": NOW + LONGEST + DAY},
    ],
)
def test_what_nobody_could_decide_on_is_refused_at_once(change: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        request(**change)


@pytest.mark.parametrize("purpose", ["", "  ", "x" * 501, "a\x1bb"])
def test_a_request_says_what_it_is_for(purpose: str) -> None:
    with pytest.raises(UserError):
        asked(WISH, purpose, NOW)


def test_only_an_owner_decides_and_never_on_their_own() -> None:
    products = [Product(contract(), ACCOUNT)]
    may_decide(request(), OLA, products)
    for who, rule, of in ((BOB, "owner", request()), (ANN, "own-request", request()), (OLA, "own-request", None)):
        with pytest.raises(AccessDenied) as denied:
            may_decide(of or request(principal=OLA), who, products)
        assert denied.value.rule == rule


def test_who_decides_on_tags_owns_every_product_that_is_meant() -> None:
    both = [Product(contract(), ACCOUNT), Product(contract("orders", ("role/ola", "role/bob")), ACCOUNT)]
    may_decide(request(target="domain=crm"), OLA, both)
    with pytest.raises(AccessDenied):
        may_decide(request(target="domain=crm"), BOB, both)
    may_decide(request(target="crm.orders"), BOB, both)


def test_nobody_decides_on_what_does_not_exist() -> None:
    with pytest.raises(AccessDenied):
        may_decide(request(target="crm.nothing"), OLA, [Product(contract(), ACCOUNT)])


@pytest.mark.parametrize("change", [{"columns": ("gone",)}, {"rows": "gone = 'x'"}, {"rows": "name = 1"}])
def test_what_does_not_fit_the_product_is_told_to_who_decides(change: dict[str, Any]) -> None:
    with pytest.raises((UserError, StatementRejected)):
        fitted(request(**change), [Product(contract(), ACCOUNT)])


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


def test_a_request_that_is_granted_renewed_and_ends() -> None:
    granted = decided(request(), "granted", OLA, NOW + DAY)
    longer = renewed(granted, NOW + 60 * DAY, OLA, NOW + 2 * DAY)
    assert ended(longer, "expired", "mesh", NOW + 30 * DAY) == longer  # the alarm of the time before
    over = ended(longer, "expired", "mesh", NOW + 60 * DAY)
    assert [step.kind for step in over.steps] == ["requested", "granted", "renewed", "expired"]
    assert [step.sequence for step in over.steps] == [1, 2, 3, 4]
    assert over.state == "expired"


def test_what_comes_too_late_is_refused() -> None:
    with pytest.raises(UserError):
        decided(request(), "granted", OLA, NOW + DECIDE_WITHIN)
    with pytest.raises(UserError):
        decided(ended(request(), "lapsed", "mesh", NOW + DECIDE_WITHIN), "granted", OLA, NOW)
    with pytest.raises(UserError):
        renewed(decided(request(), "granted", OLA, NOW), NOW + 90 * DAY, OLA, NOW + 30 * DAY)
    with pytest.raises(UserError):
        ended(decided(request(), "denied", OLA, NOW), "revoked", OLA, NOW)


STEPS = st.sampled_from(["granted", "denied", "revoked", "renewed", "expired", "lapsed"])


@given(st.lists(STEPS, max_size=8))
def test_whatever_is_tried_steps_are_numbered_and_access_once_ended_never_comes_back(tried: list[str]) -> None:
    held, ends = request(), False
    for days, kind in enumerate(tried, 1):
        before, at = held, NOW + days * DAY
        try:
            if kind in {"granted", "denied"}:
                held = decided(held, kind, OLA, at)  # type: ignore[arg-type]
            elif kind == "renewed":
                held = renewed(held, NOW + (30 + days) * DAY, OLA, at)
            else:
                held = ended(held, kind, OLA, at)  # type: ignore[arg-type]
        except UserError:
            assert held == before
        assert held.steps[: len(before.steps)] == before.steps
        assert [step.sequence for step in held.steps] == list(range(1, len(held.steps) + 1))
        assert not (ends and held.state == "granted")
        ends = ends or held.state not in {"requested", "granted"}


def test_a_condition_is_granted_with_the_columns_that_it_reads() -> None:
    fits = fitted(request(rows="region = 'EMEA' AND name LIKE 'A%'"), [Product(contract(), ACCOUNT)])
    assert fits.subscription.row_columns == (("name", "string"), ("region", "string"))

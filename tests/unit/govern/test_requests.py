"""What may be asked, and what a request may become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.contract.masks import Mask
from datamesh.errors import UserError
from datamesh.govern.requests import DECIDE_WITHIN, LONGEST, Request, asked, decided, ended, renewed
from datamesh.govern.subscription import Subscription

ACCOUNT = "123456789012"
ANN, OLA = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("ann", "ola"))
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WISH = Subscription("q1", ANN, ANN, "crm.people", None, "", NOW + 30 * DAY)


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
        {"masks": (("name", Mask("hash")),), "columns": ("region",)},
        {"masks": (("name", Mask("hash")),), "target": "domain=crm"},
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


def test_a_request_that_is_granted_renewed_and_ends() -> None:
    granted = decided(request(), "granted", OLA, NOW + DAY)
    longer = renewed(granted, NOW + 60 * DAY, OLA, NOW + 2 * DAY)
    assert ended(longer, "expired", "mesh", NOW + 30 * DAY) == longer  # the alarm of the time before
    over = ended(longer, "expired", "mesh", NOW + 60 * DAY)
    assert [step.kind for step in over.steps] == ["requested", "granted", "renewed", "expired"]
    assert [step.sequence for step in over.steps] == [1, 2, 3, 4]
    assert over.state == "expired"


def test_a_step_says_what_is_granted_after_it_and_the_first_what_was_asked() -> None:
    less = replace(WISH, columns=("name",), until=NOW + 20 * DAY)
    granted = decided(request(), "granted", OLA, NOW, given=less)
    over = ended(renewed(granted, NOW + 25 * DAY, OLA, NOW), "revoked", OLA, NOW)
    assert (over.wish, granted.subscription) == (WISH, less)
    assert [step.subscription.until for step in over.steps] == [NOW + days * DAY for days in (30, 20, 25, 25)]
    assert [step.subscription.columns for step in over.steps] == [None, ("name",), ("name",), ("name",)]


def test_what_is_granted_again_is_granted_as_it_was_or_not_at_all() -> None:
    less = replace(WISH, rows="name = 'x'", row_columns=(("name", "string"),))
    granted = decided(request(), "granted", OLA, NOW, given=less)
    renewed_since = renewed(granted, NOW + 40 * DAY, OLA, NOW)
    for held in (granted, renewed_since):
        assert decided(held, "granted", OLA, NOW, given=replace(less, row_columns=())) is held
        with pytest.raises(UserError, match="not as you say"):
            decided(held, "granted", OLA, NOW, given=WISH)


def test_who_asked_withdraws_what_nobody_decided_on() -> None:
    over = ended(request(), "withdrawn", ANN, NOW)
    assert (over.state, ended(over, "withdrawn", ANN, NOW)) == ("withdrawn", over)
    for late in (lambda: decided(over, "granted", OLA, NOW), lambda: decided(over, "denied", OLA, NOW, "no")):
        with pytest.raises(UserError, match="withdrawn already"):
            late()
    with pytest.raises(UserError) as refused:
        ended(decided(request(), "granted", OLA, NOW), "withdrawn", ANN, NOW)
    assert "revoke" in refused.value.hint


def test_what_comes_too_late_is_refused() -> None:
    with pytest.raises(UserError):
        decided(request(), "granted", OLA, NOW + DECIDE_WITHIN)
    with pytest.raises(UserError):
        decided(ended(request(), "lapsed", "mesh", NOW + DECIDE_WITHIN), "granted", OLA, NOW)
    with pytest.raises(UserError):
        renewed(decided(request(), "granted", OLA, NOW), NOW + 90 * DAY, OLA, NOW + 30 * DAY)
    with pytest.raises(UserError):
        ended(decided(request(), "denied", OLA, NOW), "revoked", OLA, NOW)


STEPS = st.sampled_from(["granted", "denied", "withdrawn", "revoked", "renewed", "expired", "lapsed"])


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

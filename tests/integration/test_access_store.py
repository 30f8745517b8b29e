"""Requests for access on DynamoDB: who holds what, who comes too late, and what is still to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh.contract.masks import Mask
from datamesh.govern.access_store import AccessStore, Stored
from datamesh.govern.requests import Request, asked, decided, ended, renewed, request_id
from datamesh.govern.subscription import Subscription
from tests.support.accesstable import create_access_table

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
BUCKET = Mask("bucket", span="month")
ANN, OLA = (f"arn:aws:iam::123456789012:role/{name}" for name in ("ann", "ola"))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[AccessStore]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield AccessStore(create_access_table(boto3.resource("dynamodb", region_name="eu-west-1")))


def request(token: str = "00000001", principal: str = ANN, **change: Any) -> Request:
    wish = Subscription(request_id(principal, token), principal, principal, "crm.people", None, "", NOW + 30 * DAY)
    return asked(replace(wish, **change), "a study", NOW)


def granted(store: AccessStore, given: Request) -> Request:
    store.put(given)
    done = decided(given, "granted", OLA, NOW + DAY)
    assert store.put(done)
    return done


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"columns": ("name", "region"), "rows": "region = 'EMEA'", "row_columns": (("region", "string"),)},
        {"target": "domain=crm, personal!=yes"},
        {"arn": f"{ANN.removesuffix('ann')}teams/ann", "masks": (("name", Mask("partial", keep=2)), ("b", BUCKET))},
    ],
)
def test_a_request_is_read_as_it_was_written(store: AccessStore, change: dict[str, Any]) -> None:
    given = request(**change)
    assert store.put(given)
    assert store.get(given.id) == Stored(given, 0)
    done = decided(given, "granted", OLA, NOW + DAY, "for the study")
    assert store.put(done)
    assert store.get(given.id) == Stored(done, 0)


def test_what_was_granted_is_kept_beside_what_was_asked(store: AccessStore) -> None:
    # Given a request of many columns that was granted narrowed, and renewed more often than an item holds them
    names = tuple(f"column_{number:03}{'x' * 20}" for number in range(400))
    given = request(columns=names)
    less = replace(given.wish, columns=names[1:], rows="column = 1", masks=((names[1], Mask("hash")),))
    store.put(given)
    done = decided(given, "granted", OLA, NOW, given=less)
    assert store.put(done)
    for number in range(50):
        done = renewed(done, NOW + (31 + number) * DAY, OLA, NOW)
        assert store.put(done)
    assert store.get(given.id) == Stored(done, 0)
    assert store.held_by(ANN, NOW) == [replace(less, until=NOW + 80 * DAY)]


@pytest.mark.parametrize("unknown", ["", "-", "x", "ab-cd", request_id(OLA, "00000001")])
def test_what_is_no_request_is_none(store: AccessStore, unknown: str) -> None:
    store.put(request())
    assert store.get(unknown) is None


def test_an_id_is_its_principals_own() -> None:
    assert request_id(ANN, "00000001") == request_id(ANN, "00000001") != request_id(OLA, "00000001")
    assert request_id(ANN) != request_id(ANN)
    for token in ("short", "x" * 41, "a/b#cdefgh", "ünïcödes"):
        with pytest.raises(ValueError, match=token):
            request_id(ANN, token)


def test_the_same_request_again_is_one(store: AccessStore) -> None:
    assert store.put(request())
    assert not store.put(request(target="crm.orders"))
    assert [it.request for it in store.of_principal(ANN)] == [request()]


def test_of_two_who_decide_at_once_one_comes_too_late(store: AccessStore) -> None:
    given = request()
    store.put(given)
    assert store.put(decided(given, "denied", OLA, NOW, "no"))
    assert not store.put(decided(given, "granted", OLA, NOW))
    kept = store.get(given.id)
    assert kept is not None
    assert kept.request.state == "denied"
    assert store.held_by(ANN, NOW) == []


def test_what_is_granted_is_held_until_it_ends(store: AccessStore) -> None:
    asked_only, held, other = request("00000001"), request("00000002"), request("00000003", OLA)
    store.put(asked_only)
    held, other = granted(store, held), granted(store, other)
    assert store.held_by(ANN, NOW) == [held.subscription]
    assert store.held_by(OLA, NOW) == [other.subscription]
    # Nothing need be done for it to end
    until = held.subscription.until
    assert store.held_by(ANN, until - timedelta(microseconds=1)) == [held.subscription]
    assert store.held_by(ANN, until) == []
    # Renewed, it holds longer; revoked, no more; and that touches nobody else's
    later = renewed(held, until + DAY, OLA, NOW + 2 * DAY)
    assert store.put(later)
    assert store.held_by(ANN, until) == [later.subscription]
    assert store.put(ended(later, "revoked", OLA, NOW + 3 * DAY))
    assert store.held_by(ANN, NOW) == []
    assert store.held_by(OLA, NOW) == [other.subscription]


def test_all_that_one_holds_is_read_however_much_it_is(store: AccessStore) -> None:
    # Given more than the megabyte that a page of DynamoDB has
    names = tuple(f"column_{number:04}{'x' * 180}" for number in range(500))
    held = [granted(store, request(f"0000000{number}", columns=names)) for number in range(12)]
    assert len(store.held_by(ANN, NOW)) == len(held) == 12


def test_owners_find_what_is_about_their_domain(store: AccessStore) -> None:
    decided_on = granted(store, request("00000001"))
    waiting = request("00000002", OLA, target="domain=crm, tier=gold")
    store.put(waiting)
    store.put(request("00000003", target="sales.orders"))
    assert {it.request.id for it in store.of_domain("crm")} == {decided_on.id, waiting.id}
    assert [it.request for it in store.of_domain("crm", undecided=True)] == [waiting]


def test_what_is_not_settled_is_due_and_then_what_comes_next_is(store: AccessStore) -> None:
    def due(at: datetime) -> list[str]:
        return [it.request.id for it in store.due(at)]

    given = request()
    store.put(given)
    assert due(NOW) == [given.id]
    assert store.settle(given)
    assert due(given.decide_by - DAY) == []
    assert due(given.decide_by) == [given.id]
    done = decided(given, "granted", OLA, NOW + DAY)
    store.put(done)
    assert due(NOW + DAY) == [given.id]
    assert not store.settle(given), "effects of the step before do not settle this one"
    assert store.settle(done)
    assert due(done.subscription.until - DAY) == []
    assert due(done.subscription.until) == [given.id]
    over = ended(done, "expired", "mesh", done.subscription.until)
    store.put(over)
    assert due(done.subscription.until) == [given.id]
    assert store.settle(over)
    assert due(NOW + 999 * DAY) == []


def test_a_token_is_kept_whatever_else_is_written(store: AccessStore) -> None:
    given = request()
    store.put(given)
    store.wait(given.id, "a-token")
    store.put(decided(given, "denied", OLA, NOW, "no"))
    kept = store.get(given.id)
    assert kept is not None
    assert kept.token == "a-token"
    store.wait("nobody-knows", "a-token")
    assert store.get("nobody-knows") is None

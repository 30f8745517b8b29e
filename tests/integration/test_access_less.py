"""Requests that are granted less than they asked for, masked, withdrawn, or made by a role with a path: at the desk."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from datamesh.access.calls import Call, called
from datamesh.access.wish import Consent, Decision, Renewal, Wish
from datamesh.contract.masks import Mask
from datamesh.contract.model import Approval
from datamesh.errors import AccessDenied, UserError
from datamesh.govern.requests import Request
from tests.support.accessdesk import ANN, BOB, NOW, OLA, Place, product

DAY = timedelta(days=1)
WISH = Wish(
    target="crm.people",
    columns=["name", "region"],
    masks={"name": "partial:2"},
    purpose="a study",
    until="30d",
    request_id="00000001",
)
LESS = Consent(rows="region = 'EMEA'", masks={"region": "hash"}, until="10d", note="that is enough")
PATH = f"{ANN.removesuffix('ann')}data/teams/ann"


def ask(place: Place, **change: Any) -> Request:
    return place.desk.ask(WISH.model_copy(update=change), ANN)


def test_what_was_granted_holds_and_what_was_asked_stays_beside_it(place: Place) -> None:
    request = ask(place)
    place.later(DAY)
    page = called(place.desk, Call(OLA, "POST", request.id, "approve", LESS.model_dump_json()))[1]
    until = NOW + 11 * DAY
    asked = {
        "columns": ["name", "region"],
        "rows": "",
        "masks": {"name": "partial:2"},
        "until": (NOW + 30 * DAY).isoformat(),
    }
    granted = {
        "columns": ["name", "region"],
        "rows": "region = 'EMEA'",
        "masks": {"name": "partial:2", "region": "hash"},
        "until": until.isoformat(),
    }
    assert page == page | granted | {"asked": asked, "state": "granted"}
    # Then that is what holds, until its end
    (held,) = place.store.held_by(ANN, place.now)
    assert (held.rows, held.until) == ("region = 'EMEA'", until)
    assert held.masks == (("name", Mask("partial", keep=2)), ("region", Mask("hash")))
    assert place.store.held_by(ANN, until) == []
    assert place.timers() == [f"at({until:%Y-%m-%dT%H:%M:%S})"]
    # And each step tells what was wanted or granted then, whatever came after it
    place.desk.renew(request.id, Renewal(until="90d"), OLA)
    records = place.records().values()
    told = [detail["data"] for _, detail in place.events.sent]
    assert [(it["rows"], it["masks"], it["row_columns"]) for it in told] == [
        ("", [["name", "partial:2"]], []),
        *[("region = 'EMEA'", [["name", "partial:2"], ["region", "hash"]], [["region", "string"]])] * 2,
    ]
    assert [record["asked"] for record in records] == [asked] * 3
    assert [record["until"][:10] for record in records] == ["2036-05-31", "2036-05-12", "2036-07-31"]


def test_what_is_told_again_later_is_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a request whose first step could not be told before it was granted less
    with monkeypatch.context() as broken:
        broken.setattr(place.events, "put_events", lambda **_: {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "x"}]})
        request = ask(place)
        place.desk.approve(request.id, LESS, OLA)
    place.desk.sweep()
    first, second = (detail["data"] for _, detail in place.events.sent)
    assert (first["masks"], first["until"][:10]) == ([["name", "partial:2"]], "2036-05-31")
    assert (len(second["masks"]), second["until"][:10]) == (2, "2036-05-11")
    assert [it["rows"] for it in place.records().values()] == ["", "region = 'EMEA'"]


@pytest.mark.parametrize(
    ("consent", "said"),
    [
        ({"columns": ["name", "email"]}, "email is not asked for"),
        ({"masks": {"name": "hash"}}, "another mask on name"),
        ({"columns": ["region"], "masks": {"name": "partial:2"}}, "not granted"),
        ({"until": "31d"}, "asked for until"),
        ({"masks": {"region": "blur"}}, "mask of region"),
        ({"masks": {"region\x1b": "hash"}}, "names no column"),
        ({"columns": [""]}, "names no column"),
        ({"masks": {"region": None}}, "wrong or missing: masks"),
        ({"columns": "name"}, "wrong or missing: columns"),
        ({"arn": "x"}, "wrong or missing: arn"),
    ],
)
def test_more_than_was_asked_is_granted_by_nobody(place: Place, consent: dict[str, Any], said: str) -> None:
    request = ask(place)
    with pytest.raises(UserError, match=said) as refused:
        called(place.desk, Call(OLA, "POST", request.id, "approve", json.dumps(consent)))
    assert refused.value.hint
    assert place.desk.show(request.id, ANN) == request


def test_the_same_consent_again_is_the_same_and_another_is_refused(place: Place) -> None:
    done = place.desk.approve(ask(place).id, LESS, OLA)
    place.later(DAY)
    assert place.desk.approve(done.id, LESS, OLA) == done
    for other in (Consent(), LESS.model_copy(update={"until": "9d"}), LESS.model_copy(update={"rows": ""})):
        with pytest.raises(UserError, match="granted already, and not as you say"):
            place.desk.approve(done.id, other, OLA)
    assert place.happened() == ["AccessRequested", "AccessGranted"]
    # And who sends the request again is told of what they asked for then
    assert ask(place) == done
    with pytest.raises(UserError, match="another request's"):
        ask(place, masks={})


def test_a_mask_that_does_not_fit_is_told_to_who_decides_and_not_to_who_asks(place: Place) -> None:
    wrong = ask(place, masks={"region": "bucket:10"})
    with pytest.raises(UserError, match="`bucket` masks"):
        place.desk.approve(wrong.id, Consent(), OLA)
    place.products = [product("crm.people", Approval(("role/ann",), None, 40))]
    assert place.desk.approve_by_policy(wrong.id) == "requested"
    masked = ask(place, request_id="00000002")
    assert place.desk.approve_by_policy(masked.id) == "granted"
    assert place.store.held_by(ANN, NOW)[0].masks == (("name", Mask("partial", keep=2)),)


def test_who_asked_withdraws_and_nobody_decides_any_more(place: Place) -> None:
    request = ask(place)
    place.states.waiting.add("a-token")
    place.desk.wait(request.id, "a-token")
    with pytest.raises(AccessDenied) as denied:
        place.desk.withdraw(request.id, Decision(), OLA)
    assert denied.value.rule == "requester"
    # When it is withdrawn, be it twice, then whoever waits is told, and it is an event and a record
    body = json.dumps({"note": "not needed"})
    for _ in range(2):
        page = called(place.desk, Call(ANN, "POST", request.id, "withdraw", body))[1]
        assert (page["state"], page["steps"][-1]["by"], page["steps"][-1]["note"]) == ("withdrawn", ANN, "not needed")
    assert place.states.told == [("a-token", "withdrawn")]
    assert place.happened() == ["AccessRequested", "AccessWithdrawn"]
    assert [it["step"]["kind"] for it in place.records().values()] == ["requested", "withdrawn"]
    # And it is nobody's to decide on, nor over a second time
    for decide in (lambda: place.desk.approve(request.id, LESS, OLA), lambda: place.desk.deny(request.id, LESS, OLA)):
        with pytest.raises(UserError, match="withdrawn already"):
            decide()
    assert place.desk.list(OLA, to_decide=True) == []
    place.later(40 * DAY)
    assert (place.desk.end(request.id), place.desk.sweep()) == ("withdrawn", 0)


def test_of_approval_and_withdrawal_at_once_one_comes_too_late(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a withdrawal that is written between the look at the request and its approval
    request, put = ask(place), place.desk.store.put

    def beaten(after: Request) -> bool:
        monkeypatch.setattr(type(place.store), "put", lambda _, it: put(it))
        place.desk.withdraw(request.id, Decision(), ANN)
        return put(after)

    monkeypatch.setattr(type(place.store), "put", lambda _, it: beaten(it))
    with pytest.raises(UserError, match="withdrawn already"):
        place.desk.approve(request.id, LESS, OLA)
    assert place.store.held_by(ANN, NOW) == []
    # And the other way round it is granted, and given back
    other = place.desk.approve(ask(place, request_id="00000002").id, LESS, OLA)
    with pytest.raises(UserError, match="granted, not requested") as late:
        place.desk.withdraw(other.id, Decision(), ANN)
    assert "revoke" in late.value.hint


def test_a_role_with_a_path_is_named_with_it_where_that_is_known(place: Place) -> None:
    request = ask(place, arn=PATH)
    assert (request.wish.principal, request.wish.arn) == (ANN, PATH)
    place.desk.approve(request.id, Consent(), OLA)
    assert place.store.held_by(ANN, NOW)[0].arn == PATH
    assert {detail["data"]["arn"] for _, detail in place.events.sent} == {PATH}
    with pytest.raises(UserError, match="not that of the caller"):
        ask(place, arn=BOB, request_id="00000002")
    assert ask(place, request_id="00000003").wish.arn == ANN

"""Requests for access from the call to what follows it: who may, what is told, and what is left when a process ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from datamesh.access.calls import Call, called, carried_out
from datamesh.access.wish import Consent, Decision, Renewal, Wish, moment
from datamesh.contract.model import Approval
from datamesh.errors import AccessDenied, InfrastructureError, UnknownProduct, UserError
from datamesh.govern.requests import DECIDE_WITHIN, LONGEST, Request, request_id
from tests.support.accessdesk import ANN, BOB, NOW, OLA, Faults, Killed, Place, product

DAY = timedelta(days=1)
WISH = Wish(target="crm.people", purpose="a study", until="30d", request_id="00000001")
YES = Consent(note="for the study")


def ask(place: Place, principal: str = ANN, **change: Any) -> Request:
    return place.desk.ask(WISH.model_copy(update=change), principal)


def granted(place: Place, **change: Any) -> Request:
    return place.desk.approve(ask(place, **change).id, YES, OLA)


def test_from_the_request_to_the_end_of_access_every_step_is_told_and_recorded(place: Place) -> None:
    request = ask(place)
    assert place.states.started == [request.id]
    assert place.store.held_by(ANN, NOW) == []
    # When the machine waits, and an owner decides
    place.states.waiting.add("a-token")
    assert carried_out(place.desk, {"task": "wait", "request_id": request.id, "token": "a-token"}) == {
        "state": "requested"
    }
    place.later(DAY)
    done = place.desk.approve(request.id, YES, OLA)
    assert place.states.told == [("a-token", "granted")]
    assert place.store.held_by(ANN, NOW) == [done.subscription]
    assert place.timers() == ["at(2036-05-31T12:00:00)"]
    # And it ends by its timer
    place.now = done.subscription.until
    assert carried_out(place.desk, {"task": "end", "request_id": request.id}) == {"state": "expired"}
    assert place.timers() == []
    assert place.happened() == ["AccessRequested", "AccessGranted", "AccessExpired"]
    records = place.records()
    assert list(records) == [f"access/{request.id}/00000{number}.json" for number in (1, 2, 3)]
    assert [(it["step"]["kind"], it["step"]["by"], it["purpose"]) for it in records.values()] == [
        ("requested", ANN, "a study"),
        ("granted", OLA, "a study"),
        ("expired", "mesh", "a study"),
    ]
    assert {it["event_id"] for it in records.values()} == {it["metadata"]["event_id"] for _, it in place.events.sent}


def test_a_request_about_nothing_is_taken_like_any_other_and_lapses(place: Place) -> None:
    nothing, real = ask(place, target="crm.secrets"), ask(place, request_id="00000002")
    for request in (nothing, real):
        assert (request.state, request.decide_by) == ("requested", NOW + DECIDE_WITHIN)
        assert place.desk.approve_by_policy(request.id) == "requested"
    assert place.states.started == [nothing.id, real.id]
    place.later(DECIDE_WITHIN)
    assert place.desk.end(nothing.id) == place.desk.end(real.id) == "lapsed"


def test_a_call_that_is_repeated_is_one_request_and_another_of_its_id_is_refused(place: Place) -> None:
    assert ask(place) == ask(place)
    place.later(DAY)
    assert ask(place).steps[0].at == NOW
    assert place.happened() == ["AccessRequested"]
    with pytest.raises(UserError, match="another request's"):
        ask(place, target="crm.firms")
    # Somebody else's id is not in the way
    assert ask(place, BOB).id != ask(place).id


def test_whoever_is_no_owner_is_told_of_no_request(place: Place) -> None:
    request, none = ask(place), "0123456789abcdef-00000009"
    calls: list[Callable[[str, str], Any]] = [
        place.desk.show,
        lambda it, who: place.desk.approve(it, YES, who),
        lambda it, who: place.desk.deny(it, YES, who),
        lambda it, who: place.desk.withdraw(it, Decision(), who),
        lambda it, who: place.desk.revoke(it, YES, who),
        lambda it, who: place.desk.renew(it, Renewal(until="60d"), who),
    ]
    for call in calls:
        said = []
        for given in (request.id, none):
            with pytest.raises(UnknownProduct) as unknown:
                call(given, BOB)
            said.append((unknown.value.message, unknown.value.hint))
        assert said[0] == said[1]
    assert place.desk.show(request.id, ANN) == place.desk.show(request.id, OLA) == request


def test_nobody_decides_on_their_own_request(place: Place) -> None:
    own = ask(place, OLA)
    for decide in (place.desk.approve, place.desk.deny):
        with pytest.raises(AccessDenied) as denied:
            decide(own.id, YES, OLA)
        assert denied.value.rule == "own-request"


def test_of_several_products_one_owns_all_or_decides_nothing(place: Place) -> None:
    request = ask(place, target="domain=crm, personal!=yes")
    for who in (OLA, BOB):
        with pytest.raises(UnknownProduct):
            place.desk.show(request.id, who)


def test_what_does_not_fit_is_not_granted_and_may_be_denied_saying_why(place: Place) -> None:
    request = ask(place, columns=["name", "salary"])
    with pytest.raises(UserError, match="no column salary"):
        place.desk.approve(request.id, YES, OLA)
    with pytest.raises(UserError, match="says why"):
        place.desk.deny(request.id, Decision(), OLA)
    assert place.desk.deny(request.id, Decision(note="no salary"), OLA).state == "denied"
    with pytest.raises(UserError, match="denied already"):
        place.desk.approve(request.id, YES, OLA)


def test_what_the_contract_declares_is_granted_and_renewed_without_a_person(place: Place) -> None:
    place.products = [product("crm.people", Approval(("role/ann",), ("name",), 40))]
    name, all_of_it = ask(place, columns=["name"]), ask(place, request_id="00000002")
    assert carried_out(place.desk, {"task": "approve_by_policy", "request_id": name.id}) == {"state": "granted"}
    assert place.desk.approve_by_policy(all_of_it.id) == "requested"
    assert [it.id for it in place.store.held_by(ANN, NOW)] == [name.id]
    assert place.desk.show(name.id, ANN).steps[-1].by == "mesh"
    place.later(20 * DAY)
    assert place.desk.renew(name.id, Renewal(until="40d"), ANN).subscription.until == place.now + 40 * DAY
    with pytest.raises(AccessDenied):
        place.desk.renew(name.id, Renewal(until="41d"), ANN)
    # Once the contract does not say so any more, what was granted stands, and only an owner renews it
    place.products = [product("crm.people")]
    with pytest.raises(AccessDenied):
        place.desk.renew(name.id, Renewal(until="39d"), ANN)
    assert place.desk.renew(name.id, Renewal(until="60d"), OLA).steps[-1].by == OLA


def test_renewed_access_outlives_the_timer_that_was_set_first(place: Place) -> None:
    first = granted(place)
    renewed = place.desk.renew(first.id, Renewal(until="2036-12-31"), OLA)
    assert place.timers() == ["at(2037-01-01T00:00:00)"]
    place.now = first.subscription.until
    assert place.desk.end(first.id) == "granted"
    assert place.timers() == ["at(2037-01-01T00:00:00)"]
    assert place.store.held_by(ANN, place.now) == [renewed.subscription]


@pytest.mark.parametrize("who", [OLA, ANN])
def test_access_is_taken_back_or_given_back_and_another_stays(place: Place, who: str) -> None:
    one, other = granted(place), granted(place, request_id="00000002")
    assert place.desk.revoke(one.id, Decision(), who).state == "revoked"
    assert place.store.held_by(ANN, NOW) == [other.subscription]
    assert len(place.timers()) == 1
    with pytest.raises(UserError):
        place.desk.renew(one.id, Renewal(until="60d"), OLA)


def test_a_decision_before_the_machine_waits_is_told_to_it_and_a_lost_token_is_no_fault(place: Place) -> None:
    request = granted(place)
    place.states.waiting.add("late")
    assert place.desk.wait(request.id, "late") == "granted"
    assert place.states.told == [("late", "granted")]
    other = ask(place, request_id="00000002")
    place.desk.wait(other.id, "nobody waits by this one")
    assert place.desk.deny(other.id, YES, OLA).state == "denied"
    stored = place.store.get(other.id)
    assert stored is not None
    assert stored.is_settled


def test_a_request_whose_wait_broke_off_is_decided_on_or_lapses_all_the_same(place: Place) -> None:
    # Given two requests whose machines ended before anybody decided: their tokens are nobody's any more
    both = [ask(place), ask(place, request_id="00000002")]
    for it in both:
        carried_out(place.desk, {"task": "wait", "request_id": it.id, "token": f"lost-{it.id}"})
        assert carried_out(place.desk, {"task": "end", "request_id": it.id}) == {"state": "requested"}
    place.later(DAY)
    assert carried_out(place.desk, {"task": "sweep"}) == {"swept": 0}
    assert place.states.started == [it.id for it in both], "nobody waits anew"
    # When an owner grants one of them, and the time of the other is over
    done = place.desk.approve(both[0].id, YES, OLA)
    assert place.store.held_by(ANN, place.now) == [done.subscription]
    place.now = NOW + DECIDE_WITHIN
    assert carried_out(place.desk, {"task": "sweep"}) == {"swept": 1}
    # Then each stands as it would have, and is told
    assert [place.desk.show(it.id, ANN).state for it in both] == ["granted", "lapsed"]
    assert place.happened() == ["AccessRequested", "AccessRequested", "AccessGranted", "AccessLapsed"]
    assert place.states.told == []


def test_lists_are_of_ones_own_and_of_what_one_may_decide_on(place: Place) -> None:
    asked, done = ask(place), granted(place, request_id="00000002")
    of_bob = ask(place, BOB, target="crm.firms")
    own, hidden = ask(place, OLA), ask(place, target="hr.pay", request_id="00000003")
    mine = {it.id for it in place.desk.list(ANN)}
    assert mine == {asked.id, done.id, hidden.id}
    assert {it.id for it in place.desk.list(OLA, "crm")} == {asked.id, done.id, own.id}
    assert [it.id for it in place.desk.list(OLA, to_decide=True)] == [asked.id]
    assert [it.id for it in place.desk.list(BOB, "crm")] == [of_bob.id]
    assert place.desk.list(BOB, to_decide=True) == place.desk.list(OLA, "hr") == []


def test_calls_of_the_api(place: Place) -> None:
    body = json.dumps({"target": "crm.people", "purpose": "a study", "request_id": "00000001"})
    status, made = called(place.desk, Call(ANN, "POST", body=body))
    assert (status, made["state"], made["until"]) == (201, "requested", (NOW + 90 * DAY).isoformat())
    status, listed = called(place.desk, Call(OLA, "GET", query={"to_decide": "1"}))
    assert (status, listed) == (200, {"requests": [made]})
    status, done = called(place.desk, Call(OLA, "POST", made["request_id"], "approve"))
    assert (status, done["state"]) == (200, "granted")
    assert called(place.desk, Call(ANN, "GET", made["request_id"])) == (200, done)
    for bad in ('{"note": 1}', "[]", "no", '{"note": "", "by": "me"}'):
        with pytest.raises(UserError):
            called(place.desk, Call(OLA, "POST", made["request_id"], "revoke", bad))
    with pytest.raises(UnknownProduct):
        called(place.desk, Call(OLA, "POST", made["request_id"], "erase"))


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("30d", NOW + 30 * DAY),
        ("45s", NOW + timedelta(seconds=45)),
        ("2036-05-31", NOW.replace(month=6, day=1, hour=0)),
        ("2036-05-02T12:00:00+02:00", NOW + timedelta(hours=22)),
    ],
)
def test_until_is_a_day_a_time_or_a_span(text: str, then: Any) -> None:
    assert moment(text, NOW) == then


@pytest.mark.parametrize("text", ["", "soon", "0d", "2036-13-01", "2036-05-02T12:00:00", "999999d9", "9999-12-31"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        moment(text, NOW)


def test_one_principal_does_not_fill_the_desk(place: Place) -> None:
    for number in range(100):
        ask(place, request_id=f"number-{number:04}")
    with pytest.raises(UserError, match="wait already"):
        ask(place, request_id="number-0100")
    assert ask(place, request_id="number-0007").state == "requested"


def story(place: Place, token: str, do: Callable[[Callable[[], Any]], Any]) -> Request:
    """A request, its approval, renewal and revocation, each done by `do`."""
    made: Request = do(lambda: ask(place, request_id=token))
    do(lambda: place.desk.wait(made.id, token))
    do(lambda: place.desk.approve(made.id, YES, OLA))
    do(lambda: place.desk.renew(made.id, Renewal(until="2036-12-31"), OLA))
    done: Request = do(lambda: place.desk.revoke(made.id, Decision(), OLA))
    return done


def once(call: Callable[[], Any]) -> Any:
    return call()


def again(call: Callable[[], Any]) -> Any:
    """As whoever gets no answer does."""
    try:
        return call()
    except Killed:
        return call()


@pytest.mark.parametrize(
    ("after", "repeated"),
    [(True, True), (False, False)],
    ids=["after a call that is made again", "before a call"],
)
def test_wherever_the_process_ends_nothing_is_lost_and_nothing_is_there_twice(
    place: Place, after: bool, repeated: bool
) -> None:
    story(place, "undisturbed", once)
    last = place.faults.calls
    assert last > 30
    for at in range(1, last + 1):
        place.begin_again(Faults(at, after), token := f"killed-at-{at}")
        if repeated:
            assert story(place, token, again).state == "revoked", at
        else:
            with pytest.raises(Killed):
                story(place, token, once)
        place.later(timedelta(minutes=5))
        place.desk.sweep()
        told_of(place, token)


def told_of(place: Place, token: str) -> None:
    """Whatever was written is told and recorded once, and what waits for it stands as it is."""
    stored = place.store.get(request_id(ANN, token))
    if stored is None:
        assert not place.events.sent
        return
    request = stored.request
    assert stored.is_settled, token
    kinds = {"requested": "AccessRequested", "granted": "AccessGranted", "renewed": "AccessRenewed"}
    assert place.happened() == [kinds.get(step.kind, "AccessRevoked") for step in request.steps], token
    records = place.records(request.id)
    assert [it["step"]["kind"] for it in records.values()] == [step.kind for step in request.steps], token
    assert len(place.timers()) == (request.state == "granted"), token
    if request.state == "requested":
        assert place.states.started == [request.id], token
    elif stored.token:
        assert len(place.states.told) == 1, token
        assert not place.states.waiting, token


def test_a_service_that_fails_holds_up_nobody_and_the_sweep_makes_up_for_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        broken.setattr(place.events, "put_events", lambda **_: refused)
        done = granted(place)
        assert place.store.held_by(ANN, NOW) == [done.subscription]
        other = ask(place, request_id="00000002")
        with pytest.raises(InfrastructureError):
            place.desk.sweep()
    assert place.events.sent == []
    assert place.desk.sweep() == 2
    assert place.desk.sweep() == 0
    assert len({detail["metadata"]["event_id"] for _, detail in place.events.sent}) == 3
    assert [it.sequence for it in (done, other)] == [2, 1]


def test_the_sweep_ends_what_no_timer_and_no_machine_ended(place: Place) -> None:
    done, waiting = granted(place, until="300d"), ask(place, request_id="00000002")
    place.later(DECIDE_WITHIN)
    assert place.desk.sweep() == 1
    place.later(LONGEST)
    assert place.desk.sweep() == 1
    assert [place.desk.show(it.id, ANN).state for it in (done, waiting)] == ["expired", "lapsed"]
    assert place.desk.sweep() == 0

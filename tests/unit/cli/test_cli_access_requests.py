"""mesh access request, list and what follows: which calls they make, and which request a short id means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli import api
from cli.commands import access_requests
from cli.commands.access_requests import approve, deny, list_requests, renew, request, revoke, show, withdraw
from cli.frame import REFUSED, Failure, Frame
from cli.screen import Screen
from datamesh.errors import InfrastructureError, UnknownProduct, UserError

MINE, OTHERS = "0123456789abcdef-aaaa0001bbbbcccc", "fedcba9876543210-aaaa0002bbbbcccc"


def page(request_id: str, state: str = "requested", **change: Any) -> dict[str, Any]:
    step = {
        "sequence": 1,
        "kind": state,
        "by": "arn:aws:iam::1:role/ann",
        "at": "2026-05-01T12:00:00+00:00",
        "note": "n",
    }
    terms = {"columns": None, "rows": "region = 'EMEA'", "masks": {}, "until": "2026-06-01T00:00:00+00:00"}
    return {
        "request_id": request_id,
        "state": state,
        "principal": "arn:aws:iam::1:role/ann",
        "target": "crm.people",
        "purpose": "[study]",
        "asked": terms,
        "steps": [step],
        **terms,
        **change,
    }


LESS = {
    "columns": ["name", "email"],
    "rows": "(region = 'EMEA') AND (age > 1)",
    "masks": {"email": "partial:4"},
    "until": "2026-05-09T00:00:00+00:00",
}


class Calls:
    """The API: one's own request and one to decide on, each in the states that it goes through."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.made: list[tuple[Any, ...]] = []

    def get(self, target: Any, *path: str, query: Any = None) -> Any:
        if len(path) == 3:
            return page(path[2], self.states.pop(0) if len(self.states) > 1 else self.states[0])
        return {"requests": [page(OTHERS)] if query else [page(MINE)]}

    def post(self, target: Any, screen: Any, path: tuple[str, ...], body: dict[str, Any], *, doing: str) -> Any:
        self.made.append((path[2:], body))
        return page(MINE, self.states[0])


@pytest.fixture
def frame(monkeypatch: pytest.MonkeyPatch) -> Frame:
    asker = SimpleNamespace(own_arn=lambda: "arn:aws:iam::1:role/teams/ann")
    monkeypatch.setattr(Frame, "asking_as", lambda self, role: asker)
    monkeypatch.setattr(access_requests, "_POLL", 0.0)
    return Frame(screen=Screen(), home=Path())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls("requested")
    monkeypatch.setattr(api, "get", made.get)
    monkeypatch.setattr(api, "post", made.post)
    return made


def test_a_request_says_what_is_wanted(frame: Frame, calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    some = {"columns": "name, region", "rows": "region = 'EMEA'", "mask": ["name=partial:2"]}
    request(frame, "crm.people", purpose="a study", until="30d", **some)  # type: ignore[arg-type]
    ((path, body),) = calls.made
    assert path == ()
    assert len(body.pop("request_id")) >= 8
    assert body == {
        "target": "crm.people",
        "columns": ["name", "region"],
        "rows": "region = 'EMEA'",
        "masks": {"name": "partial:2"},
        "purpose": "a study",
        "until": "30d",
        "arn": "arn:aws:iam::1:role/teams/ann",
    }
    said = capsys.readouterr().out
    assert "ann asks to read all columns of crm.people, rows where region = 'EMEA', until 2026-06-01" in said
    assert "for: [study]" in said
    assert "granted:" not in said


def test_who_may_not_look_up_a_path_is_told_where_that_matters(
    frame: Frame, calls: Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Frame, "asking_as", lambda self, role: SimpleNamespace(own_arn=lambda: ""))
    request(frame, "crm.people", purpose="a study")
    assert calls.made[0][1]["arn"] == ""
    assert "Lake Formation will not know who you are" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("mask", [["name"], ["name=hash", "name=null"]])
def test_what_is_no_mask_or_two_is_not_sent(frame: Frame, calls: Calls, mask: list[str]) -> None:
    with pytest.raises(UserError, match="is no mask, or name has two"):
        request(frame, "crm.people", purpose="a study", mask=mask)
    assert calls.made == []


def test_what_was_granted_is_shown_beside_what_was_asked(
    frame: Frame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    narrowed = page(MINE, "granted", **LESS)
    monkeypatch.setattr(api, "get", lambda _, *path, query=None: narrowed if path[2:] else {"requests": [narrowed]})
    show(frame, MINE)
    said = " ".join(capsys.readouterr().out.split())
    assert "ann asks to read all columns of crm.people, rows where region = 'EMEA', until 2026-06-01" in said
    assert (
        "granted: name, email (partial:4) of crm.people, rows where (region = 'EMEA') AND (age > 1), until 2026-05-09"
        in said
    )
    list_requests(frame)
    listed = " ".join(capsys.readouterr().out.split())
    for part in ("email (partial:4)", "asked: all columns", "asked: region = 'EMEA'", "asked: 2026-06-01"):
        assert part in listed


def test_a_request_is_waited_for_until_it_is_decided(frame: Frame, calls: Calls) -> None:
    calls.states = ["requested", "requested", "granted"]
    request(frame, "crm.people", purpose="a study", wait=60)
    assert calls.states == ["granted"]
    calls.states = ["requested", "denied"]
    with pytest.raises(Failure) as failure:
        request(frame, "crm.people", purpose="a study", wait=60)
    assert failure.value.code == REFUSED


def test_nobody_is_waited_for_without_an_end(frame: Frame, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 30))
    monkeypatch.setattr(access_requests.time, "monotonic", lambda: next(clock))
    with pytest.raises(InfrastructureError, match="nobody has decided"):
        request(frame, "crm.people", purpose="a study", wait=60)


@pytest.mark.parametrize(
    ("step", "path", "body"),
    [
        (lambda f: approve(f, "aaaa0002", note="fine"), (OTHERS, "approve"), {"note": "fine"}),
        (
            lambda f: approve(f, OTHERS, columns="a,b", rows="a > 1", mask=["b=bucket:year"], until="9d"),
            (OTHERS, "approve"),
            {"columns": ["a", "b"], "rows": "a > 1", "masks": {"b": "bucket:year"}, "until": "9d", "note": ""},
        ),
        (lambda f: withdraw(f, "aaaa0001", "changed"), (MINE, "withdraw"), {"note": "changed"}),
        (lambda f: deny(f, OTHERS, note="no"), (OTHERS, "deny"), {"note": "no"}),
        (lambda f: revoke(f, "aaaa0001"), (MINE, "revoke"), {"note": ""}),
        (lambda f: renew(f, "0123", until="60d"), (MINE, "renew"), {"until": "60d", "note": ""}),
    ],
)
def test_a_step_is_taken_of_the_request_that_is_meant(
    frame: Frame, calls: Calls, step: Callable[[Frame], None], path: tuple[str, ...], body: dict[str, Any]
) -> None:
    step(frame)
    assert calls.made == [(path, body)]


def test_a_short_id_is_of_one_request(frame: Frame, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownProduct):
        show(frame, "bbbb")
    monkeypatch.setattr(api, "get", lambda *path, query=None: {"requests": [page(MINE), page(MINE + "0")]})
    with pytest.raises(UserError, match="several"):
        show(frame, "aaaa")


def test_what_waits_for_a_decision_is_listed(frame: Frame, calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    list_requests(frame, to_decide=True)
    shown = capsys.readouterr().out
    assert "aaaa0002" in shown
    assert "aaaa0001" not in shown

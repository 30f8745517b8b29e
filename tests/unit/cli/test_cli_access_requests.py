"""mesh access request, list and what follows: which calls they make, and which request a short id means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli import api
from cli.commands import access_requests
from cli.commands.access_requests import approve, deny, list_requests, renew, request, revoke, show
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
    return {
        "request_id": request_id,
        "state": state,
        "principal": "arn:aws:iam::1:role/ann",
        "target": "crm.people",
        "columns": None,
        "rows": "region = 'EMEA'",
        "purpose": "[study]",
        "until": "2026-06-01T00:00:00+00:00",
        "steps": [step],
    } | change


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
    monkeypatch.setattr(Frame, "asking_as", lambda self, role: role)
    monkeypatch.setattr(access_requests, "_POLL", 0.0)
    return Frame(screen=Screen(), home=Path())


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls("requested")
    monkeypatch.setattr(api, "get", made.get)
    monkeypatch.setattr(api, "post", made.post)
    return made


def test_a_request_says_what_is_wanted(frame: Frame, calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    request(frame, "crm.people", purpose="a study", columns="name, region", rows="region = 'EMEA'", until="30d")
    ((path, body),) = calls.made
    assert path == ()
    assert len(body.pop("request_id")) >= 8
    assert body == {
        "target": "crm.people",
        "columns": ["name", "region"],
        "rows": "region = 'EMEA'",
        "purpose": "a study",
        "until": "30d",
    }
    said = capsys.readouterr().out
    assert "ann asks to read all columns of crm.people, rows where region = 'EMEA'" in said
    assert "until 2026-06-01 00:00 UTC, for: [study]" in said


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
        (lambda f: approve(f, "aaaa0002", "fine"), (OTHERS, "approve"), {"note": "fine"}),
        (lambda f: deny(f, OTHERS, note="no"), (OTHERS, "deny"), {"note": "no"}),
        (lambda f: revoke(f, "aaaa0001"), (MINE, "revoke"), {"note": ""}),
        (lambda f: renew(f, "0123", until="60d"), (MINE, "renew"), {"until": "60d", "note": ""}),
    ],
)
def test_a_step_is_taken_of_the_request_that_is_meant(
    frame: Frame, calls: Calls, step: Callable[[Frame], None], path: tuple[str, ...], body: dict[str, str]
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

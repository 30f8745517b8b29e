"""mesh access plan and repair: what check_access tells, shown, and waited for."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cli.commands import access
from cli.commands.access import plan, repair
from cli.frame import OURS, Failure, Frame
from cli.screen import Screen
from datamesh.errors import InfrastructureError, UnknownProduct, UserError

EXCESS = {
    "table": "stops_v2",
    "way": "too much",
    "kind": "grant",
    "principal": "arn:aws:iam::123456789012:role/stranger",
    "permission": "SELECT",
    "on": "all columns",
    "rule": "",
}
MISSING = {**EXCESS, "table": "stops_v1", "way": "missing", "principal": "", "kind": "filter", "permission": ""}
DRIFT = {"product": "stops", "differences": [MISSING, EXCESS], "gone_tables": ["stops_v2"]}


@dataclass
class Mesh:
    """Two domains, of which `transit` answers with `answers` one after the other, the last one for ever."""

    answers: list[Any]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    stage: str = "dev"

    def domains(self) -> list[str]:
        return ["sales", "transit"]

    def parameters(self, domain: str) -> dict[str, str]:
        if domain not in self.domains():
            raise UserError(f"this account has no domain {domain}")
        return {}

    def client(self, service: str, config: object = None) -> Mesh:
        assert service == "lambda"
        return self

    def invoke(self, **call: str) -> dict[str, Any]:
        self.asked.append((call["FunctionName"], json.loads(call["Payload"])))
        said: Any = {"drift": []}
        if call["FunctionName"] == "datamesh-dev-transit-check-access":
            said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        failed = {"FunctionError": "Unhandled"} if "errorType" in said else {}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failed}

    def times(self, *, mend: bool) -> int:
        return sum(payload["mend"] is mend for _, payload in self.asked)


def frame(mesh: Mesh, *, as_json: bool = False) -> Frame:
    made = Frame(screen=Screen(as_json=as_json), home=Path())
    made.__dict__["target"] = mesh
    return made


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_PAUSE", 0.001)


def test_a_plan_shows_both_directions_and_what_is_gone(capsys: pytest.CaptureFixture[str]) -> None:
    mesh = Mesh([{"drift": [DRIFT]}])
    plan(frame(mesh))
    shown = capsys.readouterr().out
    for part in ("transit.stops", "stops_v2 (gone)", "role/stranger", "SELECT", "all columns", "missing", "too much"):
        assert part in shown
    assert mesh.asked == [
        (f"datamesh-dev-{domain}-check-access", {"products": [], "mend": False}) for domain in ("sales", "transit")
    ]


def test_a_plan_as_json_holds_every_difference(capsys: pytest.CaptureFixture[str]) -> None:
    plan(frame(Mesh([{"drift": [DRIFT]}]), as_json=True), ["transit.stops"])
    assert json.loads(capsys.readouterr().out) == {"drift": [{**DRIFT, "product": "transit.stops"}]}


def test_products_are_asked_of_their_domains() -> None:
    mesh = Mesh([{"drift": []}])
    plan(frame(mesh), ["transit.stops", "sales.orders", "transit.lines"])
    assert [payload["products"] for _, payload in mesh.asked] == [["stops", "lines"], ["orders"]]


def test_where_nothing_differs_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    mesh = Mesh([{"drift": []}])
    repair(frame(mesh))
    assert "stands as the policy wants" in capsys.readouterr().out
    assert mesh.times(mend=True) == 0


def test_a_dry_repair_asks_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    mesh = Mesh([{"drift": [DRIFT]}])
    repair(frame(mesh, as_json=True), dry_run=True)
    found = [{**DRIFT, "product": "transit.stops"}]
    assert json.loads(capsys.readouterr().out) == {"dry_run": True, "drift": found, "left": found}
    assert mesh.times(mend=True) == 0


def test_a_repair_asks_the_one_writer_and_waits_until_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    # Given a domain that differs in three looks more
    still = {"drift": [DRIFT]}
    mesh = Mesh([still, still, still, still, {"drift": []}])
    repair(frame(mesh), ["transit.stops"])
    assert "Mended" in capsys.readouterr().out
    assert [payload for _, payload in mesh.asked if payload["mend"]] == [{"products": ["stops"], "mend": True}]
    assert mesh.asked[-1][1] == {"products": [], "mend": False}


def test_a_repair_that_does_not_come_about_fails_and_shows_what_is_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a difference that stays, and another product's that is none of this repair's business
    other = {**DRIFT, "product": "lines"}
    mesh = Mesh([{"drift": [DRIFT]}, {"drift": [DRIFT]}, {"drift": [DRIFT, other]}])
    monkeypatch.setattr(access, "_PAUSE", 1.0)
    monkeypatch.setattr(access, "_sleep", lambda _: None)
    with pytest.raises(Failure) as failed:
        repair(frame(mesh, as_json=True), ["transit.stops"], wait=2)
    assert failed.value.code == OURS
    assert [drift["product"] for drift in json.loads(capsys.readouterr().out)["left"]] == ["transit.stops"]


def test_what_check_access_refuses_is_told() -> None:
    unknown = {"errorType": "UnknownProduct", "errorMessage": "no product lanes"}
    with pytest.raises(UnknownProduct, match="no product lanes"):
        plan(frame(Mesh([unknown])), ["transit.lanes"])
    with pytest.raises(InfrastructureError, match="transit could not be checked: Transient"):
        plan(frame(Mesh([{"errorType": "Transient", "errorMessage": "x"}])), ["transit.stops"])
    with pytest.raises(UserError, match="no domain nowhere"):
        plan(frame(Mesh([{"drift": []}])), ["nowhere.stops"])

"""mesh show RUN: a batch's run, or the maintenance of a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.commands.maintain import maintained_table
from cli.commands.runs import show_run
from cli.frame import Frame
from cli.screen import Screen
from datamesh.errors import UserError
from datamesh.publish.ledger import Batch, Maintained, Step
from tests.support.publishing import product_state

RUN, UPKEEP = "20261123T101112Z-0123abcd", "20261124T000000Z-89abcdef"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class Ledger:
    taken: dict[tuple[str, str], list[Step]]
    held: Sequence[str] = ("flights", "planes")

    def products(self) -> Any:
        return [product_state(name) for name in self.held]

    def batch(self, product: str, run_id: str) -> Batch | None:
        if (product, run_id) != ("planes", RUN):
            return None
        return Batch(
            product=product, batch_id=RUN, state="ASSIGNED", contract_version="1.0.0", objects=1, size=9, created_at=NOW
        )

    def steps(self, product: str, run_id: str) -> list[Step]:
        return self.taken.get((product, run_id), [])


def step(name: str, **detail: Any) -> Step:
    return Step(name=name, status="succeeded", started_at=NOW, seconds=1.5, detail=detail)


@dataclass(frozen=True)
class Mesh:
    book: Ledger = field(
        default_factory=lambda: Ledger(
            {("planes", RUN): [step("validate_batch")], ("planes", UPKEEP): [step("maintain_table", files_removed=7)]}
        )
    )

    def domains(self) -> list[str]:
        return ["operations"]

    def ledger(self, domain: str) -> Ledger:
        return self.book

    def parameters(self, plane: str) -> dict[str, str]:
        return {"lake-bucket": "lake"}

    def client(self, service: str) -> None:
        return None


def shown(run_id: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    frame = Frame(screen=Screen(as_json=True), home=Path())
    frame.__dict__["target"] = Mesh()
    show_run(frame, run_id)
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize(("run_id", "name"), [(RUN, "validate_batch"), (UPKEEP, "maintain_table")])
def test_a_run_is_shown_by_its_steps_whether_a_batch_or_maintenance(
    run_id: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = shown(run_id, capsys)

    assert (told["product"], told["run_id"]) == ("operations.planes", run_id)
    assert [taken["name"] for taken in told["steps"]] == [name]


def test_a_run_of_nobody_is_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="no run"):
        shown("20990101T000000Z-00000000", capsys)


def test_what_maintenance_did_is_shown_by_table_and_run() -> None:
    done = Maintained(product="planes", table="planes_v1", run_id=UPKEEP, started_at=NOW, quarantine_removed=1_234)
    console = Console(width=240)
    with console.capture() as capture:
        console.print(maintained_table([done.model_dump(mode="json")]))
    assert all(said in capture.get() for said in ("planes_v1", UPKEEP, "quarantine removed", "1,234"))

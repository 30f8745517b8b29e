"""What people see: tables of runs and products, answers and refusals, findings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from cli.commands.products import age, products_table
from cli.commands.publish import runs_view
from cli.commands.questions import answer_view
from cli.landing import Run
from cli.main import main
from cli.screen import Screen
from datamesh.events import Reason
from tests.support.contracts import STOPS, edited


def shown(*renderables: RenderableType) -> str:
    console = Console(width=240)
    with console.capture() as capture:
        console.print(*renderables, sep="\n")
    return capture.get()


def test_a_run_shows_where_its_rows_went_and_why() -> None:
    run = Run(
        product="operations.flights",
        run_id="20261123T101112Z-0123abcd",
        status="partial",
        rows_in=336_776,
        rows_published=336_770,
        rows_quarantined=6,
        snapshot_id=42,
        reasons=(Reason(rule="required", column="tailnum", rows=6), Reason(rule="rowCount")),
        seconds=3.21,
    )

    text = shown(*runs_view([run]))

    for word in (
        "operations.flights",
        "partial",
        "336,776",
        "336,770",
        "3.2",
        run.run_id,
        "required(tailnum): 6 rows",
        "flights: rowCount",
    ):
        assert word in text


def test_a_product_that_was_never_published_is_empty() -> None:
    text = shown(products_table([{"name": "fleet.planes", "version": "1.0.0"}]))

    assert "empty" in text
    assert "never" in text


def test_what_is_shown_is_data_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().result({}, "a pattern like [a-z]:x: is shown as it is [red]")

    assert capsys.readouterr().out == "a pattern like [a-z]:x: is shown as it is [red]\n"


@pytest.mark.parametrize(
    ("published", "said"),
    [
        (None, "never"),
        ("2026-11-23T11:59:58+00:00", "2 s ago"),
        ("2026-11-23T11:30:00Z", "30 min ago"),
        ("2026-11-22T10:00:00Z", "1 d ago"),
        ("2026-11-23T12:00:30Z", "0 s ago"),
    ],
)
def test_freshness_is_said_in_its_largest_unit(published: str | None, said: str) -> None:
    assert age(published, datetime(2026, 11, 23, 12, tzinfo=UTC)) == said


def test_an_answer_shows_rows_sql_and_sources() -> None:
    text = shown(
        *answer_view(
            {
                "status": "answered",
                "explanation": "the number of flights",
                "columns": ["airline", "flights"],
                "rows": [["United", 58_665], [None, 1]],
                "sql": "SELECT 1",
                "engine": "duckdb",
                "products": [{"name": "operations.flights", "version": "1.0.0", "snapshot_id": 7}],
                "timings_ms": {"total": 12.4},
            }
        )
    )

    for word in (
        "the number of flights",
        "United",
        "58665",
        "SELECT 1",
        "operations.flights 1.0.0 (snapshot 7)",
        "12 ms",
    ):
        assert word in text


def test_a_refusal_shows_what_was_not_understood_and_what_could_be_asked() -> None:
    text = shown(
        *answer_view(
            {
                "status": "refused",
                "explanation": "I do not know that word.",
                "unmatched": ["moonbeams"],
                "candidates": [],
                "suggestions": ["How many flights were cancelled?"],
            }
        )
    )

    for word in ("refused", "not understood: moonbeams", "could be asked: How many flights were cancelled?"):
        assert word in text


def test_findings_are_said_with_file_line_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "stops.odcs.yaml", tmp_path / "bad" / "stops.odcs.yaml"
    bad.parent.mkdir()
    good.write_text(STOPS, encoding="utf-8")
    bad.write_text(edited("logicalType: string", "logicalType: text"), encoding="utf-8")

    assert main(["contract", "lint", str(good)]) == 0
    assert "0 errors" in capsys.readouterr().out

    assert main(["contract", "lint", str(good), str(bad), "--json"]) == 2
    answer = json.loads(capsys.readouterr().out)
    assert answer["errors"] >= 1
    assert {found["file"] for found in answer["findings"] if found["severity"] != "info"} == {str(bad)}
    assert [found["rule"] for found in answer["findings"] if found["file"] == str(good)] == ["questions.unit"]
    assert all(found["line"] and found["rule"] for found in answer["findings"])


def tried(contract: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = main(["contract", "test", str(contract), str(file), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_contract_is_tried_on_a_file_without_any_mesh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract, file = tmp_path / "stops.odcs.yaml", tmp_path / "stops.csv"
    contract.write_text(STOPS, encoding="utf-8")
    file.write_text("stop_id,line,direction,opened,fare\n1,A,1,,1.5\n2,Z,1,,2\n", encoding="utf-8")

    code, answer = tried(contract, file, capsys)

    assert (code, answer["verdict"], answer["product"]) == (4, "partial", "transit.stops")
    assert (answer["rows_in"], answer["rows_published"], answer["rows_quarantined"]) == (2, 1, 1)
    assert {"rule": "enum", "column": "line", "rows": 1} in answer["reasons"]
    assert answer["sample"][0]["value"] == "Z"


def test_a_file_that_would_be_rejected_exits_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract, file = tmp_path / "stops.odcs.yaml", tmp_path / "stops.csv"
    contract.write_text(STOPS, encoding="utf-8")
    file.write_text("nothing\nhere\n", encoding="utf-8")

    code, answer = tried(contract, file, capsys)

    assert (code, answer["verdict"], answer["refused"]) == (2, "rejected", ["stops.csv"])


def test_a_contract_with_errors_is_not_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "stops.odcs.yaml"
    contract.write_text(edited("logicalType: string", "logicalType: text"), encoding="utf-8")

    code, answer = tried(contract, contract, capsys)

    assert code == 2
    assert "contract lint" in answer["hint"]


def test_a_contract_that_is_not_there_is_the_users_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contract", "lint", "nowhere.yaml", "--json"]) == 2
    assert "nowhere.yaml cannot be read" in json.loads(capsys.readouterr().out)["error"]

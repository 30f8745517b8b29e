"""mesh eval: what it prints for people and machines, what it writes, and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from tests.support.kits import bakery, garage

Output = pytest.CaptureFixture[str]


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    folder = tmp_path / "kit"
    bakery(folder)
    garage(folder)
    return folder


def test_people_read_figures_and_what_went_wrong(kit: Path, capsys: Output) -> None:
    assert main(["eval", str(kit)]) == 0
    said, beside = capsys.readouterr()
    assert "8 questions to 2 databases" in beside
    rows = {line.split("  ")[0]: line.split() for line in said.splitlines()}
    assert rows["all"] == ["all", "7", "6", "5", "1", "85.7%", "83.3%", "71.4%"]
    assert rows["difficulty: easy"][2:] == ["2", "2", "2", "0", "100.0%", "100.0%", "100.0%"]
    assert "bakery/dearest" in said
    assert "0 of 1 unanswerable were answered: 0.0%" in said
    assert "1 of 1 pairs of wordings agree: 100.0%" in said


def test_machines_read_the_same_and_predictions_are_written(kit: Path, tmp_path: Path, capsys: Output) -> None:
    out, flags = tmp_path / "out.jsonl", tmp_path / "flags.jsonl"
    flags.write_text('{"db": "bakery", "id": "dearest"}\n')
    command = ["eval", str(kit), "--predictions", str(out), "--flags", str(flags), "--today", "2026-11-22", "--json"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["databases"], told["figures"]["correct"], told["without_flagged"]["wrong"]) == (2, 5, 0)
    assert told["merged"] is None
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(line["db"], line["id"], line["sql"] is None) for line in lines][4:7] == [
        ("bakery", "weather", True),
        ("bakery", "prizes", True),
        ("garage", "1", False),
    ]


def test_all_databases_as_one_mesh(kit: Path, capsys: Output) -> None:
    assert main(["eval", str(kit), "--merged"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "answered alone 6" in said
    assert "another answer 0" in said
    assert "refused instead 1 garage/2" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere is no folder"),
        (["kit", "--flags", "none.jsonl"], "none.jsonl cannot be read"),
        (["kit", "--predictions", "none/out.jsonl"], "none is no folder"),
        (["kit", "--today", "tomorrow"], "--today"),
    ],
)
def test_a_mistake_exits_with_2(
    kit: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(kit.parent)
    assert main(["eval", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_broken_contract_exits_with_2_and_its_line(kit: Path, capsys: Output) -> None:
    (kit / "bakery/contract.odcs.yaml").write_text("domain: bakery\nschema: [\n")
    assert main(["eval", str(kit), "--json"]) == 2
    assert "bakery/contract.odcs.yaml: line 3" in json.loads(capsys.readouterr().out)["error"]

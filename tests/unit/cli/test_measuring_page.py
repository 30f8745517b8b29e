"""The page about measuring: its commands run, and it names every field of a question."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from cli.main import main
from datamesh.ask.measure.questions import Question
from tests.support.kits import bakery, garage

PAGE = Path(__file__).parents[3] / "docs/measuring.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```console\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("command", [line for block in COMMANDS for line in block.splitlines()])
def test_its_commands_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bakery(tmp_path / "kit")
    garage(tmp_path / "kit")
    (tmp_path / "flags.jsonl").write_text('{"db": "bakery", "id": "dearest"}\n')
    monkeypatch.chdir(tmp_path)
    name, *arguments = shlex.split(command)
    assert name == "mesh"
    assert main(arguments) == 0


def test_it_names_every_field_of_a_question() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    named = set(re.findall(r"\w+", " ".join(rows)))
    assert set(Question.model_fields) - {"db"} <= named


def test_it_has_commands() -> None:
    assert sum(len(block.splitlines()) for block in COMMANDS) >= 4

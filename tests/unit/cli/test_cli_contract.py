"""mesh contract diff and infer: what changed and which number is right; a contract out of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from datamesh.contract.parse import parse
from tests.support.contracts import STOPS, edited


@pytest.fixture
def old(tmp_path: Path) -> Path:
    file = tmp_path / "old.odcs.yaml"
    file.write_text(STOPS)
    return file


def diff(old: Path, text: str, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    new = old.with_name("new.odcs.yaml")
    new.write_text(text)
    code = main(["contract", "diff", str(old), str(new), *options])
    return code, capsys.readouterr().out


def as_data(old: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code, said = diff(old, text, capsys, "--json")
    return code, json.loads(said)


def test_a_breaking_change_under_the_same_major_exits_with_2(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = as_data(old, edited("decimal(8,2)", "decimal(6,2)"), capsys)
    assert (code, told["refused"], told["right_version"]) == (2, True, "2.0.0")
    [change] = told["changes"]
    assert (change["kind"], change["rule"], change["path"]) == ("breaking", "column.type", "stops.fare")
    assert change["consumers"] == ["role/planner"]


def test_a_new_major_version_may_break(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = edited("version: 1.0.0", "version: 2.0.0", text=edited("decimal(8,2)", "decimal(6,2)"))
    code, told = as_data(old, text, capsys)
    assert (code, told["refused"], told["new_version"]) == (0, False, "2.0.0")


@pytest.mark.parametrize(
    ("edit", "right"), [(("decimal(8,2)", "decimal(9,2)"), "1.1.0"), (("label: Beach", "label: Strand"), "1.0.1")]
)
def test_what_breaks_nothing_exits_with_0_and_says_the_number(
    old: Path, capsys: pytest.CaptureFixture[str], edit: tuple[str, str], right: str
) -> None:
    code, told = as_data(old, edited(*edit), capsys)
    assert (code, told["right_version"]) == (0, right)
    assert "consumers" not in told["changes"][0]


def test_people_read_whom_it_breaks_and_which_number_is_right(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = diff(old, edited("decimal(8,2)", "decimal(6,2)"), capsys)
    assert code == 2
    assert "breaks role/planner" in said
    assert "2.0.0 is the right version, not 1.0.0" in said
    code, said = diff(old, STOPS, capsys)
    assert (code, said) == (0, "nothing changed since 1.0.0\n")


def test_a_file_that_is_no_contract_is_the_users_mistake(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = as_data(old, "- no mapping", capsys)
    assert (code, "error" in told) == (2, True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rides_2013.csv"
    path.write_text("ride,fare\n1,2.50\n2,3.00\n", encoding="utf-8")
    return path


def infer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = main(["contract", "infer", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_a_contract_is_drafted_from_a_file_and_lints(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = infer(capsys, file, "--domain", "transit")
    assert (code, parse(text).name) == (0, "transit.rides")
    assert [column.name for column in parse(text).table.columns] == ["ride", "fare"]
    out = file.with_name("rides.odcs.yaml")
    code, said = infer(capsys, file, "--domain", "transit", "--out", out, "--json")
    assert (code, json.loads(said)["contracts"][0]["file"]) == (0, str(out))
    assert out.read_text(encoding="utf-8") == text
    assert main(["contract", "lint", str(out)]) == 0


def test_no_file_is_written_over(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = infer(capsys, file, "--out", file, "--json")
    assert (code, "is there already" in json.loads(said)["error"]) == (2, True)


def test_files_of_several_shapes_are_written_to_a_file_each(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = file.with_name("stops.csv")
    other.write_text("stop,name\nA,Airport\nB,Beach\n", encoding="utf-8")
    out = file.with_name("drafts")
    code, said = infer(capsys, file, other, "--out", out, "--json")
    assert code == 0
    assert [each["product"] for each in json.loads(said)["contracts"]] == ["rides", "stops"]
    assert sorted(path.name for path in out.iterdir()) == ["rides.odcs.yaml", "stops.odcs.yaml"]
    code, said = infer(capsys, file, other, "--product", "mixed", "--json")
    assert (code, json.loads(said)["error"]) == (2, "the files are of 2 products")


@pytest.mark.parametrize("option", [("--domain", "Public Transit"), ("--product", "stops v2")])
def test_names_are_looked_at_before_files(
    file: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, str]
) -> None:
    code, said = infer(capsys, file, *option, "--json")
    assert (code, "is no name" in json.loads(said)["error"]) == (2, True)

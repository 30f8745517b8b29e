"""How every command speaks and ends: JSON alone on stdout, one line on failure, the right exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import pytest
import typer
from botocore.exceptions import ClientError, NoCredentialsError

from cli.frame import Failure, Frame, command
from cli.main import main
from datamesh.errors import AccessDenied, InfrastructureError, UnknownProduct

Outcome = tuple[int, str, str]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def failing(error: Exception) -> typer.Typer:
    app = typer.Typer()

    @command(app)
    def act(frame: Frame) -> None:
        raise error

    @command(app)
    def greet(frame: Frame, name: str, times: Annotated[int, typer.Option()] = 1) -> None:
        frame.screen.note("counting")
        frame.screen.result({"greeting": f"hello {name}", "times": times}, f"hello {name}")

    return app


def ending(error: Exception, capsys: pytest.CaptureFixture[str], *options: str) -> Outcome:
    code = failing(error)(["act", *options], standalone_mode=False)
    said = capsys.readouterr()
    return code, said.out, said.err


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no s3:PutObject"}}, "PutObject")
THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "slow down"}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownProduct("no product a.b", hint="there are c.d"), 2),
        (NoCredentialsError(), 2),
        (AccessDenied("not yours", rule="columns"), 3),
        (DENIED, 3),
        (InfrastructureError("the queue is gone"), 1),
        (THROTTLED, 1),
        (KeyError("surprise"), 1),
        (Failure(2), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_is_to_blame_is_the_exit_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert ending(error, capsys)[0] == code


def test_a_failure_is_one_line_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = ending(UnknownProduct("no product a.b", hint="there are c.d"), capsys)

    assert out == ""
    assert err == "error: no product a.b (there are c.d)\n"


def test_a_failure_under_json_is_an_object_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = ending(AccessDenied("not yours", rule="columns", hint="ask for it"), capsys, "--json")

    assert json.loads(out) == {"error": "not yours", "hint": "ask for it", "rule": "columns"}
    assert err == ""


def test_a_traceback_is_shown_for_debug_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Traceback" not in ending(KeyError("surprise"), capsys)[2]
    assert "Traceback" in ending(KeyError("surprise"), capsys, "--debug")[2]


def test_json_has_stdout_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    failing(Failure(0))(["greet", "world", "--times", "2", "--json"], standalone_mode=False)
    said = capsys.readouterr()

    assert json.loads(said.out) == {"greeting": "hello world", "times": 2}
    assert "counting" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish"],
        ["publish", "operations.flights"],
        ["frobnicate"],
        ["runs", "--limit", "none"],
        ["runs", "--limit", "0"],
        ["ask", "--sql"],
        ["contract", "burn"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_2_and_is_json_too(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1

    code, out, _ = run(capsys, *arguments, "--json")
    assert code == 2
    assert set(json.loads(out)) == {"error", "hint"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["products"],
        ["runs"],
        ["show", "operations.flights"],
        ["show", "20261123T101112Z-0123abcd"],
        ["retry", "20261123T101112Z-0123abcd"],
        ["sql", "SELECT 1"],
        ["ask", "how many flights?"],
        ["publish", "operations.flights", __file__],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_a_mesh_the_hint_is_to_bring_one_up(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *arguments, "--json")

    assert code == 2
    assert "mesh up" in json.loads(out)["hint"]


def test_help_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "publish", "--help")

    assert code == 0
    assert "--again" in out
    assert "--stage" in out


def test_status_says_that_nothing_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "status", "--json")

    assert code == 0
    assert json.loads(out) | {"running": False, "deployed": False, "home": str(tmp_path / "home")} == json.loads(out)


def test_down_of_nothing_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "down", "--json")

    assert code == 0
    assert json.loads(out) == {"ended": False}

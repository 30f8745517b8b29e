"""What is deployed into the local AWS: the project's own environments, with two named differences."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from cli.local import deploy, state
from cli.local.state import State
from cli.screen import Screen
from datamesh.errors import InfrastructureError, UserError

PROJECT = Path(deploy.__file__).parents[2]
STATE = State(aws_port=1, lakeformation_port=2)


def test_every_environment_is_a_stack_and_the_platform_is_first() -> None:
    found = deploy.stacks(PROJECT)

    assert found[0].environment == "platform"
    assert {s.environment for s in found} == {"platform", "people", "operations", "fleet", "network", "weather"}
    assert {s.name for s in found} == {f"datamesh-dev-{s.environment}" for s in found}


def test_what_the_emulator_lacks_is_the_only_difference() -> None:
    given = {stack.environment: stack.parameters for stack in deploy.stacks(PROJECT)}

    assert given["platform"] == ("Stage=dev", "EventArchiveDays=0")
    assert given["fleet"] == ("Stage=dev", "Domain=fleet", "Compaction=rewrite")
    assert given["people"] == ("Stage=dev",)


def test_outside_of_a_project_nothing_can_be_deployed(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no samconfig\.toml"):
        deploy.stacks(tmp_path)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "functions" / "ask").mkdir(parents=True)
    (tmp_path / "functions" / "ask" / "app.py").write_text("one", encoding="utf-8")
    (tmp_path / "platform.yaml").write_text("Resources: {}", encoding="utf-8")
    (tmp_path / "samconfig.toml").write_text(
        '[platform.build.parameters]\ntemplate_file = "platform.yaml"\n'
        '[platform.deploy.parameters]\nstack_name = "p"\ntemplate_file = "build/platform.yaml"\n',
        encoding="utf-8",
    )
    return tmp_path


def test_the_digest_follows_what_is_deployed_and_nothing_else(project: Path) -> None:
    before = deploy.digest(project)

    (project / "README.md").write_text("words", encoding="utf-8")
    (project / "functions" / "ask" / "__pycache__").mkdir()
    (project / "functions" / "ask" / "__pycache__" / "app.pyc").write_bytes(b"x")
    assert deploy.digest(project) == before

    (project / "functions" / "ask" / "app.py").write_text("two", encoding="utf-8")
    assert deploy.digest(project) != before


@pytest.fixture
def sam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `sam` that writes down how it was called; it fails when told to by a file beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "sam"
    script.write_text(
        f"#!/bin/sh\necho \"$@\" >> {folder}/calls\n[ ! -f {folder}/fail ] || {{ echo 'Error: no such thing'; exit 1; }}\n",  # noqa: E501
        encoding="utf-8",
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    return folder


def calls(sam: Path) -> list[str]:
    return (sam / "calls").read_text(encoding="utf-8").splitlines()


def test_the_same_sources_are_built_once(project: Path, sam: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"

    deploy.build(project, home, STATE, Screen())
    deploy.build(project, home, STATE, Screen())
    assert len(calls(sam)) == 1

    (project / "functions" / "ask" / "app.py").write_text("two", encoding="utf-8")
    deploy.build(project, home, STATE, Screen())
    assert len(calls(sam)) == 2


def test_a_failure_of_sam_is_said_in_its_own_words(project: Path, sam: Path, tmp_path: Path) -> None:
    (sam / "fail").touch()

    with pytest.raises(InfrastructureError, match="no such thing") as failure:
        deploy.deploy(project, tmp_path / "home", STATE, Screen())

    assert "deploy-platform.log" in failure.value.hint


def test_a_failed_build_is_not_taken_for_one(project: Path, sam: Path, tmp_path: Path) -> None:
    (sam / "fail").touch()
    with pytest.raises(InfrastructureError):
        deploy.build(project, tmp_path / "home", STATE, Screen())
    (sam / "fail").unlink()

    deploy.build(project, tmp_path / "home", STATE, Screen())

    assert len(calls(sam)) == 2


def test_the_home_is_in_the_project_unless_said_otherwise() -> None:
    assert state.default_home().parent == state.project_root()

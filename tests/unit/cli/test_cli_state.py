"""What the local mesh remembers."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cli.local import services, state
from cli.local.state import State
from datamesh.errors import UserError

SOME = State(aws_port=4566, lakeformation_port=4567, deployed="abc")


def test_a_state_is_remembered_until_it_is_forgotten(tmp_path: Path) -> None:
    assert state.load(tmp_path) is None

    state.save(SOME, tmp_path)
    assert state.load(tmp_path) == SOME

    state.forget(tmp_path)
    assert state.load(tmp_path) is None


def test_a_broken_state_file_is_the_users_to_remove(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", encoding="utf-8")

    with pytest.raises(UserError, match=r"state\.json") as failure:
        state.load(tmp_path)

    assert "mesh up" in failure.value.hint


def test_the_project_is_found_from_inside_of_it(tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").touch()
    inside = tmp_path / "examples" / "fleet"
    inside.mkdir(parents=True)

    assert state.project_root(inside) == tmp_path.resolve()


def test_outside_of_a_project_it_is_the_one_this_code_is_in(tmp_path: Path) -> None:
    assert state.project_root(tmp_path) == Path(state.__file__).parents[2]


def test_one_command_at_a_time_starts_or_ends_a_mesh(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Thread(target=lambda: _enter(tmp_path, order))

    with state.sole_user(tmp_path):
        waiting.start()
        waiting.join(timeout=0.2)
        order.append("first")
    waiting.join(timeout=5)

    assert order == ["first", "second"]


def _enter(home: Path, order: list[str]) -> None:
    with state.sole_user(home):
        order.append("second")


def test_nothing_of_a_persons_own_aws_settings_reaches_the_local_aws(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "theirs")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("no_proxy", "intranet")

    made = services.aws(SOME, tmp_path).environment

    assert "AWS_PROFILE" not in made
    assert "AWS_SESSION_TOKEN" not in made
    assert made["AWS_CONFIG_FILE"] == made["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert made["AWS_ENDPOINT_URL"] == "https://127.0.0.1:4566"
    assert made["AWS_ENDPOINT_URL_LAKEFORMATION"] == "http://127.0.0.1:4567"
    assert made["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert made["AUTH"] == "true"

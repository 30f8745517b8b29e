"""One local mesh for the whole session, deployed with sam. All its tests run in one worker, one after another."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import target
from cli.demo import scenes
from cli.demo.truth import Truth
from cli.landing import Run
from cli.local import mesh as local_mesh
from cli.main import main
from cli.screen import Screen
from cli.target import Target
from examples import nycflights

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, also where tests/e2e is named on the command line
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One group for xdist; what is asked of all that happened comes at the end, and then what kills the mesh."""
    last = ("permissions", "killed")
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.xdist_group("mesh"))
        item.add_marker(pytest.mark.mesh)
    items.sort(key=lambda item: [item in ours and it in item.path.name for it in reversed(last)])


@dataclass(frozen=True)
class Mesh:
    """The `mesh` command on the session's mesh."""

    home: Path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*arguments, "--home", str(self.home)])
        return code, out.getvalue(), err.getvalue()

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What a command prints under --json; it must end with `code`."""
        ended, out, err = self.run(*arguments, "--json")
        assert ended == code, out + err
        return json.loads(out)

    @property
    def target(self) -> Target:
        return target.local(self.home)

    @contextlib.contextmanager
    def configured(self, function: str, **variables: str) -> Iterator[None]:
        """While inside, the deployed `function` has other settings."""
        functions = self.target.client("lambda")
        known = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        try:
            functions.update_function_configuration(FunctionName=function, Environment={"Variables": known | variables})
            yield
        finally:
            functions.update_function_configuration(FunctionName=function, Environment={"Variables": known})

    def events(self) -> dict[str, int]:
        counts, _ = scenes.count_events(self.target, Screen(), {})
        return counts


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    home = tmp_path_factory.mktemp("mesh")
    try:
        local_mesh.up(home, Screen())
        yield Mesh(home)
    finally:
        local_mesh.take_down(home)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return nycflights.locate(tmp_path_factory.mktemp("nycflights"))


@pytest.fixture(scope="session")
def truth(files: dict[str, Path]) -> Iterator[Truth]:
    made = Truth.of(files)
    yield made
    made.connection.close()


@pytest.fixture(scope="session")
def published(mesh: Mesh, files: dict[str, Path]) -> dict[str, Run]:
    """The example data, published, known to the registry and granted."""
    runs = scenes.publish(mesh.target, Screen(), files)
    scenes.known_products(mesh.target, Screen(), runs)
    scenes.grants(mesh.target, Screen(), runs)
    return {run.product: run for run in runs}

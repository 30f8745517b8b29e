"""What `sam build` makes of both planes fits into Lambda, and what was pruned is not missed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.support.templates import ROOT, template

LAMBDA_LIMIT = 262_144_000  # bytes unzipped, a function with all of its layers
SMALL_LIMIT = 25_000_000  # our own, for functions without the engine
ARM64 = 183  # the machine in an ELF header: EM_AARCH64
BIN = Path(sys.executable).parent

pytestmark = [pytest.mark.build, pytest.mark.xdist_group("build")]


@pytest.fixture(scope="module", params=["platform", "operations"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A plane's template and where it was built, as for AWS."""
    environment = str(request.param)
    directory = tmp_path_factory.mktemp(environment) / "built"
    sam(["build", "--config-env", environment, "--build-dir", str(directory)])
    return {"platform": "platform.yaml"}.get(environment, "template.yaml"), directory


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine layer, as the platform builds it."""
    directory = tmp_path_factory.mktemp("engine") / "built"
    sam(["build", "EngineLayer", "--config-env", "platform", "--build-dir", str(directory)])
    return directory / "EngineLayer"


def sam(arguments: list[str]) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "LAYER_DEPENDENCIES"} | {"SAM_CLI_TELEMETRY": "0"}
    ended = subprocess.run(
        [BIN / "sam", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr[-4000:]


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def machines(directory: Path) -> Iterator[int]:
    """The machine that each compiled file under `directory` was compiled for."""
    for path in directory.rglob("*.so*"):
        with path.open("rb") as file:
            header = file.read(20)
        assert header[:4] == b"\x7fELF", path
        yield int.from_bytes(header[18:20], "little")


def test_each_function_fits_into_lambda(built: tuple[str, Path], engine: Path) -> None:
    path, directory = built
    core, heavy = size(directory / "CoreLayer"), size(engine)
    for function in template(path).functions:
        own = size(directory / function.name)
        assert 0 < own < 100_000, function.name
        if "engine" in function.layers:
            assert own + core + heavy < LAMBDA_LIMIT, function.name
        else:
            assert own + core < SMALL_LIMIT, function.name


def test_a_function_is_built_of_its_source_only(built: tuple[str, Path]) -> None:
    path, directory = built
    for function in template(path).functions:
        assert {file.suffix for file in (directory / function.name).rglob("*") if file.is_file()} == {".py"}


def test_the_core_layer_holds_the_package_and_what_it_needs(built: tuple[str, Path]) -> None:
    core = built[1] / "CoreLayer/python"
    inside = {path.name for path in core.iterdir()}
    assert {"datamesh", "aws_lambda_powertools", "pydantic", "pydantic_settings", "ruamel"} <= inside
    assert not {"boto3", "botocore", "duckdb", "pyarrow", "pyiceberg"} & inside
    assert not list(core.glob("datamesh/**/__pycache__"))


def test_layers_are_compiled_for_the_functions_machine(built: tuple[str, Path], engine: Path) -> None:
    for layer in (built[1] / "CoreLayer", engine):
        found = list(machines(layer))
        assert found
        assert set(found) == {ARM64}


def test_layers_bring_nothing_twice(built: tuple[str, Path], engine: Path) -> None:
    core = {path.name for path in (built[1] / "CoreLayer/python").iterdir()}
    assert not core & {path.name for path in (engine / "python").iterdir()}


RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")  # what Lambda brings


def test_what_was_pruned_is_not_missed(tmp_path: Path) -> None:
    """The same packages for this machine, pruned in the same way, beside what Lambda brings and nothing else."""
    pruned, runtime = tmp_path / "pruned", tmp_path / "runtime"
    runtime.mkdir()
    for name in RUNTIME:
        (runtime / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    requirements = [argument for name in ("core", "engine") for argument in ("-r", f"requirements/{name}.txt")]
    install = [BIN / "uv", "pip", "install", "--quiet", "--no-deps", "--target", pruned, *requirements]
    subprocess.run([*install, "--python", sys.executable], cwd=ROOT, check=True)
    subprocess.run([sys.executable, ROOT / "layers/engine/prune.py", pruned], check=True)
    alone = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (pruned, runtime, ROOT / "layers/core")))}
    subprocess.run(
        [sys.executable, "-S", Path(__file__).with_name("engine_at_work.py"), tmp_path], env=alone, check=True
    )

"""Deploys the project's own templates into the local AWS, with the `sam build` and `sam deploy` that AWS gets.

What differs from AWS is named here and nowhere else: layers without third-party packages, for functions run in the
project's own environment; and two template parameters, for what the emulator lacks.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.local import services
from cli.local.state import State
from cli.screen import Screen
from cli.together import together
from datamesh.errors import InfrastructureError, UserError

__all__ = ["Stack", "build", "deploy", "deploy_one", "digest", "stacks"]

_PLATFORM = "platform"  # deployed before all others, which find it by its parameters
_LACKING: Mapping[str, Sequence[str]] = {
    "platform.yaml": ["EventArchiveDays=0"],
    "template.yaml": ["Compaction=rewrite"],
}
_SOURCES = ("samconfig.toml", "*.yaml", "functions", "layers", "statemachines", "examples/**/*.yaml")
_AT_ONCE = min(4, max(2, os.cpu_count() or 2))
_SAM = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2", "LAYER_DEPENDENCIES": "none"}


@dataclass(frozen=True)
class Stack:
    """One environment of samconfig.toml: its stack, the template it is made of, and that template's parameters."""

    environment: str
    name: str
    template: str
    is_built: bool  # it has code; others are deployed as they are written
    parameters: tuple[str, ...]


def stacks(project: Path) -> list[Stack]:
    """Every stack that samconfig.toml describes, the platform first. Raises UserError outside of a project."""
    try:
        described = tomllib.loads((project / "samconfig.toml").read_text(encoding="utf-8"))
    except OSError as missing:
        raise UserError(
            f"{project} holds no samconfig.toml", hint="run mesh inside a clone of the project"
        ) from missing
    found = [_stack(name, section) for name, section in described.items() if isinstance(section, dict)]
    return sorted(found, key=lambda stack: stack.environment != _PLATFORM)


def digest(project: Path) -> str:
    """Changes whenever something changes that is deployed, or applied afterwards."""
    seen = hashlib.sha256()
    for path in sorted(set(_files(project))):
        seen.update(f"{path.relative_to(project)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()[:16]


def build(project: Path, home: Path, state: State, screen: Screen) -> None:
    """Builds every template once, in `home`/build. What was built of the same sources is kept."""
    now, marker = digest(project), home / "build" / "digest"
    if marker.is_file() and marker.read_text(encoding="utf-8") == now:
        return
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    templates = {stack.template: stack for stack in stacks(project) if stack.is_built}
    together(lambda stack: _build(stack, project, home, state, screen), templates.values(), at_once=_AT_ONCE)
    marker.write_text(now, encoding="utf-8")


def deploy(project: Path, home: Path, state: State, screen: Screen) -> None:
    """Deploys what was built: the platform, then all else side by side. Does nothing to a stack that is up to date."""
    first, *others = stacks(project)
    deploy_one(first, project, home, state, screen)
    together(lambda stack: deploy_one(stack, project, home, state, screen), others, at_once=_AT_ONCE)


def _stack(environment: str, section: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Stack:
    deployed, built = section["deploy"]["parameters"], section.get("build", {}).get("parameters")
    given = deployed.get("parameter_overrides", [])
    own = given.split() if isinstance(given, str) else given
    template = built["template_file"] if built else deployed["template_file"]
    return Stack(environment, deployed["stack_name"], template, built is not None, (*own, *_LACKING.get(template, [])))


def _build(stack: Stack, project: Path, home: Path, state: State, screen: Screen) -> None:
    with screen.step(f"building {stack.template}"):
        _sam(
            ["build", "--config-env", stack.environment, "--build-dir", str(_built(stack, home).parent)],
            project=project,
            environment=_environment(state, home),
            log=home / "logs" / f"build-{Path(stack.template).stem}.log",
        )


def deploy_one(
    stack: Stack, project: Path, home: Path, state: State, screen: Screen, *, config: Path | None = None
) -> None:
    """Deploys what was built for `stack` into `state`'s account. `config`, if not the project's, describes it."""
    described = config or project / "samconfig.toml"
    with screen.step(f"deploying {stack.name}"):
        _sam(
            [
                *("deploy", "--config-env", stack.environment, "--config-file", str(described)),
                *("--template-file", str(_built(stack, home) if stack.is_built else project / stack.template)),
                *("--region", state.region, "--parameter-overrides", *stack.parameters),
            ],
            project=project,
            environment=_environment(state, home),
            log=home / "logs" / f"deploy-{stack.environment}.log",
        )


def _environment(state: State, home: Path) -> dict[str, str]:
    notes = home / "sam"  # what sam remembers of its own; otherwise it does so in the person's home directory
    notes.mkdir(parents=True, exist_ok=True)
    return {**services.environment(state, home), **_SAM, "__SAM_CLI_APP_DIR": str(notes)}


def _sam(arguments: Sequence[str], *, project: Path, environment: Mapping[str, str], log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        ended = subprocess.run(  # noqa: S603 (our own command)
            [str(Path(sys.executable).parent / "sam"), *arguments],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode:
        raise InfrastructureError(f"sam {arguments[0]} failed: {_reason(log)}", hint=f"see {log}")


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error:")]
    return (errors or lines or ["it said nothing"])[-1]


def _built(stack: Stack, home: Path) -> Path:
    """sam keeps notes beside the directory that it builds into: each has a place of its own."""
    return home / "build" / Path(stack.template).stem / "built" / "template.yaml"


def _files(project: Path) -> Iterable[Path]:
    for pattern in _SOURCES:
        for path in project.glob(pattern):
            inside = path.rglob("*") if path.is_dir() else [path]
            yield from (p for p in inside if p.is_file() and "__pycache__" not in p.parts)

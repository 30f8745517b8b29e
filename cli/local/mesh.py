"""The life of the local mesh: brought up, looked at, taken down. One home directory holds one mesh."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cli import landing, target
from cli.local import certificate, deploy, processes, services, state
from cli.local.services import AWS, LAKE_FORMATION
from cli.local.state import State
from cli.screen import Screen
from cli.together import together
from datamesh.errors import UserError

__all__ = ["Status", "status", "take_down", "up"]

_SERVERS = (AWS, LAKE_FORMATION)


class Status(BaseModel):
    """How the local mesh of `home` stands; `deployed` says that what runs is what the project holds."""

    model_config = ConfigDict(frozen=True)

    running: bool
    deployed: bool
    home: str
    stage: str = ""
    region: str = ""
    account: str = ""
    endpoint: str = ""
    lakeformation_endpoint: str = ""
    processes: dict[str, int | None] = {}
    domains: list[str] = []
    products: list[str] = []


def up(home: Path, screen: Screen) -> Status:
    """Brings the mesh of `home` to what the project holds: servers, stacks, example contracts.

    Does nothing where all of that stands, and starts afresh where a server has died: the emulator keeps its state in
    memory. Raises InfrastructureError when something does not start, deploy or apply.
    """
    project = state.project_root()
    with state.sole_user(home):
        wanted = deploy.digest(project)
        standing = state.load(home)
        if standing is None or not standing.deployed or not _running(home):
            standing = _start(home, screen, standing)
        if standing.deployed != wanted:
            deploy.build(project, home, standing, screen)
            deploy.deploy(project, home, standing, screen)
            _apply_contracts(project, home, screen)
            state.save(standing.model_copy(update={"deployed": wanted}), home)
        return status(home)


def take_down(home: Path) -> bool:
    """Ends every process of the mesh of `home` and removes what they kept. False when nothing ran."""
    with state.sole_user(home):
        return _stop(home)


def status(home: Path) -> Status:
    standing = state.load(home)
    if standing is None:
        return Status(running=False, deployed=False, home=str(home))
    running = _running(home)
    mesh = target.local(home) if running and standing.deployed else None
    return Status(
        running=running,
        deployed=running and standing.deployed == deploy.digest(state.project_root()),
        home=str(home),
        stage=standing.stage,
        region=standing.region,
        account=standing.account,
        endpoint=standing.endpoint,
        lakeformation_endpoint=standing.lakeformation_endpoint,
        processes={name: processes.alive(name, home) for name in _SERVERS},
        domains=mesh.domains() if mesh else [],
        products=mesh.products() if mesh else [],
    )


def _running(home: Path) -> bool:
    return all(processes.alive(name, home) for name in _SERVERS)


def _start(home: Path, screen: Screen, before: State | None) -> State:
    _stop(home)
    remembered = (before.aws_port, before.lakeformation_port) if before else (None, None)
    aws_port, lakeformation_port = processes.free_ports(*remembered)
    fresh = State(aws_port=aws_port, lakeformation_port=lakeformation_port)
    state.save(fresh, home)
    for kept in ("data", "tmp"):
        (home / kept).mkdir(parents=True, exist_ok=True)
    certificate.make(home)
    servers = [services.aws(fresh, home), services.lakeformation(fresh, home)]
    with screen.step("starting the local AWS"):
        for server in servers:
            processes.start(server, home)
        for server in servers:
            processes.await_healthy(server, home)
    return fresh


def _stop(home: Path) -> bool:
    ended = [processes.stop(name, home) for name in _SERVERS]
    for kept in ("data", "tmp"):
        shutil.rmtree(home / kept, ignore_errors=True)
    state.forget(home)
    return any(ended)


def _apply_contracts(project: Path, home: Path, screen: Screen) -> None:
    """Puts the example contracts in force, so that their products can be published at once."""
    mesh = target.local(home)
    contracts = sorted((project / "examples").glob("*/*.odcs.yaml"))
    pushed = together(lambda file: landing.push(mesh, screen, file), contracts)
    for file, (product, outcome) in zip(contracts, pushed, strict=True):
        if outcome.outcome == "rejected":
            why = "; ".join(f"line {found['line']}: {found['message']}" for found in outcome.findings[:3])
            raise UserError(f"{product} rejected its contract: {why}", hint=f"`mesh contract lint {file}`")

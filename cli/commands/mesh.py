"""mesh up, down and status"""

from __future__ import annotations

import typer
from rich.table import Table

from cli.frame import Frame, command
from cli.local import mesh
from cli.local.mesh import Status
from cli.screen import table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    command(app)(up)
    command(app)(down)
    command(app)(status)


def up(frame: Frame) -> None:
    """Start the local AWS and deploy the platform, the example domains and their contracts into it."""
    standing = mesh.up(frame.home, frame.screen)
    frame.screen.result(standing.model_dump(mode="json"), _view(standing))


def down(frame: Frame) -> None:
    """End the local AWS; all that it holds is gone."""
    with frame.screen.step("ending the local AWS") as step:
        ended = mesh.take_down(frame.home)
        step.say("the local AWS has ended" if ended else "no local AWS was running")
    frame.screen.result({"ended": ended})


def status(frame: Frame) -> None:
    """Say whether the local mesh runs, and where."""
    standing = mesh.status(frame.home)
    frame.screen.result(standing.model_dump(mode="json"), _view(standing))


def _view(standing: Status) -> Table:
    made = table("", "")
    made.show_header = False
    state = "running" if standing.running else "not running: `mesh up` starts it"
    made.add_row("local mesh", state + ("" if standing.deployed or not standing.running else ", not up to date"))
    made.add_row("home", standing.home)
    if standing.running:
        made.add_row("endpoint", f"{standing.endpoint} (account {standing.account}, {standing.region})")
        made.add_row("Lake Formation", standing.lakeformation_endpoint)
        made.add_row("domains", ", ".join(standing.domains))
        made.add_row("products", ", ".join(standing.products))
    return made

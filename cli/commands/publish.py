"""mesh publish"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli import landing
from cli.frame import OURS, PARTIAL, USERS, Failure, Frame, command
from cli.landing import Run
from cli.screen import table
from datamesh.events import Reason

__all__ = ["ended_with", "register", "runs_table", "runs_view", "status"]

COLOURS = {"published": "green", "partial": "yellow", "unchanged": "cyan", "rejected": "red", "failed": "bold red"}


def register(app: typer.Typer) -> None:
    command(app)(publish)


def publish(
    frame: Frame,
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    again: Annotated[bool, typer.Option("--again", help="Take the files even if the mesh has them already.")] = False,
) -> None:
    """Put files of a product into the mesh, and wait until they are published."""
    name = frame.target.product(product)
    runs = landing.publish(frame.target, frame.screen, name, files, again=again)
    frame.screen.result({"runs": [run.model_dump(mode="json") for run in runs]}, *runs_view(runs))
    for run in runs:
        if run.status == "partial":
            kept_back = f"{run.rows_quarantined:,} of {run.rows_in:,} rows are in quarantine"
            frame.screen.note(f"{kept_back}: `mesh show {run.run_id}`")
    if code := ended_with(runs):
        raise Failure(code)


def runs_view(runs: Sequence[Run]) -> list[RenderableType]:
    """Runs, and below them the rules that rows of theirs broke."""
    why = [(run.product, _reason(reason)) for run in runs for reason in run.reasons]
    return [runs_table(runs), *(Text(f"{product}: {reason}", style="dim") for product, reason in why)]


def runs_table(runs: Sequence[Run]) -> Table:
    numbers = ("rows in", "published", "quarantined", "seconds")
    made = table("product", "status", *numbers, "run", right=numbers)
    for run in runs:
        made.add_row(
            run.product,
            status(run.status),
            f"{run.rows_in:,}",
            f"{run.rows_published:,}",
            f"{run.rows_quarantined:,}",
            f"{run.seconds:.1f}" if run.seconds is not None else "",
            run.run_id or "",
        )
    return made


def status(word: str) -> Text:
    return Text(word, style=COLOURS.get(word, ""))


def _reason(reason: Reason) -> str:
    where = f"{reason.rule}({reason.column})" if reason.column else reason.rule
    return f"{where}: {reason.rows:,} rows" if reason.rows else where


def ended_with(runs: Sequence[Run]) -> int:
    """The exit code of the worst run. A partial one has its own: a script is not to take it for all of the file."""
    ended = {run.status for run in runs}
    codes = {"failed": OURS, "rejected": USERS, "partial": PARTIAL}
    return next((code for status, code in codes.items() if status in ended), 0)

"""mesh eval"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.evaluation import evaluation_view
from cli.frame import Frame, command
from datamesh.contract.model import Table
from datamesh.contract.profile import Profile
from datamesh.errors import UserError

if TYPE_CHECKING:
    from datamesh.ask.measure.measuring import Measured
    from datamesh.ask.measure.questions import Database

__all__ = ["profiled", "register"]


def register(app: typer.Typer) -> None:
    command(app, "eval")(evaluate)


def evaluate(
    frame: Frame,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A database's folder, or a folder of such folders.")],
    *,
    predictions: Annotated[
        Path | None, typer.Option("--predictions", metavar="OUT.jsonl", help="Write the SQL of each question there.")
    ] = None,
    merged: Annotated[bool, typer.Option("--merged", help="Ask each question of one mesh of all databases.")] = False,
    strict: Annotated[
        float | None,
        typer.Option("--strict", metavar="P", min=0, max=1, help="Answer only as surely as gives this precision."),
    ] = None,
    flags: Annotated[
        Path | None,
        typer.Option("--flags", metavar="FLAGS.jsonl", help="Questions (db, id) that are left out of second figures."),
    ] = None,
    today: Annotated[
        datetime | None,
        typer.Option("--today", formats=["%Y-%m-%d"], help="The day on which questions are asked [today]."),
    ] = None,
) -> None:
    """Ask a folder of databases its own questions, and say how many answers are right. Nothing is sent anywhere."""
    from datamesh.ask.gate import gate  # noqa: PLC0415 (the engine takes a second to import)
    from datamesh.ask.measure import questions  # noqa: PLC0415
    from datamesh.ask.measure.report import predictions as predicted  # noqa: PLC0415
    from datamesh.ask.measure.report import report  # noqa: PLC0415

    databases = questions.databases(folder)
    flagged = questions.flagged(flags) if flags else None
    if predictions and not predictions.parent.is_dir():
        raise UserError(f"{predictions.parent} is no folder")
    at_least = gate().threshold(strict) if strict else 0.0
    if at_least is None:
        raise UserError(f"no threshold gave a precision of {strict}", hint="docs/measuring.md: the gate")
    measured = _measured(frame, databases, today.date() if today else date.today(), merged, at_least)
    if predictions:
        lines = (json.dumps(line, ensure_ascii=False) for line in predicted(measured.outcomes))
        predictions.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    told = report(measured.outcomes, flagged=flagged, changes=measured.changes)
    told = {"databases": len(databases), "at_least": at_least, "loading_s": round(measured.loading_s, 3)} | told
    frame.screen.result(told, *evaluation_view(told))


def _measured(frame: Frame, databases: list[Database], today: date, merged: bool, at_least: float) -> Measured:
    from datamesh.ask.measure.measuring import measure  # noqa: PLC0415

    asked = sum(len(database.questions) for database in databases)
    said = f"{asked:,} questions to {len(databases)} databases"
    with frame.screen.step(said, total=len(databases) * (2 if merged else 1)) as step:

        def progress(name: str) -> None:
            step.say(f"{said}: {name}")
            step.advance(1)

        measured = measure(databases, profiled, today=today, merged=merged, progress=progress, at_least=at_least)
        step.say(said)
    return measured


def profiled(table: Table, file: Path) -> Profile:
    """What publishing the rows of `file` would tell of them."""
    from datamesh.engine.duck import connect  # noqa: PLC0415
    from datamesh.publish.profiling import profile_of  # noqa: PLC0415

    with connect(memory_mb=1_024, threads=2, directories=[file.parent], ordered=True) as connection:
        return profile_of(connection, table, table.name, [str(file)])

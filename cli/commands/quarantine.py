"""mesh quarantine list | show | export | replay"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from cli import quarantine
from cli.commands.publish import ended_with, runs_view, status
from cli.frame import Failure, Frame, command
from cli.quarantine import Kept
from cli.screen import table
from datamesh.errors import UserError

__all__ = ["app"]

app = typer.Typer(help="Rows that were not published: see them, mend them, send them again.", no_args_is_help=True)

_Product = Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT")]
_Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id; the newest that kept rows back.")]


@command(app, "list")
def list_(
    frame: Frame,
    product: Annotated[str | None, typer.Argument(metavar="[DOMAIN.PRODUCT]", help="Or all of them.")] = None,
) -> None:
    """List the runs that kept rows back, the newest first."""
    names = [product] if product else frame.target.products()
    found = [held for name in names for held in quarantine.kept(frame.target, frame.target.product(name))]
    newest = sorted(found, key=lambda held: held.batch.batch_id, reverse=True)
    frame.screen.result({"runs": [_as_dict(held) for held in newest]}, _runs_table(newest))


@command(app)
def show(
    frame: Frame,
    product: _Product,
    run: _Run = None,
    *,
    rule: Annotated[str | None, typer.Option(help="Rows that broke this rule first.")] = None,
    column: Annotated[str | None, typer.Option(help="Rows that broke a rule of this column first.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
) -> None:
    """Show rows that a run kept back, and what was wrong with them."""
    from datamesh.publish.replay import look  # noqa: PLC0415 (the engine takes a second to import)

    held = quarantine.one(frame.target, frame.target.product(product), run)
    with quarantine.fetched(frame.target, frame.screen, held) as paths:
        rows = look(paths, rule=rule, column=column, limit=limit)
    frame.screen.result(_as_dict(held) | {"rows": rows}, _runs_table([held]), "", _rows_table(rows))


@command(app)
def export(
    frame: Frame,
    product: _Product,
    run: _Run = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A .csv or .parquet [PRODUCT-RUN.csv].")] = None,
) -> None:
    """Write the rows that a run kept back to a file, to be mended and replayed."""
    from datamesh.publish.replay import export as write  # noqa: PLC0415

    held = quarantine.one(frame.target, frame.target.product(product), run)
    to = out or Path(f"{held.product.product}-{held.batch.batch_id}.csv")
    if to.exists():
        raise UserError(f"{to} is there already", hint="name another file with --out")
    with quarantine.fetched(frame.target, frame.screen, held) as paths:
        rows = write(paths, to)
    then = f"mesh quarantine replay {held.product} {held.batch.batch_id} --with {to}"
    frame.screen.result(
        _as_dict(held) | {"file": str(to), "rows": rows}, f"{rows:,} rows in {to}", f"mend them: {then}"
    )


@command(app)
def replay(
    frame: Frame,
    product: _Product,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    mended: Annotated[
        Path | None, typer.Option("--with", metavar="FILE", help="The rows, mended: an export that was edited.")
    ] = None,
    leave_lines: Annotated[
        bool, typer.Option("--leave-lines", help="Leave behind the lines that cannot be read as rows.")
    ] = False,
) -> None:
    """Send rows through again, once the contract or the rows are mended. Each run's go through once."""
    held = quarantine.one(frame.target, frame.target.product(product), run)
    runs = quarantine.replay(frame.target, frame.screen, held, mended, leave_lines=leave_lines)
    frame.screen.result({"runs": [again.model_dump(mode="json") for again in runs]}, *runs_view(runs))
    if code := ended_with(runs):
        raise Failure(code)


def _as_dict(held: Kept) -> dict[str, Any]:
    return {
        "product": str(held.product),
        "run": held.batch.batch_id,
        "status": held.batch.status,
        "rows_quarantined": held.batch.counts.rows_quarantined,
        "state": held.state,
        "replayed_by": held.again.batch_id if held.again else None,
        "reasons": [reason.model_dump() for reason in held.batch.reasons],
    }


def _runs_table(runs: Sequence[Kept]) -> Table:
    made = table("product", "run", "status", "quarantined", "rules", "rows are", right=("quarantined",))
    for held in runs:
        batch = held.batch
        rules = ", ".join(dict.fromkeys(reason.rule for reason in batch.reasons))
        counted = f"{batch.counts.rows_quarantined:,}"
        made.add_row(str(held.product), batch.batch_id, status(batch.status), counted, rules, held.state)
    return made


def _rows_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    made = table("file", "row", "rule", "column", "value", "original", right=("row",))
    for row in rows:
        text = row["line"] if row["line"] is not None else row["original"]
        shown = (row["file"], row["row_number"], row["rule"], row["column"], row["value"], text)
        made.add_row(*(Text("" if value is None else str(value)) for value in shown))
    return made

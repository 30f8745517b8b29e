"""mesh maintain"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from botocore.config import Config
from rich.table import Table

from cli.frame import Frame, command
from cli.screen import table
from cli.target import ProductName, Target
from datamesh.errors import InfrastructureError

__all__ = ["maintained_table", "register"]

# A table may take minutes, and a call that is made again would maintain it twice.
_PATIENT = Config(read_timeout=900, retries={"total_max_attempts": 1})


def register(app: typer.Typer) -> None:
    command(app)(maintain)


def maintain(
    frame: Frame,
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Expire a table's old snapshots, remove files that nothing leads to, and join small ones."""
    name = frame.target.product(product)
    with frame.screen.step(f"{name}: {'looking at' if dry_run else 'maintaining'} its table"):
        done = _asked(frame.target, name, dry_run)
    frame.screen.result(done | {"product": str(name), "dry_run": dry_run}, maintained_table(str(name), done))


def _asked(target: Target, name: ProductName, dry_run: bool) -> dict[str, Any]:
    answer = target.client("lambda", config=_PATIENT).invoke(
        FunctionName=f"datamesh-{target.stage}-{name.domain}-maintain-table",
        Payload=json.dumps({"product": name.product, "dry_run": dry_run}),
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise InfrastructureError(f"{name} could not be maintained: {said.get('errorType')}", hint="try again later")
    [done] = said["maintained"]
    return dict(done)


def maintained_table(name: str, done: dict[str, Any]) -> Table:
    numbers = ("snapshots expired", "files removed", "bytes removed", "small files", "joined to", "conflicts")
    made = table("product", *numbers, right=numbers)
    keys = ("snapshots_expired", "files_removed", "bytes_removed", "files_rewritten", "files_written", "conflicts")
    made.add_row(name, *(f"{done[key]:,}" for key in keys))
    return made

"""mesh maintain"""

from __future__ import annotations

import json
from collections.abc import Sequence
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

_NUMBERS = {
    "snapshots expired": "snapshots_expired",
    "files removed": "files_removed",
    "bytes removed": "bytes_removed",
    "small files": "files_rewritten",
    "joined to": "files_written",
    "quarantine removed": "quarantine_removed",
    "conflicts": "conflicts",
}


def register(app: typer.Typer) -> None:
    command(app)(maintain)


def maintain(
    frame: Frame,
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Expire old snapshots of a product's tables, remove files that nothing leads to, and join small ones."""
    name = frame.target.product(product)
    with frame.screen.step(f"{name}: {'looking at' if dry_run else 'maintaining'} its table"):
        done = _asked(frame.target, name, dry_run)
    frame.screen.result({"product": str(name), "dry_run": dry_run, "tables": done}, maintained_table(done))


def _asked(target: Target, name: ProductName, dry_run: bool) -> list[dict[str, Any]]:
    answer = target.client("lambda", config=_PATIENT).invoke(
        FunctionName=f"datamesh-{target.stage}-{name.domain}-maintain-table",
        Payload=json.dumps({"product": name.product, "dry_run": dry_run}),
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise InfrastructureError(f"{name} could not be maintained: {said.get('errorType')}", hint="try again later")
    return list(said["maintained"])


def maintained_table(done: Sequence[dict[str, Any]]) -> Table:
    made = table("table", "run", *_NUMBERS, right=tuple(_NUMBERS))
    for each in done:
        made.add_row(each["table"], each["run_id"], *(f"{each[key]:,}" for key in _NUMBERS.values()))
    return made

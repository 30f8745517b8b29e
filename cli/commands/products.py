"""mesh products and mesh show"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import api
from cli.commands.publish import status
from cli.commands.runs import is_run, show_run
from cli.frame import Frame, command
from cli.screen import table
from cli.target import near, parse_product
from datamesh.errors import UnknownProduct

__all__ = ["age", "products_table", "register"]

_As = Annotated[str | None, typer.Option("--as", metavar="ROLE", help="See with the rights of this role.")]


def register(app: typer.Typer) -> None:
    command(app)(products)
    command(app)(show)


def products(frame: Frame, role: _As = None) -> None:
    """List the products that you may read."""
    answer = api.get(frame.asking_as(role), "products")
    frame.screen.result(answer, products_table(answer["products"]))


def show(
    frame: Frame,
    name: Annotated[str, typer.Argument(metavar="RUN|DOMAIN.PRODUCT")],
    role: _As = None,
) -> None:
    """Show a run step by step, or a product with its columns."""
    if is_run(name):
        show_run(frame, name)
        return
    wanted, asker = parse_product(name), frame.asking_as(role)
    try:
        answer = api.get(asker, "products", wanted.domain, wanted.product)
    except UnknownProduct as unknown:
        granted = [product["name"] for product in api.get(asker, "products")["products"]]
        raise UnknownProduct(unknown.message, hint=near(name, granted, "you may read")) from unknown
    frame.screen.result(answer, *_page(answer))


def products_table(products: Sequence[Mapping[str, Any]], now: datetime | None = None) -> Table:
    numbers = ("rows in", "published", "quarantined", "rows")
    made = table("product", "version", "status", *numbers, "snapshot", "published", right=numbers)
    for product in products:
        made.add_row(
            product["name"],
            str(product.get("version", "")),
            status(product.get("status") or "empty"),
            *(_count(product.get(name)) for name in ("rows_in", "rows_published", "rows_quarantined", "total_rows")),
            str(product.get("snapshot_id") or ""),
            age(product.get("published_at"), now),
        )
    return made


def _count(rows: int | None) -> str:
    """None: who may not read all rows is not told how many there are."""
    return "" if rows is None else f"{rows:,}"


def age(moment: str | None, now: datetime | None = None) -> str:
    """How long ago an ISO 8601 moment was, in its largest unit."""
    if not moment:
        return "never"
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"


def _page(product: Mapping[str, Any]) -> list[Table | str]:
    columns = table("column", "type", "required", "description")
    for column in product.get("columns", []):
        kind, required = str(column.get("type", "")), "yes" if column.get("required") else ""
        columns.add_row(column["name"], kind, required, column.get("description", ""))
    return [products_table([product]), "", str(product.get("description") or ""), "", columns]

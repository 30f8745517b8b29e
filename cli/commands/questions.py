"""mesh sql and mesh ask"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from cli import api
from cli.frame import OURS, REFUSED, Failure, Frame, command
from cli.screen import table

__all__ = ["answer_view", "register"]

_SHOWN = 40  # rows for people; --json has them all

_As = Annotated[str | None, typer.Option("--as", metavar="ROLE", help="Ask with the rights of this role.")]


def register(app: typer.Typer) -> None:
    command(app)(sql)
    command(app)(ask)


def sql(frame: Frame, statement: Annotated[str, typer.Argument(metavar='"SELECT ..."')], role: _As = None) -> None:
    """Run one SELECT over products; tables are named domain.product."""
    target = frame.asking_as(role)
    answer = api.post(target, frame.screen, "sql", {"sql": statement}, doing="reading")
    frame.screen.result(answer, *_rows_view(answer))


def ask(
    frame: Frame,
    question: Annotated[str, typer.Argument(metavar='"QUESTION"')],
    role: _As = None,
    follow: Annotated[
        str | None, typer.Option("--follow", metavar="QUERY_ID", help="Go on from this answer: 'and in December?'.")
    ] = None,
) -> None:
    """Ask a question in plain language."""
    target = frame.asking_as(role)
    body = {"question": question} | ({"previous": follow} if follow else {})
    answer = api.post(target, frame.screen, "ask", body, doing="thinking")
    frame.screen.result(answer, *answer_view(answer))
    if answer["status"] == "failed":
        raise Failure(OURS)
    if answer["status"] != "answered":
        raise Failure(REFUSED)


def answer_view(answer: Mapping[str, Any]) -> list[RenderableType]:
    """An answer for people: rows, SQL and sources; or why there is none, and what could be asked."""
    if answer["status"] == "answered":
        return [Text(str(answer.get("explanation") or ""), style="italic"), *_rows_view(answer)]
    why = Text(str(answer.get("explanation") or ""))
    lines: list[RenderableType] = [Text(f"{answer['status']}: ", style="bold yellow") + why]
    for label, words in (
        ("not understood", answer.get("unmatched")),
        ("could mean", answer.get("candidates")),
        ("could be asked", answer.get("suggestions")),
    ):
        lines += [Text(f"{label}: ", style="dim") + Text(str(word)) for word in words or []]
    return lines


def _of(product: Mapping[str, Any]) -> Iterator[str]:
    """Which snapshot of a product was read, and how much of it the caller was shown."""
    yield f"snapshot {product['snapshot_id']}"
    if product.get("rows") == "some":
        yield "only rows you may read"
    if masked := product.get("masked"):
        yield f"masked: {', '.join(masked)}"


def _rows_view(answer: Mapping[str, Any]) -> list[RenderableType]:
    products = answer.get("products") or []
    sources = ", ".join(f"{p['name']} {p['version']} ({', '.join(_of(p))})" for p in products)
    sql = Syntax("", "sql", theme="ansi_dark").highlight(answer.get("sql") or "")
    sql.rstrip()
    query = f"query {answer['query_id']}; " if answer.get("query_id") else ""
    took = f"{answer.get('engine')}, {_total(answer)} ms"
    return [_rows(answer), sql, Text(f"{query}from {sources}; {took}", style="dim")]


def _rows(answer: Mapping[str, Any]) -> Table:
    rows = answer.get("rows") or []
    names = [column["name"] if isinstance(column, dict) else str(column) for column in answer.get("columns") or []]
    numeric = tuple(name for index, name in enumerate(names) if rows and isinstance(rows[0][index], int | float))
    made = table(*names, right=numeric)
    for row in rows[:_SHOWN]:
        made.add_row(*(Text("" if value is None else str(value)) for value in row))
    if len(rows) > _SHOWN:
        made.caption = f"{len(rows) - _SHOWN:,} more rows; --json has all"
    return made


def _total(answer: Mapping[str, Any]) -> int:
    timings = answer.get("timings_ms") or {}
    return round(timings.get("total") or sum(timings.values())) if isinstance(timings, dict) else round(timings)

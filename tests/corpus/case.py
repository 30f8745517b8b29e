"""A file of the corpus, made by code: what it is called, what is in it, and how publishing it must end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Table
from tests.support.staging import column, table

__all__ = ["THINGS", "VALUES", "Case", "Group", "Outcome"]

THINGS = (column("id", "integer", required=True), column("name"))
VALUES = (
    column("id", "integer", required=True),
    column("whole", "integer"),
    column("real", "number"),
    column("money", "decimal", digits=(8, 2)),
    column("flag", "boolean"),
    column("day", "date"),
    column("at", "timestamp"),
    column("instant", "timestamptz"),
    column("clock", "time"),
)


@dataclass(frozen=True)
class Outcome:
    """`rows` are those that came in, were published and were quarantined; `reasons` are all there are, as `rule` or
    `rule:column`, with `=rows` where it counts rows."""

    end: str
    rows: tuple[int, int, int]
    reasons: frozenset[str]


@dataclass(frozen=True)
class Case:
    """A file, the contract it is published by, and its outcome."""

    kind: str
    title: str
    file: str
    make: Callable[[], bytes]
    outcome: Outcome
    form: dict[str, Any] = field(default_factory=dict)
    columns: tuple[Any, ...] = THINGS

    @property
    def table(self) -> Table:
        return table(*self.columns, input=InputFormat(**self.form))

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"


class Group:
    """The cases of one kind, put down one a line."""

    def __init__(self, kind: str, file: str, *, columns: tuple[Any, ...] = THINGS) -> None:
        self.kind, self.file, self.columns = kind, file, columns
        self.cases: list[Case] = []

    def published(self, title: str, body: Body, rows: int, *reasons: str, file: str = "", **form: Any) -> None:
        self._add(title, body, "published", (rows, rows, 0), reasons, file, form)

    def partial(
        self, title: str, body: Body, rows: tuple[int, int], *reasons: str, file: str = "", **form: Any
    ) -> None:
        """`rows` are those published and those quarantined."""
        self._add(title, body, "partial", (sum(rows), *rows), reasons, file, form)

    def refused(self, title: str, body: Body, *reasons: str, file: str = "", **form: Any) -> None:
        """A file of which no row is read."""
        self._add(title, body, "rejected", (0, 0, 0), reasons, file, form)

    def rejected(self, title: str, body: Body, bad: int, *reasons: str, file: str = "", **form: Any) -> None:
        """A file all of whose rows are bad."""
        self._add(title, body, "rejected", (bad, 0, bad), (f"nothing-to-publish={bad}", *reasons), file, form)

    def _add(
        self, title: str, body: Body, end: str, rows: tuple[int, int, int], reasons: Any, file: str, form: Any
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        make = data if callable(data) else lambda: data
        name = file or self.file
        found = Case(self.kind, title, name, make, Outcome(end, rows, frozenset(reasons)), form, self.columns)
        self.cases.append(found)


Body = str | bytes | Callable[[], bytes]

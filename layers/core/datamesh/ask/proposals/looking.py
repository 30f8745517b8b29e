"""What proposals look at: a table as questions see it, the text of its contract, and what is known of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from datamesh.ask.intent import Edge
from datamesh.ask.names.views import ColumnView, TableView, table_view
from datamesh.ask.names.vocabulary import mesh_name
from datamesh.contract.evidence import Evidence
from datamesh.contract.finding import Finding
from datamesh.contract.model import Column, Contract, Table
from datamesh.contract.profile import ColumnProfile
from datamesh.contract.rules.subject import Subject, TableAt

__all__ = ["Looked", "Seen", "proposal"]


@dataclass(frozen=True)
class Seen:
    """A table that is known: of a contract in hand, or of another product that references may lead to."""

    contract: Contract
    table: Table
    evidence: Evidence | None

    @property
    def name(self) -> str:
        return mesh_name(self.contract, self.table)

    @cached_property
    def columns(self) -> Mapping[str, ColumnProfile]:
        """What its columns hold, by name; nothing where no rows are known."""
        profile = self.evidence.profile(self.name) if self.evidence else None
        return {column.name: column for column in profile.columns} if profile else {}

    @cached_property
    def rows(self) -> int:
        profile = self.evidence.profile(self.name) if self.evidence else None
        return profile.rows if profile else 0

    @cached_property
    def view(self) -> TableView:
        """The table as the planner sees it, all of its columns permitted."""
        edges = [
            Edge(to=f"{r.to.domain}.{r.to.table}", columns=r.columns, to_columns=r.to_columns)
            for r in self.table.relationships
        ]
        permitted = frozenset(column.name for column in self.table.columns)
        return table_view(self.name, self.table, permitted=permitted, edges=edges, profiles=self.columns)

    @cached_property
    def refers(self) -> frozenset[str]:
        """The columns that are a part of a reference."""
        return frozenset(name for r in self.table.relationships for name in r.columns)


@dataclass(frozen=True)
class Looked(Seen):
    """A table of a contract in hand."""

    subject: Subject
    at: TableAt

    def path(self, column: str) -> str:
        return next((each.path for each in self.at.columns() if each.column.name == column), self.at.path)

    def plain(self) -> list[tuple[Column, ColumnView]]:
        """The columns that questions have words for, in their order."""
        return [(c, self.view.columns[c.name]) for c in self.table.columns if c.name in self.view.columns]


def proposal(looked: Looked, rule: str, path: str, message: str, fix: str) -> Finding:
    """A finding that never fails a contract: it says what would make questions answered better."""
    return Finding(f"questions.{rule}", path, looked.subject.source.line(path), "info", message, fix)

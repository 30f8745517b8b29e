"""Databases as a mesh that is asked through the code of `ask`: knowledge, view and desk over Parquet files.

Whoever measures a contract may read all of it. Statements name tables and columns in lower case, as the catalog does;
contracts that were made elsewhere may not, and questions are read with the names as the contract writes them.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeAlias

from sqlglot import exp

from datamesh.ask.answer import Desk, answer_question
from datamesh.ask.answered import QuestionAnswer
from datamesh.ask.guard import Scope
from datamesh.ask.intent import Query
from datamesh.ask.measure.parquet import ParquetTables, checked
from datamesh.ask.measure.questions import Database
from datamesh.ask.names.vocabulary import Vocabulary, build, mesh_name
from datamesh.ask.planner import Plan, read
from datamesh.ask.run import Limits, Run, duck_run
from datamesh.ask.stop import Stop, Stopped
from datamesh.ask.view import View
from datamesh.contract.model import Contract, Table
from datamesh.contract.profile import ColumnProfile, Profile
from datamesh.engine.dialect import PhysicalTable, parse, render
from datamesh.errors import UserError
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["Asked", "Mesh", "Profiler", "known", "mesh_of"]

Profiler: TypeAlias = Callable[[Table, Path], Profile]  # what publishing the rows of a file would tell of them

_SECONDS = 10.0  # that a statement may take
_ROWS = 10_000  # that come back of one, as from the query function
_LIMITS = Limits(scan_bytes=1 << 30, memory_mb=1_024, threads=2)


@dataclass(frozen=True)
class Asked:
    """What came of a question: the answer (None: it took too long), what the planner made of it, its milliseconds."""

    answer: QuestionAnswer | None
    plan: Plan | None
    planning_ms: float


@dataclass
class Mesh:
    """One or more databases, asked one question at a time. `loading_s`: what building the vocabulary took.

    Readings that are less sure than `at_least` are refused.
    """

    view: View
    vocabulary: Vocabulary
    run: Run
    places: Mapping[str, tuple[str, str]]  # mesh name of each table to database and table
    loading_s: float
    at_least: float = 0.0
    _planned: list[tuple[Plan, float]] = field(default_factory=list)

    def ask(self, question: str, today: date) -> Asked:
        """Raises InfrastructureError, and whatever is a fault of ours."""
        self._planned.clear()
        desk = Desk(self.run, self._plan, lambda: today, _ROWS)
        answer = None
        with _stopping(_SECONDS) as stop, suppress(Stopped):
            answer = answer_question(question, self.view, desk, stop)
        plan, took = self._planned[0] if self._planned else (None, 0.0)
        return Asked(answer, plan, took)

    def statement(self, sql: str, db: str) -> str:
        """The text of `sql` (over mesh names) for DuckDB, over views that are named like the tables of `db`.

        A table of another database keeps its domain, as a name that no view of `db` has.
        """
        names = {
            name: PhysicalTable(table if home == db else f"{home}.{table}")
            for name, (home, table) in self.places.items()
        }
        return render(parse(sql), "duckdb", names)

    def _plan(
        self,
        question: str,
        knowledge: Knowledge,  # noqa: ARG002
        readable: object,  # noqa: ARG002
        *,
        today: date,
        previous: Query | None = None,
    ) -> Plan:
        """The planner, with the vocabulary that is kept here: nobody's products change while they are measured."""
        began = time.perf_counter()
        plan = read(question, self.vocabulary, today=today, at_least=self.at_least, previous=previous)
        self._planned.append((plan, (time.perf_counter() - began) * 1000))
        sql, ties = (_lower(tree) if tree else None for tree in (plan.sql, plan.ties))
        return replace(plan, sql=sql, ties=ties)


def known(database: Database, profiler: Profiler) -> ProductKnowledge:
    """What the mesh knows of `database` once its rows are published. Raises UserError for files of other columns."""
    contract = database.contract
    profiles = []
    for table in contract.tables:
        checked(database.file(table.name), table)
        profiles.append(profiler(table, database.file(table.name)))
    columns = tuple(
        _of_table(contract, table, column)
        for table, profile in zip(contract.tables, profiles, strict=True)
        for column in profile.columns
    )
    return ProductKnowledge(
        contract=contract,
        name=contract.name,
        version=str(contract.version),
        account="",
        database=contract.domain,
        table=contract.product,
        reader_role_arn="",
        profile=Profile(product=contract.name, rows=sum(profile.rows for profile in profiles), columns=columns),
    )


def mesh_of(databases: Sequence[Database], knowledge: Sequence[ProductKnowledge], *, at_least: float = 0.0) -> Mesh:
    """`databases`, of which `knowledge` is known, as one mesh. Raises UserError where two things have one name."""
    products = {product.name: product for product in knowledge}
    _check_names([product.name for product in knowledge])
    tables = [(each, table, mesh_name(each.contract, table)) for each in databases for table in each.contract.tables]
    _check_names([name.lower() for _, _, name in tables])
    began = time.perf_counter()
    vocabulary = build(Knowledge(products), {name: tuple(c.name for c in t.columns) for _, t, name in tables})
    loading = time.perf_counter() - began
    held = {
        name.lower(): replace(products[each.contract.name], name=name.lower(), table=table.name)
        for each, table, name in tables
    }
    scopes = {name.lower(): Scope(tuple(c.name.lower() for c in t.columns)) for _, t, name in tables}
    view = View("", products | held, scopes)
    files = ParquetTables({name.lower(): each.file(table.name) for each, table, name in tables})
    places = {name.lower(): (each.name, table.name) for each, table, name in tables}
    return Mesh(view, vocabulary, duck_run(files, _LIMITS, lambda: ""), places, loading, at_least)


def _of_table(contract: Contract, table: Table, column: ColumnProfile) -> ColumnProfile:
    """A profile of several tables calls its columns `table.column`."""
    return column if len(contract.tables) == 1 else column.model_copy(update={"name": f"{table.name}.{column.name}"})


def _lower(tree: exp.Expr) -> exp.Expr:
    lowered = tree.copy()
    for table in lowered.find_all(exp.Table):
        for part in ("this", "db"):
            if isinstance(name := table.args.get(part), exp.Identifier):
                name.set("this", name.name.lower())
    return lowered


def _check_names(names: Sequence[str]) -> None:
    double = [name for name, count in Counter(names).items() if count > 1]
    if double:
        raise UserError(f"two databases have {', '.join(double)}", hint="in a mesh, each product has its own name")


@contextmanager
def _stopping(seconds: float) -> Iterator[Stop]:
    """A stop button that is pressed after `seconds`."""
    stop = Stop()
    timer = threading.Timer(seconds, stop.press)
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()

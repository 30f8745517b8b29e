"""Small meshes of our own to ask questions of: contracts, rows, questions and what becomes of them, a folder each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from datamesh.ask.planner import Plan, plan
from datamesh.registry.knowledge import Knowledge
from tests.support.planning import all_columns, contracts_in, knowledge_of

__all__ = ["FIXTURES", "MESHES", "TODAY", "Mesh", "answered_in", "opened", "refused_in"]

FIXTURES = Path(__file__).parents[1] / "unit/ask/fixtures"
MESHES = ("shop", "club", "inn", "bureau", "yard")
TODAY = date(2025, 6, 15)


@dataclass(frozen=True)
class Mesh:
    connection: duckdb.DuckDBPyConnection
    knowledge: Knowledge
    readable: dict[str, tuple[str, ...]]

    def ask(self, question: str, readable: dict[str, tuple[str, ...]] | None = None) -> Plan:
        return plan(question, self.knowledge, self.readable if readable is None else readable, today=TODAY)


@contextmanager
def opened(names: tuple[str, ...] = MESHES) -> Iterator[Mapping[str, Mesh]]:
    """The meshes by name, their tables in a DuckDB of each."""
    with ExitStack() as stack:
        yield {name: _mesh(FIXTURES / name, stack.enter_context(duckdb.connect(":memory:"))) for name in names}


def _mesh(folder: Path, connection: duckdb.DuckDBPyConnection) -> Mesh:
    connection.execute((folder / "data.sql").read_text(encoding="utf-8"))
    knowledge = knowledge_of(contracts_in(folder), connection)
    return Mesh(connection, knowledge, all_columns(knowledge))


def answered_in(mesh: str) -> list[tuple[str, str]]:
    """(question, SQL) of every pair. Blank lines part the pairs; a file begins with what it is about."""
    files = sorted((FIXTURES / mesh).glob("answered*.sql"))
    blocks = [block for file in files for block in file.read_text(encoding="utf-8").strip().split("\n\n")[1:]]
    return [(question.removeprefix("-- "), sql) for question, _, sql in (block.partition("\n") for block in blocks)]


def refused_in(mesh: str) -> list[tuple[str, tuple[str, ...]]]:
    """(question, words that are not understood)."""
    files = sorted((FIXTURES / mesh).glob("refused*.txt"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").strip().splitlines()[1:]]
    parts = [line.split(" =>") for line in lines]
    return [(question, tuple(w.strip() for w in words.split(",") if w.strip())) for question, words in parts]
